/** What the generators make compiles, and so does the code that uses it. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { folderOf } from './support/page.ts';

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const folder = fileURLToPath(new URL('.', import.meta.url));
const compile = (project: string) =>
  spawnSync(process.execPath, [TSC, '--noEmit', '-p', project], { encoding: 'utf8' }).stdout;

it('of openapi-typescript, @hey-api/openapi-ts, orval and oazapfts', () => {
  expect(compile(folder)).toBe('');
});

it('of hc, as docs/clients.md shows it', () => {
  const project = folderOf('hono', ['hono-client.ts']);
  const config = {
    extends: '../../../../tsconfig.json',
    compilerOptions: { paths: { 'hono-accounts': ['../../../../src/index.ts'] } },
    include: ['*.ts'],
  };
  writeFileSync(`${project}tsconfig.json`, JSON.stringify(config));
  writeFileSync(
    `${project}typed.ts`,
    `import { logIn } from './hono-client.ts';
     export const access: Promise<string> = logIn('a', 'b').then((answer) => answer.json()).then((pair) => pair.access);`,
  );
  expect(compile(project)).toBe('');
});
