import { beforeAll, describe, expect, it } from 'vitest';
import { uuid7 } from '../../src/random.ts';
import { counting } from '../support/counting.ts';
import { rebuildDirectory } from '../support/directory.ts';
import { capturedLog } from '../support/log.ts';
import { person, world } from '../support/world.ts';

capturedLog();

const USERS = 2_500;
/** Long before the tests, a second between one user and the next. */
const FIRST_JOINED = 1_600_000_000;

interface Seed {
  id: string;
  email: string | null;
  username: string | null;
  key: string | null;
  active: number;
  staff: number;
  verified: number | null;
  joined: number;
}

/** Every third has no username, every hundredth no address, every seventh is inactive, every fiftieth staff. */
const seeds: Seed[] = Array.from({ length: USERS }, (_, i) => {
  const joined = FIRST_JOINED + i;
  // Neither address nor username in the order of joining.
  const shuffled = String((i * 7_919) % USERS).padStart(4, '0');
  const noEmail = i % 100 === 99;
  const username = noEmail || i % 3 !== 0 ? `User${String((i * 104_729) % USERS).padStart(4, '0')}` : null;
  return {
    id: uuid7(joined * 1_000),
    email: noEmail ? null : `${i % 1_000 === 0 ? 'rare' : 'seed'}${shuffled}@example.com`,
    username,
    key: username?.toLowerCase() ?? null,
    active: i % 7 === 0 ? 0 : 1,
    staff: i % 50 === 0 ? 1 : 0,
    verified: i % 2 === 0 ? joined : null,
    joined,
  };
});

const counted = counting();
const w = world({ bindings: counted.bindings });
let token = '';
let me = '';

beforeAll(async () => {
  await w.rows(
    `INSERT INTO users (id, email, username, username_key, password_hash, is_active, is_staff, email_verified_at,
        date_joined)
      SELECT value ->> 'id', value ->> 'email', value ->> 'username', value ->> 'key', 'x', value ->> 'active',
        value ->> 'staff', value ->> 'verified', value ->> 'joined' FROM json_each(?)`,
    JSON.stringify(seeds),
  );
  await rebuildDirectory();
  const admin = await w.signUp(person('zzz-admin'));
  me = admin.user.id;
  await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', me);
  token = admin.access;
}, 60_000);

interface UserPage {
  users: { id: string; email: string | null; username: string | null }[];
  next_cursor: string | null;
  looked_at: number | null;
}
/** Throws where the answer is another one, so that no walk goes on for ever. */
async function ask<T>(path: string): Promise<T> {
  const answer = await w.get(path, { token });
  expect(answer.status).toBe(200);
  return answer.body as T;
}
const list = (query: Record<string, string>) =>
  ask<UserPage>(`/admin/api/users?${new URLSearchParams(query)}`);

/** All pages to the end: the ids in their order, and the pages themselves. */
async function walk(query: Record<string, string>) {
  const ids: string[] = [];
  const pages: UserPage[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: UserPage = await list({ ...query, ...(cursor && { cursor }) });
    ids.push(...page.users.map((user) => user.id));
    pages.push(page);
    cursor = page.next_cursor;
    if (pages.length > 200) throw new Error('the list has no end');
  }
  return { ids, pages };
}

type Order = (a: Seed, b: Seed) => number;
const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
/** Those without come last, by the date they joined. */
const by =
  (of: (seed: Seed) => string | null, sign: 1 | -1): Order =>
  (a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return x === y ? text(a.id, b.id) : x === null ? 1 : -1;
    return sign * text(x, y);
  };
const ORDERS: Record<string, Order> = {
  date_joined: by((s) => s.id, 1),
  '-date_joined': by((s) => s.id, -1),
  email: by((s) => s.email, 1),
  '-email': by((s) => s.email, -1),
  username: by((s) => s.key, 1),
  '-username': by((s) => s.key, -1),
};
const expected = (order: string, filter: (seed: Seed) => boolean = () => true) =>
  seeds
    .filter(filter)
    .sort(ORDERS[order])
    .map((seed) => seed.id);
const withoutMe = (ids: string[]) => ids.filter((id) => id !== me);

