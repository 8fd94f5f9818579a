import { describe, expect, it } from 'vitest';
import { CONNECTION_CALLS, PROVIDER_VARS, providerFetch } from '../support/connection-calls.ts';
import { counting } from '../support/counting.ts';
import { eachFactorCall, FACTOR_VARS } from '../support/factor-calls.ts';
import { person, world } from '../support/world.ts';

describe('what each endpoint costs', () => {
  const counted = counting();
  const w = world({ bindings: counted.bindings, vars: { MAIL: 'off' } });

  it('sign-up: one batch, four rows with a username', async () => {
    const who = person();
    const cost = await counted.of(() =>
      w.post('/account/sign-up', { ...who, username: `u${crypto.randomUUID().slice(0, 8)}` }),
    );
    expect(cost.d1.roundTrips).toBe(1);
    expect(cost.d1.rowsWritten).toBe(4);
    expect(cost.kv).toEqual({ gets: 0, puts: 0 });
  });

  it('log-in: one read, one batch, two rows', async () => {
    const who = await w.signUp();
    const cost = await counted.of(() => w.logIn(who));
    expect(cost.d1.roundTrips).toBe(2);
    expect(cost.d1.rowsWritten).toBe(2);
    expect(cost.kv).toEqual({ gets: 0, puts: 0 });
  });

  it('refresh: one batch that reads at most ten rows and writes one, one KV read', async () => {
    const who = await w.signUp();
    const cost = await counted.of(() => w.refresh(who.refresh));
    expect(cost.d1.roundTrips).toBe(1);
    expect(cost.d1.rowsRead).toBeLessThanOrEqual(10);
    expect(cost.d1.rowsWritten).toBe(1);
    expect(cost.kv).toEqual({ gets: 1, puts: 0 });
  });

  it('refresh again reads at most ten rows and writes none', async () => {
    const who = await w.signUp();
    await w.refresh(who.refresh);
    const cost = await counted.of(() => w.refresh(who.refresh));
    expect(cost.d1.roundTrips).toBe(1);
    expect(cost.d1.rowsRead).toBeLessThanOrEqual(10);
    expect(cost.d1.rowsWritten).toBe(0);
  });

  it('refresh an hour later also moves the last use', async () => {
    const who = await w.signUp();
    w.clock.advance(3_601);
    const cost = await counted.of(() => w.refresh(who.refresh));
    expect(cost.d1.rowsWritten).toBe(2);
  });

  it('me: one read', async () => {
    const who = await w.signUp();
    const cost = await counted.of(async () => expect((await w.me(who.access)).status).toBe(200));
    expect(cost.d1).toMatchObject({ roundTrips: 1, rowsWritten: 0 });
    expect(cost.kv).toEqual({ gets: 0, puts: 0 });
  });

  it('log-out: one batch, one KV write', async () => {
    const who = await w.signUp();
    const cost = await counted.of(() => w.logOut(who.refresh));
    expect(cost.d1.roundTrips).toBe(1);
    expect(cost.kv).toEqual({ gets: 0, puts: 1 });
  });

  it('verify: no D1 for an access token, one read for a refresh token', async () => {
    const who = await w.signUp();
    expect(await counted.of(() => w.verify(who.access))).toMatchObject({
      d1: { roundTrips: 0 },
      kv: { gets: 1, puts: 0 },
    });
    expect(await counted.of(() => w.verify(who.refresh))).toMatchObject({
      d1: { roundTrips: 1 },
      kv: { gets: 1, puts: 0 },
    });
  });

  it('the tokens of an ended session cost one D1 read in total', async () => {
    const who = await w.signUp();
    await w.env.DB.prepare('DELETE FROM users WHERE id = ?').bind(who.user.id).run();
    const first = await counted.of(() => w.refresh(who.refresh));
    expect(first).toMatchObject({ d1: { roundTrips: 1 }, kv: { gets: 1, puts: 1 } });
    const second = await counted.of(() => w.refresh(who.refresh));
    expect(second).toMatchObject({ d1: { roundTrips: 0 }, kv: { gets: 1, puts: 0 } });
  });

  it.each(CONNECTION_CALLS)('$name: $trips round trips', async ({ success, vars, trips, ready }) => {
    const there = world({
      bindings: counted.bindings,
      vars: { MAIL: 'off', ...PROVIDER_VARS, ...vars },
      parts: { fetch: providerFetch },
    });
    const { ask } = await ready(there, await there.signUp());
    const cost = await counted.of(async () => expect((await ask(there)).status).toBe(success));
    expect(cost.d1.roundTrips).toBe(trips);
  });
});

describe('what passkeys, second factors and codes by e-mail cost', () => {
  /** Round trips, and rows that are written. */
  const BUDGET: Readonly<Record<string, readonly [number, number]>> = {
    'the options of a registration': [1, 0],
    'adding a passkey': [2, 4],
    'the list of passkeys': [2, 0],
    'another name for a passkey': [2, 1],
    'the options of a sign-in': [0, 0],
    'a sign-in with a passkey': [2, 4],
    'a sign-in with a false passkey': [1, 0],
    'the options of fresh proof': [2, 0],
    'fresh proof by a passkey': [3, 3],
    'setting up an app': [2, 1],
    'the first code of an app': [3, 12],
    'the list of factors': [2, 0],
    'a log-in that asks for a second factor': [2, 1],
    'a wrong code': [1, 2],
    'a log-in finished with a code': [2, 7],
    'a second log-in that asks for it': [2, 1],
    'a log-in finished with a passkey': [3, 5],
    'fresh proof by a code': [3, 4],
    'new recovery codes': [2, 20],
    'switching an app off': [2, 12],
    'asking for a code by e-mail': [1, 1],
    'asking for a code for nobody': [1, 1],
    'a sign-in by a code from a mail': [2, 4],
    'removing a passkey': [2, 3],
  };

  it('are the round trips and rows that each needs', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings, vars: FACTOR_VARS });
    const costs = await eachFactorCall(w, async (work) => {
      const { d1 } = await counted.of(work);
      return [d1.roundTrips, d1.rowsWritten] as const;
    });
    expect(costs).toEqual(BUDGET);
  });
});
