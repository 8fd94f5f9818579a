/** The life of a session: refresh in its six steps, replay, log-out, verify, lifetimes and the limit. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { FORGERIES, resigned, signed } from '../support/tokens.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  RACE,
  type SessionRow,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const DAY = 86_400;

const BLACKLISTED = { status: 401, code: 'token_not_valid', detail: 'Token is blacklisted' };
const REFRESH_INVALID = { status: 401, code: 'token_not_valid', detail: 'Token is invalid' };
const REFRESH_EXPIRED = { status: 401, code: 'token_not_valid', detail: 'Token is expired' };
const ACCESS_INVALID = {
  status: 401,
  code: 'token_not_valid',
  detail: 'Given token not valid for any token type',
};

/** What makes two refresh tokens one. */
const identityOf = (token: string) => {
  const { jti, iat, exp } = claimsOf(token);
  return { jti, iat, exp };
};
const distinct = <T>(values: readonly T[]) => [...new Set(values.map((value) => JSON.stringify(value)))];
const refreshOf = ({ body }: Answer): string => body.refresh as string;
const accessOf = ({ body }: Answer): string => body.access as string;

/** A pair of a session that `w` refreshes once: the consumed token, and its successor. */
async function rotated(w: World) {
  const who = await w.signUp();
  const answer = await w.refresh(who.refresh);
  expect(answer.status).toBe(200);
  return { ...who, used: who.refresh, newest: refreshOf(answer), newestAccess: accessOf(answer) };
}

/** Both tokens of a session are refused at every door; at verify first, as any other tells KV what it finds. */
async function expectDead(w: World, tokens: { access: string; refresh: string }) {
  expect((await w.verify(tokens.access)).status).toBe(401);
  expect((await w.verify(tokens.refresh)).status).toBe(401);
  expect((await w.me(tokens.access)).status).toBe(401);
  expect((await w.refresh(tokens.refresh)).status).toBe(401);
}

