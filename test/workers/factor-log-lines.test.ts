/**
 * What the log says about second factors, passkeys and codes by e-mail, above all the reason of a refusal: the client
 * gets one answer for all of them.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { authenticator } from '../support/authenticator.ts';
import { logInAt, post } from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { subjectsTo } from '../support/mail.ts';
import { finish, shownBy, waitingFor, withPasskey } from '../support/second-step.ts';
import { ENCRYPTION_KEY, enrol, stepAt, totp, wrongCode } from '../support/totp.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, codeOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const VARS: Vars = { ENCRYPTION_KEY, SIGN_IN_BY_EMAIL: 'on' };
const at = (vars: Vars = {}) => world({ vars: { ...VARS, ...vars } });
/** A world of the same time in which `act` happens after the nth statement or batch of D1. */
const interrupted = (w: World, nth: number, act: () => Promise<unknown>) =>
  world({
    vars: VARS,
    now: w.clock.now * 1_000,
    bindings: { DB: watchedD1({ after: ({ number }) => (number === nth ? act() : undefined) }).DB },
  });

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();
const changePassword = ({ user }: Who) =>
  run('UPDATE users SET password_version = password_version + 1 WHERE id = ?', user.id);
const deactivate = ({ user }: Who) => run('UPDATE users SET is_active = 0 WHERE id = ?', user.id);

type Who = Awaited<ReturnType<World['signUp']>>;
type Enrolled = Who & Awaited<ReturnType<typeof enrol>>;

async function withApp(w: World): Promise<Enrolled> {
  const who = await w.signUp();
  return { ...who, ...(await enrol(w, who.access)) };
}
const creationOptions = async (w: World, token: string) =>
  (await w.post('/account/passkeys/options', {}, { token })).body;
const reauthenticate = (w: World, { access }: Who, shown: object) =>
  w.post('/account/reauthenticate', shown, { token: access });
const confirmTotp = (w: World, { access }: Who, code: string) =>
  w.post('/account/factors/totp/confirm', { code }, { token: access });
const byPasskey = (w: World, credential: unknown) => w.post('/account/login/passkey', { credential });

