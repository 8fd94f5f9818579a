/** Mail: verification, change of an address, the sign-up that waits for its mail, and how mail is sent and shown. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { MailName } from '../../src/languages/en/mails.ts';
import { LANGUAGES, type Language, mails } from '../../src/languages/index.ts';
import { composeMail, type MailValues } from '../../src/mail/compose.ts';
import { kvInbox } from '../../src/mail/inbox.ts';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  codeOf,
  faultsOf,
  type Person,
  person,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const DAY = 86_400;
const PASSWORD = 'correct horse battery';
const OTHER_PASSWORD = 'staple of another colour';
const DEAD_TOKEN = { token: ['token_not_valid'] };

interface Mail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
  created_at: string;
}

/** What the inbox has for an address, newest first. */
const mailsTo = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages as Mail[];
const subjectsTo = async (w: World, email: string) => (await mailsTo(w, email)).map(({ subject }) => subject);
/** What the newest mail to an address carries. */
const tokenTo = async (w: World, email: string) => (await mailsTo(w, email))[0]?.token ?? 'no token';

const verify = (w: World, token: unknown) => w.post('/account/email/verify', { token });
const resend = (w: World, token: string) => w.post('/account/email/verify/resend', undefined, { token });
const askChange = (w: World, token: string, email: string, password = PASSWORD) =>
  w.post('/account/email/change', { new_email: email, password }, { token });
const userOf = async (w: World, token: string) => (await w.me(token)).body;
const tokensOf = (w: World, subject: string) =>
  w.rows<{ purpose: string; payload: string | null }>(
    'SELECT * FROM one_time_tokens WHERE subject = ?',
    subject,
  );
const usersOf = (w: World, email: string) =>
  w.rows<Record<string, unknown>>('SELECT * FROM users WHERE email = ?', email);
const username = () => `u${crypto.randomUUID().slice(0, 8)}`;

/** An address that is asked for, and the token that its mail carries. */
async function wanted(w: World, access: string, email = person('wanted').email) {
  expect((await askChange(w, access, email)).status).toBe(202);
  return { email, token: await tokenTo(w, email) };
}

describe('verification of an address', () => {
  it('begins with a mail at sign-up, and ends with its token: 204 without a body', async () => {
    const w = world();
    const who = await w.signUp();
    expect(who.answer.body.user.email_verified).toBe(false);
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your e-mail address']);
    const answer = await verify(w, await tokenTo(w, who.email));
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await userOf(w, who.access)).email_verified).toBe(true);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
    expect(log.of('email_verified')).toMatchObject([{ user: who.user.id }]);
  });

  it('works once', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    await verify(w, token);
    const again = await verify(w, token);
    expect([again.status, faultsOf(again)]).toEqual([400, DEAD_TOKEN]);
  });

  it.each<[number, number]>([
    [0, 204],
    [DAY - 1, 204],
    [DAY, 400],
    [DAY + 1, 400],
    [30 * DAY, 400],
  ])('%i seconds after the mail is %i', async (after, status) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    w.clock.advance(after);
    const answer = await verify(w, token);
    expect([answer.status, faultsOf(answer)]).toEqual([status, status === 400 ? DEAD_TOKEN : {}]);
  });

  it('fifty times at once is 204 once', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    expect(tally(await atOnce(50, () => verify(w, token)))).toEqual({ 204: 1, 400: 49 });
    expect((await userOf(w, who.access)).email_verified).toBe(true);
  });

  it('leaves sessions, password and a reset alone', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    await verify(w, token);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    const confirmed = await w.post('/account/password/reset/confirm', {
      token: reset,
      new_password: OTHER_PASSWORD,
    });
    expect(confirmed.status).toBe(204);
  });

  it('of an inactive user, and of one who is gone, is 400 as any dead token', async () => {
    const w = world();
    const [inactive, gone] = [await w.signUp(), await w.signUp()];
    const tokens = [await tokenTo(w, inactive.email), await tokenTo(w, gone.email)];
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.user.id);
    await w.delete('/account/me', { password: PASSWORD }, { token: gone.access });
    for (const token of tokens) expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
  });

  it('white space around the token is ignored', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await verify(w, `\n ${await tokenTo(w, who.email)} `)).status).toBe(204);
  });

  it.each<[string, (token: string) => string]>([
    ['the user’s half alone', (token) => token.split('.')[0] ?? ''],
    ['the secret half alone', (token) => token.split('.')[1] ?? ''],
    ['with another secret', (token) => `${token.split('.')[0]}.${'A'.repeat(43)}`],
    ['of another user', (token) => `${crypto.randomUUID()}.${token.split('.')[1]}`],
    ['of a wished sign-up that never was', (token) => `${'a'.repeat(64)}.${token.split('.')[1]}`],
    ['without its last character', (token) => token.slice(0, -1)],
    ['with a character too many', (token) => `${token}A`],
    ['in capitals', (token) => token.toUpperCase()],
    ['with white space inside', (token) => token.replace('.', ' .')],
    ['a word', () => 'x'],
    ['a NUL', () => '\u0000'],
    ['half a surrogate pair', () => '\ud800'],
    ['a name of objects', () => 'constructor'],
    ['a link', (token) => `http://localhost/account/email/verify#token=${token}`],
    ['10,000 characters', () => 'x'.repeat(10_000)],
  ])('with a token that is %s is 400, and the real one still works', async (_, forge) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const answer = await verify(w, forge(token));
    expect([answer.status, faultsOf(answer)]).toEqual([400, DEAD_TOKEN]);
    expect((await verify(w, token)).status).toBe(204);
  });

  it.each<[string, unknown, string]>([
    ['absent', undefined, 'required'],
    ['null', null, 'null'],
    ['blank', ' ', 'blank'],
    ['a number', 1, 'invalid'],
    ['a list', ['x'], 'invalid'],
  ])('with a token that is %s is 400', async (_, token, code) => {
    expect(faultsOf(await verify(world(), token))).toEqual({ token: [code] });
  });
});

describe('“This wasn’t me”', () => {
  const disown = (w: World, token: unknown) => w.post('/account/email/disown', { token });
  /** From a place that the mail is to name. */
  const PLACE = { headers: { 'CF-Connecting-IP': '203.0.113.7' } };

  it('is the second link of the verification mail, which says when and where the account was made', async () => {
    const w = world({ now: Date.UTC(2026, 10, 23, 9, 5) });
    const who = person();
    await w.post('/account/sign-up', who, PLACE);
    const [mail] = await mailsTo(w, who.email);
    expect(mail?.text).toContain('2026-11-23 09:05 UTC from 203.0.113.7');
    expect(mail?.text.split('\n\n')).toContain(`http://localhost/account/email/disown#token=${mail?.token}`);
  });

  it('deletes the account: 204 without a body, every token dead, nothing left, and a mail that says so', async () => {
    const w = world();
    const who = await w.signUp();
    const again = (await w.logIn(who)).body;
    const token = await tokenTo(w, who.email);
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    const answer = await disown(w, token);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await usersOf(w, who.email)).toEqual([]);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
    for (const pair of [who, again]) {
      expect((await w.me(pair.access)).status).toBe(401);
      expect((await w.refresh(pair.refresh)).status).toBe(401);
      expect(await w.kvOf(pair.access)).toBe('withdrawn');
    }
    const body = { token: reset, new_password: OTHER_PASSWORD };
    expect(faultsOf(await w.post('/account/password/reset/confirm', body))).toEqual(DEAD_TOKEN);
    expect((await subjectsTo(w, who.email))[0]).toBe('Your account was deleted');
    expect(log.of('disowned')).toMatchObject([{ sessions: 2 }]);
    expect((await w.signUp({ email: who.email, password: OTHER_PASSWORD })).answer.status).toBe(201);
  });

  it('works once', async () => {
    const w = world();
    const token = await tokenTo(w, (await w.signUp()).email);
    expect((await disown(w, token)).status).toBe(204);
    expect(faultsOf(await disown(w, token))).toEqual(DEAD_TOKEN);
  });

  it('fifty times at once is 204 once', RACE, async () => {
    const w = world();
    const token = await tokenTo(w, (await w.signUp()).email);
    expect(tally(await atOnce(50, () => disown(w, token)))).toEqual({ 204: 1, 400: 49 });
  });

  it('beside a verification: one of the two wins', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const answers = await Promise.all([disown(w, token), verify(w, token)]);
    expect(tally(answers)).toEqual({ 204: 1, 400: 1 });
    expect(await usersOf(w, who.email)).toHaveLength(answers[0]?.status === 204 ? 0 : 1);
  });

  it.each([DAY, 30 * DAY, 365 * DAY])(
    'works %i seconds later too, as long as nobody has verified the address',
    async (after) => {
      const w = world();
      const token = await tokenTo(w, (await w.signUp()).email);
      w.clock.advance(after);
      expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
      expect((await disown(w, token)).status).toBe(204);
    },
  );

  it.each<[string, (w: World, who: { email: string; access: string; user: { id: string } }) => unknown]>([
    ['the mail was confirmed', async (w, who) => verify(w, await tokenTo(w, who.email))],
    [
      'the password was reset by mail',
      async (w, who) => {
        await w.post('/account/password/reset', { email: who.email });
        const token = await tokenTo(w, who.email);
        await w.post('/account/password/reset/confirm', { token, new_password: OTHER_PASSWORD });
      },
    ],
    ['another address was confirmed', async (w, who) => verify(w, (await wanted(w, who.access)).token)],
    [
      'it counts as verified',
      (w, who) => w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id),
    ],
    [
      'the user was deactivated',
      (w, who) => w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id),
    ],
  ])('is 400 as any dead token once %s, and the account stays', async (_, deed) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const before = await w.rows('SELECT count(*) AS n FROM users');
    await deed(w, who);
    const answer = await disown(w, token);
    expect([answer.status, faultsOf(answer)]).toEqual([400, DEAD_TOKEN]);
    expect(await w.rows('SELECT count(*) AS n FROM users')).toEqual(before);
  });

  it('is not voided by whoever made the account: a new password leaves it', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const body = { current_password: PASSWORD, new_password: OTHER_PASSWORD };
    expect((await w.post('/account/password/change', body, { token: who.access })).status).toBe(204);
    expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
    expect((await disown(w, token)).status).toBe(204);
  });

  it('asked for anew still says when and where the account was made', async () => {
    const w = world({ now: Date.UTC(2026, 10, 23, 9, 5) });
    const who = person();
    const { access } = (await w.post('/account/sign-up', who, PLACE)).body;
    for (let i = 0; i < 2; i++) {
      w.clock.advance(600);
      await w.post('/account/email/verify/resend', undefined, { token: access });
      expect((await mailsTo(w, who.email))[0]?.text).toContain('2026-11-23 09:05 UTC from 203.0.113.7');
    }
  });

  it('leaves the last active staff member: 403', async () => {
    const w = world();
    await w.rows('UPDATE users SET is_staff = 0');
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const answer = await disown(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
    await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', who.user.id);
    expect((await disown(w, token)).status).toBe(204);
  });

  it('with tokens of other kinds is 400', async () => {
    const w = world();
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    const { token: change } = await wanted(w, who.access);
    for (const token of [reset, change, who.access, who.refresh, 'x']) {
      expect(faultsOf(await disown(w, token))).toEqual(DEAD_TOKEN);
    }
    expect(await usersOf(w, who.email)).toHaveLength(1);
  });
});