describe('the list of users', () => {
  it.each(Object.keys(ORDERS))('has every user once, by %s, in pages of a hundred', async (ordering) => {
    const { ids, pages } = await walk({ ordering, limit: '100' });
    expect(withoutMe(ids)).toEqual(expected(ordering));
    expect(pages.length).toBeLessThanOrEqual(27);
    // The directory leaves out those without an address or a username: they are looked for.
    const looking = pages.filter((page) => page.looked_at !== null);
    expect(looking.length).toBeLessThanOrEqual(ordering.endsWith('date_joined') ? 0 : 3);
  });

  it('is newest first, fifty a page, by default', async () => {
    const page = await list({});
    expect(page.users).toHaveLength(50);
    expect(page.users[0]?.id).toBe(me);
    expect(page.users.slice(1).map((user) => user.id)).toEqual(expected('-date_joined').slice(0, 49));
  });

  const FILTERS: [Record<string, string>, (seed: Seed) => boolean][] = [
    [{ is_active: 'false' }, (s) => s.active === 0],
    [{ is_active: 'true', email_verified: 'false' }, (s) => s.active === 1 && s.verified === null],
    [{ is_staff: 'true' }, (s) => s.staff === 1],
    [{ is_staff: 'false', email_verified: 'true' }, (s) => s.staff === 0 && s.verified !== null],
    [{ is_staff: 'true', is_active: 'false' }, (s) => s.staff === 1 && s.active === 0],
    [{ search: 'rare' }, (s) => s.email?.startsWith('rare') ?? false],
    [{ search: 'uSeR01' }, (s) => s.key?.startsWith('user01') ?? false],
    [
      { search: 'seed00', is_active: 'false' },
      (s) => (s.email?.startsWith('seed00') ?? false) && s.active === 0,
    ],
    [{ search: 'nobody' }, () => false],
  ];
  it.each(
    FILTERS.flatMap(([query, filter]) => Object.keys(ORDERS).map((order) => [query, order, filter] as const)),
  )('with %j by %s has every match once', async (query, ordering, filter) => {
    const { ids } = await walk({ ...query, ordering, limit: '100' });
    expect(withoutMe(ids)).toEqual(expected(ordering, filter));
  });

  it('examines a thousand users a page, and says so', async () => {
    const { ids, pages } = await walk({ is_active: 'false', email_verified: 'false', ordering: 'email' });
    expect(ids).toEqual(expected('email', (s) => s.active === 0 && s.verified === null));
    expect(pages.every((page) => page.users.length <= 50 && (page.looked_at ?? 0) <= 1_000)).toBe(true);
  });

  it('continues past a thousand who do not match', async () => {
    await w.rows('UPDATE users SET email_verified_at = 1 WHERE email_verified_at IS NULL AND id <> ?', me);
    const first = await list({ email_verified: 'false', ordering: 'email' });
    expect(first).toMatchObject({ users: [], looked_at: 1_000 });
    const { ids, pages } = await walk({ email_verified: 'false', ordering: 'email' });
    expect(ids).toEqual([me]);
    // Those with an address, along the directory; then all, for those without.
    const all = seeds.filter((seed) => seed.email !== null).length + 1 + USERS + 1;
    expect(pages.map((page) => page.looked_at)).toEqual([...Array(4).fill(1_000), all - 4_000]);
    for (const seed of seeds.filter((s) => s.verified === null)) seed.verified = 1;
  });

  it('searches one column if more than a thousand users match the prefix', async () => {
    const byEmail = await walk({ search: 'seed', ordering: 'email', limit: '100' });
    expect(byEmail.ids).toEqual(expected('email', (s) => s.email?.startsWith('seed') ?? false));
    const byName = await walk({ search: 'user', ordering: '-username', limit: '100' });
    expect(byName.ids).toEqual(expected('-username', (s) => s.key !== null));
    const byAge = await walk({ search: 'seed', ordering: 'date_joined', limit: '100' });
    expect(byAge.ids).toEqual(expected('date_joined', (s) => s.email?.startsWith('seed') ?? false));
    const filtered = await walk({ search: 'seed', ordering: 'email', is_active: 'false', limit: '100' });
    expect(filtered.ids).toEqual(
      expected('email', (s) => s.active === 0 && (s.email?.startsWith('seed') ?? false)),
    );
  });

  it('finds one by a whole address in any spelling, and by id', async () => {
    const one = seeds[5] as Seed;
    for (const search of [one.email?.toUpperCase() ?? '', `  ${one.email}  `, one.id, one.id.toUpperCase()]) {
      expect((await list({ search })).users.map((user) => user.id)).toEqual([one.id]);
    }
    const idn = await w.signUp({
      ...person(),
      email: `minä@BÜCHER-${crypto.randomUUID().slice(0, 8)}.example`,
    });
    const [local, domain] = (idn.answer.body.user.email as string).split('@');
    const ascii = new URL(`http://${domain}`).hostname;
    expect((await list({ search: `${local}@${ascii}` })).users.map((user) => user.id)).toEqual([idn.user.id]);
    await w.rows('DELETE FROM users WHERE id = ?', idn.user.id);
    await rebuildDirectory();
  });

  it('treats anything typed into the search box as text', async () => {
    for (const search of [
      "'; DROP TABLE users; --",
      '%',
      '_',
      'seed%',
      '"',
      '\\',
      '\u{10FFFF}',
      '\ud800',
      'a\u0000b',
    ]) {
      expect((await list({ search })).users).toEqual([]);
    }
    expect((await list({ search: 'x'.repeat(5_000) })).users).toEqual([]);
  });

  it.each(['nonsense', 'WyJlbWFpbCJd', 'bnVsbA', '!!!', 'x'.repeat(3_000), 'WzEsMiwzXQ'])(
    'starts over with the invalid cursor %.20s',
    async (cursor) => {
      expect((await list({ cursor })).users).toEqual((await list({})).users);
    },
  );

  it('starts over with the cursor of another order', async () => {
    const { next_cursor } = await list({ ordering: 'email' });
    expect((await list({ ordering: 'username', cursor: next_cursor ?? '' })).users).toEqual(
      (await list({ ordering: 'username' })).users,
    );
  });

  it.each([
    ['101', 100],
    ['9999', 100],
    ['7', 7],
    ['0', 50],
    ['-1', 50],
    ['x', 50],
    ['99999999', 50],
  ])('with limit %s has %i users', async (limit, count) => {
    expect((await list({ limit })).users).toHaveLength(count);
  });

  it('is not disturbed by users created and deleted between two pages', async () => {
    const first = await list({ ordering: 'email', limit: '10' });
    const gone = first.users.at(-1)?.id ?? '';
    await w.rows('UPDATE users SET email = ? WHERE id = ?', 'aaaa@example.com', gone);
    await rebuildDirectory();
    const second = await list({ ordering: 'email', limit: '10', cursor: first.next_cursor ?? '' });
    expect(second.users.map((user) => user.id)).toEqual(expected('email').slice(10, 20));
    await w.rows('UPDATE users SET email = ? WHERE id = ?', seeds.find((s) => s.id === gone)?.email, gone);
    await rebuildDirectory();
  });

  it('shows the same on the page, and says how many it examined', async () => {
    const logIn = await w.ask('POST', '/admin/login', {
      body: new URLSearchParams({
        username: (await w.me(token)).body.email,
        password: 'correct horse battery',
      }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'http://localhost' },
    });
    const Cookie = (logIn.headers.get('Set-Cookie') ?? '').split(';')[0] ?? '';
    const page = async (query: string) =>
      (await w.get(`/admin/users?${query}`, { headers: { Cookie } })).text;
    expect(await page('email_verified=false&ordering=email')).toContain(
      'Looked at 1,000 rows, 0 match. There are more',
    );
    expect(await page('search=seed&ordering=email')).toContain('only e-mail addresses were searched');
    expect(await page('search=user&ordering=username')).toContain('only usernames were searched');
    const sorted = await page('ordering=email');
    expect(sorted).toContain('aria-sort="ascending"');
    expect(sorted).toContain('href="/admin/users?ordering=-email"');
    const next = /rel="next" href="([^"]+)"/.exec(sorted)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(await page(next.split('?')[1] ?? '')).toContain(
      seeds.find((seed) => seed.id === expected('email')[50])?.email,
    );
  });
});

