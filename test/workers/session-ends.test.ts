/** Users end their sessions, one or all. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { end, idsOf, later, list, type Pair, sidOf } from '../support/session-list.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, atOnce, claimsOf, codeOf, RACE, tally, type World, world } from '../support/world.ts';

const log = capturedLog();
const endAll = (w: World, token: string) => w.delete('/account/sessions', undefined, { token });

/** Both tokens of a session are refused at every endpoint, whatever KV knows. */
async function expectDead(w: World, pair: Pair) {
  expect(codeOf(await w.me(pair.access))).toBe('token_not_valid');
  expect(codeOf(await list(w, pair.access))).toBe('token_not_valid');
  expect(codeOf(await w.refresh(pair.refresh))).toBe('token_not_valid');
  expect(codeOf(await w.verify(pair.refresh))).toBe('token_not_valid');
  expect(codeOf(await w.verify(pair.access))).toBe('token_not_valid');
}

async function expectAlive(w: World, pair: Pair) {
  expect((await w.me(pair.access)).status).toBe(200);
  expect((await w.verify(pair.access)).status).toBe(200);
  expect((await w.verify(pair.refresh)).status).toBe(200);
}

describe('ending one session', () => {
  it('is 204 without a body, and its tokens are invalid at once while the caller’s stay valid', async () => {
    const w = world();
    const own = await w.signUp();
    const [target, bystander] = [await later(w, own), await later(w, own)];
    const answer = await end(w, own.access, sidOf(target));
    expect([answer.status, answer.text]).toEqual([204, '']);
    await expectDead(w, target);
    await expectAlive(w, own);
    await expectAlive(w, bystander);
    expect(await w.sessionOf(target.refresh)).toMatchObject({
      revoked_at: w.clock.now,
      revoked_reason: 'ended',
    });
    expect(await w.kvOf(target.refresh)).toBe('ended');
    expect(await w.kvOf(own.refresh)).toBeNull();
  });

  it('answers with a trailing slash too, and ends no other', async () => {
    const w = world();
    const own = await w.signUp();
    const target = await later(w, own);
    expect((await end(w, own.access, `${sidOf(target)}/`)).status).toBe(204);
    await expectDead(w, target);
    await expectAlive(w, own);
  });

  it('can be the caller’s own: a log-out', async () => {
    const w = world();
    const own = await w.signUp();
    const other = await later(w, own);
    expect((await end(w, own.access, sidOf(own))).status).toBe(204);
    await expectDead(w, own);
    await expectAlive(w, other);
  });

  it('is a line in the log that names user and session', async () => {
    const w = world();
    const own = await w.signUp();
    const target = await later(w, own);
    const answer = await end(w, own.access, sidOf(target));
    expect(log.of('session_ended')).toEqual([
      {
        level: 'info',
        event: 'session_ended',
        request_id: answer.headers.get('X-Request-Id'),
        user: own.user.id,
        session: sidOf(target),
      },
    ]);
  });

  it('of another user is 404, and does not end it', async () => {
    const w = world();
    const [own, other] = [await w.signUp(), await w.signUp()];
    const answer = await end(w, own.access, sidOf(other));
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
    await expectAlive(w, other);
    expect(await w.kvOf(other.refresh)).toBeNull();
  });

  it('of another user and an unknown one get the same answer', async () => {
    const w = world();
    const [own, other] = [await w.signUp(), await w.signUp()];
    const [taken, none] = [
      await end(w, own.access, sidOf(other)),
      await end(w, own.access, crypto.randomUUID()),
    ];
    expect([none.status, none.body]).toEqual([taken.status, taken.body]);
  });

  it.each([
    ['a UUID of nothing', '01900000-0000-7000-8000-000000000000'],
    ['no UUID', 'x'],
    ['a number', '1'],
    ['a wildcard', '%25'],
    ['a star', '*'],
    ['a NUL', '%00'],
    ['bytes that are not UTF-8', '%ff%fe'],
    ['a per cent sign alone', '%'],
    ['SQL', "'%20OR%20'1'='1"],
    ['a slash in code', 'a%2fb'],
    ['a name of objects', '__proto__'],
    ['2,000 characters', 'x'.repeat(2_000)],
  ])('that is %s is 404 and ends nothing', async (_, id) => {
    const w = world();
    const own = await w.signUp();
    const answer = await end(w, own.access, id);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
    await expectAlive(w, own);
  });

  it('whose id is spelled in capitals is an unknown one', async () => {
    const w = world();
    const own = await w.signUp();
    await w.rows(
      "UPDATE sessions SET id = '0190abcd-0000-7000-8000-0000000000ab' WHERE id = ?",
      sidOf(await later(w, own)),
    );
    expect((await end(w, own.access, '0190ABCD-0000-7000-8000-0000000000AB')).status).toBe(404);
    expect((await end(w, own.access, '0190abcd-0000-7000-8000-0000000000ab')).status).toBe(204);
  });

  it.each<[string, (w: World, own: Pair, target: Pair) => Promise<unknown>]>([
    ['was ended before', (w, own, target) => end(w, own.access, sidOf(target))],
    ['was logged out', (w, _, target) => w.logOut(target.refresh)],
    [
      'has expired',
      (w, _, target) =>
        w.rows('UPDATE sessions SET absolute_end_at = ? WHERE id = ?', w.clock.now, sidOf(target)),
    ],
  ])('that %s is 204', async (_, finish) => {
    const w = world();
    const own = await w.signUp();
    const target = await later(w, own);
    await finish(w, own, target);
    w.clock.advance(60);
    expect((await end(w, own.access, sidOf(target))).status).toBe(204);
    await expectDead(w, target);
    await expectAlive(w, own);
  });

  it('that has ended is 204, and writes and logs nothing', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings });
    const own = await w.signUp();
    const target = await later(w, own);
    await w.logOut(target.refresh);
    const before = await w.sessionOf(target.refresh);
    w.clock.advance(60);
    const counts = await counted.of(async () =>
      expect((await end(w, own.access, sidOf(target))).status).toBe(204),
    );
    expect([counts.d1.rowsWritten, counts.kv.puts]).toEqual([0, 0]);
    expect(await w.sessionOf(target.refresh)).toEqual(before);
    expect(log.of('session_ended')).toEqual([]);
  });

  it.each<[string, (w: World, caller: Pair) => Promise<unknown>, string]>([
    ['was logged out', (w, caller) => w.logOut(caller.refresh), 'token_not_valid'],
    [
      'belongs to an inactive user',
      (w, caller) => w.rows('UPDATE users SET is_active = 0 WHERE id = ?', claimsOf(caller.access).sub),
      'user_inactive',
    ],
  ])('by a session that %s is 401, and does not end the other', async (_, finish, code) => {
    const w = world();
    const target = await w.signUp();
    const caller = await later(w, target);
    await finish(w, caller);
    for (const answer of [await end(w, caller.access, sidOf(target)), await endAll(w, caller.access)]) {
      expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    }
    expect((await w.sessionOf(target.refresh))?.revoked_at).toBeNull();
  });

  it.each([
    ['one', (w: World, caller: Pair, target: Pair) => end(w, caller.access, sidOf(target))],
    ['all', (w: World, caller: Pair) => endAll(w, caller.access)],
  ])('(%s) by a session that ends just before it is 401, and does not end the other', async (_, deed) => {
    const plain = world();
    const target = await plain.signUp();
    const caller = await later(plain, target);
    const watched = watchedD1({
      before: ({ number }) =>
        number === 2 &&
        plain.rows(
          "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE id = ?",
          sidOf(caller),
        ),
    });
    const w = world({ bindings: { DB: watched.DB } });
    const answer = await deed(w, caller, target);
    expect(watched.trips).toHaveLength(2);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    await expectAlive(plain, target);
  });

  it.each([
    ['nobody', {}, 'not_authenticated'],
    ['a refresh token', 'refresh', 'token_not_valid'],
  ])('by %s is 401', async (_, kind, code) => {
    const w = world();
    const own = await w.signUp();
    const more = kind === 'refresh' ? { token: own.refresh } : {};
    expect(codeOf(await w.delete(`/account/sessions/${sidOf(own)}`, undefined, more))).toBe(code);
    expect(codeOf(await w.delete('/account/sessions', undefined, more))).toBe(code);
    await expectAlive(w, own);
  });
});