describe('asking for the verification mail again', () => {
  it('is 202 with an empty object, and the newer mail voids the older', async () => {
    const w = world();
    const who = await w.signUp();
    const older = await tokenTo(w, who.email);
    const answer = await resend(w, who.access);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    const newer = await tokenTo(w, who.email);
    expect(newer).not.toBe(older);
    expect((await mailsTo(w, who.email))[0]?.text).toContain(`/account/email/verify#token=${newer}`);
    expect(faultsOf(await verify(w, older))).toEqual(DEAD_TOKEN);
    expect((await verify(w, newer)).status).toBe(204);
  });

  it('ten times leaves one token', async () => {
    const w = world();
    const who = await w.signUp();
    for (let i = 0; i < 10; i++) await resend(w, who.access);
    expect(await tokensOf(w, who.user.id)).toHaveLength(1);
    expect((await verify(w, await tokenTo(w, who.email))).status).toBe(204);
  });

  it('where the address is verified is the same answer, and no mail', async () => {
    const w = world();
    const who = await w.signUp();
    await verify(w, await tokenTo(w, who.email));
    const answer = await resend(w, who.access);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
  });

  it('where there is no address is the same answer', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: username() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    const answer = await resend(w, who.access);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
  });

  it.each([
    ['verified', 'UPDATE users SET email_verified_at = 1 WHERE id = ?'],
    ['not verified', 'UPDATE users SET email_verified_at = NULL WHERE id = ?'],
  ])('is two round trips to D1 where it is %s', async (_, sql) => {
    const counted = counting();
    const w = world({ bindings: { DB: counted.bindings.DB } });
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    expect((await counted.of(() => resend(w, who.access))).d1.roundTrips).toBe(2);
  });

  it('by nobody is 401', async () => {
    const answer = await world().post('/account/email/verify/resend');
    expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
  });
});

describe('a change of address', () => {
  it('is 202, and takes effect when the new address confirms', async () => {
    const w = world();
    const who = await w.signUp();
    const { email } = person('wanted');
    const answer = await askChange(w, who.access, email);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect((await userOf(w, who.access)).email).toBe(who.email);
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(401);

    const confirmed = await verify(w, await tokenTo(w, email));
    expect([confirmed.status, confirmed.text]).toEqual([204, '']);
    expect(await userOf(w, who.access)).toMatchObject({ id: who.user.id, email, email_verified: true });
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(200);
    expect((await w.logIn(who)).status).toBe(401);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    expect(log.of('email_changed')).toMatchObject([{ user: who.user.id }]);
  });

  it('is told to the old address twice, and neither mail names the other address', async () => {
    const w = world();
    const who = await w.signUp();
    const { email, token } = await wanted(w, who.access);
    await verify(w, token);
    expect(await subjectsTo(w, who.email)).toEqual([
      'Your e-mail address was changed',
      'Your e-mail address is about to change',
      'Confirm your e-mail address',
    ]);
    expect(await subjectsTo(w, email)).toEqual(['Confirm your new e-mail address']);
    expect(JSON.stringify(await mailsTo(w, who.email))).not.toContain(email);
    expect(JSON.stringify(await mailsTo(w, email))).not.toContain(who.email);
    const [changed, asked] = await mailsTo(w, who.email);
    expect([changed?.token, asked?.token]).toEqual([expect.any(String), null]);
    expect(changed?.text).toContain(`http://localhost/account/email/take-back#token=${changed?.token}`);
    expect(changed?.text).toContain('72 hours');
  });

  it('keeps the canonical form of what was typed', async () => {
    const w = world();
    const who = await w.signUp();
    const local = `wanted-${crypto.randomUUID().slice(0, 8)}`;
    const { token } = await wanted(w, who.access, `  ${local.toUpperCase()}@XN--BCHER-KVA.example `);
    expect((await mailsTo(w, `${local}@bücher.example`))[0]?.to).toBe(`${local}@bücher.example`);
    expect((await verify(w, token)).status).toBe(204);
    expect((await userOf(w, who.access)).email).toBe(`${local}@bücher.example`);
  });

  it('with a wrong password is 400 under password, and sends nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const { email } = person('wanted');
    const answer = await askChange(w, who.access, email, OTHER_PASSWORD);
    expect([answer.status, faultsOf(answer)]).toEqual([400, { password: ['password_incorrect'] }]);
    expect(await subjectsTo(w, email)).toEqual([]);
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
  });

  it('to an address that is taken is 202 all the same: its owner gets a mail, the old one is told', async () => {
    const w = world();
    const [who, owner] = [await w.signUp(), await w.signUp()];
    const answer = await askChange(w, who.access, owner.email.toUpperCase());
    const free = await askChange(w, who.access, person('wanted').email);
    expect([answer.status, answer.text]).toEqual([free.status, free.text]);
    const [mail] = await mailsTo(w, owner.email);
    expect(mail).toMatchObject({ subject: 'You already have an account', token: null });
    expect(mail?.text).not.toMatch(/token|https?:/);
    expect((await subjectsTo(w, who.email))[0]).toBe('Your e-mail address is about to change');
    expect((await userOf(w, who.access)).email).toBe(who.email);
    expect((await userOf(w, owner.access)).email).toBe(owner.email);
  });

  it('to an address that is taken and to one that is free is the same work', async () => {
    const counted = counting();
    const w = world({ bindings: { DB: counted.bindings.DB } });
    const [who, owner] = [await w.signUp(), await w.signUp()];
    const costOf = async (access: string, email: string) => {
      const { d1 } = await counted.of(() => askChange(w, access, email));
      return { roundTrips: d1.roundTrips, rowsWritten: d1.rowsWritten };
    };
    const costs = [await costOf(who.access, owner.email), await costOf(owner.access, person('wanted').email)];
    expect(costs).toEqual([1, 1].map((rowsWritten) => ({ roundTrips: 2, rowsWritten })));
  });

  it('to one’s own address changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await askChange(w, who.access, who.email)).status).toBe(202);
    expect(await userOf(w, who.access)).toMatchObject({ email: who.email, email_verified: false });
  });

  it('to an address that was taken meanwhile is 409, and changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const { email, token } = await wanted(w, who.access);
    await w.signUp({ email, password: PASSWORD });
    const answer = await verify(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'email_taken']);
    expect(await userOf(w, who.access)).toMatchObject({ email: who.email, email_verified: false });
  });

  it('wished by two at once goes to the one who confirms first', RACE, async () => {
    const w = world();
    const [one, two] = [await w.signUp(), await w.signUp()];
    const { email, token } = await wanted(w, one.access);
    const other = await wanted(w, two.access, email);
    const answers = await Promise.all([verify(w, token), verify(w, other.token)]);
    expect(tally(answers)).toEqual({ 204: 1, 409: 1 });
    expect(await usersOf(w, email)).toHaveLength(1);
  });

  it('confirmed fifty times at once is 204 once', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const { token } = await wanted(w, who.access);
    expect(tally(await atOnce(50, () => verify(w, token)))).toEqual({ 204: 1, 400: 49 });
  });

  it('frees the old address', async () => {
    const w = world();
    const who = await w.signUp();
    await verify(w, (await wanted(w, who.access)).token);
    expect((await w.signUp({ email: who.email, password: PASSWORD })).answer.status).toBe(201);
  });

  it('takes a username away that was the old address, and no other', async () => {
    const w = world();
    const own = await w.signUp();
    await w.patch('/account/me', { username: own.email }, { token: own.access });
    expect((await userOf(w, own.access)).username).toBe(own.email);
    const plain = await w.signUp({ ...person(), username: username() });
    for (const who of [own, plain]) await verify(w, (await wanted(w, who.access)).token);
    expect((await userOf(w, own.access)).username).toBeNull();
    expect((await userOf(w, plain.access)).username).toMatch(/^u/);
    expect((await w.logIn({ username: own.email, password: PASSWORD })).status).toBe(401);
  });

  it('beside a username that is the old address: the address is free for its next owner, username and all', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { email, token } = await wanted(plain, who.access);
    const { DB } = watchedD1({
      // Between the read of the user and the write.
      before: async ({ number }) => number === 2 && expect((await verify(plain, token)).status).toBe(204),
    });
    const w = world({ bindings: { DB } });
    const answer = await w.patch('/account/me', { username: who.email }, { token: who.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, { username: ['invalid'] }]);
    expect(await userOf(plain, who.access)).toMatchObject({ email, username: null });
    const next = await plain.signUp({ email: who.email, password: PASSWORD, username: who.email });
    expect(next.answer.status).toBe(201);
  });

  it('beside another username leaves it: the change is tried again with the new address', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { email, token } = await wanted(plain, who.access);
    const { DB } = watchedD1({ before: async ({ number }) => number === 2 && (await verify(plain, token)) });
    const name = username();
    const answer = await world({ bindings: { DB } }).patch(
      '/account/me',
      { username: name },
      { token: who.access },
    );
    expect([answer.status, answer.body.username, answer.body.email]).toEqual([200, name, email]);
  });

  it('gives an address to a user who had none, and tells no old one', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: username() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    const { email, token } = await wanted(w, who.access);
    expect((await verify(w, token)).status).toBe(204);
    expect(await userOf(w, who.access)).toMatchObject({ email, email_verified: true });
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
    const { messages } = (await w.get('/dev/mail')).body as { messages: Mail[] };
    expect(messages.filter(({ to }) => !to)).toEqual([]);
  });

  it('asked anew voids the older wish', async () => {
    const w = world();
    const who = await w.signUp();
    const [older, newer] = [await wanted(w, who.access), await wanted(w, who.access)];
    expect(faultsOf(await verify(w, older.token))).toEqual(DEAD_TOKEN);
    expect((await verify(w, newer.token)).status).toBe(204);
  });

  it('asked anew for an address that is taken voids the older wish too', async () => {
    const w = world();
    const [who, owner] = [await w.signUp(), await w.signUp()];
    const older = await wanted(w, who.access);
    await askChange(w, who.access, owner.email);
    expect(faultsOf(await verify(w, older.token))).toEqual(DEAD_TOKEN);
  });

  it('refused for a wrong password leaves the older wish good', async () => {
    const w = world();
    const who = await w.signUp();
    const older = await wanted(w, who.access);
    await askChange(w, who.access, person('wanted').email, OTHER_PASSWORD);
    expect((await verify(w, older.token)).status).toBe(204);
  });

  it('voids every other mail: a verification, a reset', async () => {
    const w = world();
    const who = await w.signUp();
    const first = await tokenTo(w, who.email);
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    await verify(w, (await wanted(w, who.access)).token);
    expect((await tokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['email_take_back']);
    expect(faultsOf(await verify(w, first))).toEqual(DEAD_TOKEN);
    const confirmed = await w.post('/account/password/reset/confirm', {
      token: reset,
      new_password: OTHER_PASSWORD,
    });
    expect(faultsOf(confirmed)).toEqual(DEAD_TOKEN);
  });

  it.each<[number, number]>([
    [DAY - 1, 204],
    [DAY, 400],
  ])('confirmed %i seconds later is %i', async (after, status) => {
    const w = world();
    const { token } = await wanted(w, (await w.signUp()).access);
    w.clock.advance(after);
    expect((await verify(w, token)).status).toBe(status);
  });

  it('works after a log-out: what was asked behind a password stands', async () => {
    const w = world();
    const who = await w.signUp();
    const { email, token } = await wanted(w, who.access);
    await w.logOut(who.refresh);
    expect((await verify(w, token)).status).toBe(204);
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(200);
  });

  it('of a user who is inactive meanwhile is 400 as any dead token', async () => {
    const w = world();
    const who = await w.signUp();
    const { token } = await wanted(w, who.access);
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
    expect(await usersOf(w, who.email)).toHaveLength(1);
  });

  it.each<[string, string, number, Record<string, string[]>]>([
    [
      'the session ended',
      "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?",
      401,
      {},
    ],
    [
      'the password changed',
      'UPDATE users SET password_version = password_version + 1 WHERE id = ?',
      400,
      { password: ['password_incorrect'] },
    ],
    ['the user was deactivated', 'UPDATE users SET is_active = 0 WHERE id = ?', 401, {}],
  ])('where %s just before the deed is refused, and sends nothing', async (_, sql, status, faults) => {
    const plain = world();
    const who = await plain.signUp();
    const { email } = person('wanted');
    const { DB } = watchedD1({ before: ({ number }) => number === 2 && plain.rows(sql, who.user.id) });
    const answer = await askChange(world({ bindings: { DB } }), who.access, email);
    expect([answer.status, faultsOf(answer)]).toEqual([status, faults]);
    expect(await subjectsTo(plain, email)).toEqual([]);
    expect((await tokensOf(plain, who.user.id)).map(({ purpose }) => purpose)).toEqual(['email_verify']);
  });

  it.each<[string, unknown, Record<string, string[]>]>([
    ['nothing', {}, { new_email: ['required'], password: ['required'] }],
    ['no address', { new_email: 'x', password: PASSWORD }, { new_email: ['invalid'] }],
    ['null', { new_email: null, password: null }, { new_email: ['null'], password: ['null'] }],
    ['a line break in it', { new_email: 'a@x.example\r\nBcc: b', password: 'x' }, { new_email: ['invalid'] }],
  ])('with %s is 400', async (_, body, faults) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/account/email/change', body, { token: who.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
  });

  it('by nobody is 401', async () => {
    const answer = await world().post('/account/email/change', { new_email: 'a@example.com', password: 'x' });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
  });
});

