/** Change of a password, its reset by mail, the breach check and the minimum length. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/encoding.ts';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  codeOf,
  faultsOf,
  person,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const OLD = 'correct horse battery';
const NEW = 'staple of another colour';

interface Pair {
  access: string;
  refresh: string;
}
interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
}

const change = (w: World, token: string, next = NEW, current = OLD) =>
  w.post('/account/password/change', { current_password: current, new_password: next }, { token });
const requestPasswordReset = (w: World, email: unknown) => w.post('/account/password/reset', { email });
const confirm = (w: World, token: unknown, next: unknown = NEW) =>
  w.post('/account/password/reset/confirm', { token, new_password: next });
const logIn = (w: World, email: string, password: string) => w.logIn({ email, password });

/** What the inbox has for an address, newest first. */
const mailsTo = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages as Mail[];
const subjectsTo = async (w: World, email: string) => (await mailsTo(w, email)).map(({ subject }) => subject);

/** Asks for a reset and reads the mail. */
async function resetToken(w: World, email: string): Promise<string> {
  expect((await requestPasswordReset(w, email)).status).toBe(202);
  return (await mailsTo(w, email))[0]?.token ?? '';
}

const oneTimeTokensOf = (w: World, userId: string) =>
  w.rows<{ purpose: string; hash: string }>('SELECT * FROM one_time_tokens WHERE subject = ?', userId);

async function expectDead(w: World, pair: Pair) {
  expect((await w.me(pair.access)).status).toBe(401);
  expect((await w.refresh(pair.refresh)).status).toBe(401);
  expect((await w.verify(pair.access)).status).toBe(401);
}
async function expectAlive(w: World, pair: Pair) {
  expect((await w.me(pair.access)).status).toBe(200);
  expect((await w.verify(pair.access)).status).toBe(200);
  expect((await w.verify(pair.refresh)).status).toBe(200);
}
async function expectPassword(w: World, email: string, good: string, bad: string) {
  expect((await logIn(w, email, good)).status).toBe(200);
  expect(codeOf(await logIn(w, email, bad))).toBe('no_active_account');
}

