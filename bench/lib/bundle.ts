/** What is measured: the Worker as it would be deployed, and the small Workers of this bench. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const WRANGLER = join(root, 'node_modules/wrangler/bin/wrangler.js');
const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
};

export async function wrangler(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [WRANGLER, ...args], {
    cwd: root,
    env: { ...process.env, ...QUIET },
    maxBuffer: 1 << 24,
  });
  return stdout;
}

export interface Deployed {
  /** The Worker's single module. */
  source: string;
  bytes: number;
  gzipBytes: number;
  /** Bytes of the bundle by source package or folder of src/, largest first. */
  parts: { from: string; bytes: number }[];
}

/** `wrangler deploy --dry-run`: nothing leaves the machine. */
export async function deployed(): Promise<Deployed> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-bundle-'));
  try {
    await wrangler('deploy', '--dry-run', '--env=', '--outdir', folder, '--metafile');
    const source = readFileSync(join(folder, 'worker.js'), 'utf8');
    const meta = JSON.parse(readFileSync(join(folder, 'bundle-meta.json'), 'utf8')) as Metafile;
    return { source, ...sizesOf(source), parts: partsOf(meta) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const sizesOf = (source: string) => ({
  bytes: Buffer.byteLength(source),
  gzipBytes: gzipSync(source).byteLength,
});

function partsOf(meta: Metafile): Deployed['parts'] {
  const inputs = Object.values(meta.outputs).find((output) => output.entryPoint !== undefined)?.inputs ?? {};
  const sums = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const from = partOf(path);
    sums.set(from, (sums.get(from) ?? 0) + bytesInOutput);
  }
  return [...sums].map(([from, bytes]) => ({ from, bytes })).sort((a, b) => b.bytes - a.bytes);
}

function partOf(path: string): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1];
  if (inPackage) return inPackage;
  const inSource = /(?:^|\/)src\/(?:([^/]+)\/)?/.exec(path);
  if (inSource) return inSource[1] === undefined ? 'src/*.ts' : `src/${inSource[1]}/`;
  return 'wrangler';
}

/**
 * Bundles a Worker of this benchmark, or a part of src/, with wrangler's options; `./worker.js` stays an import of the
 * deployed bundle. `from`: the project that `entry` is in.
 */
export async function bundle(
  entry: string,
  { from = root, nodePaths = [] as string[] } = {},
): Promise<string> {
  const result = await build({
    absWorkingDir: from,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*', './worker.js'],
    nodePaths,
    logLevel: 'error',
  });
  return result.outputFiles[0]?.text ?? '';
}