describe('taking an address back', () => {
  const takeBack = (w: World, token: unknown) => w.post('/account/email/take-back', { token });
  const reset = (w: World, token: unknown, password = OTHER_PASSWORD) =>
    w.post('/account/password/reset/confirm', { token, new_password: password });
  /** Changes the address, and what the mail to the old one carries. */
  async function changed(w: World, who: { access: string; email: string }, to = person('thief').email) {
    await verify(w, (await wanted(w, who.access, to)).token);
    return { to, token: await tokenTo(w, who.email) };
  }

  it('gives it back, ends every session, and leads to a new password, without which nobody comes in', async () => {
    const w = world();
    const who = await w.signUp();
    await verify(w, await tokenTo(w, who.email));
    const { to, token } = await changed(w, who);
    const thief = (await w.logIn({ email: to, password: PASSWORD })).body;
    const answer = await takeBack(w, token);
    expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['reset_token']]);
    for (const pair of [who, thief]) {
      expect((await w.me(pair.access)).status).toBe(401);
      expect((await w.refresh(pair.refresh)).status).toBe(401);
      expect(await w.kvOf(pair.access)).toBe('password_reset');
    }
    for (const email of [to, who.email]) {
      expect((await w.logIn({ email, password: PASSWORD })).status).toBe(401);
    }
    expect((await reset(w, answer.body.reset_token)).status).toBe(204);
    const { access } = (await w.logIn({ email: who.email, password: OTHER_PASSWORD })).body;
    expect(await userOf(w, access)).toMatchObject({
      id: who.user.id,
      email: who.email,
      email_verified: true,
    });
    expect(log.of('email_taken_back')).toMatchObject([{ user: who.user.id, ended: 2 }]);
  });

  it('voids what is pending: another change, a reset of the new address', async () => {
    const w = world();
    const who = await w.signUp();
    const { to, token } = await changed(w, who);
    const next = await wanted(w, who.access);
    await w.post('/account/password/reset', { email: to });
    const resetting = await tokenTo(w, to);
    const { reset_token } = (await takeBack(w, token)).body;
    expect((await tokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['password_reset']);
    expect(faultsOf(await verify(w, next.token))).toEqual(DEAD_TOKEN);
    expect(faultsOf(await reset(w, resetting))).toEqual(DEAD_TOKEN);
    expect((await reset(w, reset_token)).status).toBe(204);
  });

  it.each<[string, (w: World, who: { access: string }, to: string) => Promise<unknown>]>([
    [
      'the password changed',
      (w, { access }) =>
        w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: OTHER_PASSWORD },
          { token: access },
        ),
    ],
    [
      'the password was reset from the new address',
      async (w, _, to) => {
        await w.post('/account/password/reset', { email: to });
        await reset(w, await tokenTo(w, to));
      },
    ],
    [
      'everybody was logged out',
      (w, { access }) => w.delete('/account/sessions', undefined, { token: access }),
    ],
    ['the address changed once more', (w, who, to) => changed(w, { ...who, email: to })],
    [
      'the address changed once more, and that was taken back',
      async (w, who, to) => takeBack(w, (await changed(w, { ...who, email: to })).token),
    ],
    [
      'somebody signed up with it, and has not shown the mailbox',
      (w) => w.signUp({ email: OLD_ADDRESS.email, password: OTHER_PASSWORD }),
    ],
  ])('works though %s meanwhile', async (_, deed) => {
    const w = world();
    OLD_ADDRESS.email = person('owner').email;
    const who = await w.signUp({ email: OLD_ADDRESS.email, password: PASSWORD });
    const { to, token } = await changed(w, who);
    await deed(w, who, to);
    const answer = await takeBack(w, token);
    expect(answer.status).toBe(200);
    expect((await reset(w, answer.body.reset_token, 'a third horse battery')).status).toBe(204);
    const { access } = (await w.logIn({ email: who.email, password: 'a third horse battery' })).body;
    expect((await userOf(w, access)).id).toBe(who.user.id);
    expect(await usersOf(w, to)).toEqual([]);
  });
  const OLD_ADDRESS = { email: '' };

  it('voids the newer ones', async () => {
    const w = world();
    const who = await w.signUp();
    const first = await changed(w, who);
    const second = await changed(w, { access: who.access, email: first.to });
    expect((await takeBack(w, first.token)).status).toBe(200);
    expect(faultsOf(await takeBack(w, second.token))).toEqual(DEAD_TOKEN);
  });

  it('is 409 where whoever has the address has shown the mailbox, and changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const { to, token } = await changed(w, who);
    const next = await w.signUp({ email: who.email, password: OTHER_PASSWORD });
    await verify(w, await tokenTo(w, who.email));
    const answer = await takeBack(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'email_taken']);
    expect((await userOf(w, who.access)).email).toBe(to);
    expect((await userOf(w, next.access)).email).toBe(who.email);
  });

  it('works once, and fifty times at once is once', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const { token } = await changed(w, who);
    expect(tally(await atOnce(50, () => takeBack(w, token)))).toEqual({ 200: 1, 400: 49 });
    expect((await tokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['password_reset']);
  });

  it.each<[number, number]>([
    [3 * DAY - 1, 200],
    [3 * DAY, 400],
  ])('%i seconds later is %i', async (after, status) => {
    const w = world();
    const { token } = await changed(w, await w.signUp());
    w.clock.advance(after);
    expect((await takeBack(w, token)).status).toBe(status);
  });

  it('takes a username away that was the other address', async () => {
    const w = world();
    const who = await w.signUp();
    const { to, token } = await changed(w, who);
    await w.patch('/account/me', { username: to }, { token: who.access });
    expect((await takeBack(w, token)).status).toBe(200);
    expect(await usersOf(w, who.email)).toMatchObject([{ username: null, username_key: null }]);
  });

  it('of tokens of other kinds is 400', async () => {
    const w = world();
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    const other = await tokenTo(w, who.email);
    const { token: change } = await wanted(w, who.access);
    for (const token of [other, change, who.access, 'x']) {
      expect(faultsOf(await takeBack(w, token))).toEqual(DEAD_TOKEN);
    }
  });

  it('leaves nothing of any address after a withdrawal, sign-ups that wait for the old one included', async () => {
    const w = world();
    const who = await w.signUp();
    const { to } = await changed(w, who);
    const waiting = world({ vars: { SIGN_UP: 'verify' } });
    for (const email of [who.email, to])
      await waiting.post('/account/sign-up', { email, password: PASSWORD });
    await wanted(w, who.access);
    expect((await w.delete('/account/me', { password: PASSWORD }, { token: who.access })).status).toBe(204);
    const left = JSON.stringify(await w.rows('SELECT * FROM one_time_tokens'));
    for (const text of [who.email, to, who.user.id]) expect(left).not.toContain(text);
  });
});

