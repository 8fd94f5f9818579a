/**
 * `npm run build:client`: builds the client into `dist` as ES modules with types and source maps. Each entry is
 * self-contained, so that a page loads only what it uses.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Source files by the name of the file in `dist`. */
export const ENTRIES = {
  client: 'src/client/index.ts',
  'email-sign-in': 'src/client/email-sign-in.ts',
  factors: 'src/client/factors.ts',
  passkeys: 'src/client/passkeys.ts',
  react: 'src/client/react.ts',
};
export type Entry = keyof typeof ENTRIES;
/** For pages without a bundler: the Worker serves them below `/account/client/`. */
export const SERVED = ['email-sign-in', 'factors', 'passkeys'] as const satisfies readonly Entry[];

/** Every browser since 2023, React Native's Hermes, Node 20. */
const TARGET = 'es2022';

/** The contents of an entry's files by name, such as `client.js` and `client.js.map`. */
export async function bundleClient(entry: Entry): Promise<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { [entry]: ENTRIES[entry] },
    outdir: 'dist',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: TARGET,
    sourcemap: 'linked',
    external: ['react'],
    banner: { js: `/*! hono-accounts/${entry} ${version} | MIT */` },
    logLevel: 'error',
  });
  return Object.fromEntries(
    outputFiles.map(({ path, text }) => [path.slice(join(root, 'dist/').length), text]),
  );
}

/** Writes the declarations of every module to `types`, and for each entry a file that re-exports its module. */
function declare(folder: string): void {
  const types = join(folder, 'types');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', types];
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', join(root, 'tsconfig.client.json'), ...options],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stdout);
  for (const file of readdirSync(types)) {
    const text = readFileSync(join(types, file), 'utf8');
    // Imports end in `.js`, which every kind of module resolution finds.
    writeFileSync(
      join(types, file),
      text.replace(/((?:from |import\()['"]\.\/[\w-]+)\.ts(?=['"])/g, '$1.js'),
    );
  }
  for (const [entry, source] of Object.entries(ENTRIES)) {
    const module = source.replace('src/client/', '').replace('.ts', '.js');
    writeFileSync(join(folder, `${entry}.d.ts`), `export * from './types/${module}';\n`);
  }
}

export async function buildClient(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const entry of Object.keys(ENTRIES) as Entry[]) {
    for (const [file, text] of Object.entries(await bundleClient(entry)))
      writeFileSync(join(folder, file), text);
  }
  declare(folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildClient(join(root, 'dist'));
