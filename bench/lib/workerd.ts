/** `workerd serve` with a few modules and nothing else, to measure the Worker itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** As in wrangler.toml; nodejs_compat is on by default from 2026-08-04. */
export const COMPATIBILITY_DATE = '2026-11-02';

// workerd is miniflare's dependency: the one version that tests, dev and bench share.
const fromMiniflare = createRequire(createRequire(import.meta.url).resolve('miniflare'));
const workerd = fromMiniflare('workerd') as { default: string; version: string };
export const workerdVersion = workerd.version;

export interface Served {
  origin: string;
  pid: number;
  stop: () => Promise<void>;
}

/** The first module is the Worker. */
export async function serve(modules: Readonly<Record<string, string>>): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-workerd-'));
  for (const [name, source] of Object.entries(modules)) writeFileSync(join(folder, name), source);
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [${Object.keys(modules)
    .map((name) => `(name = "${name}", esModule = embed "${name}")`)
    .join(', ')}],
  compatibilityDate = "${COMPATIBILITY_DATE}"
);
`,
  );
  const child = spawn(workerd.default, ['serve', '--control-fd=3', join(folder, 'config.capnp')], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { origin: `http://127.0.0.1:${await listeningPort(child)}`, pid: child.pid as number, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listeningPort(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const told = JSON.parse(line) as { event: string; port?: number };
    if (told.event === 'listen' && told.port !== undefined) return told.port;
  }
  throw new Error('workerd did not start');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
