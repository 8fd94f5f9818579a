import { describe, expect, it } from 'vitest';
import { type Check, ENDPOINTS, HABITS, month, SERVICES, servicePrice } from '../../bench/cost.ts';
import { DAY, replay } from '../../bench/replayed-day.ts';

const CHECKS: Check[] = ['none', 'strict', 'fast'];
const service = (name: string) => {
  const found = SERVICES.find((one) => one.name === name);
  if (!found) throw new Error(`no service ${name}`);
  return found;
};

describe('a month at Cloudflare’s list prices', () => {
  it('without users costs the price of the plan', () => {
    for (const check of CHECKS) expect(month(0, check).dollars.total).toBe(5);
  });

  it('of 100,000 users costs at most $40 without the KV checks of guards', () => {
    for (const check of CHECKS) expect(month(100_000, check).dollars.withoutKv).toBeLessThanOrEqual(40);
  });

  it('of 100,000 users whose guards ask KV costs at most $45', () => {
    expect(month(100_000, 'fast').dollars.total).toBeLessThanOrEqual(45);
  });

  it('counts every call as a request', () => {
    expect(month(100_000, 'none').requests).toBe(106_200_000);
    expect(month(100_000, 'none').dollars.requests).toBeCloseTo(28.86);
  });

  it('has one KV read for a refresh, and those of the replayed day for guarded calls if the guard asks KV', () => {
    expect(month(100_000, 'none').kvReads).toBe(6_000_000);
    expect(month(100_000, 'strict').kvReads).toBe(6_000_000);
    expect(month(100_000, 'fast').kvReads).toBe(27_000_000);
    expect(month(100_000, 'none').dollars.kv).toBe(0);
    expect(month(100_000, 'fast').dollars.kv).toBeCloseTo(8.5);
  });

  it('has two rows read for a guarded call that asks D1', () => {
    expect(month(1_000, 'strict').rowsRead - month(1_000, 'none').rowsRead).toBe(
      2 * 1_000 * HABITS.guardedCalls,
    );
  });

  it('has the sweep’s deletes among the rows written', () => {
    const one = { logIns: 0, refreshes: 1, guardedCalls: 0 };
    expect(month(1, 'none', one).rowsWritten).toBe(3);
  });

  it('adds up', () => {
    for (const check of CHECKS) {
      const { base, requests, cpu, d1, logs, kv, withoutKv, total } = month(3_000_000, check).dollars;
      expect(withoutKv).toBeCloseTo(base + requests + cpu + d1 + logs);
      expect(total).toBeCloseTo(withoutKv + kv);
    }
  });

  it('subtracts the included amounts once', () => {
    const [one, two] = [month(50_000_000, 'fast'), month(100_000_000, 'fast')];
    expect(two.dollars.kv - 2 * one.dollars.kv).toBeCloseTo(5);
    expect(two.dollars.requests - 2 * one.dollars.requests).toBeCloseTo(3);
  });
});

describe('a replayed day of guarded calls', () => {
  it('asks KV once for each call if nothing is remembered', async () => {
    const { calls, kvReads } = await replay(0);
    expect([calls, kvReads]).toEqual([30_000, 30_000]);
  });

  it('asks it as often as computed if a session is remembered for 10 s', async () => {
    const { calls, kvReads } = await replay(10);
    expect(Math.round((100 * kvReads) / calls) / 100).toBe(ENDPOINTS.guarded.fast.kvReads);
  });

  it('asks it once for the successive calls of a page in one isolate', async () => {
    const traffic = { ...DAY, people: 100, isolates: 1, kvMs: 0 };
    expect(await replay(10, traffic)).toEqual({ calls: 3_000, kvReads: 300 });
  });
});

describe('the list prices of services', () => {
  it.each([
    ['Auth0', 10_000, 0],
    ['Auth0', 100_000, 7_000],
    ['Clerk', 50_000, 0],
    ['Clerk', 50_001, 25.02],
    ['Clerk', 100_000, 1_025],
    ['Clerk', 1_000_000, 17_225],
    ['Cognito', 10_000, 0],
    ['Cognito', 100_000, 495],
    ['Cognito', 1_000_000, 4_635],
    ['Supabase', 50_000, 0],
    ['Supabase', 100_000, 25],
    ['Supabase', 1_000_000, 2_950],
  ])('%s, %i people: $%f', (name, people, dollars) => {
    expect(servicePrice(service(name), people).dollars).toBeCloseTo(dollars, 2);
  });

  it('of Auth0 end where its plans say “contact us”', () => {
    expect(servicePrice(service('Auth0'), 10_000).listed).toBe(true);
    expect(servicePrice(service('Auth0'), 100_000).listed).toBe(false);
  });

  it('name their source and date', () => {
    for (const { source, read } of SERVICES) {
      expect(source).toMatch(/^https:\/\//);
      expect(read).toMatch(/^20\d\d/);
    }
  });
});
