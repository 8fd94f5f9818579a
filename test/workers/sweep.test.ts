/** The cron: what goes, what stays, in bounded steps, and what happens when it is stopped half-way. */
import { createScheduledController } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { connectD1 } from '../../src/db/client.ts';
import { d1Sweeper } from '../../src/db/d1-sweep.ts';
import { SWEEP, sweep, sweepOnce } from '../../src/sweep.ts';
import type { Sweeper } from '../../src/sweeper.ts';
import worker from '../../src/worker.ts';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { type Watch, watchedD1 } from '../support/watched-d1.ts';
import { claimsOf, codeOf, tally, type World, world } from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const DAY = 86_400;
/** Of rows that stand for themselves, without a token or a person behind them. */
const NOW = 2_000_000_000;
const DEADLINE_MS = 10_000;

const w = world();
const sweeperOn = (DB: D1Database): Sweeper => d1Sweeper(connectD1(DB, DEADLINE_MS));
const run = (now: number, DB: D1Database = env.DB) => sweepOnce(sweeperOn(DB), now);
/** As the cron, by the clock of a world. */
const sweepAt = (at: World) => sweep({ DB: env.DB }, () => at.clock.now * 1_000);

/** Every test sweeps everything by its own clock: it starts with empty tables and fresh walks. */
beforeEach(async () => {
  await env.DB.batch(
    [
      'DELETE FROM sweep_progress',
      'DELETE FROM users',
      'DELETE FROM revoked_tokens',
      'DELETE FROM one_time_tokens',
      "INSERT INTO users (id, email, password_hash, date_joined) VALUES ('seed', 'seed', 'x', 1)",
    ].map((sql) => env.DB.prepare(sql)),
  );
});

type Table = 'revoked_tokens' | 'sessions' | 'one_time_tokens';
/** From `n(i)`, with the expiry as ?2. */
const SEEDS: Record<Table, string> = {
  revoked_tokens: "SELECT ?2, printf('%08d', i) || ?3, 'seed', 1, 'rotated', NULL",
  sessions: "SELECT 'seed', printf('%08d', i) || ?3, 1, 1, ?2, ?2",
  one_time_tokens: "SELECT 'seed', 'password_reset', printf('%08d', i) || ?3, NULL, 1, ?2",
};
const INTO: Record<Table, string> = {
  revoked_tokens: 'revoked_tokens',
  sessions: 'sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)',
  one_time_tokens: 'one_time_tokens',
};
const OWNER: Record<Table, string> = {
  revoked_tokens: 'session_id',
  sessions: 'user_id',
  one_time_tokens: 'subject',
};
/** `count` rows that expire at a time; `mark` tells them from others and sorts behind the number. */
const seed = (table: Table, count: number, expiresAt: number, mark = '') =>
  w.rows(
    `INSERT INTO ${INTO[table]} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) ${SEEDS[table]} FROM n`,
    count,
    expiresAt,
    mark,
  );
const left = async (table: Table): Promise<number> => {
  const rows = await w.rows<{ n: number }>(
    `SELECT count(*) AS n FROM ${table} WHERE ${OWNER[table]} = 'seed'`,
  );
  return rows[0]?.n ?? 0;
};
const TABLES: Table[] = ['revoked_tokens', 'sessions', 'one_time_tokens'];
const WALKED: Table[] = ['sessions', 'one_time_tokens'];

interface Progress {
  walk: string;
  cursor: string | null;
  started_at: number;
}
const progressOf = (walk: string) =>
  w.rows<Progress>('SELECT * FROM sweep_progress WHERE walk = ?', walk).then(([row]) => row);

/** A sweeper that says what it was asked. */
function listening(DB: D1Database = env.DB) {
  const real = sweeperOn(DB);
  const deletes: number[] = [];
  const pages: { walk: string; from: readonly string[]; limit: number; deleted: number }[] = [];
  const sweeper: Sweeper = {
    ...real,
    revokedTokens: async (before, limit) => {
      const deleted = await real.revokedTokens(before, limit);
      deletes.push(deleted);
      return deleted;
    },
    page: async (walk, from, before, limit, startedAt) => {
      const result = await real.page(walk, from, before, limit, startedAt);
      pages.push({ walk, from, limit, deleted: result.deleted });
      return result;
    },
  };
  return { sweeper, deletes, pages };
}

/** What mail carries is no JWT, and nothing of it is accepted past its time: it goes at once. */
const MARGIN = { revoked_tokens: DAY, sessions: DAY, one_time_tokens: 0 } as const;