async function expectAlive(w: World, tokens: { access: string; refresh: string }) {
  expect((await w.me(tokens.access)).status).toBe(200);
  expect((await w.verify(tokens.access)).status).toBe(200);
  expect((await w.verify(tokens.refresh)).status).toBe(200);
  expect((await w.refresh(tokens.refresh)).status).toBe(200);
}

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

  it('after the grace end the session once, and the log has one security event', async () => {
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

  it('without blacklisting all get successors of their own, and all of them live', async () => {
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

describe('nothing older lives after the answer, whatever runs beside it', RACE, () => {
  const beside = async (w: World, token: string, end: () => Promise<Answer>) => {
    const [ended, ...answers] = await Promise.all([
      end(),
      ...Array.from({ length: 50 }, () => w.refresh(token)),
    ]);
    expect(ended?.status).toBe(204);
    return answers.filter(({ status }) => status === 200).map(({ body }) => body);
  };

  it('fifty refreshes beside a log-out', async () => {
    const w = world();
    const who = await w.signUp();
    const pairs = await beside(w, who.refresh, () => w.logOut(who.refresh));
    await Promise.all([who, ...pairs].map((pair) => expectDead(w, pair)));
  });

  it('fifty refreshes beside a withdrawal', async () => {
    const w = world();
    const who = await w.signUp();
    const pairs = await beside(w, who.refresh, () =>
      w.delete('/account/me', { password: who.password }, { token: who.access }),
    );
    await Promise.all([who, ...pairs].map((pair) => expectDead(w, pair)));
    expect(await w.rows('SELECT 1 FROM sessions WHERE user_id = ?', who.user.id)).toEqual([]);
  });

  it('fifty refreshes of a replayed token beside fifty of the newest', async () => {
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

  it('fifty refreshes of a used token beside fifty of its successor, within the grace', async () => {
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

  it('fifty log-outs with one token are all content', async () => {
    const w = world();
    const who = await w.signUp();
    expect(tally(await atOnce(50, () => w.logOut(who.refresh)))).toEqual({ 204: 50 });
    await expectDead(w, who);
    expect(await w.revokedOf(who.refresh)).toHaveLength(1);
  });

  it('fifty verifications beside fifty refreshes disturb nothing', async () => {
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

  it('is told of a session that KV knows to be dead without asking D1', async () => {
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

  it('tells KV what only D1 knew', async () => {
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

  it('moves the last use once an hour, not more often', async () => {
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

describe('the grace', () => {
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

  it('gives the same successor until its end, and writes one row', async () => {
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

  it('gives an access token of its own time to each', async () => {
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
  ])('lets a phone go on after a lost answer and %s', async (_, vars, asleep) => {
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
  ])('is over once the successor has been used: %s', async (_, vars, later) => {
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

  it('of one token is over by the use of its own successor, not by that of another session’s', async () => {
    const w = world();
    const { used, ...who } = await rotated(w);
    const other = (await w.logIn(who)).body;
    await w.refresh(other.refresh);
    expect((await w.refresh(used)).status).toBe(200);
  });

  it('survives verifications of the successor and the use of its access token', async () => {
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
  ])('gives nothing where %s meanwhile', async (_, sql, code) => {
    const w = world();
    const { used, user } = await rotated(w);
    await w.rows(sql, user.id);
    const answer = await w.refresh(used);
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
  });
});

describe('a replay after the grace', () => {
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

  it('is one security event in the log, which names user and session and no token', async () => {
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

  it('by a token that has expired meanwhile changes nothing', async () => {
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

  it('verify finds a used token good', async () => {
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

  it('moves the last use of an old session', async () => {
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

  it('holds at once on the paths that read D1, even where KV does not know', async () => {
    const w = world();
    const who = await w.signUp();
    await w.logOut(who.refresh);
    await env.BLACKLIST.delete(`revoked:${claimsOf(who.refresh).sid}`);
    expect((await w.me(who.access)).body).toMatchObject(ACCESS_INVALID);
    expect((await w.patch('/account/me', { name: 'x' }, { token: who.access })).status).toBe(401);
    expect((await w.refresh(who.refresh)).body).toMatchObject(BLACKLISTED);
  });

  it('leaves the user’s other sessions alive', async () => {
    const w = world();
    const who = await w.signUp();
    const other = (await w.logIn(who)).body;
    await w.logOut(who.refresh);
    await expectAlive(w, other);
  });

  it.each([
    ['the same token', {}],
    ['another token of the session', { BLACKLIST_AFTER_ROTATION: 'false' }],
  ])('a second time, with %s, is content, and writes and logs nothing', async (_, vars: Vars) => {
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

  it('with an expired refresh token is content, and its session ends', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(DAY - 1);
    const newest = (await w.refresh(who.refresh)).body;
    w.clock.advance(2);
    expect((await w.logOut(who.refresh)).status).toBe(204);
    await expectDead(w, newest);
  });

  it('with a token years past its end is content', async () => {
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
  ])('is content where the user %s', async (_, sql) => {
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

describe('a token of one kind works at its own door only', () => {
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
    'verify takes a good %s token and answers an empty object',
    async (kind) => {
      const w = world();
      const who = await w.signUp();
      const answer = await w.verify(who[kind]);
      expect([answer.status, answer.body]).toEqual([200, {}]);
    },
  );
});

describe('a rightly signed token with odd claims is refused at every door', () => {
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

  it('one of another user’s session is refused, and that session lives', async () => {
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

describe('where KV is away, D1 says how a session stands', () => {
  const gone = {
    get: () => Promise.reject(new Error('KV GET failed: 503')),
    put: () => Promise.reject(new Error()),
  };
  const away = (vars: Vars = {}) => world({ vars, bindings: { BLACKLIST: gone as never } });

  it('at refresh and at verify, of a session that lives', async () => {
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
  ])('at %s, of one that has ended, and nothing is written to KV', async (_, door) => {
    const who = await world().signUp();
    await world().rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', who.user.id);
    const answer = await door(away(), who);
    expect([answer.status, answer.body]).toMatchObject([401, BLACKLISTED]);
    expect(log.of('kv_unavailable').map(({ call }) => call)).toEqual(['blacklist.find']);
  });

  it('and what D1 says of a dead session is told to a KV that did not know, once', async () => {
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

describe('verify never touches a session', () => {
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

  it('a replayed one is told apart, and the newest lives on', async () => {
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
  ])('is told %s at refresh and at /me, and cannot log in', async (code, sql) => {
    const w = world();
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    expect(await w.me(who.access)).toMatchObject({ status: 401, body: { code } });
    expect(await w.refresh(who.refresh)).toMatchObject({ status: 401, body: { code } });
    expect(codeOf(await w.logIn(who))).toBe('no_active_account');
  });
});

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
