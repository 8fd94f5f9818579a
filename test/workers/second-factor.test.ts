/** TOTP and recovery codes: enrolment, log-in in two steps, step-up, and what holds under fifty calls at once. */
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { codeAt, stepAt, wrongCode } from '../support/totp.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  person,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const KEY = btoa('0123456789abcdef0123456789abcdef');
const OLD_KEY = btoa('fedcba9876543210fedcba9876543210');
const VARS: Vars = { ENCRYPTION_KEY: KEY };
const at = (vars: Vars = {}) => world({ vars: { ...VARS, ...vars } });

const stepOf = (w: World) => stepAt(w.clock.now);

type Who = Awaited<ReturnType<World['signUp']>>;

/** Somebody with an authenticator app, a step after the code that confirmed it. */
async function enrolled(w: World, more = {}) {
  const who = await w.signUp({ ...person(), ...more });
  const started = await w.post('/account/factors/totp', {}, { token: who.access });
  expect(started.status).toBe(201);
  const secret = started.body.secret as string;
  const confirmed = await w.post(
    '/account/factors/totp/confirm',
    { code: codeAt(secret, stepOf(w)) },
    { token: who.access },
  );
  expect(confirmed.status).toBe(200);
  w.clock.advance(30);
  return { ...who, secret, recoveryCodes: confirmed.body.recovery_codes as string[] };
}

/** The newest mail to an address. */
const mailTo = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } })).body.messages[0];

const logIn = (w: World, { email, password }: { email: string; password: string }) =>
  w.post('/account/login', { email, password });
async function challenged(w: World, who: Who): Promise<string> {
  const answer = await logIn(w, who);
  expect([answer.status, codeOf(answer)]).toEqual([401, 'mfa_required']);
  return answer.body.mfa_token as string;
}
/** Resets the password by e-mail. Returns the new one. */
async function reset(w: World, { email, user }: Who): Promise<string> {
  // The account keeps its factor only if its address was proven before.
  await w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', user.id);
  await w.post('/account/password/reset', { email });
  const { token } = await mailTo(w, email);
  const new_password = 'staple of another colour';
  const done = await w.post('/account/password/reset/confirm', { token, new_password });
  expect(done.status).toBe(204);
  return new_password;
}
const finish = (w: World, mfa_token: string, shown: object) =>
  w.post('/account/login/second-factor', { mfa_token, ...shown });
const right = (w: World, { secret }: { secret: string }) => ({ code: codeAt(secret, stepOf(w)) });

describe('without ENCRYPTION_KEY', () => {
  it.each([
    ['GET', '/account/factors'],
    ['POST', '/account/factors/totp'],
    ['POST', '/account/factors/totp/confirm'],
    ['DELETE', '/account/factors/totp'],
    ['POST', '/account/factors/recovery-codes'],
    ['POST', '/account/login/second-factor'],
  ])('%s %s is 404', async (method, path) => {
    const w = world();
    const { access } = await w.signUp();
    const body = method === 'GET' ? {} : { body: {} };
    expect((await w.ask(method, path, { ...body, token: access })).status).toBe(404);
  });
});