describe('what a page of users costs', () => {
  const reads = async (query: Record<string, string>) => (await counted.of(() => list(query))).d1;
  /** Who asks, by a join of two rows. */
  const CALLER = 2;

  it.each(Object.keys(ORDERS))(
    'sorted by %s reads one index row and one table row each',
    async (ordering) => {
      const first = await reads({ ordering });
      expect(first.roundTrips).toBe(2);
      expect(first.rowsRead).toBeLessThanOrEqual(2 * 51 + CALLER);
      const { next_cursor } = await list({ ordering });
      const second = await reads({ ordering, cursor: next_cursor ?? '' });
      expect(second.rowsRead).toBeLessThanOrEqual(2 * 51 + CALLER);
    },
  );

  it('with a search reads the matches, once to count and once to sort', async () => {
    const { rowsRead } = await reads({ search: 'rare', ordering: '-date_joined' });
    // One look each time among the words of names, where nothing begins so.
    expect(rowsRead).toBeLessThanOrEqual(10 * 3 + 4 + CALLER);
  });

  it('filtered by staff reads the staff', async () => {
    const { rowsRead } = await reads({ is_staff: 'true', ordering: 'email' });
    expect(rowsRead).toBeLessThanOrEqual(51 * 6 + CALLER);
  });

  it('of those without a username reads a thousand users too', async () => {
    await w.rows(
      'UPDATE users SET username = id, username_key = id WHERE username_key IS NULL AND id <> ?',
      me,
    );
    await rebuildDirectory();
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: UserPage = await list({ ordering: 'username', limit: '100', cursor });
      const { rowsRead } = await reads({ ordering: 'username', limit: '100', cursor });
      expect(rowsRead).toBeLessThanOrEqual(2 * 101 + 3 * 1_000 + CALLER);
      cursor = page.next_cursor;
    }
    await w.rows('UPDATE users SET username = NULL, username_key = NULL WHERE username = id');
    await rebuildDirectory();
  });

  it('filtered by a column without index reads a thousand users, however many there are', async () => {
    for (const ordering of Object.keys(ORDERS)) {
      const { rowsRead, roundTrips } = await reads({ is_active: 'false', ordering });
      expect(roundTrips).toBe(2);
      // The index and the table, for the rows and for how far it came.
      expect(rowsRead).toBeLessThanOrEqual(5 * 1_000 + CALLER);
    }
  });

  it('is bounded too with too many matches', async () => {
    for (const ordering of Object.keys(ORDERS)) {
      const { rowsRead } = await reads({ search: 'seed', ordering });
      expect(rowsRead).toBeLessThanOrEqual(4_200);
    }
  });
});

