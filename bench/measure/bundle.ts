/** The deployed bundle: its size, its parts, and the cost of its start. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, type Deployed, root, sizesOf, wrangler } from '../lib/bundle.ts';
import type { Size } from '../lib/size.ts';
import { type Summary, summarize } from '../lib/stats.ts';

export interface BundleFigures {
  worker: { bytes: number; gzipBytes: number; parts: Deployed['parts'] };
  guard: { bytes: number; gzipBytes: number };
  /** The files in assets/static: the client, and the scripts of the pages. */
  scripts: { name: string; gzipBytes: number }[];
  /** CPU of module start-up, including garbage collection (`wrangler check startup`). */
  startUpMs: Summary;
}

export async function measureBundle(
  deployed: Deployed,
  size: Size,
  say: (text: string) => void,
): Promise<BundleFigures> {
  const { bytes, gzipBytes, parts } = deployed;
  const guard = sizesOf(await bundle('src/guard/index.ts'));
  const starts: number[] = [];
  for (let start = 1; start <= size.starts; start++) {
    starts.push(await startUp());
    say(`start-up ${start} of ${size.starts}`);
  }
  return {
    worker: { bytes, gzipBytes, parts },
    guard,
    scripts: browserScripts(),
    startUpMs: summarize(starts),
  };
}

function browserScripts(): BundleFigures['scripts'] {
  const folder = join(root, 'assets/static');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => ({ name, gzipBytes: sizesOf(readFileSync(join(folder, name), 'utf8')).gzipBytes }));
}

async function startUp(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-startup-'));
  try {
    const told = await wrangler('check', 'startup', '--outfile', join(folder, 'startup.cpuprofile'));
    const active = /Active: ([\d.]+) ms/.exec(told)?.[1];
    if (active === undefined) throw new Error(`wrangler check startup says no active time:\n${told}`);
    return Number(active);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
