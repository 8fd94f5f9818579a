/** What an endpoint costs does not grow with what is kept: the same rows with 1,000 of each and with 100,000. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Counts, countsOf } from '../../bench/lib/calls.ts';
import { seedTable } from '../../bench/lib/seed.ts';
import { recording } from '../../bench/workers/recording.ts';
import { connectD1 } from '../../src/db/client.ts';
import { d1Sweeper } from '../../src/db/d1-sweep.ts';
import { d1TokenStatus } from '../../src/guard/d1-token-status.ts';
import { SWEEP } from '../../src/sweep.ts';
import { eachFactorCall, FACTOR_VARS } from '../support/factor-calls.ts';
import { challengeOf, exchange, VERIFIER } from '../support/issuer.ts';
import { type Answer, claimsOf, person, world } from '../support/world.ts';

const FEW = 1_000;
const MANY = 100_000;
const DAY_SECONDS = 86_400;

const { calls, bindings } = recording(env);
const w = world({ bindings, vars: { MAIL: 'off' } });
const withFactors = world({ bindings, vars: FACTOR_VARS });

/** What `work` asks of the stores. */
async function countsFor(work: () => Promise<unknown>): Promise<Counts> {
  const from = calls.length;
  await work();
  return countsOf(calls.slice(from));
}

/** Users, sessions and revoked tokens up to that many; none past its time. */
async function grow(from: number, to: number) {
  for (const table of ['users', 'sessions', 'revoked_tokens'] as const) {
    await seedTable(env.DB, table, { from, to, at: w.clock.now + DAY_SECONDS });
  }
}

/** From the pages to an app, which exchanges the code. */
async function handBack(refresh: string): Promise<Answer> {
  const back = { refresh, return_to: 'http://localhost/app', code_challenge: await challengeOf(VERIFIER) };
  const { body } = await w.post('/account/login/return', back);
  return exchange(w, new URL(body.url).searchParams.get('code'));
}

/** Each endpoint's cost, asked by people of its own. */
async function costs(): Promise<Record<string, Counts>> {
  const [username, another] = [`a${crypto.randomUUID().slice(0, 8)}`, `b${crypto.randomUUID().slice(0, 8)}`];
  const who = await w.signUp({ ...person(), username });
  const { password } = who;
  const { refresh } = (await w.refresh(who.refresh)).body as { refresh: string };
  const { sub, sid } = claimsOf(who.access) as { sub: string; sid: string };
  const asked: Record<string, [status: number, () => Promise<Answer>]> = {
    'sign-up': [201, () => w.post('/account/sign-up', { ...person(), username: another })],
    'sign-up with a taken address': [409, () => w.post('/account/sign-up', { email: who.email, password })],
    'log-in': [200, () => w.logIn({ email: who.email, password })],
    'log-in by username': [200, () => w.logIn({ username, password })],
    'log-in of nobody': [401, () => w.logIn(person())],
    me: [200, () => w.me(who.access)],
    sessions: [200, () => w.get('/account/sessions', { token: who.access })],
    'verify, access': [200, () => w.verify(who.access)],
    'verify, refresh': [200, () => w.verify(refresh)],
    'whether a password is set': [200, () => w.get('/account/password', { token: who.access })],
    'list of connections': [200, () => w.get('/account/connections', { token: who.access })],
    'back to an app, and its exchange': [200, () => handBack(refresh)],
    refresh: [200, () => w.refresh(refresh)],
    'refresh again within the grace': [200, () => w.refresh(refresh)],
    'log-out': [204, () => w.logOut(refresh)],
  };
  const cost: Record<string, Counts> = {};
  for (const [endpoint, [status, ask]] of Object.entries(asked)) {
    cost[endpoint] = await countsFor(async () => expect((await ask()).status, endpoint).toBe(status));
  }
  cost['strict guard'] = await countsFor(() => d1TokenStatus(bindings.DB, 3_000)(sub, sid));
  return cost;
}