describe('the figures', () => {
  it('stop at ten thousand', async () => {
    const before = (await w.get('/admin/api/overview', { token })).body;
    expect(before.users).toEqual({ count: USERS + 1, more: false });
    expect(before.new_this_week).toEqual({ count: 1, more: false });
    await w.rows(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10100)
        INSERT INTO revoked_tokens (expires_at, jti, session_id, revoked_at, reason)
        SELECT 2000000000 + i % 300, printf('00000000-0000-4000-8000-%012d', i),
          '01900000-0000-7000-8000-000000000000', 1, 'rotated' FROM n`,
    );
    const after = (await w.get('/admin/api/overview', { token })).body;
    expect(after.revoked_tokens).toEqual({ count: 10_000, more: true });
    const cost = await counted.of(() => w.get('/admin/api/overview', { token }));
    expect(cost.d1.rowsRead).toBeLessThan(60_000);
  });

  it('do not read all of a table of dead sessions', async () => {
    const DB = w.env.DB as D1Database;
    await DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
        INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at, revoked_at)
        SELECT ?, printf('01900000-0000-7000-8000-%012d', i), 1, 1, 1, 1, 1 FROM n`,
    )
      .bind(seeds[0]?.id)
      .run();
    const { live_sessions } = (await w.get('/admin/api/overview', { token })).body;
    expect(live_sessions.more).toBe(true);
    const cost = await counted.of(() => w.get('/admin/api/overview', { token }));
    expect(cost.d1.rowsRead).toBeLessThan(80_000);
  });
});