describe.each(TABLES)('a row of %s', (table) => {
  const margin = MARGIN[table];
  it.each([
    ['a month past its time goes', -30 * DAY, 0],
    ['a second past the margin goes', -margin - 1, 0],
    ['at the margin stays', -margin, 1],
    ['a second within the margin stays', -margin + 1, 1],
    ['half a margin past its time stays', -margin / 2, 1],
    ['at its time stays', 0, 1],
    ['with an hour to go stays', HOUR, 1],
    ['with a year to go stays', 365 * DAY, 1],
  ])('%s', async (_, age, stays) => {
    await seed(table, 1, NOW + age);
    await run(NOW);
    expect(await left(table)).toBe(stays);
  });

  it('goes, and its living neighbours stay', async () => {
    await seed(table, 50, NOW - 2 * DAY, 'dead');
    await seed(table, 50, NOW + DAY, 'live');
    const swept = await run(NOW);
    expect(Object.values(swept).reduce((a, b) => a + b)).toBe(50);
    expect(await left(table)).toBe(50);
    const key = table === 'sessions' ? 'id' : table === 'revoked_tokens' ? 'jti' : 'hash';
    expect(await w.rows(`SELECT 1 FROM ${table} WHERE ${key} LIKE '%dead'`)).toEqual([]);
  });
});

describe('the blacklist', () => {
  it('goes in batches of at most a thousand until none is left', async () => {
    await seed('revoked_tokens', 3_000, NOW - 2 * DAY);
    const { sweeper, deletes } = listening();
    expect((await sweepOnce(sweeper, NOW)).revokedTokens).toBe(3_000);
    expect(deletes).toEqual([1_000, 1_000, 1_000, 0]);
    expect(await left('revoked_tokens')).toBe(0);
  });

  it('goes in at most twenty batches a run; the next run takes the rest', async () => {
    await seed('revoked_tokens', 20_500, NOW - 2 * DAY);
    const { sweeper, deletes } = listening();
    expect((await sweepOnce(sweeper, NOW)).revokedTokens).toBe(20_000);
    expect(deletes).toHaveLength(SWEEP.batchesPerRun);
    expect(await left('revoked_tokens')).toBe(500);
    expect((await sweepOnce(sweeper, NOW + 300)).revokedTokens).toBe(500);
  });

  it('goes oldest first', async () => {
    await seed('revoked_tokens', 20_000, NOW - 3 * DAY, 'old');
    await seed('revoked_tokens', 5, NOW - 2 * DAY, 'new');
    await run(NOW);
    expect(await w.rows("SELECT 1 FROM revoked_tokens WHERE jti LIKE '%old'")).toEqual([]);
    expect(await left('revoked_tokens')).toBe(5);
  });

  it('is swept at every run', async () => {
    for (let i = 0; i < 3; i++) {
      await seed('revoked_tokens', 3, NOW - 2 * DAY + i, `run${i}`);
      expect((await run(NOW + i * 300)).revokedTokens).toBe(3);
    }
  });
});