/** What a new password may be refused for; `{email}` stands for the local part of the person's own. */
const WEAK: [string, string, string[]][] = [
  ['empty', '', ['blank']],
  ['a character too short', 'horse7x', ['password_too_short']],
  ['a character too long', 'ab'.repeat(128).concat('c'), ['password_too_long']],
  ['common', 'Password123', ['password_too_common']],
  ['numeric', '830284726183028472618302847261', ['password_entirely_numeric']],
  ['numeric in other digits', '٨٣٠٢٨٤٧٢٦١', ['password_entirely_numeric']],
  ['short, common and numeric', '1234567', ['password_too_short', 'password_entirely_numeric']],
  ['like the address', '{email}', ['password_too_similar']],
  ['half a surrogate pair', 'battery \ud800 horse', ['invalid']],
];

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

  it('leaves other people’s sessions alone', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    await change(w, who.access);
    await expectAlive(w, other);
  });

  it('tells the owner by mail', async () => {
    const w = world();
    const who = await w.signUp();
    await change(w, who.access);
    const [mail] = await mailsTo(w, who.email);
    expect(mail).toMatchObject({ subject: 'Your password was changed', token: null });
  });

  it('is made where mail is off, and of a user without an address', async () => {
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

  it('with a wrong current and a weak new password tells of the current one alone', async () => {
    const w = world();
    const who = await w.signUp();
    expect(faultsOf(await change(w, who.access, 'short', 'wrong horse battery'))).toEqual({
      current_password: ['password_incorrect'],
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
    ['an empty current one', { current_password: '', new_password: NEW }, { current_password: ['blank'] }],
    [
      'a current one of 257 characters',
      { current_password: 'x'.repeat(257), new_password: NEW },
      { current_password: ['password_too_long'] },
    ],
  ])('with %s is 400', async (_, body, faults) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/account/password/change', body, { token: who.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
  });

  it('takes the current password in another Unicode form, and trims nothing', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), password: ' ﬁne horse battery ' });
    expect((await change(w, who.access, NEW, ' fine horse battery ')).status).toBe(204);
    expect((await change(w, who.access, OLD, `${NEW} `)).status).toBe(400);
  });

  it('to the same password is a change all the same: the others end', async () => {
    const w = world();
    const who = await w.signUp();
    const other: Pair = (await w.logIn(who)).body;
    expect((await change(w, who.access, OLD)).status).toBe(204);
    await expectDead(w, other);
    expect((await logIn(w, who.email, OLD)).status).toBe(200);
  });

  it('voids every token that went out by mail', async () => {
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

  it('by a session that ends just before the deed is 401, and changes nothing', async () => {
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
  it('of fifty changes by one session one wins, and its password is the one that is good', async () => {
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

  it('of two changes by two sessions one wins, and the other session is dead', async () => {
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

  it('log-ins with the old password beside a change leave nothing alive', async () => {
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

  it('log-ins with the old password beside a reset leave nothing alive', async () => {
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

  it('a change beside a reset: whichever comes last, the sessions of the other are dead', async () => {
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
  it('that has read the user already, and not yet opened its session, is 401', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { DB } = watchedD1({
      before: async ({ number }) => number === 2 && expect((await deed(plain, who)).status).toBe(204),
    });
    const answer = await world({ bindings: { DB } }).logIn(who);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
  });

  it('that has opened its session already, and not yet answered, answers tokens that are dead', async () => {
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

/** Somebody who has shown the mailbox. */
async function verified(w: World) {
  const who = await w.signUp();
  const token = (await mailsTo(w, who.email))[0]?.token;
  expect((await w.post('/account/email/verify', { token })).status).toBe(204);
  return who;
}

describe('a reset of an account that somebody signed up for without showing the mailbox', () => {
  const stranger = (w: World) =>
    w.signUp({ ...person('victim'), username: `u${crypto.randomUUID().slice(0, 8)}`, name: 'Stranger' });

  it('passes it to the owner alone: a new id, no username, no name, verified', async () => {
    const w = world();
    const who = await stranger(w);
    const second = (await w.logIn(who)).body as Pair;
    w.clock.advance(60);
    expect((await confirm(w, await resetToken(w, who.email))).status).toBe(204);
    const { access } = (await logIn(w, who.email, NEW)).body;
    const { body: me } = await w.me(access);
    expect(me).toMatchObject({ email: who.email, username: null, name: null, email_verified: true });
    expect(me.id).not.toBe(who.user.id);
    expect((await w.logIn({ username: who.username ?? '', password: NEW })).status).toBe(401);
    for (const pair of [who, second]) {
      await expectDead(w, pair);
      expect(codeOf(await w.me(pair.access))).toBe('user_not_found');
    }
    await expectPassword(w, who.email, NEW, OLD);
    expect(log.of('account_passed')).toMatchObject([{ user: me.id, from: who.user.id, ended: 2 }]);
  });

  it('leaves nothing under the old id, and frees the username', async () => {
    const w = world();
    const who = await stranger(w);
    const wanted = person('wanted').email;
    await w.post('/account/email/change', { new_email: wanted, password: OLD }, { token: who.access });
    const changing = (await mailsTo(w, wanted))[0]?.token;
    const verifying = (await mailsTo(w, who.email)).at(-1)?.token;
    await confirm(w, await resetToken(w, who.email));
    expect(await oneTimeTokensOf(w, who.user.id)).toEqual([]);
    expect(await w.rows('SELECT 1 FROM sessions WHERE user_id = ?', who.user.id)).toEqual([]);
    expect(await w.rows('SELECT 1 FROM logins WHERE user_id = ?', who.user.id)).toEqual([]);
    for (const token of [changing, verifying]) {
      expect(faultsOf(await w.post('/account/email/verify', { token }))).toEqual({
        token: ['token_not_valid'],
      });
      expect(faultsOf(await w.post('/account/email/disown', { token }))).toEqual({
        token: ['token_not_valid'],
      });
    }
    expect((await w.signUp({ ...person(), username: who.username ?? '' })).answer.status).toBe(201);
  });

  it('happens once of fifty at once', RACE, async () => {
    const w = world();
    const who = await stranger(w);
    const token = await resetToken(w, who.email);
    expect(tally(await atOnce(50, () => confirm(w, token)))).toEqual({ 204: 1, 400: 49 });
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', who.email)).toHaveLength(1);
    expect((await logIn(w, who.email, NEW)).status).toBe(200);
  });

  it('happens too where the other changed the password meanwhile', async () => {
    const w = world();
    const who = await stranger(w);
    await change(w, who.access, 'a third horse battery');
    await confirm(w, await resetToken(w, who.email));
    const { access } = (await logIn(w, who.email, NEW)).body;
    expect((await w.me(access)).body.id).not.toBe(who.user.id);
  });

  it.each<[string, (w: World, id: string) => unknown]>([
    [
      'nobody signed up: it was imported or made by staff',
      (w, id) => w.rows('DELETE FROM one_time_tokens WHERE subject = ?', id),
    ],
    ['staff are vouched for', (w, id) => w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', id)],
    ['the mailbox was shown', (w, id) => w.rows('UPDATE users SET email_verified_at = 5 WHERE id = ?', id)],
  ])('does not happen where %s: id and names stay, and the sessions end', async (_, deed) => {
    const w = world();
    const who = await stranger(w);
    await deed(w, who.user.id);
    expect((await confirm(w, await resetToken(w, who.email))).status).toBe(204);
    await expectDead(w, who);
    const { access } = (await logIn(w, who.email, NEW)).body;
    expect((await w.me(access)).body).toMatchObject({
      id: who.user.id,
      username: who.username,
      name: 'Stranger',
      email_verified: true,
    });
    await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', who.user.id);
  });
});

describe('asking for a reset', () => {
  it('is 202 with an empty object, and a mail with a link', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await requestPasswordReset(w, who.email);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    const [mail] = await mailsTo(w, who.email);
    expect(mail?.subject).toBe('Reset your password');
    expect(mail?.token).toMatch(/^[0-9a-f-]{36}\.[\w-]{43}$/);
    expect(mail?.text).toContain(`http://localhost/account/password/reset/confirm#token=${mail?.token}`);
    expect(mail?.text).toContain('30 minutes');
  });

  it.each<[string, (w: World) => Promise<string>]>([
    ['known', async (w) => (await w.signUp()).email],
    ['known in another spelling', async (w) => ` ${(await w.signUp()).email.toUpperCase()} `],
    ['unknown', async () => person('nobody').email],
    [
      'inactive',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
        return who.email;
      },
    ],
    [
      'not verified',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET email_verified_at = NULL WHERE id = ?', who.user.id);
        return who.email;
      },
    ],
    [
      'once of a user who has none now',
      async (w) => {
        const who = await w.signUp({ ...person(), username: `u${crypto.randomUUID().slice(0, 8)}` });
        await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
        return who.email;
      },
    ],
    [
      'withdrawn',
      async (w) => {
        const who = await w.signUp();
        await w.delete('/account/me', { password: OLD }, { token: who.access });
        return who.email;
      },
    ],
  ])(
    'for an address that is %s is the same answer after one round trip to D1 that writes one row',
    async (_, emailOf) => {
      const counted = counting();
      const w = world({ bindings: { DB: counted.bindings.DB } });
      const email = await emailOf(w);
      const answers: Answer[] = [];
      const cost = await counted.of(async () => answers.push(await requestPasswordReset(w, email)));
      expect([answers[0]?.status, answers[0]?.text]).toEqual([202, '{}']);
      expect(cost.d1).toMatchObject({ roundTrips: 1, rowsWritten: 1 });
    },
  );

  it('of unknown addresses leaves nothing of them, and 256 rows at most, however many are asked about', async () => {
    const w = world({ vars: { MAIL: 'inbox' } });
    await w.rows('DELETE FROM one_time_tokens');
    const emails = Array.from({ length: 600 }, (_, i) => `nobody-${i}@example.com`);
    for (let at = 0; at < emails.length; at += 50) {
      await Promise.all(emails.slice(at, at + 50).map((email) => requestPasswordReset(w, email)));
    }
    const rows = await w.rows<{ subject: string }>('SELECT * FROM one_time_tokens');
    expect(rows.length).toBeGreaterThan(200);
    expect(rows.length).toBeLessThanOrEqual(256);
    for (const { subject } of rows) expect(subject).toMatch(/^[0-9a-f]{2}0{62}$/);
    expect(await subjectsTo(w, emails[0] ?? '')).toEqual([]);
  });

  it('writes one row for a known and an unknown address however often it is asked, links left or not', async () => {
    const counted = counting();
    const w = world({ bindings: { DB: counted.bindings.DB } });
    const known = (await w.signUp()).email;
    const unknown = person('nobody').email;
    for (let i = 0; i < 8; i++) {
      for (const email of [known, unknown]) {
        const { d1 } = await counted.of(() => requestPasswordReset(w, email));
        expect(d1).toMatchObject({ roundTrips: 1, rowsWritten: 1 });
      }
    }
  });

  it('of an unknown address gives nothing to whoever signs up with it', async () => {
    const w = world();
    const who = person('later');
    await requestPasswordReset(w, who.email);
    const { user } = await w.signUp(who);
    expect((await oneTimeTokensOf(w, user.id)).map(({ purpose }) => purpose)).toEqual(['email_verify']);
    await w.delete('/account/me', { password: OLD }, { token: (await w.logIn(who)).body.access });
    expect(await oneTimeTokensOf(w, await sha256Hex(who.email))).toEqual([]);
  });

  it('sends no mail to an unknown and to an inactive address, and keeps no token of the user', async () => {
    const w = world();
    const unknown = person('nobody').email;
    const inactive = await w.signUp();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.user.id);
    await requestPasswordReset(w, unknown);
    await requestPasswordReset(w, inactive.email);
    expect(await subjectsTo(w, unknown)).toEqual([]);
    expect(await subjectsTo(w, inactive.email)).toEqual(['Confirm your e-mail address']);
    expect((await oneTimeTokensOf(w, inactive.user.id)).map(({ purpose }) => purpose)).toEqual([
      'email_verify',
    ]);
  });

  it('reaches the canonical address, whatever spelling was sent', async () => {
    const w = world();
    const who = await w.signUp();
    await requestPasswordReset(w, `  ${who.email.toUpperCase()}`);
    expect((await mailsTo(w, who.email))[0]).toMatchObject({
      to: who.email,
      subject: 'Reset your password',
    });
  });

  it('changes nothing by itself: the password and the sessions live', async () => {
    const w = world();
    const who = await w.signUp();
    await requestPasswordReset(w, who.email);
    await expectAlive(w, who);
    expect((await w.logIn(who)).status).toBe(200);
  });

  it.each<[string, unknown, string[]]>([
    ['absent', undefined, ['required']],
    ['null', null, ['null']],
    ['empty', '', ['blank']],
    ['blank', '   ', ['blank']],
    ['a number', 7, ['invalid']],
    ['a list', ['a@example.com'], ['invalid']],
    ['no address', 'nobody', ['invalid']],
    ['two addresses', 'a@example.com,b@example.com', ['invalid']],
    ['one with a line break', 'a@example.com\nBcc: b@example.com', ['invalid']],
    ['one with a NUL', 'a\u0000@example.com', ['invalid']],
    ['one with half a surrogate pair', 'a\ud800@example.com', ['invalid']],
    ['too long', `${'x'.repeat(250)}@example.com`, ['max_length']],
  ])('with an e-mail that is %s is 400', async (_, email, codes) => {
    const answer = await requestPasswordReset(world(), email);
    expect([answer.status, faultsOf(answer)]).toEqual([400, { email: codes }]);
  });

  it('never shows the secret to D1 or KV: it is in the inbox alone', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const [subject, secret = ''] = token.split('.');
    expect(subject).toBe(who.user.id);
    const tables = await w.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    const ours = tables.map(({ name }) => name).filter((name) => !/^(_cf|sqlite_|d1_)/.test(name));
    expect(ours).toContain('one_time_tokens');
    const everything = JSON.stringify(await Promise.all(ours.map((name) => w.rows(`SELECT * FROM ${name}`))));
    expect(everything).not.toContain(secret);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret));
    const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect((await oneTimeTokensOf(w, who.user.id)).map((row) => row.hash)).toContain(hash);
    const keys = (await env.BLACKLIST.list()).keys.map(({ name }) => name);
    const kept = await Promise.all(keys.map(async (key) => `${key} ${await env.BLACKLIST.get(key)}`));
    expect(kept.filter((text) => text.includes(secret)).map((text) => text.slice(0, 5))).toEqual(['mail:']);
  });
});

describe('confirming a reset', () => {
  it('is 204 without a body: the new password is good, the old one is not', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await confirm(w, await resetToken(w, who.email));
    expect([answer.status, answer.text]).toEqual([204, '']);
    await expectPassword(w, who.email, NEW, OLD);
  });

  it('ends every session', async () => {
    const w = world();
    const who = await verified(w);
    const pairs: Pair[] = [who, (await w.logIn(who)).body, (await w.logIn(who)).body];
    await confirm(w, await resetToken(w, who.email));
    for (const pair of pairs) {
      expect(await w.kvOf(pair.refresh)).toBe('password_reset');
      expect(await w.sessionOf(pair.refresh)).toMatchObject({ revoked_reason: 'password_reset' });
      await expectDead(w, pair);
    }
    expect(log.of('password_reset')).toMatchObject([{ user: who.user.id, ended: 3 }]);
  });

  it('proves the address, and tells it that the password changed', async () => {
    const w = world();
    const who = await w.signUp();
    expect(who.answer.body.user.email_verified).toBe(false);
    await confirm(w, await resetToken(w, who.email));
    const { access } = (await logIn(w, who.email, NEW)).body;
    expect((await w.me(access)).body.email_verified).toBe(true);
    expect((await subjectsTo(w, who.email))[0]).toBe('Your password was changed');
  });

  it('keeps the time at which the address was first proven', async () => {
    const w = world();
    const who = await w.signUp();
    await w.rows('UPDATE users SET email_verified_at = 5 WHERE id = ?', who.user.id);
    await confirm(w, await resetToken(w, who.email));
    expect(await w.rows('SELECT email_verified_at AS at FROM users WHERE id = ?', who.user.id)).toEqual([
      { at: 5 },
    ]);
  });

  it('works once', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    await confirm(w, token);
    const again = await confirm(w, token, 'a third horse battery');
    expect([again.status, faultsOf(again)]).toEqual([400, { token: ['token_not_valid'] }]);
    await expectPassword(w, who.email, NEW, 'a third horse battery');
  });

  it.each<[number, number]>([
    [0, 204],
    [29 * 60 + 59, 204],
    [30 * 60, 400],
    [30 * 60 + 1, 400],
    [24 * 3_600, 400],
  ])('%i seconds after the mail is %i', async (after, status) => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    w.clock.advance(after);
    const answer = await confirm(w, token);
    expect(answer.status).toBe(status);
    expect(faultsOf(answer)).toEqual(status === 400 ? { token: ['token_not_valid'] } : {});
  });

  it('of an older mail works though newer ones are out, and then all are void', async () => {
    const w = world();
    const who = await w.signUp();
    const tokens: string[] = [];
    for (let i = 0; i < 5; i++) tokens.push(await resetToken(w, who.email));
    expect(new Set(tokens).size).toBe(5);
    expect((await confirm(w, tokens[0])).status).toBe(204);
    for (const token of tokens) {
      expect(faultsOf(await confirm(w, token))).toEqual({ token: ['token_not_valid'] });
    }
  });

  it('has five live links at most, which nobody who asks on can void; more mail comes when one has expired', async () => {
    const w = world();
    const who = await w.signUp();
    const first = await resetToken(w, who.email);
    w.clock.advance(60);
    for (let i = 0; i < 9; i++) await requestPasswordReset(w, who.email);
    const resets = (await subjectsTo(w, who.email)).filter((subject) => subject === 'Reset your password');
    expect(resets).toHaveLength(5);
    w.clock.advance(29 * 60);
    expect(faultsOf(await confirm(w, first))).toEqual({ token: ['token_not_valid'] });
    const newest = await resetToken(w, who.email);
    expect(await subjectsTo(w, who.email)).toHaveLength(7);
    expect((await confirm(w, newest)).status).toBe(204);
  });

  it('fifty links asked for at once are five', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    await atOnce(50, () => requestPasswordReset(w, who.email));
    const kept = await oneTimeTokensOf(w, who.user.id);
    expect(kept.filter(({ purpose }) => purpose === 'password_reset')).toHaveLength(5);
  });

  it.each(WEAK)('with a password that is %s is 400, and the token is still good', async (_, next, codes) => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const answer = await confirm(w, token, next.replace('{email}', who.email.split('@')[0] ?? ''));
    expect([answer.status, faultsOf(answer)]).toEqual([400, { new_password: codes }]);
    await expectAlive(w, who);
    expect((await confirm(w, token)).status).toBe(204);
  });

  it.each<[string, string, number]>([
    ['inactive', 'UPDATE users SET is_active = 0 WHERE id = ?', 400],
    ['gone', 'DELETE FROM users WHERE id = ?', 400],
  ])('of a user who is %s meanwhile is 400 as any dead token', async (_, sql, status) => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    await w.rows(sql, who.user.id);
    const answer = await confirm(w, token);
    expect([answer.status, faultsOf(answer)]).toEqual([status, { token: ['token_not_valid'] }]);
  });

  it.each<[string, (w: World, who: Pair & { email: string }) => Promise<Answer>]>([
    ['a change of password', (w, who) => change(w, who.access, 'a third horse battery')],
    ['a withdrawal', (w, who) => w.delete('/account/me', { password: OLD }, { token: who.access })],
    [
      'a change of address',
      async (w, who) => {
        const { email: wanted } = person('wanted');
        await w.post('/account/email/change', { new_email: wanted, password: OLD }, { token: who.access });
        return w.post('/account/email/verify', { token: (await mailsTo(w, wanted))[0]?.token });
      },
    ],
  ])('is void after %s', async (_, deed) => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    expect((await deed(w, who)).status).toBe(204);
    expect(faultsOf(await confirm(w, token))).toEqual({ token: ['token_not_valid'] });
  });

  it('voids the mails of other kinds too', async () => {
    const w = world();
    const who = await w.signUp();
    const verify = (await mailsTo(w, who.email))[0]?.token;
    await confirm(w, await resetToken(w, who.email));
    expect(await oneTimeTokensOf(w, who.user.id)).toEqual([]);
    expect(faultsOf(await w.post('/account/email/verify', { token: verify }))).toEqual({
      token: ['token_not_valid'],
    });
  });

  it('fifty times at once is 204 once, and one of the passwords is good', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const answers = await atOnce(50, (i) => confirm(w, token, `staple number ${i} of many`));
    expect(tally(answers)).toEqual({ 204: 1, 400: 49 });
    for (const answer of answers.filter(({ status }) => status === 400)) {
      expect(faultsOf(answer)).toEqual({ token: ['token_not_valid'] });
    }
    const winner = answers.findIndex(({ status }) => status === 204);
    await expectPassword(w, who.email, `staple number ${winner} of many`, OLD);
  });

  it('white space around the token is ignored', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await confirm(w, ` \n${await resetToken(w, who.email)}\t`)).status).toBe(204);
  });

  it.each<[string, (token: string, w: World, userId: string) => string | Promise<string>]>([
    ['the user’s half alone', (token) => token.split('.')[0] ?? ''],
    ['the secret half alone', (token) => token.split('.')[1] ?? ''],
    ['without its last character', (token) => token.slice(0, -1)],
    ['with a character too many', (token) => `${token}A`],
    ['with another last character', (token) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`],
    ['with padding', (token) => `${token}=`],
    ['in capitals', (token) => token.toUpperCase()],
    ['with white space inside', (token) => token.replace('.', ' .')],
    ['with a third part', (token) => `${token}.${token.split('.')[1]}`],
    ['with its halves exchanged', (token) => token.split('.').reverse().join('.')],
    ['of another user', (token) => `${crypto.randomUUID()}.${token.split('.')[1]}`],
    ['with another secret', (token) => `${token.split('.')[0]}.${'A'.repeat(43)}`],
    [
      'made of what D1 keeps',
      async (_, w, userId) =>
        `${userId}.${(await oneTimeTokensOf(w, userId)).find(({ purpose }) => purpose === 'password_reset')?.hash}`,
    ],
    [
      'made of what D1 keeps, cut to size',
      async (_, w, userId) =>
        `${userId}.${(await oneTimeTokensOf(w, userId)).find(({ purpose }) => purpose === 'password_reset')?.hash.slice(0, 43)}`,
    ],
    ['a link', (token) => `http://localhost/account/password/reset/confirm#token=${token}`],
    ['a dot', () => '.'],
    ['a word', () => 'x'],
    ['null in words', () => 'null'],
    ['a name of objects', () => '__proto__'],
    ['a NUL', () => '\u0000'],
    ['half a surrogate pair', () => '\ud800'],
    ['SQL', () => "' OR '1'='1"],
    ['with a wildcard', (token) => token.replace(/.{43}$/, '%'.repeat(43))],
    ['10,000 characters', () => 'x'.repeat(10_000)],
    ['a JWT', () => 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA'],
  ])('with a token that is %s is 400, and the real one still works', async (_, forge) => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const answer = await confirm(w, await forge(token, w, who.user.id));
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      { token: [{ code: 'token_not_valid', message: 'Token is invalid or expired' }] },
    ]);
    expect((await confirm(w, token)).status).toBe(204);
  });

  it.each<[string, unknown, string]>([
    ['absent', undefined, 'required'],
    ['null', null, 'null'],
    ['empty', '', 'blank'],
    ['blank', ' \t', 'blank'],
    ['a number', 1, 'invalid'],
    ['a list', ['x'], 'invalid'],
    ['an object', { x: 1 }, 'invalid'],
  ])('with a token that is %s is 400', async (_, token, code) => {
    const answer = await confirm(world(), token);
    expect([answer.status, faultsOf(answer)]).toEqual([400, { token: [code] }]);
  });

  it('used, expired and never issued are told alike', async () => {
    const w = world();
    const [one, two] = [await w.signUp(), await w.signUp()];
    const used = await resetToken(w, one.email);
    await confirm(w, used);
    const expired = await resetToken(w, two.email);
    w.clock.advance(31 * 60);
    const answers = [
      await confirm(w, used),
      await confirm(w, expired),
      await confirm(w, `${crypto.randomUUID()}.${'A'.repeat(43)}`),
    ];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });
});

