/** The service of `npm run dev` on a port and a database of its own, and people in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const STARTS_WITHIN_MS = 120_000;

export interface Service {
  /** Of localhost, whose `Secure` cookies Chromium keeps without https. */
  origin: string;
  /** What the server wrote, for when it does not start. */
  output: () => string;
  /** `npm run createsuperuser`. */
  makeStaff: (email: string, password: string) => Promise<void>;
  /** One call of the API, JSON in and out. */
  call: <T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<T>;
  stop: () => Promise<void>;
}

export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    child.once('exit', resolve);
  });

/** `vars`: more settings, as `NAME:value`. `wanted`: a port of its own choice. */
export async function startService(vars: readonly string[] = [], wanted?: number): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-e2e-'));
  const port = wanted ?? (await freePort());
  const origin = `http://localhost:${port}`;
  let output = '';
  const run = (script: string, args: string[], input: string | null) => {
    const child = spawn(process.execPath, ['--no-warnings', join(ROOT, 'scripts', script), ...args], {
      cwd: ROOT,
      stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.end(input);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: unknown) => {
        output += String(chunk);
      });
    }
    return child;
  };
  const server = run(
    'dev.ts',
    // `--var` takes every word up to the next flag.
    [
      '--var',
      'PASSWORD_ITERATIONS:1000',
      'RATE_LIMITS:off',
      ...vars,
      '--port',
      String(port),
      // Any: two services that start at once would choose the same.
      '--inspector-port',
      '0',
      '--persist-to',
      folder,
    ],
    null,
  );
  const stop = async () => {
    server.kill('SIGTERM');
    await ended(server);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  const call: Service['call'] = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const up = await fetch(`${origin}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) break;
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the service did not start:\n${output}`);
    }
    await sleep(250);
  }

  return {
    origin,
    output: () => output,
    call,
    stop,
    makeStaff: async (email, password) => {
      const child = run('createsuperuser.ts', ['--email', email, '--persist-to', folder], `${password}\n`);
      const code = await ended(child);
      if (code !== 0) throw new Error(`createsuperuser ended with ${code}:\n${output}`);
    },
  };
}
