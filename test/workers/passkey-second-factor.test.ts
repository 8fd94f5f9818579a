/** A passkey in place of the code of a second factor: whose, for which log-in, and once. */
import { describe, expect, it } from 'vitest';
import { logInAt } from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { finish, shownBy, waitingFor, withPasskey } from '../support/second-step.ts';
import { ENCRYPTION_KEY, enrol, totp, wrongCode } from '../support/totp.ts';
import {
  atOnce,
  claimsOf,
  codeOf,
  faultsOf,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

capturedLog();

const at = (vars: Vars = {}) => world({ vars: { ENCRYPTION_KEY, ...vars } });

/** Somebody with a passkey and an authenticator app. */
async function withBoth(w: World) {
  const who = await withPasskey(w);
  return { ...who, ...(await enrol(w, who.access)) };
}

describe('the methods of a log-in that asks for a second factor', () => {
  const methodsOf = async (w: World, who: { email: string; password: string }) =>
    (await w.logIn(who)).body.methods;

  it('include a passkey for users who have one', async () => {
    const w = at();
    expect(await methodsOf(w, await withBoth(w))).toEqual(['totp', 'recovery_code', 'passkey']);
  });

  it('do not include it for users who have none, nor with PASSKEYS=off', async () => {
    const w = at();
    const who = await w.signUp();
    await enrol(w, who.access);
    expect(await methodsOf(w, who)).toEqual(['totp', 'recovery_code']);
    expect(await methodsOf(at({ PASSKEYS: 'off' }), await withBoth(w))).toEqual(['totp', 'recovery_code']);
  });

  it('are not required of users with a passkey and no second factor', async () => {
    const w = at();
    expect((await w.logIn(await withPasskey(w))).status).toBe(200);
  });
});

describe('a passkey', () => {
  it('completes a log-in with password and second factor', async () => {
    const w = at();
    const who = await withBoth(w);
    const mfa_token = await waitingFor(w, who);
    const answer = await finish(w, mfa_token, { passkey: await shownBy(w, who.device) });
    expect(answer.status).toBe(200);
    expect(claimsOf(answer.body.access)).toMatchObject({ sub: who.user.id, amr: ['pwd', 'hwk', 'mfa'] });
    expect((await w.refresh(answer.body.refresh)).status).toBe(200);
    // The log-in is used up, for codes too.
    for (const shown of [{ passkey: await shownBy(w, who.device) }, { code: totp(w, who.secret) }]) {
      expect(codeOf(await finish(w, mfa_token, shown))).toBe('code_not_valid');
    }
  });

  it('completes a sign-in by e-mail', async () => {
    const w = at({ SIGN_IN_BY_EMAIL: 'on' });
    const who = await withBoth(w);
    await w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id);
    await w.post('/account/login/email', { email: who.email });
    const mail = (await w.get(`/dev/mail?to=${who.email}`)).body.messages[0];
    const { mfa_token } = (await w.post('/account/login/email/confirm', { token: mail.token })).body;
    const answer = await finish(w, mfa_token, { passkey: await shownBy(w, who.device) });
    expect(claimsOf(answer.body.access).amr).toEqual(['mail', 'hwk', 'mfa']);
  });

  it('of another user is refused, and so is one of another ceremony', async () => {
    const w = at();
    const [who, other] = [await withBoth(w), await withBoth(w)];
    const mfa_token = await waitingFor(w, who);
    const again = (await w.post('/account/reauthenticate/options', {}, { token: who.access })).body;
    const made = (await w.post('/account/passkeys/options', {}, { token: other.access })).body;
    for (const passkey of [
      await shownBy(w, other.device),
      await who.device.get(again),
      await who.device.get({ challenge: made.challenge, rpId: 'localhost' }),
      await who.device.get((await w.post('/account/login/passkey/options', {})).body, { flags: 1 }),
      {},
    ]) {
      const answer = await finish(w, mfa_token, { passkey });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'passkey_not_valid']);
    }
    expect((await finish(w, mfa_token, { passkey: await shownBy(w, who.device) })).status).toBe(200);
  });

  it('does not count as a try, and is refused after five wrong codes', async () => {
    const w = at();
    const who = await withBoth(w);
    const mfa_token = await waitingFor(w, who);
    for (let i = 0; i < 12; i++) await finish(w, mfa_token, { passkey: {} });
    const code = wrongCode(who.secret, Math.floor(w.clock.now / 30));
    for (let i = 0; i < 5; i++) expect(codeOf(await finish(w, mfa_token, { code }))).toBe('code_not_valid');
    const answer = await finish(w, mfa_token, { passkey: await shownBy(w, who.device) });
    expect(codeOf(answer)).toBe('code_not_valid');
  });

  it.each<[string, (w: World, who: Awaited<ReturnType<typeof withBoth>>) => Promise<unknown>]>([
    ['five minutes', async (w) => w.clock.advance(300)],
    [
      'a change of the password',
      (w, { password, access }) =>
        w.post(
          '/account/password/change',
          { current_password: password, new_password: 'staple battery horse' },
          { token: access },
        ),
    ],
    ['a deactivation', (w, { user }) => w.rows('UPDATE users SET is_active = 0 WHERE id = ?', user.id)],
  ])('is too late after %s', async (_, happens) => {
    const w = at();
    const who = await withBoth(w);
    const mfa_token = await waitingFor(w, who);
    await happens(w, who);
    const answer = await finish(w, mfa_token, { passkey: await shownBy(w, who.device) });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'code_not_valid']);
  });

  it('does not complete a log-in at the console', async () => {
    const w = at();
    const who = await withBoth(w);
    await w.rows('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE id = ?', who.user.id);
    const page = await logInAt(who, w);
    const mfa_token = /name="mfa_token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect(mfa_token).not.toBe('');
    const answer = await finish(w, mfa_token, { passkey: await shownBy(w, who.device) });
    expect(codeOf(answer)).toBe('code_not_valid');
  });

  it.each([
    ['with a code beside it', { code: '123456', passkey: {} }, { code: ['required'] }],
    ['as text', { passkey: 'x' }, { passkey: ['invalid'] }],
    ['as a list', { passkey: [] }, { passkey: ['invalid'] }],
  ])('is 400 %s', async (_, shown, faults) => {
    const answer = await finish(at(), 'x', shown);
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
  });

  it('finishes one log-in, of fifty calls at once', RACE, async () => {
    const w = at();
    const who = await withBoth(w);
    const mfa_token = await waitingFor(w, who);
    const passkey = await shownBy(w, who.device);
    expect(tally(await atOnce(50, () => finish(w, mfa_token, { passkey })))).toEqual({ 200: 1, 401: 49 });
  });

  it('and the code finish one log-in together', RACE, async () => {
    const w = at();
    const who = await withBoth(w);
    const mfa_token = await waitingFor(w, who);
    const passkey = await shownBy(w, who.device);
    const code = totp(w, who.secret);
    const answers = await atOnce(20, (i) => finish(w, mfa_token, i % 2 ? { passkey } : { code }));
    expect(tally(answers)).toMatchObject({ 200: 1 });
  });
});
