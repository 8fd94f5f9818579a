/** A server that is killed and started again on the same state, and requests that are sent until one is answered. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ANSWERS_WITHIN_MS = 20_000;
const DEATH_IS_KNOWN_WITHIN_MS = 1_000;

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /** How often it was sent in vain before: the server died, and nobody knows what it did. */
  lost: number;
}

export interface Killable {
  start: () => Promise<void>;
  /** SIGKILL to the process group: Node and workerd at once. */
  kill: () => Promise<void>;
  send: (method: string, path: string, options?: { json?: unknown; access?: string }) => Promise<Answer>;
  /** How many requests were answered. */
  answered: () => number;
}

interface Life {
  process: ChildProcess;
  ended: Promise<unknown>;
}

export function killable(worker: string, state: string, port: number): Killable {
  const origin = `http://127.0.0.1:${port}`;
  const SIGNING_KEY = randomBytes(32).toString('base64url');
  let life: Life | undefined;
  /** Resolved while the server answers. */
  let up = Promise.withResolvers<void>();
  let answers = 0;

  async function start(): Promise<void> {
    const script = fileURLToPath(new URL('./server.ts', import.meta.url));
    const started = spawn(process.execPath, ['--no-warnings', script, worker, state, String(port)], {
      detached: true,
      env: { ...process.env, SIGNING_KEY },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(started, 'exit');
    life = { process: started, ended };
    const isReady = await Promise.race([once(started.stdout, 'data'), ended.then(() => false)]);
    if (!isReady) throw new Error('The server ended before it was ready.');
    up.resolve();
  }

  async function kill(): Promise<void> {
    if (life?.process.pid === undefined || hasEnded(life)) return;
    up = Promise.withResolvers();
    process.kill(-life.process.pid, 'SIGKILL');
    await life.ended;
  }

  const send: Killable['send'] = async (method, path, { json, access } = {}) => {
    const headers = {
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
      ...(access !== undefined && { Authorization: `Bearer ${access}` }),
    };
    for (let lost = 0; ; lost += 1) {
      await up.promise;
      const server = life;
      try {
        const answer = await fetch(origin + path, {
          method,
          headers,
          signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
          ...(json !== undefined && { body: JSON.stringify(json) }),
        });
        const text = await answer.text();
        answers += 1;
        return { status: answer.status, body: text === '' ? {} : JSON.parse(text), lost };
      } catch (error) {
        // Only the server's death excuses a lost answer.
        if (server) await Promise.race([server.ended, sleep(DEATH_IS_KNOWN_WITHIN_MS)]);
        if (!server || !hasEnded(server)) throw error;
      }
    }
  };

  return { start, kill, send, answered: () => answers };
}

const hasEnded = ({ process }: Life) => process.exitCode !== null || process.signalCode !== null;