describe('a session that another ended is invalid at once at every endpoint that reads D1, whatever KV has', () => {
  const endpoints: [string, (w: World, pair: Pair) => Promise<Answer>][] = [
    ['reading /me', (w, { access }) => w.me(access)],
    ['changing /me', (w, { access }) => w.patch('/account/me', { name: 'x' }, { token: access })],
    [
      'withdrawal',
      (w, { access }) => w.delete('/account/me', { password: 'correct horse battery' }, { token: access }),
    ],
    [
      'a change of password',
      (w, { access }) =>
        w.post(
          '/account/password/change',
          { current_password: 'correct horse battery', new_password: 'another horse battery' },
          { token: access },
        ),
    ],
    [
      'a change of address',
      (w, { access }) =>
        w.post(
          '/account/email/change',
          { new_email: 'elsewhere@example.com', password: 'correct horse battery' },
          { token: access },
        ),
    ],
    [
      'asking for the mail again',
      (w, { access }) => w.post('/account/email/verify/resend', undefined, { token: access }),
    ],
    ['the list of sessions', (w, { access }) => list(w, access)],
    ['ending a session', (w, pair) => end(w, pair.access, sidOf(pair))],
    ['ending all sessions', (w, { access }) => endAll(w, access)],
    ['refresh', (w, { refresh }) => w.refresh(refresh)],
    ['verify of its refresh token', (w, { refresh }) => w.verify(refresh)],
  ];

  it.each(endpoints)('%s', async (_, endpoint) => {
    const w = world();
    const own = await w.signUp();
    const target = await later(w, own);
    await end(w, own.access, sidOf(target));
    await env.BLACKLIST.delete(`revoked:${sidOf(target)}`);
    const answer = await endpoint(w, target);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    await expectAlive(w, own);
  });

  it('and through KV where D1 is not read: verify of its access token', async () => {
    const watched = watchedD1();
    const w = world({ bindings: { DB: watched.DB } });
    const own = await w.signUp();
    const target = await later(w, own);
    await end(w, own.access, sidOf(target));
    const before = watched.trips.length;
    expect((await w.verify(target.access)).body).toMatchObject({
      code: 'token_not_valid',
      detail: 'Token is blacklisted',
    });
    expect(watched.trips).toHaveLength(before);
  });
});

