/**
 * The same endpoints on a D1 with a thousand and with a million users, each with a session and a revoked token: rows read and
 * written, and response times. Then the sweep, over as many expired rows.
 */
import type { Deployed } from '../lib/bundle.ts';
import { type Counts, countsOf } from '../lib/calls.ts';
import { askOnce, drive } from '../lib/load.ts';
import { type Endpoint, endpoints, type Product, product, record } from '../lib/product.ts';
import { seedTable } from '../lib/seed.ts';
import type { Size } from '../lib/size.ts';
import { inTurn, type Summary, summarize } from '../lib/stats.ts';

const NAMES = Object.keys(endpoints) as Endpoint[];
const DAY_SECONDS = 86_400;
const RUNS_AT_MOST = 1_000;

export interface Grown {
  users: number;
  seedSeconds: number;
  bytes: Product['bytes'];
  endpoints: Record<Endpoint, { counts: Counts; ms: Summary }>;
}

export interface Sweep {
  rows: number;
  /** The number of cron runs that it took, one every five minutes. */
  runs: number;
  seconds: number;
  /** For one statement or one batch, as reported by D1. */
  longestMs: number;
  rowsRead: number;
  rowsWritten: number;
}

export interface Growth {
  sizes: Grown[];
  sweeps: { revokedTokens: Sweep; sessions: Sweep };
}

export async function measureGrowth(
  deployed: Deployed,
  size: Size,
  say: (text: string) => void,
): Promise<Growth> {
  const apps: Product[] = [];
  try {
    for (const users of size.growth) {
      say(`${users} users`);
      apps.push(await product(deployed, users));
    }
    const counts: Record<Endpoint, Counts>[] = [];
    for (const app of apps) counts.push(await countEndpoints(app));

    const times = {} as Record<Endpoint, number[][]>;
    for (const endpoint of NAMES) {
      // Sign-up and log-out use up a name or a session, so each is used once.
      let next = 100;
      const contenders = Object.fromEntries(
        apps.map((app) => [String(app.users), () => timeEndpoint(app, endpoint, next, size.growthRequests)]),
      );
      const rounds = await inTurn(size.rounds, contenders, (round) => {
        next += size.growthRequests;
        say(`${endpoint}, round ${round} of ${size.rounds}`);
      });
      times[endpoint] = apps.map((app) => rounds[String(app.users)] ?? []);
    }
    const sizes = apps.map((app, i) => ({
      users: app.users,
      seedSeconds: app.seedSeconds,
      bytes: app.bytes,
      endpoints: Object.fromEntries(
        NAMES.map((endpoint) => [
          endpoint,
          { counts: counts[i]?.[endpoint] as Counts, ms: summarize(times[endpoint][i] as number[]) },
        ]),
      ) as Grown['endpoints'],
    }));
    const largest = apps.at(-1) as Product;
    say(`the sweep over ${largest.users} rows`);
    return { sizes, sweeps: await measureSweeps(largest) };
  } finally {
    await Promise.all(apps.map((app) => app.stop()));
  }
}

async function countEndpoints(app: Product): Promise<Record<Endpoint, Counts>> {
  const counts = {} as Record<Endpoint, Counts>;
  for (const [i, endpoint] of NAMES.entries()) {
    counts[endpoint] = countsOf((await record(app.origin, endpoints[endpoint](i + 1))).calls);
  }
  return counts;
}

/** The median of some successive response times, in milliseconds. */
async function timeEndpoint(
  app: Product,
  endpoint: Endpoint,
  from: number,
  requests: number,
): Promise<number> {
  let n = from;
  const asks = Array.from({ length: requests }, () => endpoints[endpoint](1 + (n++ % app.users)));
  const { times } = await drive(
    app.origin,
    { requests, connections: 1 },
    () => () => asks.pop() ?? endpoints.me(1),
  );
  return summarize(times).median;
}

/** As many rows as the database has users, all of them expired by more than the margin. */
async function measureSweeps(app: Product): Promise<Growth['sweeps']> {
  const expired = Math.floor(Date.now() / 1_000) - 10 * DAY_SECONDS;
  await seedTable(app.db, 'revoked_tokens', { to: app.users, at: expired });
  const revokedTokens = await sweepAll(app, 'revokedTokens', app.users);
  for (let from = 0; from < 16; from++) {
    const half = from.toString(16);
    await app.db.prepare(`UPDATE sessions SET expires_at = ${expired} WHERE id LIKE '%${half}'`).run();
  }
  // Its walk starts once a day, and the previous sweep has started one.
  await app.db.prepare('DELETE FROM sweep_progress').run();
  const { left } = (await app.db.prepare('SELECT count(*) AS left FROM sessions').all()).results[0] as {
    left: number;
  };
  return { revokedTokens, sessions: await sweepAll(app, 'sessions', left) };
}

interface Swept {
  revokedTokens: number;
  sessions: number;
  longestMs: number;
  rowsRead: number;
  rowsWritten: number;
}

async function sweepAll(app: Product, what: 'revokedTokens' | 'sessions', rows: number): Promise<Sweep> {
  const total = { rows: 0, runs: 0, longestMs: 0, rowsRead: 0, rowsWritten: 0 };
  const started = performance.now();
  while (total.rows < rows && total.runs < RUNS_AT_MOST) {
    const swept = JSON.parse(await askOnce(app.origin, { path: '/bench/sweep' })) as Swept;
    total.rows += swept[what];
    total.runs += 1;
    total.longestMs = Math.max(total.longestMs, swept.longestMs);
    total.rowsRead += swept.rowsRead;
    total.rowsWritten += swept.rowsWritten;
  }
  if (total.rows < rows) throw new Error(`the sweep left ${rows - total.rows} rows of ${what}`);
  return { ...total, seconds: (performance.now() - started) / 1_000 };
}