describe('enrolment', () => {
  it('returns a secret, its URI and a QR code, and switches nothing on', async () => {
    const w = at();
    const who = await w.signUp();
    const { status, body } = await w.post('/account/factors/totp', {}, { token: who.access });
    expect(status).toBe(201);
    expect(body.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new URL(body.uri).searchParams.get('secret')).toBe(body.secret);
    expect(decodeURIComponent(body.uri)).toContain(who.email);
    expect(body.qr_svg).toMatch(/^<svg/);
    expect((await w.get('/account/factors', { token: who.access })).body).toEqual({
      totp: null,
      recovery_codes_left: 0,
      passkeys: 0,
    });
    expect((await logIn(w, who)).status).toBe(200);
  });

  it.each<[string, Vars, string]>([
    ['the host of PUBLIC_URL', { PUBLIC_URL: 'https://accounts.example.org/id' }, 'accounts.example.org'],
    ['SITE_NAME', { SITE_NAME: 'Acme & Söhne' }, 'Acme & Söhne'],
  ])('is named %s in authenticator apps', async (_, vars, issuer) => {
    const w = at(vars);
    const { access, email } = await w.signUp();
    const { uri } = (await w.post('/account/factors/totp', {}, { token: access })).body;
    expect(new URL(uri).searchParams.get('issuer')).toBe(issuer);
    expect(decodeURIComponent(new URL(uri).pathname)).toContain(`${issuer}:${email}`);
  });

  it('is confirmed by a code, which shows ten recovery codes once and is used up', async () => {
    const w = at();
    const who = await w.signUp();
    const { body } = await w.post('/account/factors/totp', {}, { token: who.access });
    const code = codeAt(body.secret, stepOf(w));
    const confirm = (typed: string) =>
      w.post('/account/factors/totp/confirm', { code: typed }, { token: who.access });
    expect(codeOf(await confirm(wrongCode(body.secret, stepOf(w))))).toBe('code_not_valid');
    const confirmed = await confirm(code);
    expect(confirmed.body.recovery_codes).toHaveLength(10);
    expect(codeOf(await confirm(code))).toBe('code_not_valid');
    expect((await w.get('/account/factors', { token: who.access })).body).toEqual({
      totp: { created_at: expect.stringMatching(/Z$/) },
      recovery_codes_left: 10,
      passkeys: 0,
    });
    expect(codeOf(await finish(w, await challenged(w, who), { code }))).toBe('code_not_valid');
    expect((await mailTo(w, who.email)).subject).toBe('Two-step sign-in is on');
  });

  it('starts over with a second secret, which voids the first', async () => {
    const w = at();
    const who = await w.signUp();
    const start = async () => (await w.post('/account/factors/totp', {}, { token: who.access })).body.secret;
    const [first, second] = [await start(), await start()];
    const confirm = (secret: string) =>
      w.post('/account/factors/totp/confirm', { code: codeAt(secret, stepOf(w)) }, { token: who.access });
    expect((await confirm(first)).status).toBe(401);
    expect((await confirm(second)).status).toBe(200);
  });

  it('stores neither the secret nor a code in plain text', async () => {
    const w = at();
    const who = await enrolled(w);
    const rows = JSON.stringify([
      await w.rows('SELECT * FROM totp_secrets WHERE user_id = ?', who.user.id),
      await w.rows('SELECT * FROM recovery_codes WHERE user_id = ?', who.user.id),
    ]);
    expect(rows).not.toContain(who.secret);
    for (const code of who.recoveryCodes) expect(rows).not.toContain(code);
  });

  it('asks for a recent sign-in, or the password', async () => {
    const w = at();
    const who = await w.signUp();
    w.clock.advance(601);
    const old = await w.post('/account/factors/totp', {}, { token: who.access });
    expect([old.status, codeOf(old)]).toEqual([401, 'reauthentication_required']);
    expect(old.headers.get('WWW-Authenticate')).toContain('error="insufficient_user_authentication"');
    expect(old.headers.get('WWW-Authenticate')).toContain('max_age="600"');
    const proven = await w.post('/account/factors/totp', { password: who.password }, { token: who.access });
    expect(proven.status).toBe(201);
  });
});