describe.each(WALKED)('the walk over %s', (table) => {
  const swept = async (now: number) => {
    const result = await run(now);
    return table === 'sessions' ? result.sessions : result.oneTimeTokens;
  };

  it('goes page by page by primary key, and keeps its place', async () => {
    await seed(table, 12_000, NOW - 2 * DAY);
    const { sweeper, pages } = listening();
    await sweepOnce(sweeper, NOW);
    const mine = pages.filter(({ walk }) => walk === table);
    expect(mine.map(({ limit }) => limit)).toEqual([5_000, 5_000, 5_000]);
    expect(mine.map(({ deleted }) => deleted)).toEqual([5_000, 5_000, 2_000]);
    expect(mine[0]?.from).toEqual([]);
    expect(mine[1]?.from.at(-1)).toBe('00005000');
    expect(mine[2]?.from.at(-1)).toBe('00010000');
    expect(await progressOf(table)).toEqual({ walk: table, cursor: null, started_at: NOW });
    expect(await left(table)).toBe(0);
  });

  it('goes at most five pages a run, and goes on at the next', async () => {
    await seed(table, 26_000, NOW - 2 * DAY);
    expect(await swept(NOW)).toBe(25_000);
    const half = await progressOf(table);
    expect(half?.started_at).toBe(NOW);
    expect(JSON.parse(half?.cursor ?? '[]').at(-1)).toBe('00025000');
    expect(await swept(NOW + 300)).toBe(1_000);
    expect(await progressOf(table)).toEqual({ walk: table, cursor: null, started_at: NOW });
    expect(await left(table)).toBe(0);
  });

  it('passes the living by', async () => {
    await seed(table, 6_000, NOW + DAY, 'live');
    await seed(table, 3, NOW - 2 * DAY, 'dead');
    expect(await swept(NOW)).toBe(3);
    expect(await left(table)).toBe(6_000);
  });

  it('begins once a day', async () => {
    expect(await swept(NOW)).toBe(0);
    await seed(table, 3, NOW - 2 * DAY);
    expect(await swept(NOW + 300)).toBe(0);
    expect(await swept(NOW + DAY - 1)).toBe(0);
    expect(await left(table)).toBe(3);
    expect(await swept(NOW + DAY)).toBe(3);
    expect(await progressOf(table)).toEqual({ walk: table, cursor: null, started_at: NOW + DAY });
  });

  it('that takes longer than a day goes on to its end before it begins again', async () => {
    await seed(table, 26_000, NOW + 30 * DAY);
    await swept(NOW);
    await seed(table, 1, NOW - 2 * DAY, 'early');
    expect(await swept(NOW + 2 * DAY)).toBe(0);
    expect(await progressOf(table)).toEqual({ walk: table, cursor: null, started_at: NOW });
    expect(await swept(NOW + 2 * DAY + 300)).toBe(1);
    expect((await progressOf(table))?.started_at).toBe(NOW + 2 * DAY + 300);
  });

  it('ends where the last page is exactly full', async () => {
    await seed(table, 5_000, NOW - 2 * DAY);
    expect(await swept(NOW)).toBe(5_000);
    expect(await progressOf(table)).toMatchObject({ cursor: null });
  });
});

describe('stopped half-way', () => {
  /** Of a run over what is seeded here. */
  const CALLS = 13;
  const failing = (n: number, when: keyof Watch) =>
    watchedD1({
      [when]: ({ number }: { number: number }) => {
        if (number === n) throw new Error('D1_ERROR: the network connection was lost');
      },
    });
  const seedAll = async () => {
    await seed('revoked_tokens', 2_500, NOW - 2 * DAY);
    await seed('sessions', 7_000, NOW - 2 * DAY);
    await seed('one_time_tokens', 7_000, NOW - 2 * DAY);
    await seed('sessions', 10, NOW + DAY, 'live');
  };
  const calls: [number, 'before' | 'after'][] = Array.from({ length: CALLS }, (_, i) => i + 1).flatMap(
    (n) => [
      [n, 'before'],
      [n, 'after'],
    ],
  );

  it.each(calls)('at call %i, %s it reached D1, it goes on the next time', async (n, when) => {
    await seedAll();
    const { DB, trips } = failing(n, when);
    await expect(sweep({ DB }, () => NOW * 1_000)).rejects.toThrow('sweep failed');
    expect(trips).toHaveLength(n);
    expect(log.of('sweep_failed')).toMatchObject([{ level: 'error' }]);
    await run(NOW + 300);
    expect([await left('revoked_tokens'), await left('sessions'), await left('one_time_tokens')]).toEqual([
      0, 10, 0,
    ]);
    expect(await progressOf('sessions')).toMatchObject({ cursor: null });
    expect(await progressOf('one_time_tokens')).toMatchObject({ cursor: null });
  });

  it('a whole run is that many calls', async () => {
    await seedAll();
    const watched = watchedD1();
    await run(NOW, watched.DB);
    expect(watched.trips).toHaveLength(CALLS);
  });

  it('it does not walk again what it has walked', async () => {
    await seed('sessions', 12_000, NOW + DAY);
    // Three calls for the blacklist and the place, two a page: the seventh is the third page.
    const broken = failing(7, 'before');
    await expect(run(NOW, broken.DB)).rejects.toThrow();
    const { sweeper, pages } = listening();
    await sweepOnce(sweeper, NOW + 300);
    expect(pages[0]?.from.at(-1)).toBe('00010000');
  });

  it('logs why, without a value, and fails the scheduled run', async () => {
    const { DB } = failing(1, 'before');
    await expect(sweep({ DB }, () => NOW * 1_000)).rejects.toThrow(/^sweep failed$/);
    expect(log.lines).toEqual([
      {
        level: 'error',
        event: 'sweep_failed',
        request_id: 'cron',
        reason: 'd1',
        call: expect.stringMatching(/^sweep\.revokedTokens: D1_ERROR/),
      },
    ]);
  });
});