describe('tokens of one kind open their own door only', () => {
  it('a verification, a change of address and tokens of sessions reset no password', async () => {
    const w = world();
    const who = await w.signUp();
    const verify = (await mailsTo(w, who.email))[0]?.token;
    const { email: wanted } = person('wanted');
    await w.post('/account/email/change', { new_email: wanted, password: OLD }, { token: who.access });
    const moved = (await mailsTo(w, wanted))[0]?.token;
    for (const token of [verify, moved, who.access, who.refresh]) {
      expect(faultsOf(await confirm(w, token))).toEqual({ token: ['token_not_valid'] });
    }
    await expectPassword(w, who.email, OLD, NEW);
    expect((await w.post('/account/email/verify', { token: verify })).status).toBe(204);
    expect((await w.post('/account/email/verify', { token: moved })).status).toBe(204);
  });

  it('a wished sign-up resets no password', async () => {
    const w = world({ vars: { SIGN_UP: 'verify' } });
    const who = person('wish');
    await w.post('/account/sign-up', who);
    const token = (await mailsTo(w, who.email))[0]?.token;
    expect(faultsOf(await confirm(w, token))).toEqual({ token: ['token_not_valid'] });
    const body = { token, password: who.password };
    expect((await w.post('/account/email/verify', body)).status).toBe(204);
  });

  it('a reset verifies no address, logs nobody in and refreshes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    expect(faultsOf(await w.post('/account/email/verify', { token }))).toEqual({
      token: ['token_not_valid'],
    });
    expect((await w.me(token)).status).toBe(401);
    expect((await w.refresh(token)).status).toBe(401);
    expect((await w.me(who.access)).body.email_verified).toBe(false);
    expect((await confirm(w, token)).status).toBe(204);
  });
});

