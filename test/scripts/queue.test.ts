/**
 * Events by a queue as Workers have it: the Worker that is deployed with a producer bound as `EVENTS`, and another one
 * that consumes, on miniflare.
 */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deployed } from '../../bench/lib/bundle.ts';
import { applyMigrations, type Database } from '../../bench/lib/miniflare.ts';

/** Refuses its first batch; tells what it has taken. */
const CONSUMER = `
const taken = [];
let batches = 0;
export default {
  async queue(batch) {
    batches += 1;
    if (batches === 1) throw new Error('not yet');
    for (const { body } of batch.messages) taken.push(body);
  },
  fetch: () => Response.json({ batches, taken }),
};`;

let miniflare: Miniflare;
beforeAll(async () => {
  const { source } = await deployed();
  const common = { compatibilityDate: '2026-11-02' };
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          ...common,
          name: 'accounts',
          modules: [{ type: 'ESModule', path: 'worker.js', contents: source }],
          d1Databases: { DB: 'queue' },
          kvNamespaces: { BLACKLIST: 'queue' },
          queueProducers: { EVENTS: 'account-events' },
          bindings: {
            SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
            ENVIRONMENT: 'development',
            RATE_LIMITS: 'off',
            MAIL: 'off',
            PASSWORD_ITERATIONS: '1000',
          },
        },
        {
          ...common,
          name: 'site',
          modules: [{ type: 'ESModule', path: 'site.js', contents: CONSUMER }],
          queueConsumers: { 'account-events': { maxBatchTimeout: 0, maxRetries: 5, retryDelay: 0 } },
        },
      ],
      cf: false,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
    }),
  );
  await miniflare.ready;
  await applyMigrations((await miniflare.getD1Database('DB', 'accounts')) as unknown as Database);
}, 120_000);
afterAll(() => miniflare?.dispose());

it('a consumer gets each event, also after refusing one', async () => {
  const signedUp = await miniflare.dispatchFetch('http://localhost/account/sign-up', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'mina@example.com', password: 'correct horse battery' }),
  });
  expect(signedUp.status).toBe(201);
  const { user } = (await signedUp.json()) as { user: { id: string } };
  const site = await miniflare.getWorker('site');
  await vi.waitFor(
    async () => {
      const told = (await (await site.fetch('http://localhost/')).json()) as { batches: number };
      expect(told).toEqual({
        batches: expect.any(Number),
        taken: [
          {
            id: expect.stringMatching(/^evt_/),
            type: 'user.created',
            timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
            data: { user_id: user.id, email_verified: false },
          },
        ],
      });
      expect(told.batches).toBeGreaterThan(1);
    },
    { timeout: 30_000, interval: 100 },
  );
  const db = (await miniflare.getD1Database('DB', 'accounts')) as unknown as Database;
  expect((await db.prepare('SELECT id FROM account_events').all()).results).toEqual([]);
});
