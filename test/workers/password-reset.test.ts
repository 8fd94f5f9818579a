/** A reset of a password, from its email to its new password. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/encoding.ts';
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
  requestPasswordReset,
  resetToken,
  verified,
  WEAK,
} from '../support/passwords.ts';
import {
  type Answer,
  atOnce,
  codeOf,
  faultsOf,
  person,
  RACE,
  tally,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const OLD = 'correct horse battery';
const NEW = 'staple of another colour';
const subjectsTo = async (w: World, email: string) => (await mailsTo(w, email)).map(({ subject }) => subject);

describe('a reset of an account whose address was never verified', () => {
  const stranger = (w: World) =>
    w.signUp({ ...person('victim'), username: `u${crypto.randomUUID().slice(0, 8)}`, name: 'Stranger' });

  it('passes it to the owner: a new id, no username, no name, verified', async () => {
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

  it('happens too if whoever signed up changed the password in the meantime', async () => {
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
  ])('does not happen if %s: id and names are kept, and the sessions end', async (_, deed) => {
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
  it('is 202 with an empty object, and sends an email with a link', async () => {
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

  it('of unknown addresses stores none of them, and at most 256 rows, however many are requested', async () => {
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

  it('writes one row for a known and an unknown address, however often it is requested', async () => {
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

  it('of an unknown address has no effect on a later sign-up with it', async () => {
    const w = world();
    const who = person('later');
    await requestPasswordReset(w, who.email);
    const { user } = await w.signUp(who);
    expect((await oneTimeTokensOf(w, user.id)).map(({ purpose }) => purpose)).toEqual(['email_verify']);
    await w.delete('/account/me', { password: OLD }, { token: (await w.logIn(who)).body.access });
    expect(await oneTimeTokensOf(w, await sha256Hex(who.email))).toEqual([]);
  });

  it('sends no email to an unknown or inactive address, and stores no token of the user', async () => {
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

  it('is sent to the canonical address, whatever spelling was requested', async () => {
    const w = world();
    const who = await w.signUp();
    await requestPasswordReset(w, `  ${who.email.toUpperCase()}`);
    expect((await mailsTo(w, who.email))[0]).toMatchObject({
      to: who.email,
      subject: 'Reset your password',
    });
  });

  it('changes nothing by itself: password and sessions stay valid', async () => {
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

  it('stores the secret in neither D1 nor KV: it is only in the inbox', async () => {
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

describe('asking whose password a reset is about', () => {
  const check = (w: World, token: unknown) => w.post('/account/password/reset/check', { token });

  it('shows the address, any number of times, and changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const before = await oneTimeTokensOf(w, who.user.id);
    for (let i = 0; i < 2; i++) {
      const answer = await check(w, token);
      expect([answer.status, answer.body]).toEqual([200, { email: who.email }]);
    }
    expect(await oneTimeTokensOf(w, who.user.id)).toEqual(before);
    expect((await confirm(w, token)).status).toBe(204);
    expect(faultsOf(await check(w, token))).toEqual({ token: ['token_not_valid'] });
  });

  it.each<[string, (w: World, who: Awaited<ReturnType<World['signUp']>>) => Promise<unknown>]>([
    ['that was made up', async () => `${crypto.randomUUID()}.${'a'.repeat(43)}`],
    [
      'that has expired',
      async (w, { email }) => {
        const token = await resetToken(w, email);
        w.clock.advance(1_800);
        return token;
      },
    ],
    [
      'of an inactive user',
      async (w, { email, user }) => {
        const token = await resetToken(w, email);
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', user.id);
        return token;
      },
    ],
    ['that verifies an address', async (w, { email }) => (await mailsTo(w, email))[0]?.token],
  ])('refuses a token %s', async (_, tokenOf) => {
    const w = world();
    const who = await w.signUp();
    const answer = await check(w, await tokenOf(w, who));
    expect([answer.status, faultsOf(answer)]).toEqual([400, { token: ['token_not_valid'] }]);
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

  it('verifies the address, and notifies it of the new password', async () => {
    const w = world();
    const who = await w.signUp();
    expect(who.answer.body.user.email_verified).toBe(false);
    await confirm(w, await resetToken(w, who.email));
    const { access } = (await logIn(w, who.email, NEW)).body;
    expect((await w.me(access)).body.email_verified).toBe(true);
    expect((await subjectsTo(w, who.email))[0]).toBe('Your password was changed');
  });

  it('keeps the time at which the address was first verified', async () => {
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

  it('of an older email works although there are newer ones, and then all are void', async () => {
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

  it('has at most five valid links, which no further request voids; another is sent when one has expired', async () => {
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

  it.each(WEAK)('with a password that is %s is 400, and the token stays valid', async (_, next, codes) => {
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
  ])('of a user who is %s by then is 400 like any invalid token', async (_, sql, status) => {
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

  it('voids emailed tokens of other kinds too', async () => {
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

  it('without a token and with a bad password is told both', async () => {
    const answer = await world().post('/account/password/reset/confirm', { new_password: 'a' });
    expect([answer.status, faultsOf(answer)]).toEqual([
      400,
      { token: ['required'], new_password: ['password_too_short'] },
    ]);
  });

  it('used, expired and never issued get the same answer', async () => {
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

describe('tokens of one kind work only at their own endpoint', () => {
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

  it('a pending sign-up resets no password', async () => {
    const w = world({ vars: { SIGN_UP: 'verify' } });
    const who = person('pending');
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
