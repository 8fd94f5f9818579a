/** Passkeys: registration, sign-in, what is kept, and what holds under fifty calls at once. */
import { describe, expect, it } from 'vitest';
import { authenticator } from '../support/authenticator.ts';
import { cookieOf, cookieWorld, post, refresh, signedUp } from '../support/cookies.ts';
import { directoryFaults } from '../support/directory.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
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

const log = capturedLog();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

type Who = Awaited<ReturnType<World['signUp']>>;
type Device = ReturnType<typeof authenticator>;

const creationOptions = async (w: World, token: string) =>
  (await w.post('/account/passkeys/options', {}, { token })).body;
const requestOptions = async (w: World) => (await w.post('/account/login/passkey/options', {})).body;
const add = (w: World, token: string, credential: unknown, more: object = {}) =>
  w.post('/account/passkeys', { credential, ...more }, { token });
const list = async (w: World, token: string) => (await w.get('/account/passkeys', { token })).body.passkeys;
const signIn = async (w: World, device: Device) =>
  w.post('/account/login/passkey', { credential: await device.get(await requestOptions(w)) });

/** Somebody with a passkey. */
async function enrolled(w: World, options: Parameters<typeof authenticator>[0] = {}, more: object = {}) {
  const who = await w.signUp();
  const device = authenticator(options);
  const added = await add(w, who.access, await device.create(await creationOptions(w, who.access)), more);
  expect(added.status).toBe(201);
  return { ...who, device, passkey: added.body };
}
const withoutPassword = (w: World, { user }: Who) =>
  w.rows("UPDATE users SET password_hash = '' WHERE id = ?", user.id);