describe('what people do to their own account', () => {
  it('is told by mail: a new username, and a withdrawal; another name is not', async () => {
    const w = world();
    const who = await w.signUp();
    await w.patch('/account/me', { username: username() }, { token: who.access });
    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    await w.delete('/account/me', { password: PASSWORD }, { token: who.access });
    expect(await subjectsTo(w, who.email)).toEqual([
      'Your account was deleted',
      'Your username was changed',
      'Confirm your e-mail address',
    ]);
  });
});

describe('SIGN_UP=verify', () => {
  const vars: Vars = { SIGN_UP: 'verify' };
  const wish = (w: World, who: object) => w.post('/account/sign-up', who);
  /** Confirms with the password that was chosen. */
  const prove = (w: World, token: unknown, password = PASSWORD) =>
    w.post('/account/email/verify', { token, password });

  afterEach(() => vi.restoreAllMocks());

  it('is 202 with a claim: no token, no user, until the mail is confirmed', async () => {
    const w = world({ vars });
    const who = { ...person('wish'), name: 'Mina Kim', username: username() };
    const answer = await wish(w, who);
    expect([answer.status, answer.body]).toEqual([202, { claim: expect.stringMatching(/^[\w-]{43}$/) }]);
    expect(await usersOf(w, who.email)).toEqual([]);
    expect((await w.logIn(who)).status).toBe(401);
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your sign-up']);

    w.clock.advance(600);
    const confirmed = await prove(w, await tokenTo(w, who.email));
    expect([confirmed.status, confirmed.text]).toEqual([204, '']);
    expect(await usersOf(w, who.email)).toMatchObject([
      {
        name: 'Mina Kim',
        username: who.username,
        is_active: 1,
        is_staff: 0,
        email_verified_at: w.clock.now,
        date_joined: w.clock.now,
        last_login_at: null,
      },
    ]);
    const { access } = (await w.logIn(who)).body;
    expect(await userOf(w, access)).toMatchObject({
      email: who.email,
      email_verified: true,
      is_staff: false,
    });
    expect((await w.logIn({ username: who.username, password: who.password })).status).toBe(200);
  });

  it('leaves nothing of the wish once it is fulfilled', async () => {
    const w = world({ vars });
    const who = person('wish');
    await wish(w, who);
    const token = await tokenTo(w, who.email);
    await prove(w, token);
    expect(await tokensOf(w, token.split('.')[0] ?? '')).toEqual([]);
    expect(faultsOf(await prove(w, token))).toEqual(DEAD_TOKEN);
  });

  it('keeps the password as a hash, never as text', async () => {
    const w = world({ vars });
    const who = { ...person('wish'), password: 'a very own horse battery' };
    await wish(w, who);
    const [row] = await tokensOf(w, (await tokenTo(w, who.email)).split('.')[0] ?? '');
    expect(row?.payload).toContain('$pbkdf2-sha256-chain$');
    expect(row?.payload).not.toContain(who.password);
  });

  it('answers a known address the same, and sends its owner a mail that says so and nothing else', async () => {
    const w = world({ vars });
    const owner = person('owner');
    await wish(w, owner);
    await prove(w, await tokenTo(w, owner.email));
    const before = await usersOf(w, owner.email);
    const unknown = await wish(w, person('wish'));
    const known = await wish(w, { email: ` ${owner.email.toUpperCase()}`, password: OTHER_PASSWORD });
    expect(known.status).toBe(unknown.status);
    expect(Object.keys(known.body)).toEqual(Object.keys(unknown.body));
    expect(known.text.length).toBe(unknown.text.length);
    expect([...known.headers.keys()]).toEqual([...unknown.headers.keys()]);
    const [mail] = await mailsTo(w, owner.email);
    expect(mail).toMatchObject({ subject: 'You already have an account', token: null });
    expect(`${mail?.text}${mail?.html}`).not.toMatch(/token=|https?:|href/);
    expect(await usersOf(w, owner.email)).toEqual(before);
    expect((await w.logIn({ ...owner, password: OTHER_PASSWORD })).status).toBe(401);
    expect((await w.logIn(owner)).status).toBe(200);
  });

  it('does the same work for a known and an unknown address', async () => {
    const counted = counting();
    const w = world({ vars, bindings: counted.bindings });
    const { email } = await world().signUp();
    // The first request tries what the platform allows: no work of this one.
    await w.get('/.well-known/jwks.json');
    const derive = vi.spyOn(crypto.subtle, 'deriveBits');
    const costOf = async (address: string) => {
      derive.mockClear();
      const { d1, kv } = await counted.of(() => wish(w, { email: address, password: PASSWORD }));
      const { roundTrips, rowsWritten } = d1;
      return { roundTrips, rowsWritten, kv, hashes: derive.mock.calls.length };
    };
    const expected = { roundTrips: 1, rowsWritten: 1, kv: { gets: 0, puts: 1 }, hashes: 1 };
    expect([await costOf(person('wish').email), await costOf(email)]).toEqual([expected, expected]);
  });

  it.each<[string, object, Record<string, string[]>]>([
    ['a password too short', { password: 'short' }, { password: ['password_too_short'] }],
    ['a common password', { password: 'Password123' }, { password: ['password_too_common'] }],
    ['no password', { password: undefined }, { password: ['required'] }],
    ['a username that is no name', { username: 'a b' }, { username: ['invalid'] }],
    ['a username that is another’s address', { username: 'other@example.org' }, { username: ['invalid'] }],
  ])('refuses %s for a known and an unknown address alike, without a mail', async (_, change, faults) => {
    const w = world({ vars });
    const [known, unknown] = [await world().signUp(), person('wish')];
    for (const { email } of [known, unknown]) {
      const mails = (await mailsTo(w, email)).length;
      const answer = await wish(w, { email, password: PASSWORD, ...change });
      expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
      expect(await mailsTo(w, email)).toHaveLength(mails);
    }
  });

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])(
    'of two wishes for one address %s, confirmed, sets the password, and the other is dead',
    async (_, i) => {
      const w = world({ vars });
      const { email } = person('wish');
      const passwords = ['staple of the first', 'staple of the second'];
      const tokens: string[] = [];
      for (const password of passwords) {
        await wish(w, { email, password });
        tokens.push(await tokenTo(w, email));
      }
      expect((await prove(w, tokens[i], passwords[i])).status).toBe(204);
      expect(faultsOf(await prove(w, tokens[1 - i], passwords[1 - i]))).toEqual(DEAD_TOKEN);
      expect((await w.logIn({ email, password: passwords[i] ?? '' })).status).toBe(200);
      expect((await w.logIn({ email, password: passwords[1 - i] ?? '' })).status).toBe(401);
    },
  );

  it('of fifty confirmations at once, of two wishes, one makes the account', RACE, async () => {
    const w = world({ vars });
    const { email } = person('wish');
    const tokens: string[] = [];
    for (const password of [PASSWORD, OTHER_PASSWORD]) {
      await wish(w, { email, password });
      tokens.push(await tokenTo(w, email));
    }
    const answers = await atOnce(50, (i) => prove(w, tokens[i % 2], i % 2 ? OTHER_PASSWORD : PASSWORD));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => ![204, 400, 409].includes(status))).toEqual([]);
    expect(await usersOf(w, email)).toHaveLength(1);
  });

  it('keeps five wishes of one address at most, the newest, known and unknown alike', async () => {
    const counted = counting();
    const w = world({ vars, bindings: { DB: counted.bindings.DB } });
    const { email: known } = await world().signUp();
    const { email: unknown } = person('wish');
    const written: Record<string, number[]> = { [known]: [], [unknown]: [] };
    for (let i = 0; i < 7; i++) {
      for (const email of [known, unknown]) {
        const { d1 } = await counted.of(() => wish(w, { email, password: PASSWORD }));
        written[email]?.push(d1.rowsWritten);
        w.clock.advance(1);
      }
    }
    expect(written[known]).toEqual(written[unknown]);
    const subject = (await tokenTo(w, unknown)).split('.')[0] ?? '';
    expect(await tokensOf(w, subject)).toHaveLength(5);
    const tokens = (await mailsTo(w, unknown)).map(({ token }) => token);
    for (const token of tokens.slice(5)) expect(faultsOf(await prove(w, token))).toEqual(DEAD_TOKEN);
  });

  it('keeps nothing of a wish for an address that has an owner', async () => {
    const w = world({ vars });
    const owner = await world().signUp();
    await wish(w, { email: owner.email, password: OTHER_PASSWORD });
    const rows = await w.rows<{ payload: string | null }>(
      "SELECT payload FROM one_time_tokens WHERE purpose = 'sign_up' AND created_at = ?",
      w.clock.now,
    );
    expect(JSON.stringify(rows)).not.toContain(owner.email);
  });

  it('makes the account without a username that another took meanwhile', async () => {
    const w = world({ vars });
    const [who, name] = [person('wish'), username()];
    await wish(w, { ...who, username: name.toUpperCase() });
    await world().signUp({ ...person(), username: name });
    expect((await prove(w, await tokenTo(w, who.email))).status).toBe(204);
    expect(await usersOf(w, who.email)).toMatchObject([{ username: null, username_key: null }]);
    expect((await w.logIn(who)).status).toBe(200);
  });

  it('does not tell whether a username is taken', async () => {
    const w = world({ vars });
    const name = username();
    await world().signUp({ ...person(), username: name });
    const answer = await wish(w, { ...person('wish'), username: name });
    expect([answer.status, Object.keys(answer.body)]).toEqual([202, ['claim']]);
  });

  it('is 409 where the address was taken meanwhile by a change of address', async () => {
    const w = world({ vars });
    const who = person('wish');
    await wish(w, who);
    const token = await tokenTo(w, who.email);
    const other = await world().signUp();
    await prove(w, (await wanted(w, other.access, who.email)).token);
    const answer = await prove(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'email_taken']);
    expect(await usersOf(w, who.email)).toMatchObject([{ id: other.user.id }]);
  });

  it.each<[number, number]>([
    [DAY - 1, 204],
    [DAY, 400],
    [DAY + 1, 400],
  ])('confirmed %i seconds later is %i', async (after, status) => {
    const w = world({ vars });
    const who = person('wish');
    await wish(w, who);
    const token = await tokenTo(w, who.email);
    w.clock.advance(after);
    expect((await prove(w, token)).status).toBe(status);
    expect(await usersOf(w, who.email)).toHaveLength(status === 204 ? 1 : 0);
  });

  it('lets a wish for a username that is the own address through', async () => {
    const w = world({ vars });
    const who = person('wish');
    await wish(w, { ...who, username: who.email.toUpperCase() });
    await prove(w, await tokenTo(w, who.email));
    expect((await w.logIn({ username: who.email, password: who.password })).status).toBe(200);
  });

  it('grants nothing that a body asks for beside it', async () => {
    const w = world({ vars });
    const who = person('wish');
    await wish(w, { ...who, is_staff: true, is_active: false, id: 'x', email_verified: true });
    await prove(w, await tokenTo(w, who.email));
    expect(await usersOf(w, who.email)).toMatchObject([{ is_staff: 0, is_active: 1 }]);
  });

  describe('takes a proof that whoever confirms is who signed up', () => {
    const confirm = (w: World, token: unknown, proof: object) =>
      w.post('/account/email/verify', { token, ...proof });
    /** A sign-up, its claim and the token of its mail. */
    async function pending(w: World, who: Person) {
      const { claim } = (await wish(w, who)).body as { claim: string };
      return { claim, token: await tokenTo(w, who.email) };
    }

    it.each<[string, (claim: string) => object, string]>([
      ['the claim', (claim) => ({ claim }), PASSWORD],
      ['the claim beside a wrong password', (claim) => ({ claim, password: 'x' }), PASSWORD],
      ['the password', () => ({ password: PASSWORD }), PASSWORD],
      [
        'the password beside a claim of another browser',
        () => ({ claim: 'x', password: PASSWORD }),
        PASSWORD,
      ],
      ['a new password', () => ({ new_password: OTHER_PASSWORD }), OTHER_PASSWORD],
      [
        'a new password beside a wrong claim',
        () => ({ claim: 'x', new_password: OTHER_PASSWORD }),
        OTHER_PASSWORD,
      ],
    ])('by %s: 204', async (_, proofOf, password) => {
      const w = world({ vars });
      const who = person('wish');
      const { claim, token } = await pending(w, who);
      expect((await confirm(w, token, proofOf(claim))).status).toBe(204);
      const other = password === PASSWORD ? OTHER_PASSWORD : PASSWORD;
      expect((await w.logIn({ email: who.email, password })).status).toBe(200);
      expect((await w.logIn({ email: who.email, password: other })).status).toBe(401);
    });

    it.each<[string, object, Record<string, string[]>]>([
      ['nothing', {}, { password: ['required'] }],
      ['a claim of another sign-up', { claim: 'A'.repeat(43) }, { password: ['required'] }],
      ['a wrong password', { password: OTHER_PASSWORD }, { password: ['password_incorrect'] }],
      ['a weak new password', { new_password: 'short' }, { new_password: ['password_too_short'] }],
      ['a claim that is no text', { claim: 7 }, { claim: ['invalid'] }],
    ])('and %s is 400, makes no account and leaves the token good', async (_, proof, faults) => {
      const w = world({ vars });
      const who = person('wish');
      const { token } = await pending(w, who);
      const answer = await confirm(w, token, proof);
      expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
      expect(await usersOf(w, who.email)).toEqual([]);
      expect((await confirm(w, token, { password: PASSWORD })).status).toBe(204);
    });

    it('and a dead token is told before the proof is looked at', async () => {
      const w = world({ vars });
      const dead = `${'a'.repeat(64)}.${'A'.repeat(43)}`;
      for (const proof of [{}, { password: PASSWORD }, { new_password: OTHER_PASSWORD }]) {
        expect(faultsOf(await confirm(w, dead, proof))).toEqual(DEAD_TOKEN);
      }
    });

    it('of which the claim of another sign-up with the same address is none', async () => {
      const w = world({ vars });
      const { email } = person('wish');
      const stranger = await pending(w, { email, password: OTHER_PASSWORD });
      const owner = await pending(w, { email, password: PASSWORD });
      const answer = await confirm(w, stranger.token, { claim: owner.claim });
      expect(faultsOf(answer)).toEqual({ password: ['required'] });
      expect((await confirm(w, owner.token, { claim: owner.claim })).status).toBe(204);
    });

    it('and with a new password starts without the name and username that somebody else may have chosen', async () => {
      const w = world({ vars });
      const who = { ...person('wish'), name: 'Mina Kim', username: username() };
      const { token } = await pending(w, who);
      expect((await confirm(w, token, { new_password: OTHER_PASSWORD })).status).toBe(204);
      expect(await usersOf(w, who.email)).toMatchObject([{ name: null, username: null, username_key: null }]);
    });

    it('and keeps the claim as a hash alone', async () => {
      const w = world({ vars });
      const { claim } = await pending(w, person('wish'));
      expect(JSON.stringify(await w.rows('SELECT * FROM one_time_tokens'))).not.toContain(claim);
    });

    it('and answers a claim for a known address too, which opens nothing', async () => {
      const w = world({ vars });
      const owner = await world().signUp();
      const { claim } = (await wish(w, { email: owner.email, password: OTHER_PASSWORD })).body;
      expect(claim).toMatch(/^[\w-]{43}$/);
    });
  });
});

