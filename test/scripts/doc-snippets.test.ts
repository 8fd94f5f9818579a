/** The TypeScript of README.md and docs/ compiles, with what its reader has. (That of docs/front-ends.md and docs/clients.md runs.) */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from '../../bench/lib/bundle.ts';

const RUN_ELSEWHERE = ['clients.md', 'front-ends.md'];

/** Where the names come from that a fragment uses without its import. */
const FROM: Readonly<Record<string, string>> = {
  Hono: 'hono',
  HostOptions: 'hono-accounts',
  createAccounts: 'hono-accounts',
  createAdmin: 'hono-accounts',
  isAuthenticated: 'hono-accounts/guard',
  requireAccount: 'hono-accounts/guard',
  createClient: 'hono-accounts-client',
  webStorage: 'hono-accounts-client',
};

/** What belongs to the reader. */
const READER = {
  worker: `
    interface Env { DB: D1Database; CRM: Fetcher; ACCOUNTS: Fetcher; MAIL_KEY: string }
    declare const app: import('hono').Hono<{ Bindings: Env }>;
    declare const handler: import('hono').Handler;
    declare const mySignUp: string;
    declare const planOf: (db: D1Database, userId: string) => Promise<string>;
    declare const sendBy: (key: string, mail: object) => Promise<void>;
    declare const welcome: (userId: string) => Promise<void>;`,
  page: `
    declare const accounts: import('hono-accounts-client').Client;
    declare const email: string;
    declare const password: string;
    declare const code: string;
    declare const askForCode: () => string;`,
};
type Side = keyof typeof READER;

const PATHS = {
  'hono-accounts': ['src/index.ts'],
  'hono-accounts/guard': ['src/guard/index.ts'],
  'hono-accounts-client': ['src/client/index.ts'],
  'hono-accounts-client/*': ['src/client/*.ts'],
};

const isOfPage = (code: string) => /hono-accounts-client|createClient/.test(code);

/** By page and line. */
function snippetsOf(side: Side): [name: string, code: string][] {
  const files = [
    'README.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md') && !RUN_ELSEWHERE.includes(name))
      .map((name) => `docs/${name}`),
  ];
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/^```tsx?\n([\s\S]*?)^```/gm)]
      .map(({ 1: code = '', index }): [string, string] => [
        `${file.replace(/\W/g, '-')}-${text.slice(0, index).split('\n').length}`,
        code,
      ])
      .filter(([, code]) => isOfPage(code) === (side === 'page'));
  });
}

function withImports(code: string): string {
  const imported = [...code.matchAll(/^import [\s\S]*? from /gm)].join(' ');
  const missing = Object.entries(FROM).filter(
    ([name]) => new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`\\b${name}\\b`).test(imported),
  );
  const lines = missing.map(([name, from]) =>
    name === 'HostOptions' ? `import type { ${name} } from '${from}';` : `import { ${name} } from '${from}';`,
  );
  return [...lines, code, 'export {};'].join('\n');
}

mkdirSync(join(root, '.wrangler'), { recursive: true });
const folder = mkdtempSync(join(root, '.wrangler/snippets-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each<[Side, string]>([
  ['worker', 'tsconfig.json'],
  ['page', 'tsconfig.client.json'],
])('of a %s', (side, base) => {
  const project = join(folder, side);
  mkdirSync(project);
  const snippets = snippetsOf(side);
  expect(snippets.length).toBeGreaterThan(2);
  for (const [name, code] of snippets) writeFileSync(join(project, `${name}.ts`), withImports(code));
  writeFileSync(join(project, 'reader.d.ts'), READER[side]);
  const paths = Object.fromEntries(
    Object.entries(PATHS).map(([name, to]) => [name, to.map((path) => join(root, path))]),
  );
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, base),
      compilerOptions: { paths, rootDir: root, noUnusedLocals: false, noEmit: true },
      include: ['*.ts'],
      exclude: [],
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  expect(spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' }).stdout).toBe('');
});
