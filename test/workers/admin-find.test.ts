/** How staff find somebody in the console, and what its lists say: names, filters, ranges, the way back, the history. */
import { beforeAll, describe, expect, it } from 'vitest';
import { atConsole, browser, makeStaff, makeUser, path, unique, w } from '../support/console.ts';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { claimsOf, type World, world } from '../support/world.ts';

capturedLog();

let staff: Awaited<ReturnType<typeof atConsole>>;
beforeAll(async () => {
  staff = await atConsole();
});

interface Found {
  users: { id: string; name: string | null }[];
}
const search = async (text: string, more: Record<string, string> = {}, on: World = w) => {
  const answer = await on.get(`/admin/api/users?${new URLSearchParams({ search: text, ...more })}`, {
    token: staff.access,
  });
  return (answer.body as Found).users.map(({ name }) => name);
};
const wordsOf = async (id: string) =>
  (await w.rows<{ word: string }>('SELECT word FROM name_words WHERE user_id = ? ORDER BY word', id)).map(
    ({ word }) => word,
  );
const text = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
const hrefs = (html: string, marked: string) =>
  [...html.matchAll(/<a\b([^>]*)>/g)]
    .map(([, attributes = '']) => attributes)
    .filter((attributes) => attributes.includes(marked))
    .map((attributes) => /href="([^"]*)"/.exec(attributes)?.[1]?.replaceAll('&amp;', '&') ?? '');

