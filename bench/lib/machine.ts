/** The machine, the versions and the date of a measurement. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { root } from './bundle.ts';
import { workerdVersion } from './workerd.ts';

export interface Machine {
  date: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  /** The load of the minute before: above a third of a core, something else was running. */
  loadBefore: number;
  commit: string;
  versions: Record<string, string>;
}

export function machine(): Machine {
  const [first] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadBefore: loadavg()[0] ?? 0,
    commit:
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', 'src') === '' ? '' : ', src changed'),
    versions: {
      node: process.versions.node,
      workerd: workerdVersion,
      ...Object.fromEntries(
        ['wrangler', 'miniflare', 'hono', 'drizzle-orm', 'zod'].map((name) => [name, versionOf(name)]),
      ),
    },
  };
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

const versionOf = (name: string): string => {
  const file = join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};
