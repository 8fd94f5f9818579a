/** Refresh: rotation, the grace period, replays, and many refreshes at once. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  ACCESS_INVALID,
  accessOf,
  BLACKLISTED,
  distinct,
  expectAlive,
  expectDead,
  REFRESH_EXPIRED,
  REFRESH_INVALID,
  refreshOf,
  rotated,
} from '../support/sessions.ts';
import { FORGERIES } from '../support/tokens.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const DAY = 86_400;

/** What makes two refresh tokens one. */
const identityOf = (token: string) => {
  const { jti, iat, exp } = claimsOf(token);
  return { jti, iat, exp };
};

describe('fifty refreshes of one token at once', RACE, () => {
  it('all get the same successor, and one row is written', async () => {
    const w = world();
    const who = await w.signUp();
    const answers = await atOnce(50, () => w.refresh(who.refresh));
    expect(tally(answers)).toEqual({ 200: 50 });
    expect(distinct(answers.map((answer) => identityOf(refreshOf(answer))))).toHaveLength(1);
    const rows = await w.revokedOf(who.refresh);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      jti: claimsOf(who.refresh).jti,
      expires_at: claimsOf(who.refresh).exp,
      reason: 'rotated',
      successor_jti: claimsOf(refreshOf(answers[0] as Answer)).jti,
    });
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
    await expectAlive(w, answers[49]?.body);
  });

  it('in strict mode have exactly one winner, and the session ends, the winner’s token too', async () => {
    const w = world({ vars: { REFRESH_REUSE_GRACE: '0s' } });
    const who = await w.signUp();
    const answers = await atOnce(50, () => w.refresh(who.refresh));
    expect(tally(answers)).toEqual({ 200: 1, 401: 49 });
    const winner = answers.find(({ status }) => status === 200) as Answer;
    await expectDead(w, winner.body);
    await expectDead(w, who);
    expect(await w.sessionOf(who.refresh)).toMatchObject({ revoked_reason: 'replayed' });
    expect(log.of('refresh_token_replayed')).toHaveLength(1);
  });

  it('after the grace period end the session once, and the log has one security event', async () => {
    const w = world();
    const { used, newest, newestAccess, user } = await rotated(w);
    w.clock.advance(61);
    const answers = await atOnce(50, () => w.refresh(used));
    expect(tally(answers)).toEqual({ 401: 50 });
    expect(distinct(answers.map(({ body }) => body.detail))).toEqual(['"Token is blacklisted"']);
    await expectDead(w, { access: newestAccess, refresh: newest });
    expect(log.of('refresh_token_replayed')).toMatchObject([
      { level: 'warn', user: user.id, session: claimsOf(used).sid },
    ]);
  });

  it('without blacklisting all get different successors, and all of them are valid', async () => {
    const w = world({ vars: { BLACKLIST_AFTER_ROTATION: 'false' } });
    const who = await w.signUp();
    const answers = await atOnce(50, () => w.refresh(who.refresh));
    expect(tally(answers)).toEqual({ 200: 50 });
    expect(distinct(answers.map((answer) => claimsOf(refreshOf(answer)).jti))).toHaveLength(50);
    const again = await Promise.all(answers.map((answer) => w.refresh(refreshOf(answer))));
    expect(tally(again)).toEqual({ 200: 50 });
  });

  it('without rotation all get an access token', async () => {
    const w = world({ vars: { ROTATE_REFRESH_TOKENS: 'false' } });
    const who = await w.signUp();
    const answers = await atOnce(50, () => w.refresh(who.refresh));
    expect(tally(answers)).toEqual({ 200: 50 });
  });
});