/** Have I Been Pwned's range API, faked: records what leaves, answers what it is told. */
function range(answer: (suffix: string) => string | Response | Promise<Response>, secret = OLD) {
  const requests: Request[] = [];
  const fake = (async (input: RequestInfo, init?: RequestInit) => {
    requests.push(new Request(input, init));
    const digest = new Uint8Array(
      await crypto.subtle.digest('SHA-1', new TextEncoder().encode(secret.normalize('NFKC'))),
    );
    const hash = [...digest]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase();
    const body = await answer(hash.slice(5));
    return typeof body === 'string' ? new Response(body) : body;
  }) as typeof fetch;
  return { fake, requests };
}
const breachWorld = (fake: typeof fetch, vars: Vars = {}) =>
  world({ vars: { PASSWORD_BREACH_CHECK: 'on', ...vars }, parts: { fetch: fake } });
const BREACHED = {
  password: [{ code: 'password_breached', message: 'This password has appeared in a data breach.' }],
};
const OTHER_LINE = '0018A45C4D1DEF81644B54AB7F969B88D65:3';

describe('PASSWORD_BREACH_CHECK=on', () => {
  it('refuses a password that is in a breach, and makes no account', async () => {
    const { fake } = range((suffix) => `${OTHER_LINE}\r\n${suffix}:42\r\n${OTHER_LINE}`);
    const w = breachWorld(fake);
    const who = person();
    const answer = await w.post('/account/sign-up', who);
    expect([answer.status, codeOf(answer), answer.body.errors]).toEqual([400, 'invalid', BREACHED]);
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', who.email)).toEqual([]);
  });

  it.each<[string, (suffix: string) => string]>([
    ['on the first line', (suffix) => `${suffix}:1\r\n${OTHER_LINE}`],
    ['on the last line', (suffix) => `${OTHER_LINE}\r\n${suffix}:1`],
    ['on the last line, which is ended', (suffix) => `${OTHER_LINE}\r\n${suffix}:1\r\n`],
    ['on the only line', (suffix) => `${suffix}:9999999`],
    ['on a line of another end', (suffix) => `${OTHER_LINE}\n${suffix}:1\n${OTHER_LINE}`],
  ])('finds it %s', async (_, answer) => {
    const { fake } = range(answer);
    expect((await breachWorld(fake).post('/account/sign-up', person())).status).toBe(400);
  });

  it.each<[string, (suffix: string) => string]>([
    ['others alone', () => `${OTHER_LINE}\r\n${OTHER_LINE}`],
    ['nothing', () => ''],
    ['it as padding, with a count of 0', (suffix) => `${OTHER_LINE}\r\n${suffix}:0`],
    ['a longer line that holds it', (suffix) => `A${suffix}:7\r\n${suffix}A:7`],
    ['it without a count', (suffix) => suffix],
    ['a page of HTML', () => '<!doctype html><p>maintenance'],
  ])('lets one pass where the answer holds %s', async (_, answer) => {
    const { fake, requests } = range(answer);
    expect((await breachWorld(fake).post('/account/sign-up', person())).status).toBe(201);
    expect(requests).toHaveLength(1);
    expect(log.of('breach_check_failed')).toEqual([]);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ['answers 500', () => new Response('', { status: 500 })],
    ['answers 429', () => new Response('', { status: 429, headers: { 'Retry-After': '2' } })],
    ['answers 404', () => new Response('', { status: 404 })],
    ['cannot be reached', () => Promise.reject(new TypeError('network'))],
    [
      'breaks off',
      () => new Response(new ReadableStream({ pull: (stream) => stream.error(new Error('broken')) })),
    ],
  ])('fails open where the service %s, with a line in the log', async (_, answer) => {
    const { fake } = range(answer);
    expect((await breachWorld(fake).post('/account/sign-up', person())).status).toBe(201);
    expect(log.of('breach_check_failed')).toEqual([
      { level: 'error', event: 'breach_check_failed', request_id: expect.any(String) },
    ]);
  });

  it('fails open where the service does not answer, or stops half-way, after a second and a half', async () => {
    const started = Date.now();
    const worlds = [
      range(() => new Promise<Response>(() => {})),
      range(() => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))),
    ].map(({ fake }) => breachWorld(fake));
    const answers = await Promise.all(worlds.map((w) => w.post('/account/sign-up', person())));
    expect(tally(answers)).toEqual({ 201: 2 });
    expect(log.of('breach_check_failed')).toHaveLength(2);
    expect(Date.now() - started).toBeGreaterThan(1_400);
    expect(Date.now() - started).toBeLessThan(4_000);
  });

  it('lets nothing leave but the first five characters of the SHA-1', async () => {
    const { fake, requests } = range(() => '');
    const who = { ...person(), username: `u${crypto.randomUUID().slice(0, 8)}`, name: 'Wilhelmina' };
    await breachWorld(fake).post('/account/sign-up', who, {
      headers: { 'CF-Connecting-IP': '203.0.113.9', 'User-Agent': 'somebody', Cookie: 'a=b' },
    });
    expect(requests).toHaveLength(1);
    const request = requests[0] as Request;
    // `printf 'correct horse battery' | sha1sum`: 98decc62ece399a2…
    expect(request.url).toBe('https://api.pwnedpasswords.com/range/98DEC');
    expect(request.method).toBe('GET');
    expect(request.body).toBeNull();
    expect(Object.fromEntries(request.headers)).toEqual({
      'add-padding': 'true',
      'user-agent': 'hono-accounts',
    });
  });

  it('asks for the NFKC form', async () => {
    const typed = 'ﬁne ｈｏｒｓｅ battery';
    const { fake, requests } = range((suffix) => `${suffix}:1`, typed);
    const w = breachWorld(fake);
    expect((await w.post('/account/sign-up', { ...person(), password: typed })).status).toBe(400);
    expect((await w.post('/account/sign-up', { ...person(), password: 'fine horse battery' })).status).toBe(
      400,
    );
    expect(new Set(requests.map(({ url }) => url)).size).toBe(1);
  });

  it('is asked at a change and a reset, under their own fields, and the token of a reset stays good', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const hit = range((suffix) => `${suffix}:1`, NEW);
    const strict = breachWorld(hit.fake);
    expect(faultsOf(await change(strict, who.access))).toEqual({ new_password: ['password_breached'] });
    expect(faultsOf(await confirm(strict, token))).toEqual({ new_password: ['password_breached'] });
    expect(hit.requests).toHaveLength(2);
    const miss = range(() => OTHER_LINE);
    expect((await confirm(breachWorld(miss.fake), token)).status).toBe(204);
  });

  it('is asked at a wished sign-up too', async () => {
    const { fake } = range((suffix) => `${suffix}:1`);
    const answer = await breachWorld(fake, { SIGN_UP: 'verify' }).post('/account/sign-up', person());
    expect([answer.status, answer.body.errors]).toEqual([400, BREACHED]);
  });

  it('is not asked at a log-in: a password that was once accepted stays good', async () => {
    const who = await world().signUp();
    const { fake, requests } = range((suffix) => `${suffix}:1`);
    expect((await breachWorld(fake).logIn(who)).status).toBe(200);
    expect(requests).toEqual([]);
  });

  it('is not asked about one that is refused anyway, nor about the current one', async () => {
    const { fake, requests } = range(() => '');
    const w = breachWorld(fake);
    await w.post('/account/sign-up', { ...person(), password: 'short' });
    expect(requests).toEqual([]);
    const who = await w.signUp();
    await change(w, who.access, NEW, 'wrong horse battery');
    expect(requests).toHaveLength(1);
  });

  it('off asks nobody', async () => {
    const { fake, requests } = range((suffix) => `${suffix}:1`);
    const w = world({ parts: { fetch: fake } });
    expect((await w.post('/account/sign-up', person())).status).toBe(201);
    expect(requests).toEqual([]);
  });
});