const mailsTo = async (w: World, email: string): Promise<string[]> =>
  (await w.get(`/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } })).body.messages.map(
    ({ subject }: { subject: string }) => subject,
  );

describe('with PASSKEYS=off', () => {
  it.each([
    ['POST', '/account/passkeys/options'],
    ['POST', '/account/passkeys'],
    ['GET', '/account/passkeys'],
    ['PATCH', '/account/passkeys/x'],
    ['DELETE', '/account/passkeys/x'],
    ['POST', '/account/login/passkey/options'],
    ['POST', '/account/login/passkey'],
    ['GET', '/.well-known/webauthn'],
  ])('%s %s is 404', async (method, path) => {
    const w = world({ vars: { PASSKEYS: 'off' } });
    const { access } = await w.signUp();
    const body = method === 'GET' ? {} : { body: {} };
    expect((await w.ask(method, path, { ...body, token: access })).status).toBe(404);
  });
});

describe('the options of a registration', () => {
  it('require a resident key and user verification, and no attestation', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/account/passkeys/options', {}, { token: who.access });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      rp: { id: 'localhost', name: 'localhost' },
      user: { id: btoa(who.user.id).replace(/=+$/, ''), name: who.email, displayName: who.email },
      challenge: expect.stringMatching(/^[\w-]{91}$/),
      pubKeyCredParams: [
        { type: 'public-key', alg: -7 },
        { type: 'public-key', alg: -257 },
      ],
      timeout: 300_000,
      excludeCredentials: [],
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      attestation: 'none',
      extensions: { credProps: true },
    });
  });

  it('exclude existing passkeys', async () => {
    const w = world();
    const { access, device } = await enrolled(w);
    expect((await creationOptions(w, access)).excludeCredentials).toEqual([
      { type: 'public-key', id: device.credentialId, transports: ['hybrid', 'internal'] },
    ]);
  });

  it('ask for a recent sign-in, or the password', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(601);
    const old = await w.post('/account/passkeys/options', {}, { token: who.access });
    expect([old.status, codeOf(old)]).toEqual([401, 'reauthentication_required']);
    expect(old.headers.get('WWW-Authenticate')).toContain('error="insufficient_user_authentication"');
    const ask = (password: string) =>
      w.post('/account/passkeys/options', { password }, { token: who.access });
    expect(faultsOf(await ask('wrong'))).toEqual({ password: ['password_incorrect'] });
    expect((await ask(who.password)).status).toBe(200);
  });

  it('have the RP ID and the name of the settings', async () => {
    const w = world({
      vars: { PUBLIC_URL: 'https://id.example.com', PASSKEY_RP_ID: 'example.com', SITE_NAME: 'Acme' },
    });
    const { access } = await w.signUp();
    expect((await creationOptions(w, access)).rp).toEqual({ id: 'example.com', name: 'Acme' });
    expect((await requestOptions(w)).rpId).toBe('example.com');
  });
});

describe('a passkey', () => {
  it.each(['ES256', 'RS256'] as const)('of %s is added, signs in and is both factors', async (kind) => {
    const w = world();
    const who = await enrolled(w, { kind }, { name: ' My phone ' });
    expect(who.passkey).toEqual({
      id: expect.stringMatching(UUID),
      name: 'My phone',
      created_at: expect.stringMatching(/Z$/),
      last_used_at: null,
      synced: false,
    });
    w.clock.advance(5);
    const answer = await signIn(w, who.device);
    expect(answer.status).toBe(200);
    expect(claimsOf(answer.body.access)).toMatchObject({
      sub: who.user.id,
      amr: ['hwk', 'mfa'],
      auth_time: w.clock.now,
    });
    expect((await w.refresh(answer.body.refresh)).status).toBe(200);
    expect(await list(w, who.access)).toEqual([
      { ...who.passkey, last_used_at: new Date(w.clock.now * 1_000).toISOString().replace('.000', '') },
    ]);
    expect(await mailsTo(w, who.email)).toContain('A passkey was added');
  });

  it('that its provider syncs is `synced`, with amr `swk`', async () => {
    const w = world();
    const who = await enrolled(w, { synced: true });
    expect(who.passkey.synced).toBe(true);
    expect(claimsOf((await signIn(w, who.device)).body.access).amr).toEqual(['swk', 'mfa']);
  });

  it('with self attestation is accepted', async () => {
    const w = world();
    const { access } = await w.signUp();
    const device = authenticator();
    const credential = await device.create(await creationOptions(w, access), { selfAttested: {} });
    expect((await add(w, access, credential)).status).toBe(201);
    expect((await signIn(w, device)).status).toBe(200);
  });

  it.each([
    ['en', 'Passkey'],
    ['ko', '패스키'],
  ])('without a name is named in the language of the request: %s', async (language, name) => {
    const w = world();
    const { access } = await w.signUp();
    const credential = await authenticator().create(await creationOptions(w, access));
    const answer = await w.post(
      '/account/passkeys',
      { credential },
      { token: access, headers: { 'Accept-Language': language } },
    );
    expect(answer.body.name).toBe(name);
  });

  it('needs no second factor if one is on', async () => {
    const w = world({ vars: { ENCRYPTION_KEY: 'A'.repeat(43) } });
    const who = await enrolled(w);
    await w.rows('UPDATE users SET has_second_factor = 1 WHERE id = ?', who.user.id);
    expect(codeOf(await w.logIn(who))).toBe('mfa_required');
    expect((await signIn(w, who.device)).status).toBe(200);
  });

  it('is renamed and removed only by its user', async () => {
    const w = world();
    const [who, other] = [await enrolled(w), await w.signUp()];
    const path = `/account/passkeys/${who.passkey.id}`;
    expect((await w.patch(path, { name: 'x' }, { token: other.access })).status).toBe(404);
    expect((await w.delete(path, {}, { token: other.access })).status).toBe(404);
    const renamed = await w.patch(path, { name: 'Laptop' }, { token: who.access });
    expect([renamed.status, renamed.body]).toEqual([200, { ...who.passkey, name: 'Laptop' }]);
    expect((await w.delete(path, {}, { token: who.access })).status).toBe(204);
    expect((await w.delete(path, {}, { token: who.access })).status).toBe(404);
    expect(await list(w, who.access)).toEqual([]);
    expect(codeOf(await signIn(w, who.device))).toBe('passkey_not_valid');
    expect(await mailsTo(w, who.email)).toContain('A passkey was removed');
    expect(await directoryFaults()).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['none', undefined, 'required'],
    ['null', null, 'null'],
    ['a blank one', ' ', 'blank'],
    ['151 characters', 'x'.repeat(151), 'max_length'],
    ['a control character', 'a\u0000b', 'invalid'],
    ['a number', 5, 'invalid'],
  ])('is not renamed to %s', async (_, name, fault) => {
    const w = world();
    const { access, passkey } = await enrolled(w);
    const answer = await w.patch(`/account/passkeys/${passkey.id}`, { name }, { token: access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, { name: [fault] }]);
  });

  it('is removed after a recent sign-in, or with the password', async () => {
    const w = world();
    const who = await enrolled(w);
    w.clock.advance(601);
    const path = `/account/passkeys/${who.passkey.id}`;
    expect(codeOf(await w.delete(path, {}, { token: who.access }))).toBe('reauthentication_required');
    expect((await w.delete(path, { password: who.password }, { token: who.access })).status).toBe(204);
  });

  it('that is the last sign-in method cannot be removed', async () => {
    const w = world();
    const who = await enrolled(w);
    await withoutPassword(w, who);
    const answer = await w.delete(`/account/passkeys/${who.passkey.id}`, {}, { token: who.access });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'last_sign_in_method']);
    expect((await signIn(w, who.device)).status).toBe(200);
  });

  it('is one of fifty at most', async () => {
    const w = world();
    const who = await enrolled(w);
    const credential = await authenticator().create(await creationOptions(w, who.access));
    await w.rows(
      `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 49)
        INSERT INTO passkeys SELECT user_id, id || i, 'c' || i, public_key, 0, 0, 0, '[]', 'x', 0, NULL
        FROM passkeys, n WHERE user_id = ?`,
      who.user.id,
    );
    expect(faultsOf(await add(w, who.access, credential))).toEqual({ credential: ['too_many_passkeys'] });
    const options = await w.post('/account/passkeys/options', {}, { token: who.access });
    expect(faultsOf(options)).toEqual({ credential: ['too_many_passkeys'] });
    await w.rows('DELETE FROM passkeys WHERE user_id = ?', who.user.id);
    await w.rows("DELETE FROM logins WHERE kind = 'passkey' AND user_id = ?", who.user.id);
  });

  it('cannot be registered by another user: a credential is registered once', async () => {
    const w = world();
    const [first, second] = [await enrolled(w), await w.signUp()];
    const copy = await authenticator().create(await creationOptions(w, second.access), {
      credentialId: () => first.device.bytesOfId,
    });
    expect(faultsOf(await add(w, second.access, copy))).toEqual({ credential: ['passkey_taken'] });
    expect((await signIn(w, first.device)).status).toBe(200);
  });

  it('signs in with the refresh token in the cookie alone, in cookie mode', async () => {
    const w = cookieWorld();
    const { access: token } = await signedUp(w);
    const device = authenticator();
    const made = await device.create((await post(w, '/account/passkeys/options', {}, { token })).body);
    expect((await post(w, '/account/passkeys', { credential: made }, { token })).status).toBe(201);
    const credential = await device.get((await post(w, '/account/login/passkey/options', {})).body);
    const answer = await post(w, '/account/login/passkey', { credential });
    expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['access']]);
    expect((await refresh(w, cookieOf(answer))).status).toBe(200);
  });

  it('of an inactive user does not sign in', async () => {
    const w = world();
    const who = await enrolled(w);
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    expect(codeOf(await signIn(w, who.device))).toBe('passkey_not_valid');
  });

  it('is deleted with its user', async () => {
    const w = world();
    const who = await enrolled(w);
    expect((await w.delete('/account/me', { password: who.password }, { token: who.access })).status).toBe(
      204,
    );
    expect(await w.rows('SELECT * FROM passkeys WHERE user_id = ?', who.user.id)).toEqual([]);
    expect(await directoryFaults()).toEqual([]);
    expect(codeOf(await signIn(w, who.device))).toBe('passkey_not_valid');
  });
});

describe('a signature counter', () => {
  it('that increases signs in', async () => {
    const w = world();
    const { device } = await enrolled(w, { counts: true });
    for (const _ of [1, 2, 3]) expect((await signIn(w, device)).status).toBe(200);
  });

  it.each([
    ['goes back', 1],
    ['stays', 4],
    ['is gone', -1],
  ])('that %s is refused and logged', async (_, from) => {
    const w = world();
    const { device, user, passkey } = await enrolled(w, { counts: true });
    device.countFrom(4);
    expect((await signIn(w, device)).status).toBe(200);
    device.countFrom(from);
    expect(codeOf(await signIn(w, device))).toBe('passkey_not_valid');
    expect(log.of('passkey_counter_went_back')).toEqual([
      expect.objectContaining({ user: user.id, passkey: passkey.id }),
    ]);
  });

  it('that stays since the same sign-in is sent twice is no copy: the challenge is used', async () => {
    const w = world();
    const { device } = await enrolled(w, { counts: true });
    const credential = await device.get(await requestOptions(w));
    expect((await w.post('/account/login/passkey', { credential })).status).toBe(200);
    expect(codeOf(await w.post('/account/login/passkey', { credential }))).toBe('passkey_not_valid');
    expect(log.of('passkey_not_valid').map(({ reason }) => reason)).toEqual(['passkey_challenge_used']);
    expect(log.of('passkey_counter_went_back')).toEqual([]);
  });

  it('of an authenticator that does not count is ignored', async () => {
    const w = world();
    const { device } = await enrolled(w);
    for (const _ of [1, 2]) expect((await signIn(w, device)).status).toBe(200);
  });
});

describe('a reauthentication by passkey', () => {
  const options = async (w: World, token: string) =>
    (await w.post('/account/reauthenticate/options', {}, { token })).body;
  const prove = (w: World, token: string, passkey: unknown) =>
    w.post('/account/reauthenticate', { passkey }, { token });

  it('has options for the user’s own passkeys', async () => {
    const w = world();
    const { access, device } = await enrolled(w);
    expect(await options(w, access)).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ type: 'public-key', id: device.credentialId }],
    });
  });

  it('proves two factors, for users with and without a password', async () => {
    const w = world({ vars: { ENCRYPTION_KEY: 'A'.repeat(43) } });
    const who = await enrolled(w);
    await w.rows("UPDATE users SET has_second_factor = 1, password_hash = '' WHERE id = ?", who.user.id);
    w.clock.advance(601);
    const change = { new_password: 'staple battery horse' };
    expect(codeOf(await w.post('/account/password/change', change, { token: who.access }))).toBe(
      'reauthentication_required',
    );
    const answer = await prove(w, who.access, await who.device.get(await options(w, who.access)));
    expect(answer.status).toBe(200);
    expect(claimsOf(answer.body.access)).toMatchObject({ amr: ['hwk', 'mfa'], auth_time: w.clock.now });
    expect((await w.post('/account/password/change', change, { token: who.access })).status).toBe(204);
  });

  it('accepts no challenge of a sign-in, a registration or another user', async () => {
    const w = world();
    const [who, other] = [await enrolled(w), await enrolled(w)];
    const { challenge } = await creationOptions(w, who.access);
    for (const asked of [
      await requestOptions(w),
      { challenge, rpId: 'localhost' },
      await options(w, other.access),
    ]) {
      expect(codeOf(await prove(w, who.access, await who.device.get(asked)))).toBe('passkey_not_valid');
    }
  });

  it('accepts no passkey of another user', async () => {
    const w = world();
    const [who, other] = [await enrolled(w), await enrolled(w)];
    const passkey = await other.device.get(await options(w, who.access));
    expect(codeOf(await prove(w, who.access, passkey))).toBe('passkey_not_valid');
  });

  it('works once, of fifty at once', async () => {
    const w = world();
    const who = await enrolled(w);
    const passkey = await who.device.get(await options(w, who.access));
    expect(tally(await atOnce(50, () => prove(w, who.access, passkey)))).toEqual({ 200: 1, 401: 49 });
  });

  it.each([
    ['with a password beside it', { passkey: {}, password: 'x' }],
    ['as text', { passkey: 'x' }],
    ['as a list', { passkey: [] }],
  ])('is 400 %s', async (_, body) => {
    const w = world();
    const { access } = await w.signUp();
    expect((await w.post('/account/reauthenticate', body, { token: access })).status).toBe(400);
  });

  it('is refused with PASSKEYS=off', async () => {
    const w = world({ vars: { PASSKEYS: 'off' } });
    const { access } = await w.signUp();
    expect(codeOf(await prove(w, access, {}))).toBe('passkey_not_valid');
    expect((await w.post('/account/reauthenticate/options', {}, { token: access })).status).toBe(404);
  });
});

describe('the last sign-in method', () => {
  const removeIt = (w: World, who: { access: string; passkey: { id: string } }) =>
    w.delete(`/account/passkeys/${who.passkey.id}`, {}, { token: who.access });
  const BY_EMAIL: Vars = { SIGN_IN_BY_EMAIL: 'on' };

  it.each<[string, number, Vars, string]>([
    ['may be a verified address where e-mail signs in', 204, BY_EMAIL, 'email_verified_at = 1'],
    ['is no unverified address', 409, BY_EMAIL, 'email_verified_at = NULL'],
    ['is no address where e-mail does not sign in', 409, {}, 'email_verified_at = 1'],
  ])('%s', async (_, status, vars, change) => {
    const w = world({ vars });
    const who = await enrolled(w);
    await withoutPassword(w, who);
    await w.rows(`UPDATE users SET ${change} WHERE id = ?`, who.user.id);
    expect((await removeIt(w, who)).status).toBe(status);
  });

  const connect = (w: World, { user }: Who) =>
    w.rows(
      `INSERT INTO connections VALUES (?, 'c', 'acme', 'https://id.example', ?, NULL, 1, NULL)`,
      ...[user.id, user.id],
    );

  it('is one of a passkey and a connection that are removed at once: one stays', RACE, async () => {
    const w = world();
    const who = await enrolled(w);
    await withoutPassword(w, who);
    await connect(w, who);
    const answers = await atOnce(50, (i) =>
      i % 2 ? removeIt(w, who) : w.delete('/account/connections/c', {}, { token: who.access }),
    );
    expect(tally(answers)[204]).toBe(1);
    const [left] = await w.rows(
      `SELECT (SELECT count(*) FROM passkeys WHERE user_id = ?1) + (SELECT count(*) FROM connections
        WHERE user_id = ?1) AS ways`,
      who.user.id,
    );
    expect(left).toEqual({ ways: 1 });
  });

  it('may be a connection; and with a passkey a connection can be removed', async () => {
    const w = world();
    const [first, second] = [await enrolled(w), await enrolled(w)];
    for (const who of [first, second]) {
      await withoutPassword(w, who);
      await connect(w, who);
    }
    expect((await removeIt(w, first)).status).toBe(204);
    expect(codeOf(await w.delete('/account/connections/c', {}, { token: first.access }))).toBe(
      'last_sign_in_method',
    );
    expect((await w.delete('/account/connections/c', {}, { token: second.access })).status).toBe(204);
    expect(codeOf(await removeIt(w, second))).toBe('last_sign_in_method');
  });
});

describe('a session that ends while its user', () => {
  const CHANGES: [name: string, ask: (w: World, who: Who & { path: string; another: unknown }) => unknown][] =
    [
      ['adds a passkey', (w, { access, another }) => add(w, access, another)],
      ['renames a passkey', (w, { access, path }) => w.patch(path, { name: 'x' }, { token: access })],
      ['removes a passkey', (w, { access, path }) => w.delete(path, {}, { token: access })],
    ];
  it.each(CHANGES)('%s is 401, and nothing changes', async (_, ask) => {
    const calm = world();
    const who = await enrolled(calm);
    const another = await authenticator().create(await creationOptions(calm, who.access));
    const { DB } = watchedD1({
      // After the check of the token, before the change.
      after: ({ number }) =>
        number === 1 && calm.rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', who.user.id),
    });
    const w = world({ bindings: { DB }, now: calm.clock.now * 1_000 });
    const path = `/account/passkeys/${who.passkey.id}`;
    expect(await ask(w, { ...who, path, another })).toMatchObject({
      status: 401,
      body: { code: 'token_not_valid' },
    });
    expect(await calm.rows('SELECT name FROM passkeys WHERE user_id = ?', who.user.id)).toEqual([
      { name: 'Passkey' },
    ]);
  });
});

it('passkeys are counted among the factors, and in the export', async () => {
  const w = world({ vars: { ENCRYPTION_KEY: 'A'.repeat(43) } });
  const { access, passkey, device } = await enrolled(w);
  expect((await w.get('/account/factors', { token: access })).body.passkeys).toBe(1);
  const exported = await w.get('/account/export', { token: access });
  expect(exported.body.passkeys).toEqual([{ ...passkey, credential_id: device.credentialId }]);
});

describe('/.well-known/webauthn', () => {
  it.each<[string, Vars, string[]]>([
    ['the own origin', { PUBLIC_URL: 'https://example.com/id' }, ['https://example.com']],
    [
      'the allowed origins at or below the RP ID',
      {
        PUBLIC_URL: 'https://example.com',
        ALLOWED_ORIGINS:
          'https://app.example.com,https://*.example.com,https://other.example.org,capacitor://localhost',
      },
      ['https://example.com', 'https://app.example.com'],
    ],
    [
      'those of PASSKEY_ORIGINS alone',
      {
        PUBLIC_URL: 'https://example.com',
        PASSKEY_ORIGINS: `https://example.com,https://example.org,android:apk-key-hash:${'k'.repeat(43)}`,
      },
      ['https://example.com', 'https://example.org'],
    ],
  ])('lists %s', async (_, vars, origins) => {
    const answer = await world({ vars }).get('/.well-known/webauthn');
    expect(answer.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(answer.body).toEqual({ origins });
  });
});