describe('nothing older is valid after the response, whatever runs at the same time', RACE, () => {
  const beside = async (w: World, token: string, end: () => Promise<Answer>) => {
    const [ended, ...answers] = await Promise.all([
      end(),
      ...Array.from({ length: 50 }, () => w.refresh(token)),
    ]);
    expect(ended?.status).toBe(204);
    return answers.filter(({ status }) => status === 200).map(({ body }) => body);
  };

  it('fifty refreshes during a log-out', async () => {
    const w = world();
    const who = await w.signUp();
    const pairs = await beside(w, who.refresh, () => w.logOut(who.refresh));
    await Promise.all([who, ...pairs].map((pair) => expectDead(w, pair)));
  });

  it('fifty refreshes during a withdrawal', async () => {
    const w = world();
    const who = await w.signUp();
    const pairs = await beside(w, who.refresh, () =>
      w.delete('/account/me', { password: who.password }, { token: who.access }),
    );
    await Promise.all([who, ...pairs].map((pair) => expectDead(w, pair)));
    expect(await w.rows('SELECT 1 FROM sessions WHERE user_id = ?', who.user.id)).toEqual([]);
  });

  it('fifty refreshes of a replayed token during fifty of the newest', async () => {
    const w = world();
    const { used, newest } = await rotated(w);
    w.clock.advance(61);
    const [replays, honest] = await Promise.all([
      atOnce(50, () => w.refresh(used)),
      atOnce(50, () => w.refresh(newest)),
    ]);
    expect(tally(replays)).toEqual({ 401: 50 });
    const pairs = honest.filter(({ status }) => status === 200).map(({ body }) => body);
    await Promise.all(pairs.map((pair) => expectDead(w, pair)));
    expect((await w.refresh(newest)).body).toMatchObject(BLACKLISTED);
  });

  it('fifty refreshes of a used token during fifty of its successor, within the grace period', async () => {
    const w = world();
    const { used, newest, newestAccess } = await rotated(w);
    const [old, young] = await Promise.all([
      atOnce(50, () => w.refresh(used)),
      atOnce(50, () => w.refresh(newest)),
    ]);
    // Whoever retries before the successor is used gets it; the first one after that ends the session.
    expect(distinct(old.flatMap(({ body }) => (body.refresh ? [identityOf(body.refresh)] : [])))).toEqual(
      old.some(({ status }) => status === 200) ? [JSON.stringify(identityOf(newest))] : [],
    );
    const given = young.filter(({ status }) => status === 200);
    expect(distinct(given.map((answer) => identityOf(refreshOf(answer)))).length).toBeLessThanOrEqual(1);
    const ended = old.some(({ status }) => status === 401);
    expect((await w.sessionOf(used))?.revoked_reason).toBe(ended ? 'replayed' : null);
    const pairs = [...given.map(({ body }) => body), { access: newestAccess, refresh: newest }];
    for (const pair of ended ? pairs : []) await expectDead(w, pair);
    expect(log.of('refresh_token_replayed')).toHaveLength(ended ? 1 : 0);
    expect((await w.refresh(used)).status).toBe(401);
  });

  it('fifty log-outs with one token all succeed', async () => {
    const w = world();
    const who = await w.signUp();
    expect(tally(await atOnce(50, () => w.logOut(who.refresh)))).toEqual({ 204: 50 });
    await expectDead(w, who);
    expect(await w.revokedOf(who.refresh)).toHaveLength(1);
  });

  it('fifty verifications during fifty refreshes change nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const [verified, refreshed] = await Promise.all([
      atOnce(50, () => w.verify(who.refresh)),
      atOnce(50, () => w.refresh(who.refresh)),
    ]);
    expect(tally([...verified, ...refreshed])).toEqual({ 200: 100 });
    expect(distinct(refreshed.map((answer) => identityOf(refreshOf(answer))))).toHaveLength(1);
  });
});

