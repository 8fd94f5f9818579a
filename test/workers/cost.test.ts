import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
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

  it('the tokens of a dead session cost D1 one look-up in all', async () => {
    const who = await w.signUp();
    await w.env.DB.prepare('DELETE FROM users WHERE id = ?').bind(who.user.id).run();
    const first = await counted.of(() => w.refresh(who.refresh));
    expect(first).toMatchObject({ d1: { roundTrips: 1 }, kv: { gets: 1, puts: 1 } });
    const second = await counted.of(() => w.refresh(who.refresh));
    expect(second).toMatchObject({ d1: { roundTrips: 0 }, kv: { gets: 1, puts: 0 } });
  });
});
