/** Lifetimes, the limit of sessions, and what a session remembers. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import {
  ACCESS_INVALID,
  BLACKLISTED,
  distinct,
  expectAlive,
  expectDead,
  REFRESH_EXPIRED,
  refreshOf,
} from '../support/sessions.ts';
import { signed } from '../support/tokens.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  RACE,
  type SessionRow,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

capturedLog();

const HOUR = 3_600;
const DAY = 86_400;

describe('lifetimes', () => {
  const ttl = ({ body }: { body: { access: string; refresh: string } }) =>
    [body.access, body.refresh].map((token) => {
      const { iat, exp } = claimsOf(token) as { iat: number; exp: number };
      return exp - iat;
    });

  it.each<[Vars, number, number]>([
    [{}, HOUR, DAY],
    [{ ACCESS_TOKEN_LIFETIME: '5m' }, 300, DAY],
    [{ REFRESH_TOKEN_LIFETIME: '14d' }, HOUR, 14 * DAY],
    [{ ACCESS_TOKEN_LIFETIME: '90s', REFRESH_TOKEN_LIFETIME: '2h' }, 90, 2 * HOUR],
    [{ SESSION_MAX_LIFETIME: '30m' }, 1_800, 1_800],
    [{ SESSION_MAX_LIFETIME: '2h' }, HOUR, 2 * HOUR],
    [{ REFRESH_TOKEN_LIFETIME: '90d' }, HOUR, 30 * DAY],
  ])('%j gives access tokens %i s and refresh tokens %i s', async (vars, access, refresh) => {
    const w = world({ vars });
    const who = await w.signUp();
    expect(ttl({ body: who })).toEqual([access, refresh]);
    expect(ttl(await w.logIn(who))).toEqual([access, refresh]);
  });

  it('SESSION_MAX_LIFETIME caps what a refresh gives, and after it nothing lives', async () => {
    const w = world({ vars: { SESSION_MAX_LIFETIME: '2h' } });
    const who = await w.signUp();
    const end = w.clock.now + 2 * HOUR;
    w.clock.advance(1.5 * HOUR);
    const { body } = await w.refresh(who.refresh);
    expect(claimsOf(body.access).exp).toBe(end);
    expect(claimsOf(body.refresh).exp).toBe(end);
    w.clock.advance(HOUR / 2 - 1);
    expect((await w.me(body.access)).status).toBe(200);
    w.clock.advance(1);
    await expectDead(w, body);
  });

  it('a session past its end is dead even under leeway', async () => {
    const w = world({ vars: { SESSION_MAX_LIFETIME: '2h', ACCESS_TOKEN_LIFETIME: '2h', LEEWAY: '5m' } });
    const who = await w.signUp();
    w.clock.advance(2 * HOUR);
    expect((await w.refresh(who.refresh)).body).toMatchObject(BLACKLISTED);
    expect((await w.me(who.access)).body).toMatchObject(ACCESS_INVALID);
  });

  it.each([
    ['longer', '2h', '30d', 2 * HOUR],
    ['shorter', '30d', '2h', 30 * DAY],
  ])('the end is fixed at log-in, although the setting becomes %s', async (_, before, after, life) => {
    const who = await world({ vars: { SESSION_MAX_LIFETIME: before } }).signUp();
    const w = world({ vars: { SESSION_MAX_LIFETIME: after, REFRESH_TOKEN_LIFETIME: '90d' } });
    const { refresh } = (await w.refresh(who.refresh)).body;
    expect(claimsOf(refresh).exp).toBe((claimsOf(who.refresh).iat as number) + life);
  });

  it('a session refreshed in the last minute of a token lives as long as the new token', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(DAY - 60);
    const second = (await w.refresh(who.refresh)).body;
    w.clock.advance(DAY - 1);
    const third = await w.refresh(second.refresh);
    expect(third.status).toBe(200);
    expect((await w.me(third.body.access)).status).toBe(200);
  });

  it('exp = now is expired, a second before is not', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(HOUR - 1);
    expect((await w.me(who.access)).status).toBe(200);
    w.clock.advance(1);
    expect((await w.me(who.access)).body).toMatchObject({
      ...REFRESH_EXPIRED,
      reason: 'expired',
      messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is expired' }],
    });
    w.clock.advance(DAY - HOUR - 1);
    expect((await w.verify(who.refresh)).status).toBe(200);
    w.clock.advance(1);
    expect((await w.refresh(who.refresh)).body).toMatchObject(REFRESH_EXPIRED);
  });

  it.each([
    [[1, 3_599, 3_599, 82_000]],
    [[3_599, 86_399, 1, 86_399]],
    [[86_399, 86_399, 86_399, 86_399]],
    [[10, 10, 10, 10, 86_000]],
    [[3_600, 3_600, 1_800, 1_799, 86_390]],
  ])('expires_at stays ahead of every token: refreshes after %j s', async (waits) => {
    const w = world();
    let { refresh } = await w.signUp();
    for (const wait of waits) {
      w.clock.advance(wait);
      const answer = await w.refresh(refresh);
      expect(answer.status).toBe(200);
      refresh = refreshOf(answer);
      const { expires_at } = (await w.sessionOf(refresh)) as SessionRow;
      expect(expires_at).toBeGreaterThanOrEqual(claimsOf(refresh).exp as number);
    }
  });

  /** Seconds that KV goes on knowing of the end of a session. */
  const keptFor = async (token: string) => {
    const { keys } = await env.BLACKLIST.list({ prefix: `revoked:${claimsOf(token).sid}` });
    expect(keys).toHaveLength(1);
    return (keys[0]?.expiration ?? 0) - Math.floor(Date.now() / 1_000);
  };

  it.each<[string, (w: World, who: Awaited<ReturnType<World['signUp']>>) => Promise<Answer>]>([
    ['log-out', (w, who) => w.logOut(who.refresh)],
    ['the end of all sessions', (w, who) => w.delete('/account/sessions', undefined, { token: who.access })],
    ['withdrawal', (w, who) => w.delete('/account/me', { password: who.password }, { token: who.access })],
    [
      'an end that KV has not heard of',
      async (w, who) => {
        await w.rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', who.user.id);
        return w.verify(who.refresh);
      },
    ],
  ])(
    'KV keeps %s for as long as any token of the session lives, whatever the settings are now',
    async (_, end) => {
      const long = world({ vars: { ACCESS_TOKEN_LIFETIME: '3d', REFRESH_TOKEN_LIFETIME: '20d' } });
      const who = await long.signUp();
      const short = world({ vars: { ACCESS_TOKEN_LIFETIME: '10s', REFRESH_TOKEN_LIFETIME: '20s' } });
      await end(short, who);
      const least = (claimsOf(who.refresh).exp as number) - short.clock.now;
      expect(await keptFor(who.refresh)).toBeGreaterThanOrEqual(least);
      expect(await keptFor(who.refresh)).toBeLessThan(least + 2 * HOUR);
    },
  );

  it('KV keeps it five minutes more, the longest LEEWAY that a verifier may have', async () => {
    const w = world();
    const who = await w.signUp();
    await w.logOut(who.refresh);
    const { expires_at } = (await w.sessionOf(who.refresh)) as SessionRow;
    const kept = await keptFor(who.refresh);
    expect(Math.abs(kept - (expires_at - w.clock.now + 300))).toBeLessThanOrEqual(5);
  });
});