describe('a swept row makes no used token usable again', () => {
  it.each([
    ['without leeway', '0s'],
    ['with the longest leeway', '5m'],
  ])('%s', async (_, leeway) => {
    const at = world({ vars: { LEEWAY: leeway, SESSION_MAX_LIFETIME: '90d' } });
    const who = await at.signUp();
    let newest = (await at.refresh(who.refresh)).body.refresh as string;
    /** Nearly a day goes by, in which the session is used, and the sweep comes. */
    const nextDay = async () => {
      at.clock.advance(DAY - HOUR);
      newest = (await at.refresh(newest)).body.refresh as string;
      await sweepAt(at);
      return (await at.rows('SELECT 1 FROM revoked_tokens WHERE jti = ?', claimsOf(who.refresh).jti)).length;
    };
    const detail = async () => (await at.refresh(who.refresh)).body.detail;
    expect(await nextDay()).toBe(1);
    expect([await nextDay(), await detail()]).toEqual([1, 'Token is expired']);
    expect([await nextDay(), await detail()]).toEqual([0, 'Token is expired']);
    expect([await nextDay(), await detail()]).toEqual([0, 'Token is expired']);
    expect((await at.refresh(newest)).status).toBe(200);
  });

  it('log-out with it succeeds, ends the session and leaves no new row for ever', async () => {
    const at = world();
    const who = await at.signUp();
    const { refresh } = (await at.refresh(who.refresh)).body;
    at.clock.advance(3 * DAY);
    await sweepAt(at);
    expect(await at.sessionOf(who.refresh)).toBeUndefined();
    expect((await at.logOut(who.refresh)).status).toBe(204);
    expect((await at.refresh(refresh)).status).toBe(401);
    at.clock.advance(3 * DAY);
    await sweepAt(at);
    expect(await at.revokedOf(who.refresh)).toEqual([]);
  });
});

describe('no session is deleted while one of its tokens is valid', () => {
  it('one that is refreshed now and then lives on under daily sweeps', async () => {
    const at = world();
    let { refresh } = await at.signUp();
    const statuses: number[] = [];
    for (let day = 0; day < 20; day++) {
      at.clock.advance(DAY - 60);
      await sweepAt(at);
      const answer = await at.refresh(refresh);
      statuses.push(answer.status);
      refresh = answer.body.refresh;
    }
    expect(statuses).toEqual(Array(20).fill(200));
  });

  it('one that was refreshed just within the hour after its last touch', async () => {
    const at = world({ vars: { REFRESH_TOKEN_LIFETIME: '10d' } });
    const who = await at.signUp();
    at.clock.advance(HOUR - 1);
    const { refresh } = (await at.refresh(who.refresh)).body;
    at.clock.advance(10 * DAY - 1);
    await sweepAt(at);
    expect((await at.refresh(refresh)).status).toBe(200);
  });

  it('where access tokens live longer than refresh tokens', async () => {
    const at = world({ vars: { ACCESS_TOKEN_LIFETIME: '5d', REFRESH_TOKEN_LIFETIME: '1h' } });
    const who = await at.signUp();
    at.clock.advance(5 * DAY - 1);
    await sweepAt(at);
    expect((await at.me(who.access)).status).toBe(200);
  });

  it('where the lifetime was made longer after its last touch', async () => {
    const before = world({ vars: { REFRESH_TOKEN_LIFETIME: '1h' } });
    const who = await before.signUp();
    const at = world({ vars: { REFRESH_TOKEN_LIFETIME: '14d' } });
    at.clock.advance(60);
    const { refresh } = (await at.refresh(who.refresh)).body;
    at.clock.advance(10 * DAY);
    await sweepAt(at);
    expect((await at.refresh(refresh)).status).toBe(200);
  });

  it('where the lifetime was made shorter and old tokens are still out', async () => {
    const vars = { BLACKLIST_AFTER_ROTATION: 'false' };
    const who = await world({ vars: { ...vars, REFRESH_TOKEN_LIFETIME: '14d' } }).signUp();
    const at = world({ vars: { ...vars, REFRESH_TOKEN_LIFETIME: '1h' } });
    at.clock.advance(2 * HOUR);
    expect((await at.refresh(who.refresh)).status).toBe(200);
    at.clock.advance(10 * DAY);
    await sweepAt(at);
    expect((await at.refresh(who.refresh)).status).toBe(200);
  });

  it('and a session that is over is deleted, revoked or not', async () => {
    const at = world();
    const [ended, idle] = [await at.signUp(), await at.signUp()];
    await at.logOut(ended.refresh);
    at.clock.advance(DAY + HOUR);
    await sweepAt(at);
    expect(await at.sessionOf(ended.refresh)).toBeDefined();
    expect(await at.sessionOf(idle.refresh)).toBeDefined();
    at.clock.advance(DAY + 1);
    await sweepAt(at);
    expect(await at.sessionOf(ended.refresh)).toBeUndefined();
    expect(await at.sessionOf(idle.refresh)).toBeUndefined();
    expect(codeOf(await at.refresh(idle.refresh))).toBe('token_not_valid');
    expect((await at.logIn(idle)).status).toBe(200);
  });
});