describe('PASSWORD_MIN_LENGTH=12', () => {
  const vars: Vars = { PASSWORD_MIN_LENGTH: '12' };
  const TOO_SHORT = {
    code: 'password_too_short',
    message: 'This password is too short. It must contain at least 12 characters.',
  };

  it.each<[string, string, 201 | 400]>([
    ['eleven letters', 'horsebatter', 400],
    ['twelve letters', 'horsebattery', 201],
    ['eleven characters beyond the BMP', '😀😁😂🤣😃😄😅😆😉😊😋', 400],
    ['twelve characters beyond the BMP', '😀😁😂🤣😃😄😅😆😉😊😋😎', 201],
    ['twelve in a form that NFKC makes eleven', 'horsebatteŕ'.normalize('NFD'), 400],
    ['eleven in a form that NFKC makes twelve', 'ﬁnehorsebat', 201],
  ])('%s: %s is %i', async (_, password, status) => {
    const answer = await world({ vars }).post('/account/sign-up', { ...person(), password });
    expect(answer.status).toBe(status);
    expect(answer.body.errors).toEqual(status === 400 ? { password: [TOO_SHORT] } : undefined);
  });

  it('holds at a change and a reset too', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    expect((await change(w, who.access, 'horsebatter')).body.errors).toEqual({ new_password: [TOO_SHORT] });
    const token = await resetToken(w, who.email);
    expect((await confirm(w, token, 'horsebatter')).body.errors).toEqual({ new_password: [TOO_SHORT] });
  });

  it('leaves the shorter passwords of before good', async () => {
    const who = await world().signUp({ ...person(), password: 'horse77x' });
    const w = world({ vars });
    expect((await w.logIn(who)).status).toBe(200);
    expect((await change(w, who.access, NEW, 'horse77x')).status).toBe(204);
  });
});

describe('the version of the password', () => {
  it('is raised by a change and by a reset, and by nothing else', async () => {
    const w = world();
    const who = await verified(w);
    const version = async () =>
      (await w.rows<{ v: number }>('SELECT password_version AS v FROM users WHERE id = ?', who.user.id)).map(
        ({ v }) => v,
      );
    await w.logIn(who);
    await change(w, who.access, NEW, 'wrong horse battery');
    const token = await resetToken(w, who.email);
    expect(await version()).toEqual([1]);
    await change(w, who.access);
    expect(await version()).toEqual([2]);
    await confirm(w, token);
    expect(await version()).toEqual([2]);
    await confirm(w, await resetToken(w, who.email), OLD);
    expect(await version()).toEqual([3]);
  });
});