async function mailedTo(w: World, email: string): Promise<{ code: string; token: string }> {
  await w.post('/account/login/email', { email });
  const [mail] = (await w.get(`/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } })).body
    .messages;
  return { code: /^\d{8}$/m.exec(mail.text)?.[0] ?? '', token: mail.token };
}
const confirmEmail = (w: World, shown: object) => w.post('/account/login/email/confirm', shown);
/** With a code whose link is used between its read and its write. */
async function confirmLate(w: World, email: string) {
  const { code, token } = await mailedTo(w, email);
  return confirmEmail(
    interrupted(w, 1, () => confirmEmail(w, { token })),
    { email, code },
  );
}
async function verified(w: World) {
  const who = await w.signUp();
  await run('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id);
  return who;
}
const otherCode = (code: string) => String((Number(code) + 50_000_001) % 100_000_000).padStart(8, '0');

type Case = [title: string, code: string, reason: string, act: (w: World) => Promise<Answer>];

const SECOND_FACTOR: readonly Case[] = [
  [
    'a code of a user who has no second factor',
    'code_not_valid',
    'no_second_factor',
    async (w) => reauthenticate(w, await w.signUp(), { code: '123456' }),
  ],
  [
    'a code of a user whose second factor is removed meanwhile',
    'code_not_valid',
    'no_second_factor',
    async (w) => {
      const who = await withApp(w);
      const gone = () => run('DELETE FROM totp_secrets WHERE user_id = ?', who.user.id);
      return reauthenticate(interrupted(w, 1, gone), who, { code: totp(w, who.secret) });
    },
  ],
  [
    'a wrong code to reauthenticate',
    'code_not_valid',
    'wrong_code',
    async (w) => {
      const who = await withApp(w);
      return reauthenticate(w, who, { code: wrongCode(who.secret, stepAt(w.clock.now)) });
    },
  ],
  [
    'the code of a session that ends meanwhile',
    'code_not_valid',
    'wrong_code',
    async (w) => {
      const who = await withApp(w);
      const end = () =>
        run("UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?", who.user.id);
      return reauthenticate(interrupted(w, 2, end), who, { code: totp(w, who.secret) });
    },
  ],
  [
    'a malformed token of a first step',
    'code_not_valid',
    'no_challenge',
    (w) => finish(w, 'x', { code: '123456' }),
  ],
  [
    'an unknown token of a first step',
    'code_not_valid',
    'no_challenge',
    async (w) => finish(w, `${(await withApp(w)).user.id}.${'A'.repeat(43)}`, { code: '123456' }),
  ],
  [
    'the token of a first step at the console',
    'code_not_valid',
    'no_challenge',
    async (w) => {
      const who = await withApp(w);
      await run('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE id = ?', who.user.id);
      const page = await logInAt(who, w);
      const token = /name="mfa_token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
      return finish(w, token, { code: totp(w, who.secret) });
    },
  ],
  [
    'a passkey for an unknown token of a first step',
    'code_not_valid',
    'no_challenge',
    async (w) => {
      const who = await withPasskey(w);
      return finish(w, `${who.user.id}.${'A'.repeat(43)}`, { passkey: await shownBy(w, who.device) });
    },
  ],
  [
    'a passkey with PASSKEYS=off',
    'code_not_valid',
    'no_challenge',
    async (w) => {
      const who = await withPasskey(w);
      await enrol(w, who.access);
      const off = world({ vars: { ...VARS, PASSKEYS: 'off' }, now: w.clock.now * 1_000 });
      return finish(off, await waitingFor(off, who), { passkey: await shownBy(w, who.device) });
    },
  ],
  [
    'a wrong code',
    'code_not_valid',
    'wrong_code',
    async (w) => {
      const who = await withApp(w);
      const code = wrongCode(who.secret, stepAt(w.clock.now));
      return finish(w, await waitingFor(w, who), { code });
    },
  ],
  [
    'a right code, if the password changes meanwhile',
    'code_not_valid',
    'wrong_code',
    async (w) => {
      const who = await withApp(w);
      const waiting = await waitingFor(w, who);
      const late = interrupted(w, 1, () => changePassword(who));
      return finish(late, waiting, { code: totp(w, who.secret) });
    },
  ],
  [
    'a passkey of another user',
    'passkey_not_valid',
    'passkey_unknown',
    async (w) => {
      const [who, other] = [await withApp(w), await withPasskey(w)];
      return finish(w, await waitingFor(w, who), { passkey: await shownBy(w, other.device) });
    },
  ],
  [
    'a passkey, if the password changes meanwhile',
    'passkey_not_valid',
    'passkey_challenge_used',
    async (w) => {
      const who = await withPasskey(w);
      await enrol(w, who.access);
      const waiting = await waitingFor(w, who);
      const late = interrupted(w, 2, () => changePassword(who));
      return finish(late, waiting, { passkey: await shownBy(w, who.device) });
    },
  ],
  [
    'a code without an enrolment',
    'code_not_valid',
    'nothing_to_confirm',
    async (w) => confirmTotp(w, await w.signUp(), '123456'),
  ],
  [
    'a code that was confirmed already',
    'code_not_valid',
    'nothing_to_confirm',
    async (w) => {
      const who = await withApp(w);
      return confirmTotp(w, who, totp(w, who.secret));
    },
  ],
  [
    'a wrong code to confirm',
    'code_not_valid',
    'wrong_code',
    async (w) => {
      const who = await w.signUp();
      const { secret } = (await w.post('/account/factors/totp', {}, { token: who.access })).body;
      return confirmTotp(w, who, wrongCode(secret, stepAt(w.clock.now)));
    },
  ],
  [
    'a code to confirm, if the enrolment starts over meanwhile',
    'code_not_valid',
    'lost_to_another_write',
    async (w) => {
      const who = await w.signUp();
      const start = () => w.post('/account/factors/totp', {}, { token: who.access });
      const { secret } = (await start()).body;
      return confirmTotp(interrupted(w, 2, start), who, totp(w, secret));
    },
  ],
];

const PASSKEYS: readonly Case[] = [
  [
    'a passkey of an inactive user',
    'passkey_not_valid',
    'inactive_user',
    async (w) => {
      const who = await withPasskey(w);
      await deactivate(who);
      return byPasskey(w, await shownBy(w, who.device));
    },
  ],
  [
    'a passkey that was removed',
    'passkey_not_valid',
    'passkey_unknown',
    async (w) => {
      const who = await withPasskey(w);
      await w.delete(`/account/passkeys/${who.passkeyId}`, {}, { token: who.access });
      return byPasskey(w, await shownBy(w, who.device));
    },
  ],
  [
    'a signature counter that went back',
    'passkey_not_valid',
    'passkey_counter',
    async (w) => {
      const who = await withPasskey(w);
      const options = async () => (await w.post('/account/login/passkey/options', {})).body;
      expect((await byPasskey(w, await who.device.get(await options(), { counter: 9 }))).status).toBe(200);
      const answer = await byPasskey(w, await who.device.get(await options(), { counter: 8 }));
      expect(log.of('passkey_counter_went_back')).toMatchObject([
        { level: 'warn', user: who.user.id, passkey: who.passkeyId },
      ]);
      return answer;
    },
  ],
  [
    'the assertion of an earlier sign-in',
    'passkey_not_valid',
    'passkey_challenge_used',
    async (w) => {
      const who = await withPasskey(w);
      const credential = await shownBy(w, who.device);
      expect((await byPasskey(w, credential)).status).toBe(200);
      return byPasskey(w, credential);
    },
  ],
  [
    'the assertion of an earlier reauthentication',
    'passkey_not_valid',
    'passkey_challenge_used',
    async (w) => {
      const who = await withPasskey(w);
      const { body } = await w.post('/account/reauthenticate/options', {}, { token: who.access });
      const passkey = await who.device.get(body);
      expect((await reauthenticate(w, who, { passkey })).status).toBe(200);
      return reauthenticate(w, who, { passkey });
    },
  ],
  [
    'another user’s passkey to reauthenticate',
    'passkey_not_valid',
    'passkey_unknown',
    async (w) => {
      const [who, other] = [await withPasskey(w), await withPasskey(w)];
      const { body } = await w.post('/account/reauthenticate/options', {}, { token: who.access });
      return reauthenticate(w, who, { passkey: await other.device.get(body) });
    },
  ],
  [
    'a registration that is no credential',
    'invalid',
    'passkey_malformed',
    async (w) => w.post('/account/passkeys', { credential: {} }, { token: (await w.signUp()).access }),
  ],
  [
    'a credential that is registered already',
    'invalid',
    'passkey_taken',
    async (w) => {
      const who = await withPasskey(w);
      const credential = await authenticator().create(await creationOptions(w, who.access), {
        credentialId: () => who.device.bytesOfId,
      });
      return w.post('/account/passkeys', { credential }, { token: who.access });
    },
  ],
  [
    'the challenge of an earlier registration',
    'invalid',
    'passkey_challenge_used',
    async (w) => {
      const who = await w.signUp();
      const options = await creationOptions(w, who.access);
      const add = async () =>
        w.post(
          '/account/passkeys',
          { credential: await authenticator().create(options) },
          { token: who.access },
        );
      expect((await add()).status).toBe(201);
      return add();
    },
  ],
];

const CODES: readonly Case[] = [
  [
    'a code that nobody was sent',
    'code_not_valid',
    'no_code',
    (w) => confirmEmail(w, { email: person().email, code: '12345678' }),
  ],
  [
    'another code than was sent',
    'code_not_valid',
    'wrong_code',
    async (w) => {
      const { email } = await verified(w);
      return confirmEmail(w, { email, code: otherCode((await mailedTo(w, email)).code) });
    },
  ],
  [
    'a code that is used meanwhile',
    'code_not_valid',
    'changed_meanwhile',
    async (w) => {
      const { email } = await verified(w);
      return confirmLate(w, email);
    },
  ],
  [
    'a code that is used meanwhile, of a user with a second factor',
    'code_not_valid',
    'changed_meanwhile',
    async (w) => {
      const { email, access } = await verified(w);
      await enrol(w, access);
      return confirmLate(w, email);
    },
  ],
  [
    'a code that makes an account pass, and is used meanwhile',
    'code_not_valid',
    'changed_meanwhile',
    async (w) => {
      const { email } = await w.signUp();
      return confirmLate(w, email);
    },
  ],
  [
    'a code that proves an address, and is used meanwhile',
    'code_not_valid',
    'changed_meanwhile',
    async (w) => {
      const { email, user } = await w.signUp();
      await run("DELETE FROM one_time_tokens WHERE subject = ? AND purpose = 'email_verify'", user.id);
      return confirmLate(w, email);
    },
  ],
  [
    'a code of a user who was deactivated',
    'code_not_valid',
    'no_code',
    async (w) => {
      const who = await verified(w);
      const { code } = await mailedTo(w, who.email);
      await deactivate(who);
      return confirmEmail(w, { email: who.email, code });
    },
  ],
  [
    'the code of a new user, after sign-up was closed',
    'code_not_valid',
    'changed_meanwhile',
    async (w) => {
      const { email } = person();
      const { code } = await mailedTo(w, email);
      const closed = world({ vars: { ...VARS, SIGN_UP: 'closed' }, now: w.clock.now * 1_000 });
      return confirmEmail(closed, { email, code });
    },
  ],
];

describe.each([
  ['a second factor', SECOND_FACTOR],
  ['a passkey', PASSKEYS],
  ['a code by e-mail', CODES],
] as const)('the line of a refusal at %s names the reason', (_, cases) => {
  it.each(cases)('%s: %s, %s', async (__, code, reason, act) => {
    const answer = await act(at());
    const id = answer.headers.get('X-Request-Id');
    expect(codeOf(answer)).toBe(code);
    const line = log.lines.findLast(({ request_id }) => request_id === id);
    expect(line).toMatchObject({ level: 'warn', reason });
  });
});

describe('the log says what happened, and to whom', () => {
  const events = (pattern: RegExp) => log.lines.filter(({ event }) => pattern.test(event));

  it('when a passkey is added and removed', async () => {
    const w = at();
    const { user, access, passkeyId } = await withPasskey(w);
    await w.delete(`/account/passkeys/${passkeyId}`, {}, { token: access });
    expect(events(/^passkey_/)).toMatchObject([
      { level: 'info', event: 'passkey_added', user: user.id, passkey: passkeyId },
      { level: 'info', event: 'passkey_removed', user: user.id, passkey: passkeyId },
    ]);
  });

  it('when an account has no tries left for codes', async () => {
    const w = at();
    const who = await withApp(w);
    const code = wrongCode(who.secret, stepAt(w.clock.now));
    for (let n = 0; n < 11; n++) await reauthenticate(w, who, { code });
    expect(events(/^second_factor_exhausted$/)).toMatchObject([{ level: 'warn', user: who.user.id }]);
    await finish(w, await waitingFor(w, who), { code });
    expect(events(/^second_factor_exhausted$/)).toHaveLength(2);
  });

  it('when a secret cannot be decrypted', async () => {
    const w = at();
    const who = await withApp(w);
    const other = world({
      vars: { ...VARS, ENCRYPTION_KEY: btoa('fedcba9876543210fedcba9876543210') },
      now: w.clock.now * 1_000,
    });
    await reauthenticate(other, who, { code: totp(w, who.secret) });
    expect(events(/unreadable$/)).toMatchObject([
      { level: 'error', event: 'second_factor_unreadable', user: who.user.id },
    ]);
  });

  it('when a recovery code is used to reauthenticate', async () => {
    const w = at();
    const who = await withApp(w);
    await reauthenticate(w, who, { recovery_code: who.recoveryCodes[0] });
    expect(events(/^recovery_code/)).toMatchObject([
      { level: 'warn', event: 'recovery_code_used', user: who.user.id },
    ]);
  });

  it('when the second step at the console is of a user who is no longer staff', async () => {
    const w = at();
    const who = await withApp(w);
    await run('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE id = ?', who.user.id);
    const page = await logInAt(who, w);
    const mfa_token = /name="mfa_token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    await run('UPDATE users SET is_staff = 0 WHERE id = ?', who.user.id);
    const code = totp(w, who.secret);
    const answer = await post('/admin/login/second-factor', { mfa_token, code }, {}, w);
    expect(answer.status).toBe(401);
    expect(events(/^code_not_valid$/)).toMatchObject([{ level: 'warn', reason: 'not_staff' }]);
  });

  it('and nothing about recovery codes when the app’s code is used', async () => {
    const w = at();
    const who = await withApp(w);
    await reauthenticate(w, who, { code: totp(w, who.secret) });
    w.clock.advance(30);
    const answer = await finish(w, await waitingFor(w, who), { code: totp(w, who.secret) });
    expect(answer.status).toBe(200);
    expect(events(/^recovery_code/)).toEqual([]);
    expect(await subjectsTo(w, who.email)).not.toContain('A recovery code was used');
  });

  it('when a code by e-mail is requested, typed wrong and used', async () => {
    const w = at();
    const { email, user } = await verified(w);
    const { code } = await mailedTo(w, email);
    await confirmEmail(w, { email, code: otherCode(code) });
    await confirmEmail(w, { email, code });
    await mailedTo(w, person().email);
    expect(events(/^sign_in_code|^logged_in$/)).toMatchObject([
      { level: 'info', event: 'sign_in_code_requested', user: user.id },
      { level: 'warn', event: 'sign_in_code_failed', user: user.id },
      { level: 'info', event: 'logged_in', user: user.id },
      { level: 'info', event: 'sign_in_code_requested', user: null },
    ]);
  });

  it('when a code by e-mail makes an account', async () => {
    const w = at();
    const { email } = person();
    expect((await confirmLate(w, email)).status).toBe(401);
    const [user] = await w.rows<{ id: string; password_hash: string }>(
      'SELECT id, password_hash FROM users WHERE email = ?',
      email,
    );
    expect(user?.password_hash).toBe('');
    expect(events(/^signed_up$/)).toMatchObject([
      { level: 'info', user: user?.id, session: expect.any(String) },
    ]);
  });

  it('when a code by e-mail proves the address of a user who did not sign up', async () => {
    const w = at();
    const { email, user, access } = await w.signUp();
    // As an import leaves a user.
    await run("DELETE FROM one_time_tokens WHERE subject = ? AND purpose = 'email_verify'", user.id);
    await confirmEmail(w, { email, code: (await mailedTo(w, email)).code });
    expect(events(/^email_verified$/)).toMatchObject([{ level: 'info', user: user.id, ended: 1 }]);
    expect(await w.kvOf(access)).toBe('password_reset');
  });

  it('when an account passes to the owner of the mailbox, even if nobody may sign up', async () => {
    const w = at();
    const before = await w.signUp();
    const { code } = await mailedTo(w, before.email);
    const closed = world({ vars: { ...VARS, SIGN_UP: 'closed' }, now: w.clock.now * 1_000 });
    const { access } = (await confirmEmail(closed, { email: before.email, code })).body;
    const { body } = await w.me(access);
    expect(events(/^account_passed$/)).toMatchObject([
      { level: 'info', user: body.id, from: before.user.id, ended: 1 },
    ]);
  });
});