describe('the ended sessions of one user', () => {
  /** Newer than the session of `sid`, all of them ended or past their end. */
  const addDead = (userId: string, sid: string, count: number) =>
    w.rows(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at, revoked_at)
        SELECT ?, substr(?, 1, 30) || printf('%06d', i), 1, 1, ?4, iif(i % 2, 1, ?4), iif(i % 2, NULL, 1) FROM n`,
      count,
      userId,
      `${sid.slice(0, 13)}-7fff-bfff-ffffffffffff`,
      w.clock.now + DAY_SECONDS,
    );
  const rowsOf = async (userId: string) =>
    (await w.rows<{ n: number }>('SELECT count(*) AS n FROM sessions WHERE user_id = ?', userId))[0]?.n ?? 0;

  it.each([500, 5_000])('%i of them: log-in and the list read a bounded number of rows', async (count) => {
    const who = await w.signUp();
    const { sub, sid } = claimsOf(who.access) as { sub: string; sid: string };
    await addDead(sub, sid, count);
    w.clock.advance(1);
    const logIn = await countsFor(async () => expect((await w.logIn(who)).status).toBe(200));
    expect(logIn.rowsRead).toBeLessThanOrEqual(1_000);
    const list = await countsFor(async () =>
      expect((await w.get('/account/sessions', { token: who.access })).status).toBe(200),
    );
    expect(list.rowsRead).toBeLessThanOrEqual(500);
    // Twenty for the one that it adds.
    expect(await rowsOf(sub)).toBe(1 + count + 1 - 20);
    expect((await w.me(who.access)).status).toBe(200);
  });

  it('are few, however often somebody logs in and out, and an older live session is among what is read', async () => {
    const who = await w.signUp();
    const { sub, sid } = claimsOf(who.access) as { sub: string; sid: string };
    await addDead(sub, sid, 330);
    for (let i = 0; i < 10; i++) {
      w.clock.advance(1);
      await w.logOut(((await w.logIn(who)).body as { refresh: string }).refresh);
    }
    expect(await rowsOf(sub)).toBeLessThanOrEqual(201 + 20);
    const { body } = await w.get('/account/sessions', { token: who.access });
    expect((body.sessions as { id: string }[]).map(({ id }) => id)).toEqual([sid]);
    const ended = await w.delete('/account/sessions', undefined, { token: who.access });
    expect(ended.status).toBe(204);
    expect((await w.me(who.access)).status).toBe(401);
  });
});

describe('with 1,000 and with 100,000 users, sessions and revoked tokens', () => {
  let few: Record<string, Counts>;
  let many: Record<string, Counts>;
  /** These look at ten recovery codes, or at the sessions of a user, in several statements. */
  let factors: Record<string, Counts>;

  beforeAll(async () => {
    await grow(1, FEW);
    const fewFactors = await eachFactorCall(withFactors, countsFor);
    few = { ...(await costs()), ...fewFactors };
    await grow(FEW + 1, MANY);
    factors = await eachFactorCall(withFactors, countsFor);
    many = { ...(await costs()), ...factors };
  }, 60_000);

  it('exist', async () => {
    for (const table of ['users', 'sessions', 'revoked_tokens']) {
      const [{ n } = { n: 0 }] = await w.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
      expect(n, table).toBeGreaterThanOrEqual(MANY);
    }
  });

  it('every endpoint makes the same number of calls, and reads and writes the same number of rows', () => {
    expect(many).toEqual(few);
  });

  it('no endpoint reads more than a few rows', () => {
    // The exchange asks for the row of its code in each statement of its batch.
    const more: Record<string, number> = { 'back to an app, and its exchange': 40 };
    for (const [endpoint, { rowsRead }] of Object.entries(many))
      expect(rowsRead, endpoint).toBeLessThanOrEqual(more[endpoint] ?? (endpoint in factors ? 50 : 12));
  });

  it('the sweep deletes what has expired, one written row each, and nothing else', async () => {
    const past = 250;
    const at = w.clock.now - 10 * DAY_SECONDS;
    await seedTable(env.DB, 'revoked_tokens', { from: MANY + 1, to: MANY + past, at });
    const sweeper = d1Sweeper(connectD1(bindings.DB, SWEEP.deadlineMs));
    const counts = await countsFor(async () => {
      expect(await sweeper.revokedTokens(w.clock.now - SWEEP.marginSeconds, SWEEP.batchRows)).toBe(past);
    });
    expect(counts.rowsWritten).toBe(past);
    const [{ n } = { n: 0 }] = await w.rows<{ n: number }>('SELECT count(*) AS n FROM revoked_tokens');
    expect(n).toBeGreaterThanOrEqual(MANY);
  });
});