describe('MAX_SESSIONS_PER_USER', () => {
  const aliveOf = (w: World, userId: string) =>
    w.rows<SessionRow>(
      'SELECT * FROM sessions WHERE user_id = ? AND revoked_at IS NULL AND absolute_end_at > ? ORDER BY id',
      userId,
      w.clock.now,
    );
  const idsOf = (rows: readonly SessionRow[]) => rows.map(({ id }) => id);

  it('at a log-in past it the oldest ends, in D1 and in KV, and the others live', async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '3' } });
    const who = await w.signUp();
    const pairs: { access: string; refresh: string }[] = [who];
    for (let i = 0; i < 4; i++) {
      w.clock.advance(1);
      pairs.push((await w.logIn(who)).body);
    }
    const [first, second, ...newest] = pairs;
    expect(idsOf(await aliveOf(w, who.user.id))).toEqual(newest.map(({ refresh }) => claimsOf(refresh).sid));
    for (const pair of newest) await expectAlive(w, pair);
    for (const pair of [first, second] as { access: string; refresh: string }[]) {
      expect(await w.kvOf(pair.refresh)).toBe('evicted');
      expect(await w.sessionOf(pair.refresh)).toMatchObject({ revoked_reason: 'evicted' });
      await expectDead(w, pair);
    }
  });

  it('of 1 leaves the newest alone', async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '1' } });
    const who = await w.signUp();
    const other = (await w.logIn(who)).body;
    expect(idsOf(await aliveOf(w, who.user.id))).toEqual([claimsOf(other.refresh).sid]);
    await expectDead(w, who);
  });

  it('is 20 by default', async () => {
    const w = world();
    const who = await w.signUp();
    for (let i = 0; i < 21; i++) await w.logIn(who);
    expect(await aliveOf(w, who.user.id)).toHaveLength(20);
  });

  it('lowered later, ends all beyond it at the next log-in', async () => {
    const before = world();
    const who = await before.signUp();
    for (let i = 0; i < 5; i++) await before.logIn(who);
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '2' } });
    await w.logIn(who);
    expect(await aliveOf(w, who.user.id)).toHaveLength(2);
  });

  it('counts neither ended nor expired sessions', async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '2', SESSION_MAX_LIFETIME: '1h' } });
    const who = await w.signUp();
    w.clock.advance(HOUR);
    const second = (await w.logIn(who)).body;
    const third = (await w.logIn(who)).body;
    await w.logOut(third.refresh);
    const fourth = (await w.logIn(who)).body;
    expect(idsOf(await aliveOf(w, who.user.id))).toEqual(
      [second, fourth].map(({ refresh }) => claimsOf(refresh).sid as string).sort(),
    );
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
  });

  it('never ends the one just made, though its id be the oldest', async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '2' } });
    const who = await w.signUp();
    w.clock.advance(60);
    const second = (await w.logIn(who)).body;
    w.clock.advance(-120);
    const third = (await w.logIn(who)).body;
    expect(idsOf(await aliveOf(w, who.user.id))).toEqual(
      [third, second].map(({ refresh }) => claimsOf(refresh).sid as string).sort(),
    );
  });

  it('leaves other people’s sessions alone', async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '1' } });
    const [who, other] = [await w.signUp(), await w.signUp()];
    await w.logIn(who);
    await expectAlive(w, other);
  });

  it('holds under thirty log-ins at once, at every moment', RACE, async () => {
    const w = world({ vars: { MAX_SESSIONS_PER_USER: '5' } });
    const who = await w.signUp();
    // Ids of one millisecond have no order: the sign-up's session is to be the oldest.
    w.clock.advance(1);
    const counts: number[] = [];
    const answers = await atOnce(30, async () => {
      const answer = await w.logIn(who);
      counts.push((await aliveOf(w, who.user.id)).length);
      return answer;
    });
    expect(tally(answers)).toEqual({ 200: 30 });
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
    const alive = idsOf(await aliveOf(w, who.user.id));
    expect(alive).toHaveLength(5);
    const good = await Promise.all(answers.map(({ body }) => w.verify(body.refresh)));
    expect(tally(good)).toEqual({ 200: 5, 401: 25 });
    const evicted = answers.filter(({ body }) => !alive.includes(claimsOf(body.refresh).sid as string));
    const inKv = await Promise.all(evicted.map(({ body }) => w.kvOf(body.refresh)));
    expect(distinct(inKv)).toEqual(['"evicted"']);
  });
});

