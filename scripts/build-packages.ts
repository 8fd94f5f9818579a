/**
 * `npm run build:packages`: builds the npm packages `hono-accounts` and `hono-accounts-client` in `dist/packages`, as
 * folders and as tarballs (docs/adr/0015-two-packages.md).
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildClient } from './build-client.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const PACKAGES = ['hono-accounts', 'hono-accounts-client'] as const;
type PackageName = (typeof PACKAGES)[number];

/** Dependencies of the package that only its commands use: devDependencies of this repository. */
const COMMAND_DEPENDENCIES = ['csv-parse'];
/** The oldest Node that wrangler supports. */
const COMMANDS_TARGET = 'node22';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
const readJson = <T>(file: string) => JSON.parse(readFileSync(join(root, file), 'utf8')) as T;

/** Returns the path of each tarball. */
export async function buildPackages(folder: string): Promise<Record<PackageName, string>> {
  rmSync(folder, { recursive: true, force: true });
  await buildServer(join(folder, 'hono-accounts'));
  await buildClient(join(folder, 'hono-accounts-client'));
  for (const name of PACKAGES) describe(name, join(folder, name));
  return Object.fromEntries(PACKAGES.map((name) => [name, pack(join(folder, name))])) as Record<
    PackageName,
    string
  >;
}

async function buildServer(folder: string): Promise<void> {
  emitLibrary(join(folder, 'lib'));
  await build({
    absWorkingDir: root,
    entryPoints: { 'hono-accounts': 'scripts/cli.ts', 'local-d1-process': 'scripts/lib/local-d1-process.ts' },
    outdir: join(folder, 'bin'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: COMMANDS_TARGET,
    sourcemap: 'linked',
    logLevel: 'error',
  });
  await buildClient(join(folder, 'client'));
  cpSync(join(root, 'assets'), join(folder, 'assets'), { recursive: true });
  cpSync(join(root, 'migrations'), join(folder, 'migrations'), { recursive: true });
  cpSync(join(root, 'docs/template'), join(folder, 'template'), { recursive: true });
  copyFileSync(join(root, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'));
}

/** Not bundled: the host's bundler drops what it does not use, and stack traces name the source file. */
function emitLibrary(folder: string): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', join(root, 'tsconfig.package.json'), '--outDir', folder],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stdout);
  const declared = declarationsOf([join(folder, 'index.d.ts'), join(folder, 'guard/index.d.ts')]);
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.d.ts') && !declared.has(join(folder, file))) rmSync(join(folder, file));
  }
}

const SPECIFIER = /((?:from |import\()['"])(\.{1,2}\/[\w./-]+?)\.tsx?(?=['"])/g;

/** The declarations that the entries reach; the host is not type-checked against any other. Renames imports to `.js`. */
function declarationsOf(entries: readonly string[]): Set<string> {
  const found = new Set(entries);
  for (const file of found) {
    const text = readFileSync(file, 'utf8');
    for (const [, , path = ''] of text.matchAll(SPECIFIER)) found.add(`${join(dirname(file), path)}.d.ts`);
    writeFileSync(file, text.replace(SPECIFIER, '$1$2.js'));
  }
  return found;
}

/** Writes the manifest, with the version and dependencies of this repository, the README and the licence. */
function describe(name: PackageName, folder: string): void {
  const { version, dependencies, devDependencies } = readJson<Manifest>('package.json');
  const manifest = readJson<{ peerDependencies: Record<string, string> }>(`packages/${name}/package.json`);
  const used = COMMAND_DEPENDENCIES.map((used) => [used, devDependencies[used]] as const);
  const needed = [...Object.entries(dependencies), ...used]
    .filter(([dependency]) => !(dependency in manifest.peerDependencies))
    .map(([dependency, exact]) => [dependency, `^${exact}`]);
  const { GITHUB_REPOSITORY } = process.env;
  const text = JSON.stringify(
    {
      ...manifest,
      version,
      // npm requires it to match the repository of the workflow that publishes.
      ...(GITHUB_REPOSITORY && {
        repository: { type: 'git', url: `git+https://github.com/${GITHUB_REPOSITORY}.git` },
      }),
      ...(name === 'hono-accounts' && { dependencies: Object.fromEntries(needed.sort()) }),
    },
    null,
    2,
  );
  writeFileSync(join(folder, 'package.json'), `${text}\n`);
  copyFileSync(join(root, 'packages', name, 'README.md'), join(folder, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

function pack(folder: string): string {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--pack-destination', '..'], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(stderr);
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  return join(dirname(folder), packed?.filename ?? '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tarballs = await buildPackages(join(root, 'dist/packages'));
  for (const tarball of Object.values(tarballs)) console.log(tarball);
}