describe('a refresh', () => {
  it('answers a new access and a new refresh token of the same session and user', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(60);
    const { body } = await w.refresh(who.refresh);
    expect(Object.keys(body).sort()).toEqual(['access', 'refresh']);
    const { sid, sub } = claimsOf(who.refresh);
    const now = w.clock.now;
    expect(claimsOf(body.access)).toMatchObject({
      token_type: 'access',
      sid,
      sub,
      iat: now,
      exp: now + HOUR,
    });
    expect(claimsOf(body.refresh)).toMatchObject({
      token_type: 'refresh',
      sid,
      sub,
      iat: now,
      exp: now + DAY,
    });
    expect(claimsOf(body.refresh).jti).not.toBe(claimsOf(who.refresh).jti);
  });

  it('can be repeated through a long chain, each token once', async () => {
    const w = world();
    let { refresh } = await w.signUp();
    const seen = new Set([claimsOf(refresh).jti]);
    for (let i = 0; i < 20; i++) {
      w.clock.advance(HOUR);
      refresh = refreshOf(await w.refresh(refresh));
      seen.add(claimsOf(refresh).jti);
    }
    expect(seen.size).toBe(21);
    expect(await w.revokedOf(refresh)).toHaveLength(20);
  });

  it('of a user who became staff says so in the access token, and no longer once that is over', async () => {
    const w = world();
    const who = await w.signUp();
    const { sub } = claimsOf(who.refresh);
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', sub);
    const promoted = await w.refresh(who.refresh);
    expect(claimsOf(accessOf(promoted)).is_staff).toBe(true);
    await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', sub);
    const demoted = await w.refresh(refreshOf(promoted));
    expect(claimsOf(accessOf(demoted))).not.toHaveProperty('is_staff');
  });

  it('of a session that KV knows to be dead is 401 without a call to D1', async () => {
    const who = await world().signUp();
    const watched = watchedD1();
    await env.BLACKLIST.put(`revoked:${claimsOf(who.refresh).sid}`, 'logged_out', { expirationTtl: 60 });
    const answer = await world({ bindings: { DB: watched.DB } }).refresh(who.refresh);
    expect(answer.body).toMatchObject(BLACKLISTED);
    expect(watched.trips).toEqual([]);
  });

  it.each([
    ['withdrawn', 'user_not_found'],
    ['deactivated', 'user_inactive'],
    ['demoted', 'token_not_valid'],
    ['logged_out', 'token_not_valid'],
    ['ended', 'token_not_valid'],
    ['evicted', 'token_not_valid'],
    ['replayed', 'token_not_valid'],
    ['password_changed', 'token_not_valid'],
    ['password_reset', 'token_not_valid'],
  ])('reads %s in KV as %s, as verify does', async (reason, code) => {
    const w = world();
    const who = await w.signUp();
    await env.BLACKLIST.put(`revoked:${claimsOf(who.refresh).sid}`, reason, { expirationTtl: 60 });
    expect(codeOf(await w.refresh(who.refresh))).toBe(code);
    expect(codeOf(await w.verify(who.refresh))).toBe(code);
    expect(codeOf(await w.verify(who.access))).toBe(code);
  });

  it('writes to KV what only D1 knew', async () => {
    const w = world();
    const who = await w.signUp();
    const { sid } = claimsOf(who.refresh);
    await w.rows("UPDATE sessions SET revoked_at = 1, revoked_reason = 'password_reset' WHERE id = ?", sid);
    expect((await w.verify(who.access)).status).toBe(200);
    expect((await w.refresh(who.refresh)).body).toMatchObject(BLACKLISTED);
    expect(await w.kvOf(who.refresh)).toBe('password_reset');
    expect((await w.verify(who.access)).body).toMatchObject(BLACKLISTED);
  });

  it('writes nothing to KV on an ordinary rotation', async () => {
    const w = world();
    const { used } = await rotated(w);
    expect(await w.kvOf(used)).toBeNull();
  });

  it('updates the last use once an hour, not more often', async () => {
    const w = world();
    let { refresh } = await w.signUp();
    const made = w.clock.now;
    const lastUses: (number | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      w.clock.advance(HOUR / 2);
      refresh = refreshOf(await w.refresh(refresh));
      lastUses.push((await w.sessionOf(refresh))?.last_used_at);
    }
    expect(lastUses.map((at) => (at ?? 0) - made)).toEqual([0, HOUR, HOUR, 2 * HOUR, 2 * HOUR]);
  });
});