describe('SIGN_UP=closed', () => {
  const vars: Vars = { SIGN_UP: 'closed' };

  it('is 403 sign_up_closed, for a known and an unknown address, without D1 or a mail', async () => {
    const watched = watchedD1();
    const w = world({ vars, bindings: { DB: watched.DB } });
    const [known, unknown] = [await world().signUp(), person()];
    for (const { email } of [known, unknown]) {
      const answer = await w.post('/account/sign-up', { email, password: PASSWORD });
      expect([answer.status, codeOf(answer), answer.body.detail]).toEqual([
        403,
        'sign_up_closed',
        'Sign-up is closed.',
      ]);
    }
    expect(watched.trips).toEqual([]);
    expect(await subjectsTo(w, unknown.email)).toEqual([]);
  });

  it('leaves everything else open', async () => {
    const who = await world().signUp();
    const w = world({ vars });
    expect((await w.logIn(who)).status).toBe(200);
    expect((await verify(w, await tokenTo(w, who.email))).status).toBe(204);
  });
});

describe('MAIL=off', () => {
  const vars: Vars = { MAIL: 'off' };

  it.each(
    [
      '/account/password/reset',
      '/account/password/reset/confirm',
      '/account/email/verify',
      '/account/email/verify/resend',
      '/account/email/change',
      '/dev/mail',
    ].flatMap((path) => ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'].map((method) => [method, path] as const)),
  )('%s %s is 404: there is no such path', async (method, path) => {
    const w = world({ vars });
    const answer = await w.ask(method, path, method === 'POST' ? { body: {} } : {});
    expect(answer.status).toBe(404);
    expect(answer.headers.get('Allow')).toBeNull();
  });

  it('leaves sign-up, which keeps no token for a mail', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    expect(who.answer.status).toBe(201);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
    expect(await subjectsTo(world(), who.email)).toEqual([]);
  });

  it('leaves a change of password', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    const answer = await w.post(
      '/account/password/change',
      { current_password: PASSWORD, new_password: OTHER_PASSWORD },
      { token: who.access },
    );
    expect(answer.status).toBe(204);
  });

  it('is the default outside development', async () => {
    const w = world({ vars: { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' } });
    expect((await w.post('/account/password/reset', { email: 'a@example.com' })).status).toBe(404);
    expect((await w.get('/dev/mail')).status).toBe(404);
  });
});

/** Cloudflare's e-mail binding, faked: records what it is asked to send. */
function emailBinding(send: () => unknown = () => undefined) {
  const sent: Record<string, unknown>[] = [];
  return {
    sent,
    EMAIL: {
      send: (mail: Record<string, unknown>) => {
        sent.push(mail);
        return send();
      },
    },
  };
}
const CLOUDFLARE: Vars = {
  MAIL: 'cloudflare',
  MAIL_FROM: 'accounts@example.org',
  PUBLIC_URL: 'https://accounts.example.org',
};

describe('MAIL=cloudflare', () => {
  it('hands each mail to the binding: sender, receiver, subject, text and HTML, and nothing else', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({ vars: CLOUDFLARE, bindings: { EMAIL } });
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    expect(sent).toHaveLength(2);
    for (const mail of sent) {
      expect(Object.keys(mail).sort()).toEqual(['from', 'html', 'subject', 'text', 'to']);
      expect(mail).toMatchObject({ from: 'accounts@example.org', to: who.email });
    }
    expect(sent.map(({ subject }) => subject)).toEqual([
      'Confirm your e-mail address',
      'Reset your password',
    ]);
  });

  it('sends no mail for an unknown or inactive address', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({ vars: CLOUDFLARE, bindings: { EMAIL } });
    const who = await world().signUp();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    await w.post('/account/password/reset', { email: who.email });
    await w.post('/account/password/reset', { email: person('nobody').email });
    expect(sent).toEqual([]);
  });

  it('works in production, where there is no inbox', async () => {
    const { sent, EMAIL } = emailBinding();
    const w = world({
      vars: { ...CLOUDFLARE, ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' },
      bindings: { EMAIL },
    });
    const who = person();
    expect((await w.post('/account/sign-up', who)).status).toBe(201);
    expect(sent).toMatchObject([{ to: who.email }]);
    expect((await w.get('/dev/mail')).status).toBe(404);
    expect((await mailsTo(world(), who.email)).length).toBe(0);
  });

  const DOORS: [
    string,
    Vars,
    (w: World, who: { email: string; access: string }) => Promise<Answer>,
    number,
  ][] = [
    ['a sign-up', {}, (w) => w.post('/account/sign-up', person()), 201],
    ['a wished sign-up', { SIGN_UP: 'verify' }, (w) => w.post('/account/sign-up', person()), 202],
    [
      'a wished sign-up of a known address',
      { SIGN_UP: 'verify' },
      (w, { email }) => w.post('/account/sign-up', { email, password: PASSWORD }),
      202,
    ],
    ['a reset', {}, (w, { email }) => w.post('/account/password/reset', { email }), 202],
    ['a resend', {}, (w, { access }) => resend(w, access), 202],
    ['a change of address', {}, (w, { access }) => askChange(w, access, person('wanted').email), 202],
    [
      'a change of password',
      {},
      (w, { access }) =>
        w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: OTHER_PASSWORD },
          { token: access },
        ),
      204,
    ],
  ];

  it.each(DOORS)(
    '%s is answered the same where the binding rejects, with a line in the log',
    async (...c) => {
      const [, vars, door, status] = c;
      const who = await world().signUp();
      const { EMAIL } = emailBinding(() => Promise.reject(new RangeError(`no such box: ${who.email}`)));
      const w = world({ vars: { ...CLOUDFLARE, ...vars }, bindings: { EMAIL } });
      expect((await door(w, who)).status).toBe(status);
      const lines = log.of('mail_failed');
      expect(lines.length).toBeGreaterThan(0);
      expect(lines[0]).toEqual({
        level: 'error',
        event: 'mail_failed',
        request_id: expect.any(String),
        mail: expect.stringMatching(/^[a-z_]+$/),
        error: 'RangeError',
      });
    },
  );

  it.each(DOORS)('%s is answered the same where the binding throws', async (...c) => {
    const [, vars, door, status] = c;
    const who = await world().signUp();
    const { EMAIL } = emailBinding(() => {
      throw new Error('no binding after all');
    });
    const w = world({ vars: { ...CLOUDFLARE, ...vars }, bindings: { EMAIL } });
    expect((await door(w, who)).status).toBe(status);
    expect(log.of('mail_failed').length).toBeGreaterThan(0);
  });

  it.each(DOORS)('%s is answered at once where the binding hangs: mail is never awaited', async (...c) => {
    const [, vars, door, status] = c;
    const who = await world().signUp();
    const hanging = Promise.withResolvers<void>();
    const { sent, EMAIL } = emailBinding(() => hanging.promise);
    const w = world({ vars: { ...CLOUDFLARE, ...vars }, bindings: { EMAIL } });
    const app = createApp();
    const context = createExecutionContext();
    // The same requests, but answered before what goes on after them is over.
    const impatient = {
      ...w,
      post: async (path: string, body?: unknown, more: { token?: string } = {}) => {
        const headers = new Headers();
        if (body !== undefined) headers.set('Content-Type', 'application/json');
        if (more.token) headers.set('Authorization', `Bearer ${more.token}`);
        const request = new Request(`http://localhost${path}`, {
          method: 'POST',
          headers,
          body: body === undefined ? null : JSON.stringify(body),
        });
        return (await app.fetch(request, w.env, context)) as unknown as Answer;
      },
    } as World;
    const late = new Promise<Pick<Answer, 'status'>>((resolve) =>
      setTimeout(() => resolve({ status: 0 }), 3_000),
    );
    const answer = await Promise.race([door(impatient, who), late]);
    expect(answer.status).toBe(status);
    await vi.waitFor(() => expect(sent.length).toBeGreaterThan(0));
    hanging.resolve();
    await waitOnExecutionContext(context);
  });

  it('is misconfigured without binding, sender or address of its own', async () => {
    const w = world({ vars: { MAIL: 'cloudflare' } });
    expect(codeOf(await w.post('/account/password/reset', { email: 'a@example.com' }))).toBe('misconfigured');
    expect(log.of('misconfigured')[0]?.settings).toEqual(['MAIL_FROM', 'PUBLIC_URL', 'MAIL']);
  });
});