describe('a log-in', () => {
  it('asks for the code: nothing else opens a session', async () => {
    const w = at();
    const who = await enrolled(w);
    const sessions = () => w.rows('SELECT id FROM sessions WHERE user_id = ?', who.user.id);
    const before = (await sessions()).length;
    const answer = await logIn(w, who);
    expect(answer.body).toMatchObject({
      status: 401,
      code: 'mfa_required',
      mfa_token: expect.any(String),
      methods: ['totp', 'recovery_code'],
    });
    expect(await sessions()).toHaveLength(before);
    const opened = await finish(w, answer.body.mfa_token, right(w, who));
    expect(opened.status).toBe(200);
    expect(claimsOf(opened.body.access).amr).toEqual(['pwd', 'otp', 'mfa']);
    expect((await w.me(opened.body.access)).status).toBe(200);
    expect((await w.refresh(opened.body.refresh)).status).toBe(200);
  });

  it('in cookie mode sends the refresh token in the cookie only', async () => {
    const before = at();
    const who = await enrolled(before);
    const w = world({ vars: { ...VARS, REFRESH_TRANSPORT: 'cookie' }, now: before.clock.now * 1_000 });
    const page = { headers: { Origin: 'http://localhost' } };
    const { email, password } = who;
    const asked = await w.post('/account/login', { email, password }, page);
    expect([codeOf(asked), asked.headers.getSetCookie()]).toEqual(['mfa_required', []]);
    const shown = { mfa_token: asked.body.mfa_token, ...right(w, who) };
    const opened = await w.post('/account/login/second-factor', shown, page);
    expect([opened.status, Object.keys(opened.body)]).toEqual([200, ['access']]);
    expect(opened.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Secure-refresh=[^;]+;.*HttpOnly/),
    ]);
  });

  it.each([
    ['/api/token/', 'username'],
    ['/api/token/', 'email'],
    ['/auth/jwt/create/', 'username'],
    ['/auth/jwt/create/', 'email'],
    ['/dj-rest-auth/login/', 'username'],
    ['/dj-rest-auth/login/', 'email'],
  ])('at %s by %s asks for it too', async (path, name) => {
    const w = at({ COMPAT: 'simplejwt,djoser,dj-rest-auth' });
    const who = await enrolled(w);
    const answer = await w.post(path, { [name]: who.email, password: who.password });
    expect([answer.status, answer.body]).toEqual([
      401,
      expect.objectContaining({
        code: 'mfa_required',
        mfa_token: expect.any(String),
        methods: ['totp', 'recovery_code'],
      }),
    ]);
    expect((await finish(w, answer.body.mfa_token, right(w, who))).status).toBe(200);
  });

  it('with a wrong password does not say that there is a second factor', async () => {
    const w = at();
    const who = await enrolled(w);
    expect(codeOf(await logIn(w, { ...who, password: 'wrong horse battery' }))).toBe('no_active_account');
  });

  it('of a user who has none needs no code, and costs no more', async () => {
    const w = at();
    const who = await w.signUp();
    expect((await logIn(w, who)).status).toBe(200);
    expect(await w.rows('SELECT * FROM totp_secrets WHERE user_id = ?', who.user.id)).toEqual([]);
  });

  it.each<[string, (w: World, who: { secret: string }) => object]>([
    ['a wrong one', (w, { secret }) => ({ code: wrongCode(secret, stepOf(w)) })],
    ['one of two steps ago', (w, { secret }) => ({ code: codeAt(secret, stepOf(w) - 2) })],
    ['one of two steps ahead', (w, { secret }) => ({ code: codeAt(secret, stepOf(w) + 2) })],
    ['a malformed one', () => ({ code: 'abc' })],
    ['an empty one', () => ({ code: '' })],
    ['a blank one', () => ({ code: ' ' })],
    ['a recovery code that is none', () => ({ recovery_code: 'abcde-fghjk' })],
    ['a malformed recovery code', () => ({ recovery_code: '!' })],
    ['an empty recovery code', () => ({ recovery_code: '' })],
  ])('with %s is 401 code_not_valid', async (_, shown) => {
    const w = at();
    const who = await enrolled(w);
    const answer = await finish(w, await challenged(w, who), shown(w, who));
    expect([answer.status, codeOf(answer)]).toEqual([401, 'code_not_valid']);
  });

  it.each<[string, object]>([
    ['a number', { code: 123456 }],
    ['both', { code: '123456', recovery_code: 'abcde-fghjk' }],
    ['neither', {}],
    ['null', { code: null }],
    ['a list', { recovery_code: ['abcde-fghjk'] }],
  ])('with %s is 400, and does not count as a try', async (_, shown) => {
    const w = at();
    const who = await enrolled(w);
    const token = await challenged(w, who);
    for (let n = 0; n < 6; n++) expect((await finish(w, token, shown)).status).toBe(400);
    expect((await finish(w, token, right(w, who))).status).toBe(200);
  });

  it.each([-1, 0, 1])('accepts the code of step %i', async (drift) => {
    const w = at();
    const who = await enrolled(w);
    w.clock.advance(30);
    const shown = { code: codeAt(who.secret, stepOf(w) + drift) };
    expect((await finish(w, await challenged(w, who), shown)).status).toBe(200);
  });

  it('accepts a recovery code once, and notifies the user by email', async () => {
    const w = at();
    const who = await enrolled(w);
    const [code = ''] = who.recoveryCodes;
    const typed = { recovery_code: code.toUpperCase().replace('-', ' ') };
    const opened = await finish(w, await challenged(w, who), typed);
    expect(opened.status).toBe(200);
    expect((await mailTo(w, who.email)).subject).toBe('A recovery code was used');
    expect(codeOf(await finish(w, await challenged(w, who), typed))).toBe('code_not_valid');
    const { body } = await w.get('/account/factors', { token: opened.body.access });
    expect(body.recovery_codes_left).toBe(9);
  });

  it.each<[string, string]>([
    ['after its use', 'used'],
    ['after 5 minutes', 'expired'],
    ['after a change of password', 'changed'],
    ['after a reset of the password', 'reset'],
    ['after a deactivation', 'deactivated'],
    ['after a promotion to staff', 'promoted'],
    ['of somebody else', 'foreign'],
  ])('%s the token of its first step is void', async (_, how) => {
    const w = at();
    const who = await enrolled(w);
    let token = await challenged(w, who);
    if (how === 'used') await finish(w, token, right(w, who));
    if (how === 'expired') w.clock.advance(300);
    if (how === 'changed') {
      const changed = await w.post(
        '/account/password/change',
        { current_password: who.password, new_password: 'staple of another colour' },
        { token: who.access },
      );
      expect(changed.status).toBe(204);
    }
    if (how === 'reset') await reset(w, who);
    if (how === 'deactivated') await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    if (how === 'promoted') await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    if (how === 'foreign') token = `${(await enrolled(w)).user.id}.${token.split('.')[1]}`;
    w.clock.advance(30);
    expect(codeOf(await finish(w, token, right(w, who)))).toBe('code_not_valid');
  });

  it('does not work with the token of its first step at any other endpoint', async () => {
    const w = at();
    const who = await enrolled(w);
    const token = await challenged(w, who);
    expect((await w.me(token)).status).toBe(401);
    for (const path of ['/account/email/verify', '/account/password/reset/confirm']) {
      const answer = await w.post(path, { token, new_password: 'staple of another colour' });
      expect(answer.body.errors.token[0].code).toBe('token_not_valid');
    }
  });

  it('after a password reset still asks for the code', async () => {
    const w = at();
    const who = await enrolled(w);
    const password = await reset(w, who);
    expect(codeOf(await logIn(w, { ...who, password }))).toBe('mfa_required');
  });
});