describe('the blacklist', () => {
  interface Page {
    revoked_tokens: { jti: string; expires_at: string }[];
    next_cursor: string | null;
    looked_at: number | null;
  }
  const page = (query: Record<string, string>) =>
    ask<Page>(`/admin/api/revoked-tokens?${new URLSearchParams(query)}`);

  it('is sorted by expiry, latest first, each token once', async () => {
    const seen: string[] = [];
    let last = '9999';
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { revoked_tokens, next_cursor }: Page = await page({ limit: '100', ...(cursor && { cursor }) });
      for (const { jti, expires_at } of revoked_tokens) {
        expect(expires_at <= last).toBe(true);
        last = expires_at;
        seen.push(jti);
      }
      cursor = next_cursor;
    }
    expect(new Set(seen).size).toBe(10_100);
    expect(seen).toHaveLength(10_100);
  });

  it('finds a token by its jti, a thousand rows at a time', async () => {
    const [row] = await w.rows<{ jti: string }>(
      'SELECT jti FROM revoked_tokens ORDER BY expires_at DESC LIMIT 1 OFFSET 2600',
    );
    const query = { jti: row?.jti ?? '' };
    const first = await page(query);
    expect(first).toMatchObject({ revoked_tokens: [], looked_at: 1_000 });
    const second = await page({ ...query, cursor: first.next_cursor ?? '' });
    const third = await page({ ...query, cursor: second.next_cursor ?? '' });
    expect(third).toMatchObject({ revoked_tokens: [{ jti: row?.jti }], next_cursor: null });
    const cost = await counted.of(() => page(query));
    expect(cost.d1.rowsRead).toBeLessThanOrEqual(1_002);
  });

  it('leaves out used passkey challenges, which are no tokens', async () => {
    const jti = `challenge:${crypto.randomUUID()}`;
    await w.rows(
      `INSERT INTO revoked_tokens (expires_at, jti, session_id, revoked_at, reason)
        VALUES (99999999999, '${jti}', 'x', 1, 'challenge') RETURNING jti`,
    );
    const { revoked_tokens } = await page({});
    await w.rows(`DELETE FROM revoked_tokens WHERE jti = '${jti}' RETURNING jti`);
    expect(revoked_tokens).not.toHaveLength(0);
    expect(revoked_tokens.map((token) => token.jti)).not.toContain(jti);
  });

  it('starts over with an invalid cursor', async () => {
    const good = await page({});
    for (const cursor of ['x', 'WyJhIiwxXQ', 'WzEsMl0']) expect(await page({ cursor })).toEqual(good);
  });
});

describe('the other lists', () => {
  it('the history goes back page by page, of all users and of one', async () => {
    const DB = w.env.DB as D1Database;
    const subject = seeds[1]?.id;
    await DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 230)
        INSERT INTO admin_log SELECT printf('01900000-0000-7000-8000-%012d', i), i, ?1,
          'user.changed', CASE i % 2 WHEN 0 THEN ?2 ELSE ?1 END, '{"name":[]}' FROM n`,
    )
      .bind(me, subject)
      .run();
    for (const [query, total] of [
      ['', 230],
      [`user=${subject}`, 115],
    ] as const) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: { history: { id: string }[]; next_cursor: string | null } = await ask(
          `/admin/api/history?limit=100&${query}&cursor=${cursor}`,
        );
        seen.push(...page.history.map((row) => row.id));
        cursor = page.next_cursor;
      }
      expect(seen).toEqual([...seen].sort().reverse());
      expect(seen).toHaveLength(total);
    }
    const cost = await counted.of(() => w.get(`/admin/api/history?user=${subject}`, { token }));
    expect(cost.d1.rowsRead).toBeLessThanOrEqual(51 * 4 + 2);
  });

  it('sessions of one user go back page by page', async () => {
    const dead = (i: number) => `01900000-0000-7000-8000-${String(i).padStart(12, '0')}`;
    const at = `/admin/api/users/${seeds[0]?.id}/sessions`;
    const first = (await w.get(`${at}?limit=3`, { token })).body;
    expect(first.sessions.map((one: { id: string }) => one.id)).toEqual([
      dead(25_000),
      dead(24_999),
      dead(24_998),
    ]);
    const second = (await w.get(`${at}?limit=3&cursor=${first.next_cursor}`, { token })).body;
    expect(second.sessions[0].id).toBe(dead(24_997));
  });
});
