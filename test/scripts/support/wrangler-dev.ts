/** `npx wrangler dev` in a project that is not this one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { wranglerEnvironment } from '../../../scripts/lib/wrangler.ts';
import { freePort } from './dev-server.ts';

const STARTS_WITHIN_MS = 120_000;

/** Answers the origin once `path` is there; ends with the test. */
export async function wranglerDev(
  folder: string,
  path: string,
  args: readonly string[] = [],
): Promise<string> {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const cli = createRequire(import.meta.url).resolve('wrangler');
  const child = spawn(
    process.execPath,
    ['--no-warnings', cli, 'dev', '--port', new URL(origin).port, '--inspector-port', '0', ...args],
    // A group of its own: workerd outlives a wrangler that is killed.
    {
      cwd: folder,
      detached: true,
      env: { ...wranglerEnvironment, ...process.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  });
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const up = await fetch(origin + path, { signal: AbortSignal.timeout(10_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return origin;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`wrangler dev is not up:\n${output}`);
    await sleep(200);
  }
}
