/** The list of sessions. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { end, idsOf, type Listed, later, list, listed, type Pair, sidOf } from '../support/session-list.ts';
import { resigned } from '../support/tokens.ts';
import { claimsOf, codeOf, type Person, type World, world } from '../support/world.ts';

capturedLog();

const HOUR = 3_600;
const DAY = 86_400;

const isoOf = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

/** A log-in from a client that says of itself what it likes. */
async function logInFrom(
  w: World,
  who: Person,
  client: { headers?: Record<string, string>; cf?: Record<string, unknown> },
): Promise<Pair> {
  const answer = await w.fetch(
    new Request('http://localhost/account/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...client.headers },
      body: JSON.stringify(who),
      ...(client.cf && { cf: client.cf }),
    } as RequestInit),
  );
  expect(answer.status).toBe(200);
  return answer.body as Pair;
}

/** What the list says to a session of itself. */
const ownOf = async (w: World, pair: Pair) =>
  (await listed(w, pair.access)).filter(({ current }) => current)[0];

describe('the list of sessions', () => {
  it('after a sign-up has that one session, in exactly this shape', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await list(w, who.access);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(answer.body).toEqual({
      sessions: [
        {
          id: sidOf(who),
          current: true,
          created_at: isoOf(w.clock.now),
          last_used_at: isoOf(w.clock.now),
          expires_at: isoOf(w.clock.now + DAY + HOUR),
          user_agent: null,
          ip: null,
          country: null,
        },
      ],
    });
    expect(answer.body.sessions[0].created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('answers with a trailing slash too', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.get('/account/sessions/', { token: who.access });
    expect(answer.body).toEqual((await list(w, who.access)).body);
  });

  it('is newest first, and each caller finds its own session marked', async () => {
    const w = world();
    const who = await w.signUp();
    const pairs: Pair[] = [who, await later(w, who), await later(w, who)];
    const newestFirst = pairs.map(sidOf).reverse();
    for (const pair of pairs) {
      const sessions = await listed(w, pair.access);
      expect(sessions.map(({ id }) => id)).toEqual(newestFirst);
      expect(sessions.filter(({ current }) => current).map(({ id }) => id)).toEqual([sidOf(pair)]);
      const ages = sessions.map(({ created_at }) => Date.parse(created_at));
      expect(ages).toEqual([...ages].sort((a, b) => b - a));
    }
  });

  it('shows the same session through all its refreshes, with its last use moved', async () => {
    const w = world();
    const who = await w.signUp();
    const made = w.clock.now;
    w.clock.advance(HOUR);
    const pair = (await w.refresh(who.refresh)).body as Pair;
    expect(await listed(w, pair.access)).toMatchObject([
      {
        id: sidOf(who),
        created_at: isoOf(made),
        last_used_at: isoOf(made + HOUR),
        expires_at: isoOf(made + HOUR + DAY + HOUR),
      },
    ]);
  });

  it('never says that a session outlives its absolute end', async () => {
    const w = world({ vars: { SESSION_MAX_LIFETIME: '2h' } });
    const who = await w.signUp();
    expect(await listed(w, who.access)).toMatchObject([{ expires_at: isoOf(w.clock.now + 2 * HOUR) }]);
  });

  it('has all twenty that a user may have', async () => {
    const w = world();
    const who = await w.signUp();
    const pairs: Pair[] = [];
    for (let i = 0; i < 20; i++) pairs.push(await later(w, who));
    expect(await idsOf(w, pairs[19]?.access ?? '')).toEqual(pairs.map(sidOf).reverse());
  });

  it('never has a session of somebody else', async () => {
    const w = world();
    const [mine, other] = [await w.signUp(), await w.signUp()];
    expect(await idsOf(w, mine.access)).toEqual([sidOf(mine)]);
    expect(await idsOf(w, other.access)).toEqual([sidOf(other)]);
  });

  it('costs one round trip to D1, which writes nothing, and none to KV', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings });
    const who = await w.signUp();
    await later(w, who);
    expect(await counted.of(() => list(w, who.access))).toMatchObject({
      d1: { roundTrips: 1, rowsWritten: 0 },
      kv: { gets: 0, puts: 0 },
    });
  });

  it.each<[string, (w: World, target: Pair) => Promise<unknown>]>([
    ['was logged out', (w, target) => w.logOut(target.refresh)],
    ['was ended', (w, target) => end(w, target.access, sidOf(target))],
    [
      'was ended by a replay',
      async (w, target) => {
        await w.refresh(target.refresh);
        w.clock.advance(61);
        await w.refresh(target.refresh);
      },
    ],
    [
      'was ended by a reset',
      (w, target) =>
        w.rows(
          "UPDATE sessions SET revoked_at = 1, revoked_reason = 'password_reset' WHERE id = ?",
          sidOf(target),
        ),
    ],
    [
      'reached its absolute end',
      (w, target) =>
        w.rows('UPDATE sessions SET absolute_end_at = ? WHERE id = ?', w.clock.now, sidOf(target)),
    ],
    [
      'has no refresh token left that is good',
      (w, target) => w.rows('UPDATE sessions SET expires_at = ? WHERE id = ?', w.clock.now, sidOf(target)),
    ],
  ])('has no session that %s', async (_, finish) => {
    const w = world();
    const who = await w.signUp();
    const target = await later(w, who);
    const own = await later(w, who);
    await finish(w, target);
    expect(await idsOf(w, own.access)).toEqual([sidOf(own), sidOf(who)]);
  });

  it('has no session that was evicted by a later log-in', async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '2' } });
    const who = await w.signUp();
    const [second, third] = [await later(w, who), await later(w, who)];
    expect(await idsOf(w, third.access)).toEqual([sidOf(third), sidOf(second)]);
  });

  it('has a session until a second before its absolute end', async () => {
    const w = world({ vars: { SESSION_MAX_LIFETIME: '2h', ACCESS_TOKEN_LIFETIME: '2h' } });
    const who = await w.signUp();
    w.clock.advance(HOUR);
    const own = (await w.logIn(who)).body as Pair;
    w.clock.advance(HOUR - 1);
    expect(await idsOf(w, own.access)).toEqual([sidOf(own), sidOf(who)]);
    w.clock.advance(1);
    expect(await idsOf(w, own.access)).toEqual([sidOf(own)]);
  });

  it.each<[string, (w: World, who: Pair) => Promise<string | undefined>, string]>([
    ['nobody', async () => undefined, 'not_authenticated'],
    ['a refresh token', async (_, who) => who.refresh, 'token_not_valid'],
    ['what is no token', async () => 'x', 'token_not_valid'],
    [
      'a session that was logged out',
      async (w, who) => {
        await w.logOut(who.refresh);
        return who.access;
      },
      'token_not_valid',
    ],
    [
      'a user who is gone',
      async (w, who) => {
        await w.rows('DELETE FROM users WHERE id = ?', claimsOf(who.access).sub);
        return who.access;
      },
      'user_not_found',
    ],
    [
      'an inactive user',
      async (w, who) => {
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', claimsOf(who.access).sub);
        return who.access;
      },
      'user_inactive',
    ],
    [
      'a user with the session of another',
      async (w, who) => {
        const other = await w.signUp();
        return resigned(who.access, { sid: sidOf(other) });
      },
      'token_not_valid',
    ],
  ])('is refused to %s', async (_, tokenOf, code) => {
    const w = world();
    const who = await w.signUp();
    const answer = await list(w, await tokenOf(w, who));
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    expect(answer.body).not.toHaveProperty('sessions');
  });
});

