/** Log-out, verify, and tokens that are refused at each endpoint. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  ACCESS_INVALID,
  BLACKLISTED,
  expectAlive,
  expectDead,
  REFRESH_INVALID,
  refreshOf,
  rotated,
} from '../support/sessions.ts';
import { FORGERIES, resigned } from '../support/tokens.ts';
import { type Answer, claimsOf, codeOf, tally, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const DAY = 86_400;

describe('log-out', () => {
  it('ends the session at once, in D1 and in KV', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.logOut(who.refresh);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await w.kvOf(who.refresh)).toBe('logged_out');
    expect((await w.verify(who.access)).body).toMatchObject(BLACKLISTED);
    expect((await w.verify(who.refresh)).body).toMatchObject(BLACKLISTED);
    expect((await w.me(who.access)).body).toMatchObject(ACCESS_INVALID);
    expect((await w.refresh(who.refresh)).body).toMatchObject(BLACKLISTED);
    expect(await w.sessionOf(who.refresh)).toMatchObject({
      revoked_at: w.clock.now,
      revoked_reason: 'logged_out',
    });
    expect(await w.revokedOf(who.refresh)).toMatchObject([
      { jti: claimsOf(who.refresh).jti, expires_at: claimsOf(who.refresh).exp, reason: 'logged_out' },
    ]);
  });

  it('takes effect at once on the paths that read D1, even if KV does not have it', async () => {
    const w = world();
    const who = await w.signUp();
    await w.logOut(who.refresh);
    await env.BLACKLIST.delete(`revoked:${claimsOf(who.refresh).sid}`);
    expect((await w.me(who.access)).body).toMatchObject(ACCESS_INVALID);
    expect((await w.patch('/account/me', { name: 'x' }, { token: who.access })).status).toBe(401);
    expect((await w.refresh(who.refresh)).body).toMatchObject(BLACKLISTED);
  });

  it('does not end the user’s other sessions', async () => {
    const w = world();
    const who = await w.signUp();
    const other = (await w.logIn(who)).body;
    await w.logOut(who.refresh);
    await expectAlive(w, other);
  });

  it.each([
    ['the same token', {}],
    ['another token of the session', { BLACKLIST_AFTER_ROTATION: 'false' }],
  ])('a second time, with %s, succeeds, and writes and logs nothing', async (_, vars: Vars) => {
    const counted = counting();
    const w = world({ bindings: counted.bindings, vars });
    const who = await w.signUp();
    const other = vars.BLACKLIST_AFTER_ROTATION ? refreshOf(await w.refresh(who.refresh)) : who.refresh;
    await w.logOut(who.refresh);
    // Nor where KV has lost it.
    await env.BLACKLIST.delete(`revoked:${claimsOf(who.refresh).sid}`);
    const before = await w.sessionOf(who.refresh);
    const logged = log.of('logged_out').length;
    w.clock.advance(60);
    const counts = await counted.of(async () => expect((await w.logOut(other)).status).toBe(204));
    expect([counts.d1.rowsWritten, counts.kv.puts]).toEqual([0, 0]);
    expect(await w.sessionOf(who.refresh)).toEqual(before);
    expect(log.of('logged_out')).toHaveLength(logged);
  });

  it('succeeds with an expired refresh token, and its session ends', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(DAY - 1);
    const newest = (await w.refresh(who.refresh)).body;
    w.clock.advance(2);
    expect((await w.logOut(who.refresh)).status).toBe(204);
    await expectDead(w, newest);
  });

  it('succeeds with a token years past its end', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(1_000 * DAY);
    expect((await w.logOut(who.refresh)).status).toBe(204);
  });

  it.each([
    ['within the grace', 1],
    ['after the grace', 11],
  ])('with a rotated token %s ends the session', async (_, later) => {
    const w = world();
    const { used, newest, newestAccess } = await rotated(w);
    w.clock.advance(later);
    expect((await w.logOut(used)).status).toBe(204);
    await expectDead(w, { access: newestAccess, refresh: newest });
    expect(await w.sessionOf(used)).toMatchObject({ revoked_reason: 'logged_out' });
    expect(log.of('refresh_token_replayed')).toEqual([]);
  });

  it.each([
    ['is gone', 'DELETE FROM users WHERE id = ?'],
    ['is inactive', 'UPDATE users SET is_active = 0 WHERE id = ?'],
    ['has no such session any more', 'DELETE FROM sessions WHERE user_id = ?'],
    [
      'had it ended already',
      "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?",
    ],
  ])('succeeds if the user %s', async (_, sql) => {
    const w = world();
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    expect((await w.logOut(who.refresh)).status).toBe(204);
  });

  it.each(FORGERIES)('with %s is 401 and ends nothing', async (_, forge) => {
    const w = world();
    const who = await w.signUp();
    expect((await w.logOut(await forge(who.refresh))).body).toMatchObject(REFRESH_INVALID);
    await expectAlive(w, who);
  });

  it.each(FORGERIES)('with %s that has expired is 401 all the same', async (_, forge) => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(2 * DAY);
    expect((await w.logOut(await forge(who.refresh))).body).toMatchObject(REFRESH_INVALID);
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
  });

  it('ignores white space around the token', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await w.logOut(` \n${who.refresh}\t `)).status).toBe(204);
    await expectDead(w, who);
  });
});

describe('a token of one kind works at its own endpoint only', () => {
  it.each<[string, (w: World, who: { access: string; refresh: string }) => Promise<Answer>, object]>([
    ['an access token at refresh', (w, who) => w.refresh(who.access), REFRESH_INVALID],
    ['an access token at log-out', (w, who) => w.logOut(who.access), REFRESH_INVALID],
    ['a refresh token at /me', (w, who) => w.me(who.refresh), ACCESS_INVALID],
    [
      'a refresh token at a change of /me',
      (w, who) => w.patch('/account/me', { name: 'x' }, { token: who.refresh }),
      ACCESS_INVALID,
    ],
    [
      'a refresh token at withdrawal',
      (w, who) => w.delete('/account/me', { password: 'correct horse battery' }, { token: who.refresh }),
      ACCESS_INVALID,
    ],
  ])('%s is 401, and nothing happens', async (_, call, problem) => {
    const w = world();
    const who = await w.signUp();
    expect((await call(w, who)).body).toMatchObject(problem);
    await expectAlive(w, who);
  });

  it('an access token that has expired is 401 at log-out', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(2 * HOUR);
    expect((await w.logOut(who.access)).body).toMatchObject(REFRESH_INVALID);
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
  });

  it.each(['access', 'refresh'] as const)(
    'verify accepts a valid %s token and returns an empty object',
    async (kind) => {
      const w = world();
      const who = await w.signUp();
      const answer = await w.verify(who[kind]);
      expect([answer.status, answer.body]).toEqual([200, {}]);
    },
  );
});

describe('a correctly signed token with invalid claims is refused at every endpoint', () => {
  it.each<[string, Record<string, unknown>]>([
    ['no jti', { jti: undefined }],
    ['a jti that is null', { jti: null }],
    ['a jti that is a number', { jti: 7 }],
    ['an empty jti', { jti: '' }],
    ['no sid', { sid: undefined }],
    ['a sid that is a list', { sid: ['x'] }],
    ['an empty sid', { sid: '' }],
    ['no sub', { sub: undefined }],
    ['a sub that is a number', { sub: 1 }],
    ['no token_type', { token_type: undefined }],
    ['a token_type of another kind', { token_type: 'sliding' }],
    ['a token_type with a capital', { token_type: 'Refresh' }],
    ['no exp', { exp: undefined }],
    ['an exp that is text', { exp: '9999999999' }],
    ['a fractional exp', { exp: 9_999_999_999.5 }],
    ['no iat', { iat: undefined }],
    ['an iat that is null', { iat: null }],
    ['an iat far ahead', { iat: 99_999_999_999 }],
    ['an nbf far ahead', { nbf: 99_999_999_999 }],
  ])('%s', async (_, change) => {
    const w = world();
    const who = await w.signUp();
    const refresh = await resigned(who.refresh, change);
    const access = await resigned(who.access, change);
    expect((await w.refresh(refresh)).body).toMatchObject(REFRESH_INVALID);
    expect((await w.logOut(refresh)).body).toMatchObject(REFRESH_INVALID);
    expect((await w.verify(refresh)).body).toMatchObject(REFRESH_INVALID);
    expect((await w.verify(access)).body).toMatchObject(REFRESH_INVALID);
    expect((await w.me(access)).body).toMatchObject(ACCESS_INVALID);
    await expectAlive(w, who);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['of nobody', { sub: crypto.randomUUID() }, 'user_not_found'],
    ['of no session', { sid: crypto.randomUUID() }, 'token_not_valid'],
  ])('one %s is 401 %s', async (_, change, code) => {
    const w = world();
    const who = await w.signUp();
    expect(codeOf(await w.refresh(await resigned(who.refresh, change)))).toBe(code);
    expect(codeOf(await w.me(await resigned(who.access, change)))).toBe(code);
    expect(codeOf(await w.verify(await resigned(who.refresh, change)))).toBe(code);
  });

  it('one of another user’s session is refused, and does not end it', async () => {
    const w = world();
    const [mine, other] = [await w.signUp(), await w.signUp()];
    const change = { sid: claimsOf(other.refresh).sid, sub: claimsOf(mine.refresh).sub };
    expect((await w.me(await resigned(mine.access, change))).status).toBe(401);
    expect((await w.verify(await resigned(mine.refresh, change))).status).toBe(401);
    expect((await w.sessionOf(other.refresh))?.revoked_at).toBeNull();
  });

  it('one whose ids would break out of SQL or a KV key is 401', async () => {
    const w = world();
    const who = await w.signUp();
    const ids = ["' OR 1=1 --", '%', '../x', 'x'.repeat(256), '\u0000'];
    const answers = await Promise.all(
      ids.map(async (id) => w.refresh(await resigned(who.refresh, { sid: id, jti: id, sub: id }))),
    );
    expect(tally(answers)).toEqual({ 401: ids.length });
    await expectAlive(w, who);
  });
});

describe('while KV is unavailable, D1 has the status of a session', () => {
  const gone = {
    get: () => Promise.reject(new Error('KV GET failed: 503')),
    put: () => Promise.reject(new Error()),
  };
  const away = (vars: Vars = {}) => world({ vars, bindings: { BLACKLIST: gone as never } });

  it('at refresh and at verify, of a live session', async () => {
    const who = await world().signUp();
    const w = away();
    expect((await w.verify(who.access)).status).toBe(200);
    expect((await w.verify(who.refresh)).status).toBe(200);
    expect((await w.refresh(who.refresh)).status).toBe(200);
  });

  it.each<[string, (w: World, who: Awaited<ReturnType<World['signUp']>>) => Promise<Answer>]>([
    ['refresh', (w, who) => w.refresh(who.refresh)],
    ['verify of a refresh token', (w, who) => w.verify(who.refresh)],
    ['verify of an access token', (w, who) => w.verify(who.access)],
  ])('at %s, of one that has ended, and nothing is written to KV', async (_, endpoint) => {
    const who = await world().signUp();
    await world().rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', who.user.id);
    const answer = await endpoint(away(), who);
    expect([answer.status, answer.body]).toMatchObject([401, BLACKLISTED]);
    expect(log.of('kv_unavailable').map(({ call }) => call)).toEqual(['blacklist.find']);
  });

  it('and a dead session found in D1 is written to KV once', async () => {
    const who = await world().signUp();
    const counted = counting();
    const w = world({ bindings: counted.bindings });
    expect((await counted.of(() => w.refresh(who.refresh))).kv).toEqual({ gets: 1, puts: 0 });
    await w.rows(
      "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?",
      who.user.id,
    );
    expect((await counted.of(() => w.verify(who.refresh))).kv).toEqual({ gets: 1, puts: 1 });
    expect(await w.kvOf(who.refresh)).toBe('ended');
  });
});

describe('verify never changes a session', () => {
  const snapshot = async (w: World, token: string) => ({
    session: await w.sessionOf(token),
    revoked: await w.revokedOf(token),
  });

  it.each<
    [string, (tokens: { used: string; newest: string; newestAccess: string }) => string, number, number]
  >([
    ['a good refresh token', ({ newest }) => newest, HOUR, 200],
    ['a good access token', ({ newestAccess }) => newestAccess, 60, 200],
    ['a rotated token at once', ({ used }) => used, 0, 200],
    ['a rotated token at the end of the grace', ({ used }) => used, 60, 200],
    ['a rotated token a second past the grace', ({ used }) => used, 61, 401],
    ['a rotated token an hour past the grace', ({ used }) => used, HOUR, 401],
    ['an expired access token', ({ newestAccess }) => newestAccess, HOUR, 401],
    ['an expired refresh token', ({ newest }) => newest, DAY, 401],
  ])('%s (%#)', async (_, pick, later, status) => {
    const w = world();
    const tokens = await rotated(w);
    const before = await snapshot(w, tokens.used);
    w.clock.advance(later);
    expect((await w.verify(pick(tokens))).status).toBe(status);
    expect(await snapshot(w, tokens.used)).toEqual(before);
    expect(await w.kvOf(tokens.used)).toBeNull();
    expect(log.of('refresh_token_replayed')).toEqual([]);
  });

  it('a replayed token is recognised, and the newest stays valid', async () => {
    const w = world();
    const { used, newest } = await rotated(w);
    w.clock.advance(61);
    expect((await w.verify(used)).body).toMatchObject(BLACKLISTED);
    expect((await w.refresh(newest)).status).toBe(200);
  });

  it('in strict mode a rotated token is 401 at once, and the newest lives on', async () => {
    const w = world({ vars: { REFRESH_REUSE_GRACE: '0s' } });
    const { used, newest } = await rotated(w);
    expect((await w.verify(used)).body).toMatchObject(BLACKLISTED);
    expect((await w.refresh(newest)).status).toBe(200);
  });

  it.each([
    ['user_inactive', 'UPDATE users SET is_active = 0 WHERE id = ?'],
    ['user_not_found', 'DELETE FROM users WHERE id = ?'],
    ['token_not_valid', "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?"],
  ])('a refresh token is refused as %s after %s', async (code, sql) => {
    const w = world();
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    expect(codeOf(await w.verify(who.refresh))).toBe(code);
    expect(codeOf(await w.verify(who.access))).toBe(code);
  });

  it.each(FORGERIES)('%s is 401', async (_, forge) => {
    const w = world();
    const who = await w.signUp();
    expect((await w.verify(await forge(who.access))).body).toMatchObject(REFRESH_INVALID);
    expect((await w.verify(await forge(who.refresh))).body).toMatchObject(REFRESH_INVALID);
  });
});

describe('an inactive or withdrawn user', () => {
  it.each([
    ['user_inactive', 'UPDATE users SET is_active = 0 WHERE id = ?'],
    ['user_not_found', 'DELETE FROM users WHERE id = ?'],
  ])('gets %s at refresh and at /me, and cannot log in', async (code, sql) => {
    const w = world();
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    expect(await w.me(who.access)).toMatchObject({ status: 401, body: { code } });
    expect(await w.refresh(who.refresh)).toMatchObject({ status: 401, body: { code } });
    expect(codeOf(await w.logIn(who))).toBe('no_active_account');
  });
});