describe('the grace period', () => {
  it.each<[string, string, number, 200 | 401]>([
    ['at once', '10s', 0, 200],
    ['a second later', '10s', 1, 200],
    ['a second before its end', '10s', 9, 200],
    ['at its end', '10s', 10, 200],
    ['a second past its end', '10s', 11, 401],
    ['at the end of one of a second', '1s', 1, 200],
    ['past the end of one of a second', '1s', 2, 401],
    ['at the end of one of an hour', '1h', HOUR, 200],
    ['past the end of one of an hour', '1h', HOUR + 1, 401],
    ['at once where there is none', '0s', 0, 401],
    ['later where there is none', '0s', 1, 401],
    ['by a clock a second behind', '10s', -1, 200],
    ['by a clock a minute behind', '10s', -60, 200],
    ['by a clock behind where there is none', '0s', -60, 401],
  ])('a second use %s (grace %s, %i s on) is %i', async (_, grace, later, status) => {
    const w = world({ vars: { REFRESH_REUSE_GRACE: grace } });
    const who = await w.signUp();
    w.clock.advance(100);
    const first = await w.refresh(who.refresh);
    w.clock.advance(later);
    const second = await w.refresh(who.refresh);
    expect(second.status).toBe(status);
    const session = await w.sessionOf(who.refresh);
    expect(session?.revoked_at).toBe(status === 200 ? null : w.clock.now);
    expect(
      distinct([first, second].flatMap(({ body }) => (body.refresh ? identityOf(body.refresh) : []))),
    ).toEqual([JSON.stringify(identityOf(refreshOf(first)))]);
  });

  it('returns the same successor until its end, and writes one row', async () => {
    const w = world();
    const who = await w.signUp();
    const tokens: string[] = [];
    for (let i = 0; i <= 12; i++) {
      tokens.push(refreshOf(await w.refresh(who.refresh)));
      w.clock.advance(5);
    }
    expect(distinct(tokens.map(identityOf))).toHaveLength(1);
    expect(await w.revokedOf(who.refresh)).toHaveLength(1);
  });

  it('returns an access token with its own time to each', async () => {
    const w = world();
    const who = await w.signUp();
    const first = claimsOf(accessOf(await w.refresh(who.refresh)));
    w.clock.advance(5);
    const second = claimsOf(accessOf(await w.refresh(who.refresh)));
    expect(second).toMatchObject({ iat: (first.iat as number) + 5, sid: first.sid });
    expect(second.jti).not.toBe(first.jti);
  });

  it('holds for the second generation too: a retry of the successor gets the successor’s successor', async () => {
    const w = world();
    const { newest } = await rotated(w);
    const [first, second] = [await w.refresh(newest), await w.refresh(newest)];
    expect(identityOf(refreshOf(second))).toEqual(identityOf(refreshOf(first)));
  });

  it('runs from the consumption by rotation, not from the last retry', async () => {
    const w = world();
    const { used } = await rotated(w);
    w.clock.advance(48);
    expect((await w.refresh(used)).status).toBe(200);
    w.clock.advance(48);
    expect((await w.refresh(used)).status).toBe(401);
  });

  it.each<[string, Vars, number]>([
    ['twelve seconds of sleep', {}, 12],
    ['five minutes of sleep', { REFRESH_REUSE_GRACE: '10m' }, 300],
  ])('keeps a phone signed in after a lost answer and %s', async (_, vars, asleep) => {
    const w = world({ vars });
    const who = await w.signUp();
    const lost = await w.refresh(who.refresh);
    w.clock.advance(asleep);
    const again = await w.refresh(who.refresh);
    expect(identityOf(refreshOf(again))).toEqual(identityOf(refreshOf(lost)));
    await expectAlive(w, again.body);
  });

  it.each<[string, Vars, number]>([
    ['at once', {}, 0],
    ['well within it', {}, 30],
    ['at its end', {}, 60],
    ['within one of an hour', { REFRESH_REUSE_GRACE: '1h' }, 3_000],
    ['by a clock behind', {}, -3],
    ['where the session’s end cuts the successor short', { SESSION_MAX_LIFETIME: '2h' }, 5],
  ])('ends once the successor has been used: %s', async (_, vars, later) => {
    const w = world({ vars });
    const { used, newest } = await rotated(w);
    const last = (await w.refresh(newest)).body;
    w.clock.advance(later);
    expect((await w.verify(used)).body).toMatchObject(BLACKLISTED);
    expect((await w.sessionOf(used))?.revoked_at).toBeNull();
    expect((await w.refresh(used)).body).toMatchObject(BLACKLISTED);
    expect(await w.sessionOf(used)).toMatchObject({ revoked_at: w.clock.now, revoked_reason: 'replayed' });
    await expectDead(w, last);
    expect(log.of('refresh_token_replayed')).toHaveLength(1);
  });

  it('of one token ends with the use of its own successor, not of another session’s', async () => {
    const w = world();
    const { used, ...who } = await rotated(w);
    const other = (await w.logIn(who)).body;
    await w.refresh(other.refresh);
    expect((await w.refresh(used)).status).toBe(200);
  });

  it('is not ended by verifications of the successor and the use of its access token', async () => {
    const w = world();
    const { used, newest, newestAccess } = await rotated(w);
    expect([(await w.verify(newest)).status, (await w.me(newestAccess)).status]).toEqual([200, 200]);
    expect(identityOf(refreshOf(await w.refresh(used)))).toEqual(identityOf(newest));
  });

  it.each([
    [
      'the session ended',
      "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?",
      'token_not_valid',
    ],
    ['the user is inactive', 'UPDATE users SET is_active = 0 WHERE id = ?', 'user_inactive'],
    ['the user is gone', 'DELETE FROM users WHERE id = ?', 'user_not_found'],
  ])('returns nothing if %s in the meantime', async (_, sql, code) => {
    const w = world();
    const { used, user } = await rotated(w);
    await w.rows(sql, user.id);
    const answer = await w.refresh(used);
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
  });
});