describe('the link in a mail', () => {
  const DOORS: [string, string, Vars, (w: World) => Promise<string>][] = [
    ['a sign-up', '/account/email/verify', {}, async (w) => (await w.signUp()).email],
    [
      'a wished sign-up',
      '/account/email/verify',
      { SIGN_UP: 'verify' },
      async (w) => {
        const who = person('wish');
        await w.post('/account/sign-up', who);
        return who.email;
      },
    ],
    [
      'a change of address',
      '/account/email/verify',
      {},
      async (w) => (await wanted(w, (await w.signUp()).access)).email,
    ],
    [
      'a reset',
      '/account/password/reset/confirm',
      {},
      async (w) => {
        const { email } = await w.signUp();
        await w.post('/account/password/reset', { email });
        return email;
      },
    ],
  ];

  it.each(DOORS)('of %s leads to %s with the token in the fragment', async (_, path, vars, send) => {
    const w = world({ vars });
    const [mail] = await mailsTo(w, await send(w));
    const link = `http://localhost${path}#token=${mail?.token}`;
    expect(mail?.text.split('\n\n')).toContain(link);
    expect(mail?.html).toContain(`href="${link}"`);
    expect(mail?.token).toMatch(/^([0-9a-f-]{36}|[0-9a-f]{64})\.[\w-]{43}$/);
  });

  it.each(DOORS)(
    'of %s has PUBLIC_URL as its base, whatever the request says',
    async (_, path, vars, send) => {
      const w = world({ vars: { ...vars, PUBLIC_URL: 'https://accounts.example.org/id/' } });
      const [mail] = await mailsTo(w, await send(w));
      expect(mail?.text).toContain(`https://accounts.example.org/id${path}#token=${mail?.token}`);
      expect(`${mail?.text}${mail?.html}`).not.toContain('localhost');
      expect(mail?.text).toContain('accounts.example.org');
    },
  );

  const resetAt = (w: World, url: string, email: string, headers: Record<string, string> = {}) =>
    w.fetch(
      new Request(`${url}/account/password/reset`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ email }),
      }),
    );

  it('has the request’s origin as its base in development, where PUBLIC_URL is not set', async () => {
    const w = world();
    const who = await w.signUp();
    await resetAt(w, 'http://127.0.0.1:9001', who.email);
    expect((await mailsTo(w, who.email))[0]?.text).toContain('http://127.0.0.1:9001/account/password/reset');
  });

  it('is never taken from a header that a client can write', async () => {
    const w = world();
    const who = await w.signUp();
    await resetAt(w, 'http://localhost:8787', who.email, {
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'gopher',
      Forwarded: 'host=evil.example',
      Origin: 'https://evil.example',
      Referer: 'https://evil.example/',
    });
    const [mail] = await mailsTo(w, who.email);
    expect(mail?.text).toContain('http://localhost:8787/account/password/reset');
    expect(`${mail?.text}${mail?.html}`).not.toContain('evil');
  });

  it('is PUBLIC_URL’s in production, though the request came to another host', async () => {
    const { sent, EMAIL } = emailBinding();
    const who = await world().signUp();
    const w = world({
      vars: { ...CLOUDFLARE, ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' },
      bindings: { EMAIL },
    });
    await resetAt(w, 'https://evil.example', who.email);
    expect(sent[0]?.text).toContain('https://accounts.example.org/account/password/reset/confirm#token=');
    expect(JSON.stringify(sent)).not.toContain('evil');
  });
});