describe('what a session remembers', () => {
  it('is who called at log-in: address, country and user agent, shortened and without control characters', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/account/login', who, {
      headers: { 'CF-Connecting-IP': '203.0.113.9', 'User-Agent': `Mozilla\t<b>${'x'.repeat(300)}` },
    });
    const row = await w.sessionOf(refreshOf(answer));
    expect(row).toMatchObject({ ip: '203.0.113.9', created_at: w.clock.now, last_used_at: w.clock.now });
    expect(row?.user_agent).toBe(`Mozilla <b>${'x'.repeat(300)}`.slice(0, 255));
  });

  it('is nothing where nothing is known, whatever other headers claim', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/account/login', who, { headers: { 'X-Forwarded-For': '198.51.100.1' } });
    expect(await w.sessionOf(refreshOf(answer))).toMatchObject({ ip: null, country: null });
  });

  it('a signed token of a session that never was opens none', async () => {
    const w = world();
    const who = await w.signUp();
    const now = w.clock.now;
    const token = await signed({
      ...claimsOf(who.refresh),
      sid: crypto.randomUUID(),
      jti: crypto.randomUUID(),
      iat: now,
      exp: now + 60,
    });
    expect((await w.refresh(token)).body).toMatchObject(BLACKLISTED);
    expect(await w.sessionOf(token)).toBeUndefined();
    expect(await w.revokedOf(token)).toEqual([]);
  });
});