describe('a replay after the grace period', () => {
  it('ends the whole session, the newest token included', async () => {
    const w = world();
    const { used, newest, newestAccess } = await rotated(w);
    w.clock.advance(61);
    expect((await w.refresh(used)).body).toMatchObject(BLACKLISTED);
    expect(await w.kvOf(used)).toBe('replayed');
    expect(await w.sessionOf(used)).toMatchObject({ revoked_at: w.clock.now, revoked_reason: 'replayed' });
    expect((await w.verify(newestAccess)).body).toMatchObject(BLACKLISTED);
    expect((await w.verify(newest)).body).toMatchObject(BLACKLISTED);
    expect((await w.me(newestAccess)).body).toMatchObject(ACCESS_INVALID);
    expect((await w.refresh(newest)).body).toMatchObject(BLACKLISTED);
  });

  it('of a token many generations old ends it too', async () => {
    const w = world();
    const who = await w.signUp();
    let newest = who.refresh;
    for (let i = 0; i < 5; i++) {
      w.clock.advance(60);
      newest = refreshOf(await w.refresh(newest));
    }
    expect((await w.refresh(who.refresh)).status).toBe(401);
    expect((await w.refresh(newest)).status).toBe(401);
  });

  it('with one token again and again writes to KV once', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings });
    const who = await w.signUp();
    const puts = async () => (await counted.of(() => w.logOut(who.refresh))).kv.puts;
    expect([await puts(), await puts(), await puts()]).toEqual([1, 0, 0]);
  });

  it('leaves the user’s other sessions alive', async () => {
    const w = world();
    const { used, ...who } = await rotated(w);
    const other = (await w.logIn(who)).body;
    w.clock.advance(61);
    expect((await w.refresh(used)).status).toBe(401);
    await expectAlive(w, other);
  });

  it('leaves other people’s sessions alive', async () => {
    const w = world();
    const { used } = await rotated(w);
    const other = await w.signUp();
    w.clock.advance(61);
    await w.refresh(used);
    await expectAlive(w, other);
  });

  it('is one security event in the log, which names user and session but no token', async () => {
    const w = world();
    const { used, user } = await rotated(w);
    w.clock.advance(61);
    const answer = await w.refresh(used);
    await w.refresh(used);
    expect(log.of('refresh_token_replayed')).toEqual([
      {
        level: 'warn',
        event: 'refresh_token_replayed',
        request_id: answer.headers.get('X-Request-Id'),
        user: user.id,
        session: claimsOf(used).sid,
      },
    ]);
  });

  it('with an expired token changes nothing', async () => {
    const w = world({ vars: { SESSION_MAX_LIFETIME: '30d' } });
    const { used, newest } = await rotated(w);
    w.clock.advance(DAY - 1);
    const third = refreshOf(await w.refresh(newest));
    w.clock.advance(1);
    expect((await w.refresh(used)).body).toMatchObject(REFRESH_EXPIRED);
    expect((await w.refresh(third)).status).toBe(200);
  });

  it.each(FORGERIES)('by %s changes nothing', async (_, forge) => {
    const w = world();
    const { used, newest } = await rotated(w);
    w.clock.advance(61);
    expect((await w.refresh(await forge(used))).body).toMatchObject(REFRESH_INVALID);
    expect((await w.refresh(newest)).status).toBe(200);
  });
});

