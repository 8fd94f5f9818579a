/** `npm run dev` as a process, on a port, a state folder and a .dev.vars of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTS_WITHIN_MS = 60_000;

export interface DevServer {
  origin: string;
  port: number;
  /** scripts/dev.ts. */
  child: ChildProcess;
  /** What it wrote so far. */
  output: () => string;
  /** Its wrangler of the moment; undefined between two. */
  wranglerPid: () => number | undefined;
  devVarsFile: string;
  /** Waits until the Worker answers 200 at /readyz. */
  ready: () => Promise<void>;
  /** Its exit code, and how long it took to end. */
  stop: (signal: NodeJS.Signals) => Promise<{ code: number | null; ms: number }>;
}

/** `variables`: `NAME:value`, as `--var` takes them. */
export async function startDev(variables: readonly string[] = []): Promise<DevServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hono-accounts-dev-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [
      'scripts/dev.ts',
      ...['--var', 'PASSWORD_ITERATIONS:1000', 'RATE_LIMITS:off', ...variables],
      ...[
        '--config',
        writeConfiguration(folder),
        '--port',
        String(port),
        '--persist-to',
        join(folder, 'state'),
      ],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  void ended.then(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

  const ready = async () => {
    const deadline = Date.now() + STARTS_WITHIN_MS;
    for (;;) {
      const up = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(10_000) }).then(
        (answer) => answer.ok,
        () => false,
      );
      if (up) return;
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill();
        throw new Error(`The server is not ready:\n${output}`);
      }
      await sleep(100);
    }
  };
  await ready();
  return {
    origin,
    port,
    child,
    output: () => output,
    wranglerPid: () => childrenOf(child.pid ?? 0)[0],
    devVarsFile: join(folder, '.dev.vars'),
    ready,
    stop: async (signal) => {
      const startedAt = performance.now();
      child.kill(signal);
      return { code: await ended, ms: performance.now() - startedAt };
    },
  };
}

/** wrangler.toml in another folder, so that the .dev.vars next to it is the test's own. */
function writeConfiguration(folder: string): string {
  const file = join(folder, 'wrangler.toml');
  const text = readFileSync('wrangler.toml', 'utf8').replaceAll(
    // What begins with `./` is of `[alias]`.
    /^((?:main|directory|migrations_dir) = )"(.*)"$|^(".*" = )"(\.\/.*)"$/gm,
    (_, name, path, alias, file) => `${name ?? alias}${JSON.stringify(resolve(path ?? file))}`,
  );
  writeFileSync(file, text);
  return file;
}

export const freePort = () =>
  new Promise<number>((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** By proc(5): the fourth field of a process's `stat` is its parent. */
const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