describe('during requests', () => {
  it('a sweep disturbs nobody', async () => {
    const at = world();
    const people = await Promise.all(Array.from({ length: 10 }, () => at.signUp()));
    await seed('revoked_tokens', 3_000, NOW - 2 * DAY);
    const [answers] = await Promise.all([
      Promise.all(people.map(({ refresh }) => at.refresh(refresh))),
      sweepAt(at),
      run(NOW - 5 * 365 * DAY),
    ]);
    expect(tally(answers)).toEqual({ 200: 10 });
  });

  it('two sweeps at once do the work of one', async () => {
    await seed('revoked_tokens', 1_500, NOW - 2 * DAY);
    await seed('sessions', 6_000, NOW - 2 * DAY);
    const [a, b] = await Promise.all([run(NOW), run(NOW)]);
    expect(a.revokedTokens + b.revokedTokens).toBe(1_500);
    expect(a.sessions + b.sessions).toBe(6_000);
    expect([await left('revoked_tokens'), await left('sessions')]).toEqual([0, 0]);
  });
});

describe('the cron’s endpoint', () => {
  it('sweeps by the real clock and says what it did', async () => {
    const now = Math.floor(Date.now() / 1_000);
    await seed('revoked_tokens', 3, now - DAY - 60, 'dead');
    await seed('revoked_tokens', 2, now - DAY + 60, 'live');
    await seed('sessions', 4, now - 2 * DAY);
    await seed('one_time_tokens', 5, now - 2 * DAY);
    await worker.scheduled(
      createScheduledController({ cron: '*/5 * * * *', scheduledTime: Date.now() }),
      w.env,
    );
    expect(await left('revoked_tokens')).toBe(2);
    const [line] = log.of('swept');
    expect(line).toMatchObject({ level: 'info', revokedTokens: 3, sessions: 4, oneTimeTokens: 5 });
  });

  it('fails loudly where D1 is away', async () => {
    const DB = {
      prepare: () => {
        throw new Error('D1_ERROR: away');
      },
    } as unknown as D1Database;
    const failed = worker.scheduled(createScheduledController(), { ...w.env, DB });
    await expect(failed).rejects.toThrow('sweep failed');
    expect(log.of('sweep_failed')).toHaveLength(1);
  });
});

describe('what it costs', () => {
  const counted = counting();
  const sweeper = sweeperOn(counted.bindings.DB);

  it('one row of the blacklist is one row written', async () => {
    await seed('revoked_tokens', 1, NOW - 2 * DAY);
    const cost = await counted.of(() => sweeper.revokedTokens(NOW - DAY, SWEEP.batchRows));
    expect(cost.d1).toMatchObject({ roundTrips: 1, rowsWritten: 1 });
  });

  it.each(WALKED)('one row of %s is one row written, and one for the place', async (table) => {
    await seed(table, 1, NOW - 2 * DAY);
    const walk = table as 'sessions' | 'one_time_tokens';
    const cost = await counted.of(() => sweeper.page(walk, [], NOW - DAY, SWEEP.pageRows, NOW));
    expect(cost.d1).toMatchObject({ roundTrips: 2, rowsWritten: 2 });
  });

  it('a blacklist without dead rows is not read through', async () => {
    await seed('revoked_tokens', 3_000, NOW + DAY);
    const cost = await counted.of(() => sweeper.revokedTokens(NOW - DAY, SWEEP.batchRows));
    expect(cost.d1.rowsRead).toBeLessThanOrEqual(5);
    expect(cost.d1.rowsWritten).toBe(0);
  });

  it('a run while the walks rest is three reads', async () => {
    await run(NOW);
    const cost = await counted.of(() => sweepOnce(sweeper, NOW + 300));
    expect(cost.d1).toMatchObject({ roundTrips: 3, rowsWritten: 0 });
  });
});