describe('ending all sessions', () => {
  it('voids a pending change of address, and no reset', async () => {
    const w = world();
    const who = await w.signUp();
    const change = { new_email: `wanted-${who.email}`, password: who.password };
    expect((await w.post('/account/email/change', change, { token: who.access })).status).toBe(202);
    await w.post('/account/password/reset', { email: who.email });
    const tokenTo = async (email: string) =>
      (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages[0].token as string;
    const [changing, resetting] = [await tokenTo(change.new_email), await tokenTo(who.email)];
    expect((await endAll(w, who.access)).status).toBe(204);
    const answer = await w.post('/account/email/verify', { token: changing });
    expect([answer.status, answer.body.errors.token[0].code]).toEqual([400, 'token_not_valid']);
    const reset = { token: resetting, new_password: 'staple another battery' };
    expect((await w.post('/account/password/reset/confirm', reset)).status).toBe(204);
  });

  it('by a session that has ended voids nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const change = { new_email: `wanted-${who.email}`, password: who.password };
    await w.post('/account/email/change', change, { token: who.access });
    await w.logOut(who.refresh);
    expect((await endAll(w, who.access)).status).toBe(401);
    const rows = "SELECT 1 FROM one_time_tokens WHERE subject = ? AND purpose = 'email_change'";
    expect(await w.rows(rows, who.user.id)).toHaveLength(1);
  });

  it('is 204 without a body, ends the caller’s too, and does not affect other users', async () => {
    const w = world();
    const own = await w.signUp();
    const pairs: Pair[] = [own, await later(w, own), await later(w, own)];
    const other = await w.signUp();
    const answer = await endAll(w, own.access);
    expect([answer.status, answer.text]).toEqual([204, '']);
    // Before an endpoint that reads D1 could have written to KV.
    for (const pair of pairs) {
      expect(await w.kvOf(pair.refresh)).toBe('ended');
      expect(await w.sessionOf(pair.refresh)).toMatchObject({ revoked_reason: 'ended' });
    }
    for (const pair of pairs) await expectDead(w, pair);
    await expectAlive(w, other);
    expect(log.of('sessions_ended')).toMatchObject([{ user: own.user.id, ended: 3 }]);
  });

  it('does not affect the account: a log-in works, and its session is the only one', async () => {
    const w = world();
    const own = await w.signUp();
    await endAll(w, own.access);
    const next = await later(w, own);
    expect(await idsOf(w, next.access)).toEqual([sidOf(next)]);
  });

  it('writes to KV once for each live one', async () => {
    const counted = counting();
    const watched = watchedD1();
    const w = world({ bindings: { DB: watched.DB, BLACKLIST: counted.bindings.BLACKLIST } });
    const own = await w.signUp();
    const ended = await later(w, own);
    for (let i = 0; i < 8; i++) await later(w, own);
    await w.logOut(ended.refresh);
    const before = watched.trips.length;
    const cost = await counted.of(() => endAll(w, own.access));
    expect(cost.kv).toEqual({ gets: 0, puts: 9 });
    expect(watched.trips).toHaveLength(before + 2);
  });

  it('a second time is 401: there is no caller any more', async () => {
    const w = world();
    const own = await w.signUp();
    await endAll(w, own.access);
    expect(codeOf(await endAll(w, own.access))).toBe('token_not_valid');
  });

  it('keeps the reason of those that ended before', async () => {
    const w = world();
    const own = await w.signUp();
    const before = await later(w, own);
    await w.logOut(before.refresh);
    await endAll(w, own.access);
    expect(await w.sessionOf(before.refresh)).toMatchObject({ revoked_reason: 'logged_out' });
  });
});

