/**
 * Two Workers over one D1 and one KV: what is deployed, on two miniflares with one folder. In one miniflare all Workers
 * share a thread, where the hashing of one keeps the other waiting, and nothing happens between its read and its write.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { deployed } from '../../../bench/lib/bundle.ts';
import { applyMigrations, type Database } from '../../../bench/lib/miniflare.ts';

const MAX_TRIES = 200;
/** So many that the hashing of a log-in leaves time for something else between its read and its write. */
const ITERATIONS = '300000';

export async function openTwoWorkers() {
  const { source } = await deployed();
  const folder = mkdtempSync(join(tmpdir(), 'two-workers-'));
  const options = convertV4MiniflareOptions({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: source }],
    compatibilityDate: '2026-11-02',
    d1Databases: { DB: 'shared' },
    kvNamespaces: { BLACKLIST: 'shared' },
    bindings: {
      SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
      ENVIRONMENT: 'development',
      RATE_LIMITS: 'off',
      MAIL: 'off',
      PASSWORD_ITERATIONS: ITERATIONS,
    },
    resourcePersistencePath: folder,
    cf: false,
    log: new Log(LogLevel.ERROR),
    handleStructuredLogs: () => {},
  });
  const one = new Miniflare(options);
  await one.ready;
  const db = (await one.getD1Database('DB')) as unknown as Database;
  await applyMigrations(db);
  const other = new Miniflare(options);
  await other.ready;

  /** Two processes wait for one file: where the other has it, the answer is 503, and the client tries again. */
  const askOf =
    (miniflare: Miniflare) => async (method: string, path: string, body?: object, token?: string) => {
      for (let tries = 1; ; tries++) {
        const answer = await send(miniflare, method, path, body, token);
        if (answer.status !== 503 || tries === MAX_TRIES) return answer;
      }
    };
  const send = async (
    miniflare: Miniflare,
    method: string,
    path: string,
    body: object | undefined,
    token: string | undefined,
  ) => {
    const response = await miniflare.dispatchFetch(`http://localhost${path}`, {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as never };
  };
  const run = async (sql: string, ...values: unknown[]) => {
    for (let tries = 1; ; tries++) {
      try {
        return (
          await db
            .prepare(sql)
            .bind(...values)
            .all()
        ).results;
      } catch (error) {
        if (tries === MAX_TRIES) throw error;
      }
    }
  };
  const close = async () => {
    await Promise.all([one.dispose(), other.dispose()]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { run, one: askOf(one), other: askOf(other), close };
}