describe('fifty at once', RACE, () => {
  it('with one assertion: one session', async () => {
    const w = world();
    const { device, user } = await enrolled(w);
    const credential = await device.get(await requestOptions(w));
    const answers = await atOnce(50, () => w.post('/account/login/passkey', { credential }));
    expect(tally(answers)).toEqual({ 200: 1, 401: 49 });
    expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', user.id)).toHaveLength(2);
  });

  it('with one challenge, each with an assertion of its own: one session', async () => {
    const w = world();
    const { device } = await enrolled(w, { counts: true });
    const options = await requestOptions(w);
    const credentials = await Promise.all(Array.from({ length: 50 }, () => device.get(options)));
    const answers = await atOnce(50, (i) => w.post('/account/login/passkey', { credential: credentials[i] }));
    expect(tally(answers)).toEqual({ 200: 1, 401: 49 });
  });

  it('with one registration: one passkey', async () => {
    const w = world();
    const { access, user } = await w.signUp();
    const credential = await authenticator().create(await creationOptions(w, access));
    const answers = await atOnce(50, () => add(w, access, credential));
    expect(tally(answers)).toEqual({ 201: 1, 400: 49 });
    expect(await w.rows('SELECT passkey_count FROM users WHERE id = ?', user.id)).toEqual([
      { passkey_count: 1 },
    ]);
    expect(await directoryFaults()).toEqual([]);
  });

  it('removing the two passkeys of somebody without a password: one stays', async () => {
    const w = world();
    const who = await enrolled(w);
    const second = await add(
      w,
      who.access,
      await authenticator().create(await creationOptions(w, who.access)),
    );
    await withoutPassword(w, who);
    const ids = [who.passkey.id, second.body.id];
    await atOnce(50, (i) => w.delete(`/account/passkeys/${ids[i % 2]}`, {}, { token: who.access }));
    expect(await list(w, who.access)).toHaveLength(1);
    expect(await directoryFaults()).toEqual([]);
  });
});