describe('at once', RACE, () => {
  const liveAnswers = (answers: readonly Answer[]) =>
    answers.filter(({ status }) => status === 200).map(({ body }) => body as Pair);

  it('fifty ends of one session all succeed, and end it once', async () => {
    const w = world();
    const own = await w.signUp();
    const target = await later(w, own);
    expect(tally(await atOnce(50, () => end(w, own.access, sidOf(target))))).toEqual({ 204: 50 });
    await expectDead(w, target);
    await expectAlive(w, own);
  });

  it('an end during fifty refreshes leaves nothing valid', async () => {
    const w = world();
    const own = await w.signUp();
    const target = await later(w, own);
    const [ended, ...refreshed] = await Promise.all([
      end(w, own.access, sidOf(target)),
      ...Array.from({ length: 50 }, () => w.refresh(target.refresh)),
    ]);
    expect(ended?.status).toBe(204);
    for (const pair of [target, ...liveAnswers(refreshed)]) await expectDead(w, pair);
    await expectAlive(w, own);
  });

  it('an end of all during fifty refreshes leaves nothing valid', async () => {
    const w = world();
    const own = await w.signUp();
    const other = await later(w, own);
    const [ended, ...refreshed] = await Promise.all([
      endAll(w, own.access),
      ...Array.from({ length: 50 }, (_, i) => w.refresh((i % 2 ? own : other).refresh)),
    ]);
    expect(ended?.status).toBe(204);
    for (const pair of [own, other, ...liveAnswers(refreshed)]) await expectDead(w, pair);
  });

  it('of two sessions that end each other one wins, and stays live', async () => {
    const w = world();
    const one = await w.signUp();
    const two = await later(w, one);
    const answers = await Promise.all([end(w, one.access, sidOf(two)), end(w, two.access, sidOf(one))]);
    expect(tally(answers)).toEqual({ 204: 1, 401: 1 });
    const [winner, loser] = answers[0].status === 204 ? [one, two] : [two, one];
    await expectAlive(w, winner);
    await expectDead(w, loser);
  });

  it('of fifty ends of all one is 204, the others are 401', async () => {
    const w = world();
    const own = await w.signUp();
    const answers = await atOnce(50, () => endAll(w, own.access));
    expect(tally(answers)).toEqual({ 204: 1, 401: 49 });
    await expectDead(w, own);
  });
});