describe('the language of a mail is that of the request', () => {
  const ko = { headers: { 'Accept-Language': 'ko-KR,ko;q=0.9,en;q=0.5' } };

  it.each<[string, Vars, (w: World) => Promise<string>, string]>([
    [
      'a sign-up',
      {},
      async (w) => {
        const who = person();
        await w.post('/account/sign-up', who, ko);
        return who.email;
      },
      mails.ko.verify_email.subject,
    ],
    [
      'a wished sign-up',
      { SIGN_UP: 'verify' },
      async (w) => {
        const who = person('wish');
        await w.post('/account/sign-up', who, ko);
        return who.email;
      },
      mails.ko.confirm_sign_up.subject,
    ],
    [
      'a wished sign-up of a known address',
      { SIGN_UP: 'verify' },
      async (w) => {
        const { email } = await world().signUp();
        w.clock.advance(60);
        await w.post('/account/sign-up', { email, password: PASSWORD }, ko);
        return email;
      },
      mails.ko.address_has_account.subject,
    ],
    [
      'a reset',
      {},
      async (w) => {
        const { email } = await w.signUp();
        await w.post('/account/password/reset', { email }, ko);
        return email;
      },
      mails.ko.password_reset.subject,
    ],
    [
      'a change of password',
      {},
      async (w) => {
        const { email, access } = await w.signUp();
        await w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: OTHER_PASSWORD },
          { token: access, ...ko },
        );
        return email;
      },
      mails.ko.password_changed.subject,
    ],
    [
      'a change of address, to the old one',
      {},
      async (w) => {
        const { email, access } = await w.signUp();
        await w.post(
          '/account/email/change',
          { new_email: person('wanted').email, password: PASSWORD },
          { token: access, ...ko },
        );
        return email;
      },
      mails.ko.email_change_asked.subject,
    ],
    [
      'a change of address that is confirmed',
      {},
      async (w) => {
        const { email, access } = await w.signUp();
        await w.post('/account/email/verify', { token: (await wanted(w, access)).token }, ko);
        return email;
      },
      mails.ko.email_changed.subject,
    ],
  ])('%s in Korean', async (_, vars, send, subject) => {
    const w = world({ vars });
    const [mail] = await mailsTo(w, await send(w));
    expect(mail?.subject).toBe(subject);
    expect(mail?.html).toContain('<html lang="ko">');
    expect(mail?.text).toMatch(/[가-힣]/);
  });

  it.each(['', 'fr', 'xx;q=1', 'en, ko;q=0.5', 'ko;q=0'])('English for `%s`', async (header) => {
    const w = world();
    const who = person();
    await w.post('/account/sign-up', who, { headers: { 'Accept-Language': header } });
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your e-mail address']);
  });
});

describe('the templates of mails', () => {
  const LINK = 'https://accounts.example.org/account/email/verify#token=a.b';
  const all = (Object.keys(mails.en) as MailName[]).flatMap((name) =>
    LANGUAGES.map((language) => [name, language] as const),
  );
  const DISOWN = 'https://accounts.example.org/account/email/disown#token=a.b';
  const compose = (
    name: MailName,
    language: Language,
    to = 'mina@example.com',
    link: string | null = LINK,
    more: Partial<MailValues> = {},
  ) =>
    composeMail(name, language, to, {
      site: 'accounts.example.org',
      link,
      secondLink: DISOWN,
      token: 'a.b',
      lifetimeSeconds: 1_800,
      made: { at: 1_795_000_000, by: { ip: '203.0.113.7', country: 'KR' } },
      ...more,
    });

  it.each(all)(
    '%s in %s has a subject and a text of its own, with every blank filled in',
    (name, language) => {
      const mail = compose(name, language);
      expect(mail.subject.trim()).not.toBe('');
      expect(mail.subject).not.toMatch(/[\r\n]/);
      expect(mail.text).toContain('mina@example.com');
      expect(`${mail.subject}${mail.text}${mail.html}`).not.toMatch(/\{\w+\}|undefined|null|\[object/);
      expect(mail.html).toContain(`<html lang="${language}">`);
      expect(mail.html).toContain('<!doctype html>');
    },
  );

  it.each(all)('%s in %s says the same in its text and its HTML', (name, language) => {
    const mail = compose(name, language);
    const shown = mail.html
      .replace(/<[^>]+>/g, ' ')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
    for (const paragraph of mail.text.split('\n\n')) expect(shown).toContain(paragraph);
  });

  it.each(Object.keys(mails.en) as MailName[])('%s has a link in every language, or in none', (name) => {
    const linked = LANGUAGES.map((language) => {
      const mail = compose(name, language);
      expect(mail.html.includes(`href="${LINK}"`)).toBe(mail.text.includes(LINK));
      return mail.text.includes(LINK);
    });
    expect(new Set(linked).size).toBe(1);
  });

  it('those that carry a token have a link, those that only tell have none', () => {
    const linked = (Object.keys(mails.en) as MailName[]).filter((name) =>
      compose(name, 'en').text.includes(LINK),
    );
    expect(linked.sort()).toEqual([
      'confirm_sign_up',
      'email_change',
      'email_changed',
      'password_reset',
      'verify_email',
    ]);
  });

  it('those with a link have the code as a paragraph of its own too, and the page to paste it into', () => {
    for (const name of ['verify_email', 'password_reset'] as const) {
      const paragraphs = compose(name, 'en').text.split('\n\n');
      expect(paragraphs).toContain('a.b');
      expect(paragraphs).toContain(
        'If the link does not work, open https://accounts.example.org/account/email/verify and paste this code:',
      );
    }
  });

  it.each<[Language, string | null, string | null, string]>([
    ['en', '203.0.113.7', 'KR', '2026-11-18 11:06 UTC from South Korea (203.0.113.7)'],
    ['ko', '203.0.113.7', 'KR', '위치: 대한민국 (203.0.113.7)'],
    ['en', '203.0.113.7', null, 'from 203.0.113.7.'],
    ['en', null, 'KR', 'from South Korea.'],
    ['en', null, 'T1', 'from T1.'],
    ['en', null, null, 'from an unknown place.'],
    ['ko', null, null, '위치: 알 수 없음'],
  ])('in %s say where from, of %s and %s: %s', (language, ip, country, place) => {
    const made = { at: 1_795_000_000, by: { ip, country } };
    for (const name of ['verify_email', 'confirm_sign_up'] as const) {
      expect(compose(name, language, undefined, LINK, { made }).text).toContain(place);
    }
  });

  it('have a second link to disown the account in the verification mail alone', () => {
    const linked = (Object.keys(mails.en) as MailName[]).filter((name) =>
      compose(name, 'en').text.includes(DISOWN),
    );
    expect(linked).toEqual(['verify_email']);
  });

  it.each(all)('%s in %s escapes what people choose', (name, language) => {
    const mail = compose(name, language, `a&b'"<i>@example.com`, `https://x.example/?a="><script>&`);
    expect(mail.html).not.toContain('<i>');
    expect(mail.html).not.toContain('<script>');
    expect(mail.html).not.toContain(`a&b`);
    expect(mail.html.match(/"/g)?.length).toBe(compose(name, language).html.match(/"/g)?.length);
  });

  it.each(all)('%s in %s fills in what people choose once, and not again', (name, language) => {
    expect(compose(name, language, '{site}{minutes}@example.com').text).toContain(
      '{site}{minutes}@example.com',
    );
  });
});

describe('the pages that links in mail open', () => {
  const CSP =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
  const PAGES: [string, Record<Language, string>][] = [
    ['/account/email/verify', { en: 'Confirm your e-mail address', ko: '이메일 주소 확인' }],
    ['/account/password/reset/confirm', { en: 'Choose a new password', ko: '새 비밀번호 정하기' }],
    ['/account/email/disown', { en: 'This wasn’t me', ko: '본인이 아닙니다' }],
    ['/account/email/take-back', { en: 'Take your address back', ko: '내 주소 되찾기' }],
  ];
  const cases = PAGES.flatMap(([path, titles]) =>
    LANGUAGES.flatMap((language) =>
      [path, `${path}/`].map((spelled) => [spelled, language, titles[language]] as const),
    ),
  );

  it.each(cases)('%s in %s', async (path, language, title) => {
    const answer = await world().get(path, { headers: { 'Accept-Language': language } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/html; ?charset=utf-8$/i);
    expect(answer.headers.get('Content-Security-Policy')).toBe(CSP);
    expect(answer.headers.get('Content-Language')).toBe(language);
    expect(answer.headers.get('Vary')).toContain('Accept-Language');
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(answer.headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(answer.text).toMatch(new RegExp(`^<!doctype html><html lang="${language}">`, 'i'));
    expect(answer.text).toContain(`<title>${title}</title>`);
    expect(answer.text).toContain('<script type="module" src="/account/static/mail-link.js"></script>');
  });

  it.each(PAGES)('%s has no script or style of its own, and sends its form nowhere', async (path) => {
    const { text } = await world().get(path);
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*src=)|action=/);
  });

  it.each(PAGES)('%s answers HEAD as GET, without a body', async (path) => {
    const answer = await world().ask('HEAD', path);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers.get('Content-Security-Policy')).toBe(CSP);
  });

  it.each(PAGES)('%s echoes nothing of the request', async (path) => {
    const { text } = await world().get(`${path}?token=<b>x</b>&next=https://evil.example`, {
      headers: { Referer: 'https://evil.example/', 'Accept-Language': '"><b>' },
    });
    expect(text).not.toMatch(/evil|<b>/);
  });

  it.each<[string, (w: World, email: string) => Promise<unknown>, (w: World, t: string) => Promise<Answer>]>([
    ['/account/email/verify', async () => undefined, (w, token) => verify(w, token)],
    [
      '/account/password/reset/confirm',
      (w, email) => w.post('/account/password/reset', { email }),
      (w, token) => w.post('/account/password/reset/confirm', { token, new_password: OTHER_PASSWORD }),
    ],
  ])('%s opened with the token changes nothing and asks no store: the token still works', async (...c) => {
    const [path, ask, use] = c;
    const watched = watchedD1();
    const counted = counting();
    const plain = world();
    const w = world({ bindings: { DB: watched.DB, BLACKLIST: counted.bindings.BLACKLIST } });
    const who = await plain.signUp();
    await ask(plain, who.email);
    const token = await tokenTo(plain, who.email);
    const cost = await counted.of(async () => {
      for (const method of ['GET', 'HEAD']) {
        for (const query of ['', `?token=${token}`]) await w.ask(method, `${path}${query}`);
      }
    });
    expect(watched.trips).toEqual([]);
    expect(cost.kv).toEqual({ gets: 0, puts: 0 });
    expect((await userOf(plain, who.access)).email_verified).toBe(false);
    expect((await use(plain, token)).status).toBe(204);
  });
});