describe('a search by name', () => {
  it.each([
    ['Wilhelmina Oststern', ['wilhel', 'Wilhelmina', 'OSTST', 'oststern', 'wilhelmina ost', 'ost wil']],
    ['Élodie Àlvarez', ['élod', 'ÉLODIE', 'Élodie àlv', 'àlv']],
    ['Ярослава Ильина', ['яро', 'ИЛЬ', 'ильина яросл']],
    ['김나무 박하늘', ['김나', '박하늘', '김나무 박']],
    ['渡辺　桜子', ['渡', '桜子']],
    ['Anna-Lena "Quote" O\'Neill', ['anna-l', '"quo', "o'n"]],
    ['Zed Zed', ['zed']],
  ])('finds %s by the beginnings of its words', async (name, searches) => {
    const user = await makeUser({ name });
    for (const one of searches) expect([one, await search(one)]).toEqual([one, [name]]);
    await w.delete('/account/me', { password: user.password }, { token: user.access });
    for (const one of searches) expect(await search(one)).toEqual([]);
  });

  it('asks for each word that was typed, and for no middle of one', async () => {
    await makeUser({ name: 'Thaddeus Quorra' });
    for (const one of ['haddeus', 'uorra', 'Thaddeus Smith', 'Thaddeus uorra', '%', '_haddeus', 'quorra%']) {
      expect([one, await search(one)]).toEqual([one, []]);
    }
  });

  it('finds nobody by a name that they no longer have', async () => {
    const user = await makeUser({ name: 'Before Hand' });
    await w.patch('/account/me', { name: 'After Wards' }, { token: user.access });
    expect([await search('before'), await search('after')]).toEqual([[], ['After Wards']]);
    await w.patch(`/admin/api/users/${user.id}`, { name: 'Hindmost' }, { token: staff.access });
    expect([await search('after'), await search('hindm')]).toEqual([[], ['Hindmost']]);
    await w.patch('/account/me', { name: null }, { token: user.access });
    expect(await wordsOf(user.id)).toEqual([]);
  });

  it('keeps four words of a name, each once', async () => {
    const user = await makeUser({ name: 'A b  A c d e' });
    expect(await wordsOf(user.id)).toEqual(['a', 'b']);
    await w.patch(
      '/account/me',
      { name: Array.from({ length: 40 }, (_, i) => i).join(' ') },
      { token: user.access },
    );
    expect(await wordsOf(user.id)).toHaveLength(4);
    await w.rows('UPDATE users SET name = name WHERE id = ?', user.id);
    expect(await wordsOf(user.id)).toHaveLength(4);
  });

  it('keeps what the console and the providers add too', async () => {
    const added = await w.post(
      '/admin/api/users',
      { email: `${unique()}@example.com`, password: 'correct horse battery', name: 'Added Byhand' },
      { token: staff.access },
    );
    expect(await wordsOf(added.body.id)).toEqual(['added', 'byhand']);
    await w.delete(`/admin/api/users/${added.body.id}`, undefined, { token: staff.access });
    expect(await wordsOf(added.body.id)).toEqual([]);
  });

  it('costs a sign-up a row a word, and one without a name nothing', async () => {
    const counted = counting();
    const there = world({ bindings: counted.bindings, vars: { MAIL: 'off' }, now: w.clock.now * 1_000 });
    const rowsOf = async (more: object) =>
      (
        await counted.of(() =>
          there.post('/account/sign-up', {
            email: `${unique()}@example.com`,
            password: 'correct horse battery',
            username: unique(),
            ...more,
          }),
        )
      ).d1.rowsWritten;
    expect(await rowsOf({})).toBe(4);
    expect(await rowsOf({ name: 'Mina' })).toBe(5);
    expect(await rowsOf({ name: 'Mina Kim' })).toBe(6);
    expect(await rowsOf({ name: 'One two three four five six' })).toBe(8);
  });

  it('reads what begins so, however many names there are', async () => {
    const counted = counting();
    const there = world({ bindings: counted.bindings, now: w.clock.now * 1_000 });
    await makeUser({ name: 'Rarity Onlyone' });
    await w.rows(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
        INSERT INTO users (id, username_key, name, password_hash, date_joined)
        SELECT printf('00000000-0000-7000-8000-%012d', i), 'crowd-' || i, 'Crowd Number' || i, 'x', 1 FROM n`,
    );
    const cost = async (one: string) => (await counted.of(() => search(one, {}, there))).d1;
    expect((await cost('rarity')).rowsRead).toBeLessThanOrEqual(24);
    expect((await cost('rarity crowd')).rowsRead).toBeLessThanOrEqual(24);
    // More than a thousand begin so: they are looked for along the list.
    expect((await cost('crowd')).rowsRead).toBeLessThanOrEqual(6_000);
    expect((await search('crowd', { limit: '100' })).length).toBe(100);
    expect((await search('crowd number77', { limit: '100' })).length).toBe(11);
    await w.rows("DELETE FROM users WHERE name LIKE 'Crowd %'");
    expect(await w.rows("SELECT * FROM name_words WHERE word = 'crowd'")).toEqual([]);
  });
});

describe('the page of users', () => {
  it('says what it looked for where there is nobody', async () => {
    const page = async (query: string) => text((await staff.get(`/admin/users?${query}`)).text);
    expect(await page('search=Nobody%20So')).toContain(
      "No user whose e-mail, username or name begins with 'Nobody So'.",
    );
    expect(await page('search=Nobody&is_staff=true')).toContain(
      "begins with 'Nobody' matches these filters.",
    );
    expect(await page('connection=true')).toContain('No user matches these filters.');
  });

  it('goes forth and back by buttons at both ends, and says where one is', async () => {
    const name = unique('pages');
    await w.rows(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
        INSERT INTO users (id, username_key, name, password_hash, date_joined)
        SELECT printf('00000000-0000-7000-9000-%012d', i), 'page-' || i, ?, 'x', 1 FROM n`,
      name,
    );
    let at = `/admin/users?search=${name}&limit=10`;
    const first = await staff.get(at);
    const firstIds = hrefs(first.text, '/admin/users/0000');
    expect(text(first.text)).toContain('1–10 of 25');
    expect([hrefs(first.text, 'rel="next"').length, hrefs(first.text, 'rel="prev"').length]).toEqual([2, 0]);
    const seen = [firstIds];
    for (const range of ['11–20 of 25', '21–25 of 25']) {
      const page = await staff.get(at);
      at = hrefs(page.text, 'rel="next"')[0] ?? '';
      const next = await staff.get(at);
      expect(text(next.text)).toContain(range);
      seen.push(hrefs(next.text, '/admin/users/0000'));
    }
    expect(new Set(seen.flat()).size).toBe(25);
    for (const ids of [seen[1], seen[0]]) {
      at = hrefs((await staff.get(at)).text, 'rel="prev"')[0] ?? '';
      expect(hrefs((await staff.get(at)).text, '/admin/users/0000')).toEqual(ids);
    }
    expect(at).not.toContain('cursor');
    await w.rows('DELETE FROM users WHERE name = ?', name);
  });

  it('shows which filters are on, and leads to each value of each', async () => {
    const page = (await staff.get('/admin/users?search=x&is_staff=true&ordering=email')).text;
    expect(hrefs(page, 'aria-current="true"').map((href) => href.includes('is_staff=true'))).toContain(true);
    const [off] = hrefs(page, 'aria-label="Staff: All"');
    expect(off).toBe('/admin/users?search=x&ordering=email');
    for (const label of ['Active', 'E-mail verified', 'Second factor', 'Passkey', 'Connected account']) {
      const [on] = hrefs(page, `aria-label="${label}: Yes"`);
      expect(on).toContain('is_staff=true');
      expect((await staff.get(on ?? '')).status).toBe(200);
    }
  });

  it.each([
    [
      'second_factor',
      'UPDATE users SET has_second_factor = 1 WHERE id = ?',
      "INSERT INTO totp_secrets (user_id, secret) VALUES (?, 'x')",
    ],
    [
      'passkey',
      'UPDATE users SET passkey_count = 1 WHERE id = ?',
      `INSERT INTO passkeys (user_id, id, credential_id, public_key, counter, multi_device, backed_up, transports, name,
        created_at) VALUES (?, 'p', 'c', 'k', 0, 0, 0, '[]', 'n', 1)`,
    ],
    [
      'connection',
      'UPDATE users SET is_active = 1 WHERE id = ?',
      `INSERT INTO connections (user_id, id, provider, issuer, subject, created_at)
        VALUES (?, 'c', 'google', 'https://issuer.example', 's', 1)`,
    ],
  ])('filters by %s, in every order', async (filter, flag, row) => {
    const user = await makeUser({ name: `Filtered ${filter}` });
    await w.rows(flag, user.id);
    await w.rows(row, user.id);
    for (const ordering of ['-date_joined', 'email', 'username']) {
      const ids = async (value: string) =>
        (
          await w.get(`/admin/api/users?${filter}=${value}&ordering=${ordering}&limit=100`, {
            token: staff.access,
          })
        ).body.users.map(({ id }: { id: string }) => id);
      expect(await ids('true')).toEqual([user.id]);
      expect(await ids('false')).not.toContain(user.id);
    }
    await w.rows('DELETE FROM users WHERE id = ?', user.id);
  });
});