describe('guessing', () => {
  it('voids the token after five wrong codes', async () => {
    const w = at();
    const who = await enrolled(w);
    const token = await challenged(w, who);
    for (let n = 0; n < 5; n++) {
      expect(codeOf(await finish(w, token, { code: wrongCode(who.secret, stepOf(w)) }))).toBe(
        'code_not_valid',
      );
    }
    expect(codeOf(await finish(w, token, right(w, who)))).toBe('code_not_valid');
    expect((await finish(w, await challenged(w, who), right(w, who))).status).toBe(200);
  });

  it('refuses the account after ten wrong codes within 15 minutes, over log-ins and reauthentication together', async () => {
    const w = at();
    const who = await enrolled(w);
    const code = wrongCode(who.secret, stepOf(w));
    for (let round = 0; round < 2; round++) {
      const token = await challenged(w, who);
      for (let n = 0; n < 4; n++) expect((await finish(w, token, { code })).status).toBe(401);
    }
    for (const shown of [{ code }, { recovery_code: 'abcde-fghjk' }]) {
      const answer = await w.post('/account/reauthenticate', shown, { token: who.access });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'code_not_valid']);
    }
    const refused = await finish(w, await challenged(w, who), right(w, who));
    expect([refused.status, codeOf(refused)]).toEqual([429, 'throttled']);
    const wait = Number(refused.headers.get('Retry-After'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(900);
    expect((await w.post('/account/reauthenticate', right(w, who), { token: who.access })).status).toBe(429);
    w.clock.advance(wait);
    expect((await finish(w, await challenged(w, who), right(w, who))).status).toBe(200);
  });

  it('counts the 15 minutes from a wrong code, not from an earlier right one', async () => {
    const w = at();
    const who = await enrolled(w);
    expect((await finish(w, await challenged(w, who), right(w, who))).status).toBe(200);
    w.clock.advance(14 * 60);
    const code = wrongCode(who.secret, stepOf(w));
    for (let n = 0; n < 10; n++) {
      expect((await w.post('/account/reauthenticate', { code }, { token: who.access })).status).toBe(401);
    }
    const refused = await finish(w, await challenged(w, who), right(w, who));
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '900']);
  });

  it('is counted exactly, however many come at once', RACE, async () => {
    const w = at();
    const who = await enrolled(w);
    const token = await challenged(w, who);
    const code = wrongCode(who.secret, stepOf(w));
    expect(tally(await atOnce(50, () => finish(w, token, { code })))).toEqual({ 401: 50 });
    const [row] = await w.rows('SELECT tries FROM totp_secrets WHERE user_id = ?', who.user.id);
    expect(row).toEqual({ tries: 5 });
  });

  it('without the password reveals nothing, and does not count for the account', async () => {
    const w = at();
    const who = await enrolled(w);
    const made = `${who.user.id}.${'A'.repeat(43)}`;
    for (let n = 0; n < 20; n++)
      expect(codeOf(await finish(w, made, { code: '000000' }))).toBe('code_not_valid');
    expect((await finish(w, await challenged(w, who), right(w, who))).status).toBe(200);
  });

  it.each<[string, (w: World, who: Who & { secret: string }) => Promise<Answer>]>([
    ['a log-in', async (w, who) => finish(w, await challenged(w, who), right(w, who))],
    [
      'a reauthentication',
      (w, who) => w.post('/account/reauthenticate', right(w, who), { token: who.access }),
    ],
  ])('never counts a right code of %s', async (_, send) => {
    const w = at();
    const who = await enrolled(w);
    for (let n = 0; n < 11; n++) {
      expect((await send(w, who)).status).toBe(200);
      w.clock.advance(30);
    }
  });
});

