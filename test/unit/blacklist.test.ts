import { describe, expect, it } from 'vitest';
import { kvBlacklist } from '../../src/token/blacklist.ts';

const DEADLINE_MS = 30;
const NOW = 1_700_000_000;
const BUSY = new Error('KV PUT failed: 429 Too Many Requests');

/** A KV with prescribed behaviour that records its calls. `put` decides the outcome of the nth call, from 1. */
function fakeKv({
  get = async () => null,
  put = async () => {},
}: {
  get?: () => Promise<string | null>;
  put?: (n: number, key: string) => Promise<void>;
} = {}) {
  const asked: unknown[][] = [];
  const lines: unknown[][] = [];
  let puts = 0;
  const kv = {
    get: (...args: unknown[]) => {
      asked.push(['get', ...args]);
      return get();
    },
    put: (...args: unknown[]) => {
      asked.push(['put', ...args]);
      puts += 1;
      return put(puts, String(args[0]));
    },
  } as unknown as KVNamespace;
  const blacklist = kvBlacklist(kv, { clock: () => NOW * 1_000 + 999, deadlineMs: DEADLINE_MS });
  const report = (...line: unknown[]) => void lines.push(line);
  return {
    asked,
    lines,
    kv,
    find: (sid: string) => blacklist.find(sid, report),
    add: (...sids: string[]) =>
      blacklist.add(
        sids.map((id) => ({ id, expiresAt: NOW + 86_400 })),
        'logged_out',
        report,
      ),
  };
}

const fails = () => Promise.reject(BUSY);
const hangs = () => new Promise<never>(() => {});
const sids = (count: number) => Array.from({ length: count }, (_, i) => `s${i + 1}`);
const lost = (count: number) => ['error', 'kv_unavailable', { call: 'blacklist.add', lost: count }];

describe('a look into the blacklist', () => {
  it('reads the session, cached for the shortest time that KV allows', async () => {
    const fake = fakeKv({ get: async () => 'replayed' });
    expect(await fake.find('s1')).toBe('replayed');
    expect(fake.asked).toEqual([['get', 'revoked:s1', { type: 'text', cacheTtl: 30 }]]);
    expect(fake.lines).toEqual([]);
  });

  it('is null if KV has no entry', async () => {
    expect(await fakeKv().find('s1')).toBeNull();
  });

  it.each([
    ['throws', fails],
    ['hangs', hangs],
  ])('is unknown if KV %s, which is logged and not retried', async (_, get) => {
    const fake = fakeKv({ get });
    expect(await fake.find('s1')).toBe('unknown');
    expect(fake.asked).toHaveLength(1);
    expect(fake.lines).toEqual([['error', 'kv_unavailable', { call: 'blacklist.find' }]]);
  });
});

describe('an entry of the blacklist', () => {
  it('is the reason, under the session, for as long as a token of it could be sent', async () => {
    const fake = fakeKv();
    await fake.add('s1', 's2');
    expect(fake.asked).toEqual([
      ['put', 'revoked:s1', 'logged_out', { expirationTtl: 86_700 }],
      ['put', 'revoked:s2', 'logged_out', { expirationTtl: 86_700 }],
    ]);
    expect(fake.lines).toEqual([]);
  });

  it.each([
    [-1_000, 60],
    [-241, 60],
    [-240, 60],
    [-239, 61],
    [1, 301],
  ])(
    'whose last token lives %i seconds is kept for %i: the leeway more, and at least a minute',
    async (left, ttl) => {
      const { kv, asked } = fakeKv();
      await kvBlacklist(kv, { clock: () => NOW * 1_000, deadlineMs: DEADLINE_MS }).add(
        [{ id: 's1', expiresAt: NOW + left }],
        'ended',
        () => {},
      );
      expect(asked[0]?.[3]).toEqual({ expirationTtl: ttl });
    },
  );

  it('is not written if no session ended', async () => {
    const fake = fakeKv();
    await fake.add();
    expect([fake.asked, fake.lines]).toEqual([[], []]);
  });

  it.each([
    ['throws', fails],
    ['hangs', hangs],
  ])('is retried once if KV %s the first time, without a log line', async (_, fault) => {
    const fake = fakeKv({ put: (n) => (n === 1 ? fault() : Promise.resolve()) });
    await fake.add('s1');
    expect(fake.asked.map(([, key]) => key)).toEqual(['revoked:s1', 'revoked:s1']);
    expect(fake.lines).toEqual([]);
  });

  it.each([
    ['throws', fails],
    ['hangs', hangs],
  ])('is given up after two tries if KV %s, and logged: D1 has the revocation', async (_, put) => {
    const fake = fakeKv({ put });
    await fake.add('s1');
    expect(fake.asked).toHaveLength(2);
    expect(fake.lines).toEqual([lost(1)]);
  });

  it('is written with at most six at a time, the limit of open connections of a Worker', async () => {
    let open = 0;
    let most = 0;
    const fake = fakeKv({
      put: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open -= 1;
      },
    });
    await fake.add(...sids(14));
    expect(most).toBe(6);
    expect(fake.asked.map(([, key]) => key)).toEqual(sids(14).map((sid) => `revoked:${sid}`));
  });

  it('is written although another one fails', async () => {
    const fake = fakeKv({ put: (_, key) => (key === 'revoked:s2' ? fails() : Promise.resolve()) });
    await fake.add(...sids(8));
    expect(fake.asked).toHaveLength(9);
    expect(fake.lines).toEqual([lost(1)]);
  });

  it('are given up after a round in which all fail: KV is unavailable', async () => {
    const fake = fakeKv({ put: fails });
    await fake.add(...sids(20));
    expect(fake.asked).toHaveLength(2 * 6);
    expect(fake.lines).toEqual([lost(6)]);
  });
});
