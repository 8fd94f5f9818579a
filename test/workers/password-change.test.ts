/** A change of password, and what runs at the same time. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  change,
  confirm,
  expectAlive,
  expectDead,
  expectPassword,
  logIn,
  mailsTo,
  oneTimeTokensOf,
  type Pair,
  resetToken,
  WEAK,
} from '../support/passwords.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, codeOf, faultsOf, person, RACE, tally, type World, world } from '../support/world.ts';

const log = capturedLog();

const OLD = 'correct horse battery';
const NEW = 'staple of another colour';

describe('a change of password', () => {
  it('is 204 without a body: the new password is good, the old one is not', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await change(w, who.access);
    expect([answer.status, answer.text]).toEqual([204, '']);
    await expectPassword(w, who.email, NEW, OLD);
  });

  it('ends all other sessions at once, and leaves the caller’s', async () => {
    const w = world();
    const who = await w.signUp();
    const others: Pair[] = [(await w.logIn(who)).body, (await w.logIn(who)).body];
    await change(w, who.access);
    for (const other of others) {
      await expectDead(w, other);
      expect(await w.sessionOf(other.refresh)).toMatchObject({
        revoked_at: w.clock.now,
        revoked_reason: 'password_changed',
      });
      expect(await w.kvOf(other.refresh)).toBe('password_changed');
    }
    await expectAlive(w, who);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    expect(log.of('password_changed')).toMatchObject([{ user: who.user.id, ended: 2 }]);
  });

  it('does not affect other users’ sessions', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    await change(w, who.access);
    await expectAlive(w, other);
  });

  it('notifies the owner by email', async () => {
    const w = world();
    const who = await w.signUp();
    await change(w, who.access);
    const [mail] = await mailsTo(w, who.email);
    expect(mail).toMatchObject({ subject: 'Your password was changed', token: null });
  });

  it('works with MAIL=off, and for a user without an address', async () => {
    const w = world({ vars: { MAIL: 'off' } });
    const who = await w.signUp({ ...person(), username: `u${crypto.randomUUID().slice(0, 8)}` });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    expect((await change(w, who.access)).status).toBe(204);
    const silent = await world().signUp({
      ...person(),
      username: `u${crypto.randomUUID().slice(0, 8)}`,
    });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', silent.user.id);
    expect((await change(world(), silent.access)).status).toBe(204);
  });

  it('with a wrong current password is 400 under current_password, and changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const other: Pair = (await w.logIn(who)).body;
    const answer = await change(w, who.access, NEW, 'wrong horse battery');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid', detail: 'Invalid input.' });
    expect(answer.body.errors).toEqual({
      current_password: [
        {
          code: 'password_incorrect',
          message: 'Your password was entered incorrectly. Please enter it again.',
        },
      ],
    });
    await expectAlive(w, other);
    await expectPassword(w, who.email, OLD, NEW);
    expect(log.of('password_incorrect')).toMatchObject([{ level: 'warn', user: who.user.id }]);
  });

  it('with a wrong current and a weak new password reports both', async () => {
    const w = world();
    const who = await w.signUp();
    expect(faultsOf(await change(w, who.access, '1234', 'wrong horse battery'))).toEqual({
      current_password: ['password_incorrect'],
      new_password: ['password_too_short', 'password_entirely_numeric'],
    });
  });

  it.each(WEAK)(
    'to one that is %s is 400 under new_password, and changes nothing',
    async (_, next, codes) => {
      const w = world();
      const who = await w.signUp();
      const other: Pair = (await w.logIn(who)).body;
      const answer = await change(w, who.access, next.replace('{email}', who.email.split('@')[0] ?? ''));
      expect([answer.status, codeOf(answer), faultsOf(answer)]).toEqual([
        400,
        'invalid',
        { new_password: codes },
      ]);
      await expectAlive(w, other);
      expect((await logIn(w, who.email, OLD)).status).toBe(200);
    },
  );

  it('to one that is like the name or the username is refused with the attribute’s name', async () => {
    const w = world();
    const username = `mariposa${crypto.randomUUID().slice(0, 4)}`;
    const who = await w.signUp({ ...person(), username, name: 'Wilhelmina Harker' });
    expect(faultsOf(await change(w, who.access, username))).toEqual({
      new_password: ['password_too_similar'],
    });
    expect((await change(w, who.access, 'wilhelminaharker')).body.errors.new_password).toEqual([
      { code: 'password_too_similar', message: 'The password is too similar to the name.' },
    ]);
  });

  it.each<[string, unknown, Record<string, string[]>]>([
    ['nothing', {}, { current_password: ['required'], new_password: ['required'] }],
    [
      'null',
      { current_password: null, new_password: null },
      { current_password: ['null'], new_password: ['null'] },
    ],
    [
      'what is no text',
      { current_password: 1, new_password: ['x'] },
      { current_password: ['invalid'], new_password: ['invalid'] },
    ],
    [
      'a bad new one and no current one',
      { new_password: '12345' },
      {
        current_password: ['required'],
        new_password: ['password_too_short', 'password_entirely_numeric'],
      },
    ],
    [
      'one like the name and an empty current one',
      { current_password: '', new_password: 'wilhelmina' },
      { current_password: ['blank'], new_password: ['password_too_similar'] },
    ],
    ['an empty current one', { current_password: '', new_password: NEW }, { current_password: ['blank'] }],
    [
      'a current one of 257 characters',
      { current_password: 'x'.repeat(257), new_password: NEW },
      { current_password: ['password_incorrect'] },
    ],
  ])('with %s is 400', async (_, body, faults) => {
    const w = world();
    const who = await w.signUp({ ...person(), name: 'Wilhelmina' });
    const answer = await w.post('/account/password/change', body, { token: who.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
  });

  it('accepts the current password in another Unicode form, and trims nothing', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), password: ' ﬁne horse battery ' });
    expect((await change(w, who.access, NEW, ' fine horse battery ')).status).toBe(204);
    expect((await change(w, who.access, OLD, `${NEW} `)).status).toBe(400);
  });

  it('to the same password is a change all the same: the other sessions end', async () => {
    const w = world();
    const who = await w.signUp();
    const other: Pair = (await w.logIn(who)).body;
    expect((await change(w, who.access, OLD)).status).toBe(204);
    await expectDead(w, other);
    expect((await logIn(w, who.email, OLD)).status).toBe(200);
  });

  it('voids every token that was sent by email', async () => {
    const w = world();
    const who = await w.signUp();
    const verify = (await mailsTo(w, who.email))[0]?.token;
    const reset = await resetToken(w, who.email);
    const { email: wanted } = person('wanted');
    await w.post('/account/email/change', { new_email: wanted, password: OLD }, { token: who.access });
    const moved = (await mailsTo(w, wanted))[0]?.token;
    expect(await oneTimeTokensOf(w, who.user.id)).toHaveLength(3);
    await change(w, who.access);
    // The owner of the mailbox may still disown the account.
    expect((await oneTimeTokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['email_disown']);
    for (const answer of [
      await confirm(w, reset),
      await w.post('/account/email/verify', { token: verify }),
      await w.post('/account/email/verify', { token: moved }),
    ]) {
      expect([answer.status, faultsOf(answer)]).toEqual([400, { token: ['token_not_valid'] }]);
    }
    expect((await w.me(who.access)).body).toMatchObject({ email: who.email, email_verified: false });
  });

  it('that is refused voids none', async () => {
    const w = world();
    const who = await w.signUp();
    const reset = await resetToken(w, who.email);
    await change(w, who.access, NEW, 'wrong horse battery');
    await change(w, who.access, 'short');
    expect((await confirm(w, reset)).status).toBe(204);
  });

  it.each<[string, (w: World, who: Pair) => Promise<string | undefined>, string]>([
    ['nobody', async () => undefined, 'not_authenticated'],
    ['a refresh token', async (_, who) => who.refresh, 'token_not_valid'],
    [
      'a session that has ended',
      async (w, who) => {
        await w.logOut(who.refresh);
        return who.access;
      },
      'token_not_valid',
    ],
  ])('by %s is 401', async (_, tokenOf, code) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenOf(w, who);
    const answer = await w.post(
      '/account/password/change',
      { current_password: OLD, new_password: NEW },
      token === undefined ? {} : { token },
    );
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    await expectPassword(w, who.email, OLD, NEW);
  });

  it('by a session that ends just before the change is 401, and changes nothing', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { DB } = watchedD1({
      before: ({ number }) => number === 2 && plain.logOut(who.refresh),
    });
    const answer = await change(world({ bindings: { DB } }), who.access);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    await expectPassword(plain, who.email, OLD, NEW);
  });

  it('is one read and one batch', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings, vars: { MAIL: 'off' } });
    const who = await w.signUp();
    await w.logIn(who);
    expect(await counted.of(() => change(w, who.access))).toMatchObject({
      d1: { roundTrips: 2 },
      kv: { gets: 0, puts: 1 },
    });
  });
});

describe('changes and log-ins at once', RACE, () => {
  it('of fifty changes by one session one wins, and its password is the valid one', async () => {
    const w = world();
    const who = await w.signUp();
    const wanted = Array.from({ length: 50 }, (_, i) => `staple number ${i} of many`);
    const answers = await Promise.all(wanted.map((next) => change(w, who.access, next)));
    expect(tally(answers)).toEqual({ 204: 1, 400: 49 });
    const lost = answers.filter(({ status }) => status === 400);
    for (const answer of lost) {
      expect(faultsOf(answer)).toEqual({ current_password: ['password_incorrect'] });
    }
    const winner = wanted[answers.findIndex(({ status }) => status === 204)] ?? '';
    await expectPassword(w, who.email, winner, OLD);
    await expectAlive(w, who);
  });

  it('of two changes by two sessions one wins, and the other session ends', async () => {
    const w = world();
    const who = await w.signUp();
    const other: Pair = (await w.logIn(who)).body;
    const answers = await Promise.all([
      change(w, who.access, 'staple of the first'),
      change(w, other.access, 'staple of the second'),
    ]);
    expect(tally(answers)).toEqual({ 204: 1, 401: 1 });
    const [winner, loser, password] =
      answers[0].status === 204 ? [who, other, 'staple of the first'] : [other, who, 'staple of the second'];
    await expectAlive(w, winner);
    await expectDead(w, loser);
    await expectPassword(w, who.email, password, OLD);
  });

  it('log-ins with the old password during a change leave nothing valid', async () => {
    const w = world();
    const who = await w.signUp();
    const [changed, ...logIns] = await Promise.all([
      change(w, who.access),
      ...Array.from({ length: 15 }, () => w.logIn(who)),
    ]);
    expect(changed?.status).toBe(204);
    const pairs = logIns.filter(({ status }) => status === 200).map(({ body }) => body as Pair);
    for (const pair of pairs) await expectDead(w, pair);
    await expectAlive(w, who);
  });

  it('log-ins with the old password during a reset leave nothing valid', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const [reset, ...logIns] = await Promise.all([
      confirm(w, token),
      ...Array.from({ length: 15 }, () => w.logIn(who)),
    ]);
    expect(reset?.status).toBe(204);
    const pairs = logIns.filter(({ status }) => status === 200).map(({ body }) => body as Pair);
    for (const pair of [who, ...pairs]) await expectDead(w, pair);
  });

  it('a change during a reset: whichever comes last, the sessions of the other end', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const [changed, reset] = await Promise.all([
      change(w, who.access, 'staple of the change'),
      confirm(w, token, 'staple of the reset'),
    ]);
    expect([changed.status, reset.status].filter((status) => status === 204)).toHaveLength(1);
    const good = changed.status === 204 ? 'staple of the change' : 'staple of the reset';
    await expectPassword(w, who.email, good, OLD);
    expect((await w.me(who.access)).status).toBe(changed.status === 204 ? 200 : 401);
  });
});

describe.each<[string, (w: World, who: Pair & { email: string }) => Promise<Answer>]>([
  ['a change', (w, who) => change(w, who.access)],
  ['a reset', async (w, who) => confirm(w, await resetToken(w, who.email))],
])('a log-in with the old password beside %s', (_, deed) => {
  it('that has read the user, and not yet opened its session, is 401', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { DB } = watchedD1({
      before: async ({ number }) => number === 2 && expect((await deed(plain, who)).status).toBe(204),
    });
    const answer = await world({ bindings: { DB } }).logIn(who);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
  });

  it('that has opened its session, and not yet answered, returns invalid tokens', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { DB } = watchedD1({
      after: async ({ number }) => number === 2 && expect((await deed(plain, who)).status).toBe(204),
    });
    const answer = await world({ bindings: { DB } }).logIn(who);
    expect(answer.status).toBe(200);
    await expectDead(plain, answer.body);
  });
});