describe('one code', () => {
  it('opens one session, of fifty calls with one token', RACE, async () => {
    const w = at();
    const who = await enrolled(w);
    const token = await challenged(w, who);
    const answers = await atOnce(50, () => finish(w, token, right(w, who)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it(
    'and its neighbors and recovery codes open one session, of fifty calls with one token',
    RACE,
    async () => {
      const w = at();
      const who = await enrolled(w);
      const token = await challenged(w, who);
      const [one = '', other = ''] = who.recoveryCodes;
      const shown = [
        { code: codeAt(who.secret, stepOf(w)) },
        { code: codeAt(who.secret, stepOf(w) + 1) },
        { recovery_code: one },
        { recovery_code: other },
      ];
      let n = 0;
      const answers = await atOnce(50, () => finish(w, token, shown[n++ % shown.length] ?? {}));
      expect(tally(answers)).toEqual({ 200: 1, 401: 49 });
      expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', who.user.id)).toHaveLength(2);
      const used = await w.rows(
        'SELECT 1 FROM recovery_codes WHERE user_id = ? AND used_at IS NOT NULL',
        who.user.id,
      );
      expect(used.length).toBeLessThanOrEqual(1);
    },
  );

  it('opens one session, of the log-ins of five tokens', RACE, async () => {
    const w = at();
    const who = await enrolled(w);
    const tokens: string[] = [];
    for (let n = 0; n < 5; n++) tokens.push(await challenged(w, who));
    const answers = await Promise.all(tokens.map((token) => finish(w, token, right(w, who))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it.each<[string, (who: { recoveryCodes: string[] }, w: World) => object]>([
    ['of recovery', ({ recoveryCodes }) => ({ recovery_code: recoveryCodes[0] })],
  ])('%s opens one session, of five log-ins at once', RACE, async (_, shown) => {
    const w = at();
    const who = await enrolled(w);
    const tokens: string[] = [];
    for (let n = 0; n < 5; n++) tokens.push(await challenged(w, who));
    const answers = await Promise.all(tokens.map((token) => finish(w, token, shown(who, w))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('used for a log-in does not work for a reauthentication', async () => {
    const w = at();
    const who = await enrolled(w);
    const shown = right(w, who);
    expect((await finish(w, await challenged(w, who), shown)).status).toBe(200);
    expect((await w.post('/account/reauthenticate', shown, { token: who.access })).status).toBe(401);
  });
});

describe('step-up of a user with a second factor', () => {
  const remove = (w: World, token: string, body: object = {}) =>
    w.delete('/account/factors/totp', body, { token });

  it('counts a proof with a code alone: a password session is not enough, nor is the password again', async () => {
    const w = at();
    const who = await enrolled(w);
    const refused = await remove(w, who.access);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'reauthentication_required']);
    const again = await w.post('/account/reauthenticate', { password: who.password }, { token: who.access });
    expect(codeOf(await remove(w, again.body.access))).toBe('reauthentication_required');
    const proven = await w.post('/account/reauthenticate', right(w, who), { token: who.access });
    expect(proven.status).toBe(200);
    expect(claimsOf(proven.body.access).amr).toContain('mfa');
    expect((await remove(w, proven.body.access)).status).toBe(204);
    expect(await w.rows('SELECT 1 FROM recovery_codes WHERE user_id = ?', who.user.id)).toEqual([]);
    expect((await logIn(w, who)).status).toBe(200);
    expect((await mailTo(w, who.email)).subject).toBe('Two-step sign-in is off');
    expect((await remove(w, proven.body.access, { password: who.password })).status).toBe(404);
  });

  it('new recovery codes void the old ones', async () => {
    const w = at();
    const who = await enrolled(w);
    const { body } = await w.post('/account/reauthenticate', right(w, who), { token: who.access });
    const renewed = await w.post('/account/factors/recovery-codes', {}, { token: body.access });
    expect(renewed.body.recovery_codes).toHaveLength(10);
    w.clock.advance(30);
    const old = { recovery_code: who.recoveryCodes[0] };
    expect((await finish(w, await challenged(w, who), old)).status).toBe(401);
    const fresh = { recovery_code: renewed.body.recovery_codes[0] };
    expect((await finish(w, await challenged(w, who), fresh)).status).toBe(200);
  });

  it('a recovery code reauthenticates too', async () => {
    const w = at();
    const who = await enrolled(w);
    const shown = { recovery_code: who.recoveryCodes[3] };
    expect((await w.post('/account/reauthenticate', shown, { token: who.access })).status).toBe(200);
    expect((await mailTo(w, who.email)).subject).toBe('A recovery code was used');
    expect((await w.post('/account/reauthenticate', shown, { token: who.access })).status).toBe(401);
  });

  it('of a user who has none, no code is accepted', async () => {
    const w = at();
    const who = await w.signUp();
    const answer = await w.post('/account/reauthenticate', { code: '123456' }, { token: who.access });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'code_not_valid']);
  });
});

describe('the encryption key', () => {
  it('can be rotated without anybody losing a factor, and secrets are re-encrypted at the next use', async () => {
    const before = world({ vars: { ENCRYPTION_KEY: OLD_KEY } });
    const who = await enrolled(before);
    const after = world({
      vars: { ENCRYPTION_KEY: KEY, ENCRYPTION_KEYS_OLD: OLD_KEY },
      now: before.clock.now * 1_000,
    });
    const sealed = async () =>
      (await after.rows('SELECT secret FROM totp_secrets WHERE user_id = ?', who.user.id))[0]?.secret;
    const old = await sealed();
    expect((await finish(after, await challenged(after, who), right(after, who))).status).toBe(200);
    await expect.poll(sealed).not.toBe(old);
    const renewed = await sealed();
    const recovery = { recovery_code: who.recoveryCodes[0] };
    expect((await finish(after, await challenged(after, who), recovery)).status).toBe(200);
    const alone = world({ vars: { ENCRYPTION_KEY: KEY }, now: (after.clock.now + 30) * 1_000 });
    expect((await finish(alone, await challenged(alone, who), right(alone, who))).status).toBe(200);
    expect(await sealed()).toBe(renewed);
  });

  it('that is lost: the code is not valid, and the log says why', async () => {
    const before = at();
    const who = await enrolled(before);
    const after = world({ vars: { ENCRYPTION_KEY: OLD_KEY }, now: before.clock.now * 1_000 });
    expect(codeOf(await finish(after, await challenged(after, who), right(after, who)))).toBe(
      'code_not_valid',
    );
    expect(log.of('second_factor_unreadable')).toHaveLength(1);
  });
});

describe('a removed encryption key', () => {
  it('does not let a user with a second factor in with the password alone: 503, and no session', async () => {
    const before = at();
    const who = await enrolled(before);
    const other = await before.signUp();
    const without = world({ now: before.clock.now * 1_000 });
    const answer = await logIn(without, who);
    expect([answer.status, codeOf(answer)]).toEqual([503, 'misconfigured']);
    expect((await logIn(without, other)).status).toBe(200);
    const sessions = await before.rows('SELECT id FROM sessions WHERE user_id = ?', who.user.id);
    expect(sessions).toHaveLength(1);
  });
});

describe('what remains', () => {
  it('of a user who withdrew: nothing', async () => {
    const w = at();
    const who = await enrolled(w);
    const gone = await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect(gone.status).toBe(204);
    for (const table of ['totp_secrets', 'recovery_codes']) {
      expect(await w.rows(`SELECT * FROM ${table} WHERE user_id = ?`, who.user.id)).toEqual([]);
    }
  });
});

describe('the console', () => {
  const PAGE = { Origin: 'http://localhost', Accept: 'text/html' };
  const form = (w: World, path: string, fields: Record<string, string>) =>
    w.fetch(
      new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { ...PAGE, 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields),
      }),
    );
  const tokenIn = ({ text }: { text: string }) => /name="mfa_token" value="([^"]+)"/.exec(text)?.[1] ?? '';
  async function staff(w: World) {
    const who = await enrolled(w);
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const asked = await form(w, '/admin/login', { username: who.email, password: who.password });
    expect(asked.status).toBe(401);
    expect(asked.headers.get('Set-Cookie')).toBeNull();
    return { ...who, mfa_token: tokenIn(asked) };
  }
  const second = (w: World, mfa_token: string, code: string) =>
    form(w, '/admin/login/second-factor', { mfa_token, code });

  it.each<[string, (who: { secret: string; recoveryCodes: string[] }, w: World) => string]>([
    ['a code', ({ secret }, w) => codeAt(secret, stepOf(w))],
    ['a recovery code', ({ recoveryCodes }) => recoveryCodes[0] ?? ''],
  ])('opens after %s', async (_, shown) => {
    const w = at();
    const who = await staff(w);
    const opened = await second(w, who.mfa_token, shown(who, w));
    expect([opened.status, opened.headers.get('Location')]).toEqual([303, '/admin']);
    expect(opened.headers.get('Set-Cookie')).toMatch(/^__Host-accounts_admin=[^;]+; Max-Age=28800;/);
  });

  it('asks again after a wrong code, with the sentence at the field', async () => {
    const w = at();
    const who = await staff(w);
    const wrong = await second(w, who.mfa_token, wrongCode(who.secret, stepOf(w)));
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain('This code is not valid.');
    expect(tokenIn(wrong)).toBe(who.mfa_token);
    expect((await second(w, tokenIn(wrong), codeAt(who.secret, stepOf(w)))).status).toBe(303);
  });

  it('accepts no token of the API, nor the API one of the console', async () => {
    const w = at();
    const who = await staff(w);
    expect((await finish(w, who.mfa_token, right(w, who))).status).toBe(401);
    const ofApi = await challenged(w, who);
    expect((await second(w, ofApi, codeAt(who.secret, stepOf(w)))).status).toBe(401);
  });

  it('does not open from another origin', async () => {
    const w = at();
    const who = await staff(w);
    const body = new URLSearchParams({ mfa_token: who.mfa_token, code: codeAt(who.secret, stepOf(w)) });
    const headers = { ...PAGE, Origin: 'https://evil.example' };
    const request = new Request('http://localhost/admin/login/second-factor', {
      method: 'POST',
      headers,
      body,
    });
    expect((await w.fetch(request)).status).toBe(403);
  });
});

describe('the log', () => {
  it('says what happened to a second factor, and whose it is', async () => {
    const w = at();
    const who = await enrolled(w);
    await finish(w, await challenged(w, who), { code: wrongCode(who.secret, stepOf(w)) });
    const [recovery_code = ''] = who.recoveryCodes;
    const { access } = (await finish(w, await challenged(w, who), { recovery_code })).body;
    await w.post('/account/factors/recovery-codes', {}, { token: access });
    await w.delete('/account/factors/totp', undefined, { token: access });
    const events = log.lines.filter(({ event }) => /^(second_factor|recovery_code)/.test(event));
    expect(events.map(({ level, event, user }) => [level, event, user])).toEqual(
      [
        ['info', 'second_factor_on'],
        ['info', 'second_factor_required'],
        ['warn', 'second_factor_failed'],
        ['info', 'second_factor_required'],
        ['warn', 'recovery_code_used'],
        ['info', 'recovery_codes_renewed'],
        ['info', 'second_factor_off'],
      ].map((one) => [...one, who.user.id]),
    );
  });
});