describe('what the list says of the client', () => {
  const agentOf = async (header: string) => {
    const w = world();
    const who = await w.signUp();
    const pair = await logInFrom(w, who, { headers: { 'User-Agent': header } });
    return (await ownOf(w, pair))?.user_agent;
  };

  it.each<[string, string, string]>([
    ['an ordinary one', 'Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (X11; Linux x86_64)'],
    ['markup', '<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['SQL', "'; DROP TABLE sessions; --", "'; DROP TABLE sessions; --"],
    ['a format string', '%s%n {{7*7}} <%= 1 %>', '%s%n {{7*7}} <%= 1 %>'],
    ['a tab', 'a\tb', 'a b'],
    ['an escape sequence of terminals', 'a\u001b[31mred', 'a [31mred'],
    ['a bell and a delete', 'a\u0007b\u007fc', 'a b c'],
    ['every control character that a header can carry', 'a\u0001\u0002\u001f\u007fb', 'a    b'],
    ['255 characters', 'x'.repeat(255), 'x'.repeat(255)],
    ['256 characters', 'x'.repeat(256), 'x'.repeat(255)],
    ['10,000 characters', 'x'.repeat(10_000), 'x'.repeat(255)],
    ['control characters past the cut', `${'x'.repeat(254)}\u0001\u0001y`, `${'x'.repeat(254)} `],
  ])('a user agent of %s is kept as text, at most 255 characters of it', async (_, sent, kept) => {
    expect(await agentOf(sent)).toBe(kept);
  });

  it('a user agent is never cut in the middle of a character', async () => {
    const kept = (await agentOf(`${'x'.repeat(254)}😀😀`)) ?? '';
    expect(kept.isWellFormed()).toBe(true);
    expect(kept).not.toContain('\uFFFD');
    expect([...kept].length).toBeLessThanOrEqual(255);
    expect(kept.startsWith('x'.repeat(254))).toBe(true);
  });

  it.each<[string, Record<string, string>, string | null]>([
    ['CF-Connecting-IP', { 'CF-Connecting-IP': '203.0.113.9' }, '203.0.113.9'],
    ['CF-Connecting-IP of version 6', { 'CF-Connecting-IP': '2001:db8::9' }, '2001:db8::9'],
    ['nothing', {}, null],
    ['X-Forwarded-For', { 'X-Forwarded-For': '198.51.100.1' }, null],
    ['X-Real-IP', { 'X-Real-IP': '198.51.100.1' }, null],
    ['True-Client-IP', { 'True-Client-IP': '198.51.100.1' }, null],
    ['Forwarded', { Forwarded: 'for=198.51.100.1' }, null],
    [
      'CF-Connecting-IP beside X-Forwarded-For',
      { 'CF-Connecting-IP': '203.0.113.9', 'X-Forwarded-For': '198.51.100.1' },
      '203.0.113.9',
    ],
  ])('of %s keeps an address only where Cloudflare says it', async (_, headers, ip) => {
    const w = world();
    const pair = await logInFrom(w, await w.signUp(), { headers });
    expect((await ownOf(w, pair))?.ip).toBe(ip);
  });

  it.each<[string, { headers?: Record<string, string>; cf?: Record<string, unknown> }, string | null]>([
    ['what Cloudflare says', { cf: { country: 'KR' } }, 'KR'],
    ['Tor, as Cloudflare says it', { cf: { country: 'T1' } }, 'T1'],
    ['nothing where it says nothing', { cf: {} }, null],
    ['nothing where there is no Cloudflare', {}, null],
    ['nothing where it says what is no text', { cf: { country: 7 } }, null],
    ['nothing of a header that a client can write', { headers: { 'CF-IPCountry': 'KR' } }, null],
  ])('the country is %s', async (_, client, country) => {
    const w = world();
    const pair = await logInFrom(w, await w.signUp(), client);
    expect((await ownOf(w, pair))?.country).toBe(country);
  });

  it.each<[string, Record<string, unknown> | undefined, string | null]>([
    ['what Cloudflare says', { city: 'Seoul' }, 'Seoul'],
    ['nothing where it says nothing', {}, null],
    ['nothing where there is no Cloudflare', undefined, null],
    ['nothing where it says what is no text', { city: ['Seoul'] }, null],
  ])('the city is %s', async (_, cf, city) => {
    const w = world();
    const pair = await logInFrom(w, await w.signUp(), cf === undefined ? {} : { cf });
    expect((await w.sessionOf(pair.access))?.city).toBe(city);
  });

  it.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
      { browser: 'Firefox', system: 'Linux' },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
      { browser: 'Safari', system: 'iPhone' },
    ],
    ['curl/8.14.1', { browser: 'curl', system: null }],
    [undefined, { browser: null, system: null }],
  ])('names browser and device of %s where that is asked for', async (userAgent, device) => {
    const w = world();
    const who = await w.signUp();
    const pair = await logInFrom(w, who, {
      headers: userAgent === undefined ? {} : { 'User-Agent': userAgent },
    });
    const own = (await ownOf(w, pair)) as Listed;
    const answer = await w.get('/account/sessions?include=device', { token: pair.access });
    expect(answer.status).toBe(200);
    expect(answer.body.sessions.find(({ id }: Listed) => id === own.id)).toEqual({ ...own, device });
  });

  it('is what was so at log-in: a refresh from elsewhere changes nothing of it', async () => {
    const w = world();
    const pair = await logInFrom(w, await w.signUp(), {
      headers: { 'CF-Connecting-IP': '203.0.113.9', 'User-Agent': 'first' },
      cf: { country: 'KR' },
    });
    w.clock.advance(2 * HOUR);
    const next = await w.post(
      '/account/token/refresh',
      { refresh: pair.refresh },
      { headers: { 'CF-Connecting-IP': '198.51.100.7', 'User-Agent': 'second' } },
    );
    expect(await ownOf(w, next.body)).toMatchObject({
      ip: '203.0.113.9',
      user_agent: 'first',
      country: 'KR',
    });
  });

  it('is kept of a sign-up too', async () => {
    const w = world();
    const who = { email: `client-${crypto.randomUUID()}@example.com`, password: 'correct horse battery' };
    const answer = await w.post('/account/sign-up', who, {
      headers: { 'CF-Connecting-IP': '203.0.113.10', 'User-Agent': 'app/1.0' },
    });
    expect(await listed(w, answer.body.access)).toMatchObject([
      { ip: '203.0.113.10', user_agent: 'app/1.0' },
    ]);
  });
});
