/** Code that released generators make of `/openapi.json`. One that warns or fails stops the run. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('..', import.meta.url));

const GENERATORS: readonly (readonly [script: string, ...args: string[]])[] = [
  [
    'node_modules/openapi-typescript/bin/cli.js',
    'generated/openapi.json',
    '-o',
    'generated/openapi-typescript.ts',
  ],
  [
    'node_modules/@hey-api/openapi-ts/bin/run.js',
    ...['-i', './generated/openapi.json', '-o', 'generated/hey-api', '-p', '@hey-api/client-fetch'],
    '--no-log-file',
  ],
  ['node_modules/orval/dist/bin/orval.mjs', '--config', 'support/orval.config.ts'],
  ['node_modules/oazapfts/dist/cli.js', 'generated/openapi.json', 'generated/oazapfts.ts'],
];

export async function generate(origin: string): Promise<void> {
  rmSync(`${folder}generated`, { recursive: true, force: true });
  mkdirSync(`${folder}generated`, { recursive: true });
  const document = await (await fetch(`${origin}/openapi.json`)).text();
  writeFileSync(`${folder}generated/openapi.json`, document);
  for (const [script, ...args] of GENERATORS) {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--no-warnings', script, ...args],
      {
        cwd: folder,
      },
    );
    const said = stdout + stderr;
    if (/warn|error/i.test(said)) throw new Error(`${script}: ${said}`);
  }
}