describe('with ROTATE_REFRESH_TOKENS=false', () => {
  const vars: Vars = { ROTATE_REFRESH_TOKENS: 'false' };

  it('a refresh answers an access token alone, again and again, and writes no row', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    for (let i = 0; i < 3; i++) {
      w.clock.advance(60);
      const answer = await w.refresh(who.refresh);
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body)).toEqual(['access']);
      expect((await w.me(accessOf(answer))).status).toBe(200);
    }
    expect(await w.revokedOf(who.refresh)).toEqual([]);
  });

  it('the refresh token is good until its own end, and no longer', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    w.clock.advance(DAY - 1);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    w.clock.advance(1);
    expect((await w.refresh(who.refresh)).body).toMatchObject(REFRESH_EXPIRED);
  });

  it('log-out ends the session all the same', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    const { access } = (await w.refresh(who.refresh)).body;
    expect((await w.logOut(who.refresh)).status).toBe(204);
    await expectDead(w, who);
    await expectDead(w, { access, refresh: who.refresh });
  });
});

describe('with BLACKLIST_AFTER_ROTATION=false', () => {
  const vars: Vars = { BLACKLIST_AFTER_ROTATION: 'false', REFRESH_REUSE_GRACE: '0s' };

  it('every refresh answers a fresh successor, consumes nothing and knows no replay', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    const tokens: string[] = [];
    for (let i = 0; i < 3; i++) {
      w.clock.advance(60);
      tokens.push(refreshOf(await w.refresh(who.refresh)));
    }
    expect(distinct(tokens.map((token) => claimsOf(token).jti))).toHaveLength(3);
    expect(await w.revokedOf(who.refresh)).toEqual([]);
    expect(log.of('refresh_token_replayed')).toEqual([]);
    expect(tally(await Promise.all(tokens.map((token) => w.refresh(token))))).toEqual({ 200: 3 });
  });

  it('verify accepts a used token', async () => {
    const w = world({ vars });
    const { used } = await rotated(w);
    w.clock.advance(HOUR);
    expect((await w.verify(used)).status).toBe(200);
  });

  it('log-out with any of them ends the session all the same', async () => {
    const w = world({ vars });
    const { used, newest, newestAccess } = await rotated(w);
    expect((await w.logOut(used)).status).toBe(204);
    await expectDead(w, { access: newestAccess, refresh: newest });
  });
});

describe.each<[string, Vars]>([
  ['without rotation', { ROTATE_REFRESH_TOKENS: 'false' }],
  ['without blacklisting', { BLACKLIST_AFTER_ROTATION: 'false' }],
  ['by default', {}],
  ['in strict mode', { REFRESH_REUSE_GRACE: '0s' }],
])('a refresh %s', (_, vars) => {
  it.each([
    ['user_inactive', 'UPDATE users SET is_active = 0 WHERE id = ?', 'deactivated'],
    ['user_not_found', 'DELETE FROM users WHERE id = ?', 'withdrawn'],
    ['token_not_valid', 'DELETE FROM sessions WHERE user_id = ?', 'ended'],
    [
      'token_not_valid',
      "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?",
      'ended',
    ],
    ['token_not_valid', 'UPDATE sessions SET absolute_end_at = 1 WHERE user_id = ?', 'ended'],
  ])('is refused as %s after %s, which KV then knows', async (code, sql, reason) => {
    const w = world({ vars });
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    const answer = await w.refresh(who.refresh);
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    expect(await w.revokedOf(who.refresh)).toEqual([]);
    expect(await w.kvOf(who.refresh)).toBe(reason);
    expect(codeOf(await w.refresh(who.refresh))).toBe(code);
  });

  it('updates the last use of an old session', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    w.clock.advance(HOUR);
    await w.refresh(who.refresh);
    expect(await w.sessionOf(who.refresh)).toMatchObject({
      last_used_at: w.clock.now,
      expires_at: w.clock.now + DAY + HOUR,
    });
  });
});