describe('the sessions', () => {
  const IPHONE =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
  const signedInFrom = async (agent: string | null, place: { city?: string; country?: string }) => {
    const user = await makeUser();
    await w.rows(
      'UPDATE sessions SET user_agent = ?, city = ?, country = ?, ip = ? WHERE user_id = ?',
      agent,
      place.city ?? null,
      place.country ?? null,
      '203.0.113.7',
      user.id,
    );
    return user;
  };

  it.each([
    ['a phone in a city', IPHONE, { city: 'Seoul', country: 'KR' }, 'Safari on iPhone · Seoul, KR ·'],
    ['a phone in a country', IPHONE, { country: 'KR' }, 'Safari on iPhone · South Korea ·'],
    ['Tor', IPHONE, { country: 'T1' }, 'Safari on iPhone · T1 ·'],
    ['a program', 'curl/8.5.0', {}, 'curl · 203.0.113.7 ·'],
    ['nobody knows what', null, {}, 'Unknown device · 203.0.113.7 ·'],
  ])('of %s reads so', async (_, agent, place, line) => {
    const user = await signedInFrom(agent, place);
    for (const page of [path(user.id), path(user.id, '/sessions'), '/admin/sessions']) {
      expect(text((await staff.get(page)).text)).toContain(line);
    }
    const { text: html } = await staff.get(path(user.id, '/sessions'));
    expect(html).toContain(`<code>${claimsOf(user.access).sid}</code>`);
    if (agent) expect(html).toContain(`<code><bdi>${agent}</bdi></code>`);
  });

  it('are listed for everybody, those that are live alone', async () => {
    const [live, ended] = [await makeUser(), await makeUser()];
    await w.logOut(ended.refresh);
    const { text: html } = await staff.get('/admin/sessions?limit=100');
    expect(html).toContain(live.email);
    expect(html).not.toContain(ended.email);
    expect(html).toContain(`action="/admin/users/${live.id}/sessions/${claimsOf(live.access).sid}/end"`);
  });

  it('of everybody go on past a thousand that ended', async () => {
    const [old] = [await makeUser()];
    await w.rows(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
        INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at, revoked_at, revoked_reason)
        SELECT ?, printf('ffffffff-0000-7000-8000-%012d', i), 1, 1, 2, 2, 2, 'ended' FROM n`,
      old.id,
    );
    const first = (await staff.get('/admin/sessions')).text;
    expect(text(first)).toMatch(/Looked at 1,000 rows, \d+ match\. There are more to look at\./);
    const [next = ''] = hrefs(first, 'rel="next"');
    expect(first + (await staff.get(next)).text).toContain(old.email);
    await w.rows("DELETE FROM sessions WHERE id LIKE 'ffffffff-%'");
  });

  it('lead from a revoked token to its user, while there is one', async () => {
    const user = await makeUser();
    const sid = String(claimsOf(user.access).sid);
    await w.refresh(user.refresh);
    const { jti } = claimsOf(user.refresh);
    const at = `/admin/revoked-tokens?jti=${jti}`;
    const { text: html } = await staff.get(at);
    expect(html).toContain(`href="/admin/users/${user.id}"`);
    expect(html).toContain(`href="/admin/users/${user.id}/sessions?id=${sid}"`);
    await w.rows('DELETE FROM users WHERE id = ?', user.id);
    expect((await staff.get(at)).text).toContain('unknown user');
  });
});

describe('every list', () => {
  const seed = (count: number, into: string, row: string) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO ${into} SELECT ${row} FROM n`;
  const session = `?, printf('01900000-0000-7000-8000-%012d', i), 1, 1, 9e9, 9e9`;
  const SESSIONS = 'sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)';
  /** `:id` is the user whose rows are seeded; `of` counts what the list has. */
  const LISTS: Record<string, { at: string; rows: (count: number) => string; of: string }> = {
    'the sessions of a user': {
      at: '/admin/users/:id/sessions?',
      rows: (count) => seed(count, SESSIONS, session),
      of: 'SELECT count(*) AS n FROM sessions WHERE user_id = ?',
    },
    'the live sessions': {
      at: '/admin/sessions?',
      rows: (count) => seed(count, SESSIONS, session),
      of: 'SELECT count(*) AS n FROM sessions WHERE revoked_at IS NULL AND ?1 = ?1',
    },
    'the revoked tokens': {
      at: '/admin/revoked-tokens?',
      rows: (count) =>
        seed(
          count,
          'revoked_tokens (expires_at, jti, session_id, revoked_at, reason)',
          "9e9 + i, 'x' || i, ?, 1, 'ended'",
        ),
      of: 'SELECT count(*) AS n FROM revoked_tokens WHERE ?1 = ?1',
    },
    'the history of a user': {
      at: '/admin/history?user=:id&',
      rows: (count) =>
        seed(
          count,
          'admin_log',
          "printf('ffffffff-0000-7000-8000-%012d', i), 1, 'x', 'user.changed', ?, NULL",
        ),
      of: 'SELECT count(*) AS n FROM admin_log WHERE subject_id = ?',
    },
    'what one of the staff did': {
      at: '/admin/history?staff=:id&',
      rows: (count) =>
        seed(
          count,
          'admin_log',
          "printf('ffffffff-0000-7000-8000-%012d', i), 1, ?, 'user.changed', 'x', NULL",
        ),
      of: 'SELECT count(*) AS n FROM admin_log WHERE actor_id = ?',
    },
    'the dead letters': {
      at: '/admin/dead-letters?',
      rows: (count) =>
        seed(
          count,
          'account_events (user_id, seq, id, type, data, created_at, give_up_at, attempts, dead_at)',
          "?, i, 'x' || i, 'user.updated', '{}', 1, 1, 9, 1",
        ),
      of: 'SELECT count(*) AS n FROM account_events WHERE dead_at > 0 AND ?1 = ?1',
    },
  };
  const clean = (id: string) =>
    Promise.all([
      w.rows('DELETE FROM sessions WHERE user_id = ?', id),
      w.rows('DELETE FROM revoked_tokens WHERE session_id = ?', id),
      w.rows('DELETE FROM admin_log WHERE ? IN (subject_id, actor_id)', id),
      w.rows('DELETE FROM account_events WHERE user_id = ?', id),
    ]);

  it.each(Object.entries(LISTS))(
    '%s: says where one is, with the way back and forth at both ends',
    async (_, { at, rows, of }) => {
      const user = await makeUser();
      await w.rows(rows(25), user.id);
      const list = `${at.replace(':id', user.id)}limit=10`;
      const [found] = await w.rows<{ n: number }>(of, user.id);
      const first = (await staff.get(list)).text;
      expect(text(first)).toContain(`1–10 of ${found?.n}`);
      const next = hrefs(first, 'rel="next"');
      expect(next).toHaveLength(2);
      const second = (await staff.get(next[0] ?? '')).text;
      expect(text(second)).toContain(`11–20 of ${found?.n}`);
      const previous = hrefs(second, 'rel="prev"');
      expect(previous).toEqual([list, list]);
      await clean(user.id);
    },
  );

  it.each(Object.entries(LISTS).filter(([name]) => name !== 'the live sessions'))(
    '%s: is counted to ten thousand, and no further',
    async (_, { at, rows }) => {
      const user = await makeUser();
      const counted = counting();
      const there = browser(staff.cookie, world({ bindings: counted.bindings, now: w.clock.now * 1_000 }));
      await w.rows(rows(20_000), user.id);
      const list = at.replace(':id', user.id);
      expect(text((await there.get(list)).text)).toContain('1–50 of 10,000+');
      const { d1 } = await counted.of(() => there.get(list));
      expect(d1.rowsRead).toBeGreaterThan(10_000);
      expect(d1.rowsRead).toBeLessThan(22_000);
      await clean(user.id);
    },
  );

  it('is counted only where that is cheap', async () => {
    const user = await makeUser();
    await w.rows(seed(1_000, SESSIONS, session), user.id);
    for (const list of [
      '/admin/sessions?',
      `/admin/history?action=user.changed&`,
      '/admin/revoked-tokens?jti=x&',
      `/admin/history?user=${user.id}&staff=${staff.id}&`,
    ]) {
      expect(text((await staff.get(`${list}limit=10`)).text)).not.toMatch(/\d+–\d+ of/);
    }
    await clean(user.id);
  });
});

describe('the overview', () => {
  it('leads somewhere from every tile', async () => {
    const { text: html } = await staff.get('/admin');
    const tiles = [...html.matchAll(/<dt><a href="([^"]+)">/g)].map(([, href = '']) => href);
    expect(tiles).toHaveLength(html.match(/class="tile"/g)?.length ?? 0);
    for (const href of tiles) expect([href, (await staff.get(href)).status]).toEqual([href, 200]);
  });
});

describe('the history', () => {
  it('is filtered by person, by staff and by action, each by whatever they are called', async () => {
    const other = await makeStaff('other');
    const username = unique();
    const [user, stranger] = [await makeUser({ username, name: 'Old' }), await makeUser()];
    await w.patch(`/admin/api/users/${user.id}`, { name: 'New' }, { token: other.access });
    w.clock.advance(1);
    await w.patch(`/admin/api/users/${user.id}`, { is_active: false }, { token: staff.access });
    w.clock.advance(1);
    await w.patch(`/admin/api/users/${stranger.id}`, { is_active: false }, { token: other.access });
    const found = async (query: Record<string, string>) =>
      (
        (await w.get(`/admin/api/history?${new URLSearchParams(query)}`, { token: staff.access })).body
          .history as { action: string; subject: { id: string } }[]
      ).map(({ action, subject }) => [action, subject.id]);
    const changed = ['user.changed', user.id];
    const deactivated = ['user.deactivated', user.id];
    for (const name of [user.id, user.email.toUpperCase(), username]) {
      expect(await found({ user: name })).toEqual([deactivated, changed]);
      expect(await found({ user: name, staff: other.email })).toEqual([changed]);
      expect(await found({ user: name, action: 'user.deactivated' })).toEqual([deactivated]);
    }
    expect(await found({ staff: other.email })).toEqual([['user.deactivated', stranger.id], changed]);
    expect(await found({ staff: other.email, action: 'user.changed' })).toEqual([changed]);
    expect(await found({ user: 'nobody@example.com' })).toEqual([]);

    const page = text((await staff.get(`/admin/history?user=${username}`)).text);
    expect(page).toContain('Name: Old → New');
    expect(text((await staff.get('/admin/history?user=nobody')).text)).toContain(
      'No action matches these filters.',
    );
  });

  it('looks at a thousand acts a page for an action, and goes on', async () => {
    await w.rows(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
        INSERT INTO admin_log (id, at, actor_id, action, subject_id)
        SELECT printf('ffffffff-0000-7000-8000-%012d', i), 1, 'nobody', 'user.promoted', 'nobody' FROM n`,
    );
    const page = async (query: string) =>
      (await w.get(`/admin/api/history?action=user.deactivated&${query}`, { token: staff.access })).body;
    const first = await page('');
    expect(first).toMatchObject({ history: [], looked_at: 1_000 });
    expect((await page(`cursor=${first.next_cursor}`)).history.length).toBeGreaterThan(0);
    await w.rows("DELETE FROM admin_log WHERE id LIKE 'ffffffff-%'");
  });

  it('stands beside what the user did themselves, on the page of the user', async () => {
    const user = await makeUser({ name: 'Old' });
    await w.logIn(user);
    await w.post(
      '/account/password/change',
      { current_password: user.password, new_password: 'another horse battery' },
      { token: user.access },
    );
    await w.patch(`/admin/api/users/${user.id}`, { name: 'New' }, { token: staff.access });
    const page = text((await staff.get(path(user.id))).text);
    const activity = page.slice(page.indexOf('Activity'));
    for (const one of [
      'the account was created',
      'signed in:',
      'a session ended: password changed',
      'Name: Old → New',
    ]) {
      expect(activity).toContain(one);
    }
  });

  it('has once what staff did, and not as what the user did', async () => {
    const added = await w.post(
      '/admin/api/users',
      { email: `${unique()}@example.com`, password: 'correct horse battery' },
      { token: staff.access },
    );
    const { id, email } = added.body;
    const activityOf = async () => {
      const page = text((await staff.get(path(id))).text);
      return page.slice(page.indexOf('Activity'));
    };
    w.clock.advance(1);
    await w.logIn({ email, password: 'correct horse battery' });
    w.clock.advance(1);
    await staff.post(path(id, '/verify-email'));
    w.clock.advance(1);
    await staff.post(path(id, '/remove-password'));
    const activity = await activityOf();
    for (const one of ['added', 'marked the address as verified', 'removed the password']) {
      expect(activity).toContain(`staff: ${staff.email} ${one}`);
    }
    expect(activity).toContain('signed in:');
    for (const one of ['was created', 'verified the e-mail address', 'session ended']) {
      expect(activity).not.toContain(one);
    }
  });
});
