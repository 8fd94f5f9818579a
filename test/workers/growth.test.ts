/** What a door costs does not grow with what is kept: the same rows with 1,000 of each and with 100,000. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Counts, countsOf } from '../../bench/lib/calls.ts';
import { seedTable } from '../../bench/lib/seed.ts';
import { recording } from '../../bench/workers/recording.ts';
import { connectD1 } from '../../src/db/client.ts';
import { d1Sweeper } from '../../src/db/d1-sweep.ts';
import { d1TokenStatus } from '../../src/guard/d1-token-status.ts';
import { SWEEP } from '../../src/sweep.ts';
import { type Answer, claimsOf, person, world } from '../support/world.ts';

const FEW = 1_000;
const MANY = 100_000;
const DAY_SECONDS = 86_400;

const { calls, bindings } = recording(env);
const w = world({ bindings, vars: { MAIL: 'off' } });

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

/** Each door's cost, asked by people of its own. */
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
    refresh: [200, () => w.refresh(refresh)],
    'refresh again within the grace': [200, () => w.refresh(refresh)],
    'log-out': [204, () => w.logOut(refresh)],
  };
  const cost: Record<string, Counts> = {};
  for (const [door, [status, ask]] of Object.entries(asked)) {
    cost[door] = await countsFor(async () => expect((await ask()).status, door).toBe(status));
  }
  cost['strict guard'] = await countsFor(() => d1TokenStatus(bindings.DB, 3_000)(sub, sid));
  return cost;
}

describe('with 1,000 and with 100,000 users, sessions and revoked tokens', () => {
  let few: Record<string, Counts>;
  let many: Record<string, Counts>;

  beforeAll(async () => {
    await grow(1, FEW);
    few = await costs();
    await grow(FEW + 1, MANY);
    many = await costs();
  }, 60_000);

  it('there are as many', async () => {
    for (const table of ['users', 'sessions', 'revoked_tokens']) {
      const [{ n } = { n: 0 }] = await w.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
      expect(n, table).toBeGreaterThanOrEqual(MANY);
    }
  });

  it('every door makes as many calls, and reads and writes as many rows', () => {
    expect(many).toEqual(few);
  });

  it('no door reads more than a few rows', () => {
    for (const [door, { rowsRead }] of Object.entries(many)) expect(rowsRead, door).toBeLessThanOrEqual(12);
  });

  it('the sweep deletes what is past its time, one written row each, and leaves the rest', async () => {
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