describe('/dev/mail', () => {
  it('is JSON where no page is asked for, newest first, in exactly this shape', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(1);
    await w.post('/account/password/reset', { email: who.email });
    const answer = await w.get(`/dev/mail?to=${who.email}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toBe('application/json');
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    const mails = answer.body.messages as Mail[];
    expect(Object.keys(answer.body)).toEqual(['messages']);
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Reset your password',
      'Confirm your e-mail address',
    ]);
    for (const mail of mails) {
      expect(Object.keys(mail).sort()).toEqual([
        'created_at',
        'html',
        'id',
        'subject',
        'text',
        'to',
        'token',
      ]);
      expect(mail.created_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(mail.to).toBe(who.email);
    }
    expect(Date.parse(mails[0]?.created_at ?? '')).toBe(Date.parse(mails[1]?.created_at ?? '') + 1_000);
    expect(new Set(mails.map(({ id }) => id)).size).toBe(2);
  });

  it('keeps the order of mails of one moment', async () => {
    const w = world();
    const who = await w.signUp();
    for (let i = 0; i < 5; i++) await resend(w, who.access);
    const tokens = (await mailsTo(w, who.email)).map(({ token }) => token);
    expect(tokens).toHaveLength(6);
    expect((await verify(w, tokens[0])).status).toBe(204);
  });

  it.each<[string, (email: string) => string]>([
    ['as it is', (email) => email],
    ['in capitals', (email) => email.toUpperCase()],
    ['with white space around it', (email) => ` ${email}\t`],
    ['with its domain in ASCII', (email) => email.replace('bücher', 'xn--bcher-kva')],
    ['decomposed', (email) => email.normalize('NFD')],
  ])('`?to=` finds an address %s', async (_, spell) => {
    const w = world();
    const who = { ...person(), email: `${crypto.randomUUID().slice(0, 8)}@bücher.example` };
    await w.signUp(who);
    expect(await subjectsTo(w, spell(who.email))).toEqual(['Confirm your e-mail address']);
  });

  it.each([
    ['of nobody', 'nobody-at-all@example.com'],
    ['that is no address', 'x'],
    ['that is empty', ''],
    ['that is the beginning of one', 'user'],
  ])('`?to=` %s finds nothing', async (_, to) => {
    const w = world();
    await w.signUp();
    expect(await mailsTo(w, to)).toEqual([]);
  });

  it('`?to=` finds a mail that lies beneath hundreds of newer ones', async () => {
    const w = world({ now: Date.now() - DAY * 1_000 });
    const who = await w.signUp();
    const { mailer } = kvInbox(env.BLACKLIST, Date.now, 10_000);
    const mail = { to: person('crowd').email, subject: 'x', text: 'x', html: 'x', token: null };
    await atOnce(300, () => mailer.send(mail));
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your e-mail address']);
    expect(await mailsTo(w, mail.to)).toHaveLength(200);
  });

  it('without `?to=` has the mail of all', async () => {
    const w = world({ now: Date.now() + 60 * DAY * 1_000 });
    const [one, two] = [await w.signUp(), await w.signUp()];
    const mails = (await w.get('/dev/mail')).body.messages as Mail[];
    const receivers = mails.map(({ to }) => to).filter((to) => [one.email, two.email].includes(to));
    expect(receivers).toEqual([two.email, one.email]);
  });

  it.each<[string | undefined, 'json' | 'html']>([
    [undefined, 'json'],
    ['application/json', 'json'],
    ['*/*', 'json'],
    ['text/html', 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['text/html;q=0.5, application/json', 'json'],
    ['application/json;q=0.5, text/html', 'html'],
    ['image/png', 'json'],
  ])('answers Accept: %s with %s', async (accept, kind) => {
    const answer = await world().get(
      '/dev/mail',
      accept === undefined ? {} : { headers: { Accept: accept } },
    );
    expect(answer.headers.get('Content-Type')).toContain(kind);
    expect(answer.headers.get('Vary')).toContain('Accept');
    expect(answer.status).toBe(200);
  });

  it('as a page shows hostile addresses as text, and runs nothing', async () => {
    const w = world();
    const local = `'&\`{{x}}=!${crypto.randomUUID().slice(0, 6)}`;
    const who = {
      ...person(),
      email: `${local}@example.com`,
      name: '<img src=x onerror=alert(1)>',
    };
    expect((await w.signUp(who)).answer.status).toBe(201);
    const answer = await w.get(`/dev/mail?to=${encodeURIComponent(who.email)}`, {
      headers: { Accept: 'text/html' },
    });
    expect(answer.text).toContain('<article>');
    expect(answer.text).not.toContain(local);
    expect(answer.text).toContain(local.replaceAll('&', '&amp;').replaceAll("'", '&#39;'));
    expect(answer.text).not.toMatch(/<img|<script|onerror|style=/);
    expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'; script-src 'self'");
  });

  it('as a page has the link to click on', async () => {
    const w = world();
    const who = await w.signUp();
    const { text } = await w.get(`/dev/mail?to=${who.email}`, { headers: { Accept: 'text/html' } });
    expect(text).toContain(
      `<a href="http://localhost/account/email/verify#token=${await tokenTo(w, who.email)}"`,
    );
  });

  it('as a page says where there is none', async () => {
    const { text } = await world().get('/dev/mail?to=nobody@example.com', {
      headers: { Accept: 'text/html' },
    });
    expect(text).toContain('No mail yet');
  });

  it('keeps mail for an hour', async () => {
    const w = world({ now: Date.now() + 90 * DAY * 1_000 });
    await w.signUp();
    const { keys } = await env.BLACKLIST.list({ prefix: 'mail:', limit: 1 });
    const left = (keys[0]?.expiration ?? 0) - Date.now() / 1_000;
    expect(left).toBeGreaterThan(3_500);
    expect(left).toBeLessThanOrEqual(3_601);
  });

  it.each(['GET', 'HEAD', 'POST', 'OPTIONS'])('%s is 404 outside development', async (method) => {
    const { EMAIL } = emailBinding();
    for (const vars of [{}, CLOUDFLARE]) {
      const w = world({
        vars: { ...vars, ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' },
        bindings: { EMAIL },
      });
      expect((await w.ask(method, '/dev/mail')).status).toBe(404);
    }
  });

  it('that is asked for outside development is misconfigured', async () => {
    const w = world({ vars: { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000', MAIL: 'inbox' } });
    expect(codeOf(await w.get('/dev/mail'))).toBe('misconfigured');
  });

  it('that cannot be written is a line in the log, and the sign-up stands', async () => {
    const failing = new Proxy(env.BLACKLIST, {
      get: (target, name) =>
        name === 'put'
          ? () => Promise.reject(new Error('KV is away'))
          : (Reflect.get(target, name) as () => unknown).bind(target),
    });
    const who = await world({ bindings: { BLACKLIST: failing } }).signUp();
    expect(who.answer.status).toBe(201);
    expect(log.of('mail_failed')).toMatchObject([{ mail: 'verify_email', error: 'Error' }]);
  });
});
