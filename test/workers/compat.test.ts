/**
 * The paths of djoser 2.3.4 and dj-rest-auth 7.1.1, as clients of the released libraries know them: method, path, body,
 * status, names of fields, sentences.
 */
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { type Answer, claimsOf, codeOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const COMPAT: Vars = { COMPAT: 'djoser,dj-rest-auth' };
const open = (vars: Vars = {}) => world({ vars: { ...COMPAT, ...vars } });
const NEW = 'staple battery horse';
const username = () => `u${crypto.randomUUID().slice(0, 8)}`;

async function mailTo(w: World, email: string): Promise<string> {
  const { messages } = (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body;
  return messages.find((mail: { token: string | null }) => mail.token !== null)?.token as string;
}
/** What a front end makes of the token in a link. */
const linkOf = (token: string) => {
  const [subject = '', secret = ''] = token.split('.');
  const uid = btoa(subject).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
  return { uid, token: secret };
};
/** What a client of DRF reads of an error: the sentences by field, or the detail. */
function told({ status, body }: Answer): [number, unknown] {
  const { type, title, status: _, code, errors, detail, ...fields } = body;
  return [status, errors ? fields : detail];
}
const withName = async (w: World) => {
  const who = { ...person(), username: username() };
  return { ...who, ...(await w.signUp(who)) };
};

describe.each<[string, string[]]>([
  [
    'djoser',
    [
      'POST /auth/users',
      'GET /auth/users/me',
      'POST /auth/users/set_password',
      'POST /auth/users/reset_password',
      'POST /auth/users/activation',
      'POST /auth/jwt/create',
    ],
  ],
  [
    'dj-rest-auth',
    [
      'POST /dj-rest-auth/login',
      'GET /dj-rest-auth/user',
      'POST /dj-rest-auth/registration',
      'POST /dj-rest-auth/token/refresh',
    ],
  ],
  ['simplejwt', ['POST /api/token', 'POST /api/token/blacklist']],
])('the paths of %s', (library, routes) => {
  it.each(routes.map((route) => route.split(' ') as [string, string]))(
    '%s %s exist if COMPAT names the library',
    async (method, path) => {
      const there = await world({ vars: { COMPAT: library } }).ask(method, path);
      expect(there.status).not.toBe(404);
      expect(there.headers.get('Content-Type')).toBe('application/json');
      for (const vars of [
        { COMPAT: 'simplejwt,djoser,dj-rest-auth'.replace(library, '') },
        { COMPAT: library, REFRESH_TRANSPORT: 'cookie' },
      ]) {
        for (const any of [method, 'OPTIONS', 'TRACE']) {
          expect((await world({ vars }).ask(any, path)).status).toBe(404);
        }
      }
    },
  );

  it('answer another method with DRF’s message', async () => {
    const [, path = ''] = (routes[0] ?? '').split(' ');
    const answer = await world({ vars: { COMPAT: library } }).ask('DELETE', `${path}/`);
    expect(told(answer)).toEqual([405, 'Method "DELETE" not allowed.']);
  });
});

it('by default only those of simplejwt exist', async () => {
  const w = world();
  expect((await w.post('/api/token/', {})).status).toBe(400);
  expect((await w.post('/auth/users/', {})).status).toBe(404);
  expect((await w.post('/dj-rest-auth/login/', {})).status).toBe(404);
});

describe('djoser', () => {
  const invalid = { current_password: ['Invalid password.'] };

  it('signs up without logging in', async () => {
    const w = open();
    const who = { ...person(), username: username() };
    const made = await w.post('/auth/users/', { ...who, re_password: who.password });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: expect.any(String), email: who.email, username: who.username });
    const pair = await w.post('/auth/jwt/create/', { username: who.username, password: who.password });
    expect(Object.keys(pair.body).sort()).toEqual(['access', 'refresh']);
    const { sessions } = (await w.get('/account/sessions', { token: pair.body.access })).body;
    expect(sessions).toHaveLength(1);
    expect((await w.get('/auth/users/me/', { token: pair.body.access })).body).toEqual(made.body);
  });

  it.each<[string, (who: Awaited<ReturnType<typeof withName>>) => object, object]>([
    [
      'a taken address',
      ({ email }) => ({ ...person(), email }),
      { email: ['user with this email already exists.'] },
    ],
    [
      'a taken username',
      (who) => ({ ...person(), username: who.username }),
      { username: ['A user with that username already exists.'] },
    ],
    [
      'two passwords',
      () => ({ ...person(), re_password: 'another' }),
      { non_field_errors: ["The two password fields didn't match."] },
    ],
    [
      'a weak password',
      () => ({ ...person(), password: '12345678' }),
      { password: ['This password is too common.', 'This password is entirely numeric.'] },
    ],
    ['nothing', () => ({}), { email: ['This field is required.'], password: ['This field is required.'] }],
  ])('refuses a sign-up with %s', async (_, body, fields) => {
    const w = open();
    expect(told(await w.post('/auth/users/', body(await withName(w))))).toEqual([400, fields]);
  });

  it('accepts forms', async () => {
    const who = person();
    const body = new URLSearchParams({ ...who });
    const answer = await open().fetch(new Request('http://localhost/auth/users/', { method: 'POST', body }));
    expect([answer.status, answer.body.email]).toEqual([201, who.email]);
  });

  it('waits for the email with SIGN_UP=verify, and activates', async () => {
    const w = open({ SIGN_UP: 'verify' });
    const who = person();
    const made = await w.post('/auth/users/', who);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: null, email: who.email, username: '', claim: expect.any(String) });
    const link = linkOf(await mailTo(w, who.email));
    expect(told(await w.post('/auth/users/activation/', link))).toEqual([
      400,
      { password: ['This field is required.'] },
    ]);
    expect((await w.post('/auth/users/activation/', { ...link, claim: made.body.claim })).status).toBe(204);
    expect((await w.post('/auth/jwt/create/', { username: who.email, password: who.password })).status).toBe(
      200,
    );
  });

  it('activates an unverified address, and sends the email again', async () => {
    const w = open();
    const who = await w.signUp();
    const verified = async () => (await w.me(who.access)).body.email_verified;
    const again = await w.post('/auth/users/resend_activation/', { email: who.email });
    expect([again.status, again.text]).toEqual([204, '']);
    expect((await w.post('/auth/users/resend_activation/', { email: person().email })).status).toBe(204);
    const token = await mailTo(w, who.email);
    expect(await verified()).toBe(false);
    expect((await w.post('/auth/users/activation/', { ...linkOf(token), token })).status).toBe(204);
    expect(await verified()).toBe(true);
    expect(told(await w.post('/auth/users/activation/', linkOf(token)))).toEqual([
      400,
      { token: ['Invalid token for given user.'] },
    ]);
  });

  it('starts a confirmed change of address, and answers the old one', async () => {
    const w = open();
    const who = await withName(w);
    const { email } = person();
    for (const method of ['PATCH', 'PUT']) {
      const answer = await w.ask(method, '/auth/users/me/', { body: { email }, token: who.access });
      expect([answer.status, answer.body.email]).toEqual([200, who.email]);
    }
    const link = linkOf(await mailTo(w, email));
    expect((await w.post('/auth/users/activation/', link)).status).toBe(204);
    expect((await w.get('/auth/users/me/', { token: who.access })).body.email).toBe(email);
  });

  it('asks for the password if the log-in is long ago', async () => {
    const w = open();
    const who = await withName(w);
    const change = (body: object) => w.ask('PATCH', '/auth/users/me/', { body, token: who.access });
    w.clock.advance(601);
    const { email } = person();
    expect(codeOf(await change({ email }))).toBe('reauthentication_required');
    expect(told(await change({ email, current_password: 'x' }))).toEqual([400, invalid]);
    expect((await change({ email, current_password: who.password })).status).toBe(200);
    expect((await change({})).status).toBe(200);
  });

  it.each([
    ['PUT', '/auth/users/me/', {}, { email: ['This field is required.'] }],
    ['DELETE', '/auth/users/me/', {}, { current_password: ['This field is required.'] }],
    ['DELETE', '/auth/users/me/', { current_password: 'x' }, invalid],
    ['POST', '/auth/users/set_password/', { current_password: 'x', new_password: NEW }, invalid],
    [
      'POST',
      '/auth/users/set_password/',
      { current_password: 'correct horse battery', new_password: 'x' },
      { new_password: ['This password is too short. It must contain at least 8 characters.'] },
    ],
  ])('%s %s refuses %j', async (method, path, body, fields) => {
    const w = open();
    const who = await w.signUp();
    expect(told(await w.ask(method, path, { body, token: who.access }))).toEqual([400, fields]);
    expect((await w.me(who.access)).status).toBe(200);
  });

  it('changes the password, and withdraws', async () => {
    const w = open();
    const who = await w.signUp();
    const input = { current_password: who.password, new_password: NEW };
    const changed = await w.post('/auth/users/set_password/', input, { token: who.access });
    expect([changed.status, changed.text]).toEqual([204, '']);
    expect((await w.logIn({ email: who.email, password: NEW })).status).toBe(200);
    const gone = await w.ask('DELETE', '/auth/users/me/', {
      body: { current_password: NEW },
      token: who.access,
    });
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await w.get('/auth/users/me/', { token: who.access })).status).toBe(401);
  });

  it('resets a password by uid and token', async () => {
    const w = open();
    const who = await w.signUp();
    for (const email of [who.email, person().email]) {
      const asked = await w.post('/auth/users/reset_password/', { email });
      expect([asked.status, asked.text]).toEqual([204, '']);
    }
    const link = linkOf(await mailTo(w, who.email));
    const confirm = (change: object) =>
      w.post('/auth/users/reset_password_confirm/', { ...link, new_password: NEW, ...change });
    expect(told(await confirm({ uid: '%' }))).toEqual([
      400,
      { uid: ["Invalid user id or user doesn't exist."] },
    ]);
    const token = ['Invalid token for given user.'];
    expect(told(await confirm({ token: 'x' }))).toEqual([400, { token }]);
    expect(told(await confirm({ uid: btoa(crypto.randomUUID()) }))).toEqual([400, { token }]);
    expect(told(await confirm({ token: `${crypto.randomUUID()}.x` }))).toEqual([400, { token }]);
    expect((await confirm({ re_new_password: 'another' })).status).toBe(400);
    expect((await confirm({})).status).toBe(204);
    expect(told(await confirm({}))).toEqual([400, { token }]);
    expect((await w.logIn({ email: who.email, password: NEW })).status).toBe(200);
  });

  it('refreshes and verifies as simplejwt does', async () => {
    const w = open();
    const who = await w.signUp();
    const next = await w.post('/auth/jwt/refresh/', { refresh: who.refresh });
    expect(Object.keys(next.body).sort()).toEqual(['access', 'refresh']);
    expect((await w.post('/auth/jwt/verify/', { token: next.body.access })).body).toEqual({});
    expect(codeOf(await w.post('/auth/jwt/verify/', { token: 'x' }))).toBe('token_not_valid');
    expect((await w.get('/auth/users/me/')).body).toMatchObject({ code: 'not_authenticated' });
  });
});

describe('dj-rest-auth', () => {
  const at = '/dj-rest-auth';
  const userOf = (who: { user: { id: string }; email: string; username: string }) => ({
    pk: who.user.id,
    username: who.username,
    email: who.email,
    first_name: '',
    last_name: '',
  });

  it('logs in by username or e-mail, refreshes, verifies and logs out', async () => {
    const w = open();
    const who = await withName(w);
    const { password } = who;
    for (const body of [
      { username: who.username, password },
      { email: who.email, username: '', password },
      { email: who.email, password },
    ]) {
      const answer = await w.post(`${at}/login/`, body);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        access: expect.any(String),
        refresh: expect.any(String),
        user: userOf(who),
      });
    }
    const { body: pair } = await w.post(`${at}/login/`, { email: who.email, password });
    const next = await w.post(`${at}/token/refresh/`, { refresh: pair.refresh });
    const seconds = (token: string) => new Date((claimsOf(token).exp as number) * 1_000).toISOString();
    expect(next.status).toBe(200);
    expect(Object.keys(next.body).sort()).toEqual([
      'access',
      'access_expiration',
      'refresh',
      'refresh_expiration',
    ]);
    expect(new Date(next.body.access_expiration).toISOString()).toBe(seconds(next.body.access));
    expect(new Date(next.body.refresh_expiration).toISOString()).toBe(seconds(next.body.refresh));
    expect((await w.post(`${at}/token/verify/`, { token: next.body.access })).body).toEqual({});
    const out = await w.post(`${at}/logout/`, { refresh: next.body.refresh });
    expect([out.status, out.body]).toEqual([200, { detail: 'Successfully logged out.' }]);
    expect(told(await w.post(`${at}/logout/`, { refresh: next.body.refresh }))).toEqual([
      401,
      'Token is blacklisted',
    ]);
    expect((await w.me(next.body.access)).status).toBe(401);
  });

  it('returns only an access token without rotation', async () => {
    const w = open({ ROTATE_REFRESH_TOKENS: 'false' });
    const next = await w.post(`${at}/token/refresh/`, { refresh: (await w.signUp()).refresh });
    expect(Object.keys(next.body).sort()).toEqual(['access', 'access_expiration']);
  });

  const unable = { non_field_errors: ['Unable to log in with provided credentials.'] };
  it.each<[string, object, [number, unknown]]>([
    ['/login/', { email: 'nobody@example.com', password: 'x' }, [400, unable]],
    ['/login/', { username: 'nobody', password: 'x' }, [400, unable]],
    [
      '/login/',
      { password: 'x' },
      [400, { non_field_errors: ['Must include either "username" or "email" and "password".'] }],
    ],
    ['/login/', { username: 'x' }, [400, { password: ['This field is required.'] }]],
    ['/logout/', {}, [401, 'Refresh token was not included in request data.']],
    ['/logout/', { refresh: 'x' }, [401, 'Token is invalid']],
    ['/token/refresh/', {}, [401, 'No valid refresh token found.']],
    ['/token/verify/', {}, [400, { token: ['This field is required.'] }]],
    [
      '/registration/',
      { email: 'new@example.com', password1: 'correct horse battery', password2: NEW },
      [400, { non_field_errors: ["The two password fields didn't match."] }],
    ],
    [
      '/registration/',
      { email: 'new@example.com', password1: '12345678', password2: '12345678' },
      [400, { password1: ['This password is too common.', 'This password is entirely numeric.'] }],
    ],
    ['/registration/verify-email/', { key: 'x' }, [404, 'Not found.']],
    [
      '/password/reset/confirm/',
      { uid: '%', token: 'x', new_password1: NEW, new_password2: NEW },
      [400, { uid: ['Invalid value'] }],
    ],
    [
      '/password/reset/confirm/',
      { uid: crypto.randomUUID(), token: 'x', new_password1: NEW, new_password2: NEW },
      [400, { token: ['Invalid value'] }],
    ],
  ])('refuses at %s %j', async (path, body, expected) => {
    expect(told(await open().post(at + path, body))).toEqual(expected);
  });

  it('logs a failed log-in under its own event, with the reason', async () => {
    const w = open();
    const who = await w.signUp();
    await w.post(`${at}/login/`, { email: who.email, password: 'another' });
    expect(log.of('no_active_account')).toMatchObject([{ reason: 'wrong_password' }]);
  });

  it('registers with tokens', async () => {
    const w = open();
    const { email, password } = person();
    const name = username();
    const body = { username: name, email, password1: password, password2: password };
    const made = await w.post(`${at}/registration/`, body);
    expect(made.status).toBe(201);
    const user = { pk: claimsOf(made.body.access).sub, username: name, email, first_name: '', last_name: '' };
    expect(made.body).toEqual({ access: expect.any(String), refresh: expect.any(String), user });
    expect(told(await w.post(`${at}/registration/`, { ...body, username: username() }))).toEqual([
      400,
      { email: ['User is already registered with this e-mail address.'] },
    ]);
    expect(told(await w.post(`${at}/registration/`, { ...body, email: person().email }))).toEqual([
      400,
      { username: ['A user with that username already exists.'] },
    ]);
    const key = await mailTo(w, email);
    expect((await w.post(`${at}/registration/verify-email/`, { key })).body).toEqual({ detail: 'ok' });
    expect((await w.me(made.body.access)).body.email_verified).toBe(true);
    expect((await w.post(`${at}/registration/resend-email/`, { email })).body).toEqual({ detail: 'ok' });
  });

  it('registers by email with SIGN_UP=verify', async () => {
    const w = open({ SIGN_UP: 'verify' });
    const { email, password } = person();
    const made = await w.post(`${at}/registration/`, { email, password1: password, password2: password });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ detail: 'Verification e-mail sent.', claim: expect.any(String) });
    const key = await mailTo(w, email);
    const confirmed = await w.post(`${at}/registration/verify-email/`, { key, claim: made.body.claim });
    expect(confirmed.body).toEqual({ detail: 'ok' });
    expect((await w.post(`${at}/login/`, { email, password })).status).toBe(200);
  });

  it('refuses names that are too long together, as they are stored as one', async () => {
    const w = open();
    const who = await w.signUp();
    const ask = (body: object) => w.ask('PATCH', `${at}/user/`, { token: who.access, body });
    const tooLong = (field: string, max: number) => [
      400,
      { [field]: [`Ensure this field has no more than ${max} characters.`] },
    ];
    const [half, rest] = ['a'.repeat(100), '한'.repeat(49)];
    expect(told(await ask({ first_name: half, last_name: `${rest}한` }))).toEqual(tooLong('last_name', 49));
    expect((await ask({ first_name: half, last_name: rest })).status).toBe(200);
    expect(told(await ask({ first_name: `${half}a` }))).toEqual(tooLong('first_name', 100));
    expect((await w.me(who.access)).body.name).toBe(`${half} ${rest}`);
    expect((await ask({ last_name: '' })).status).toBe(200);
    expect((await ask({ first_name: 'a'.repeat(150) })).status).toBe(200);
    expect(told(await ask({ last_name: 'x' }))).toEqual(tooLong('last_name', 0));
  });

  it('reads and changes the user', async () => {
    const w = open();
    const who = await withName(w);
    const ask = (method: string, body?: object) =>
      w.ask(method, `${at}/user/`, { token: who.access, ...(body && { body }) });
    expect((await ask('GET')).body).toEqual(userOf(who));
    const named = await ask('PATCH', { first_name: 'Mina Ji', last_name: 'Kim', email: 'other@example.com' });
    expect(named.body).toEqual({ ...userOf(who), first_name: 'Mina Ji', last_name: 'Kim' });
    expect((await w.me(who.access)).body.name).toBe('Mina Ji Kim');
    expect((await ask('PATCH', { first_name: 'Ada' })).body).toMatchObject({
      first_name: 'Ada',
      last_name: 'Kim',
    });
    expect(told(await ask('PUT', { first_name: 'x' }))).toEqual([
      400,
      { username: ['This field is required.'] },
    ]);
    const other = username();
    expect((await ask('PUT', { username: other })).body).toMatchObject({ username: other, last_name: 'Kim' });
    const taken = await withName(w);
    expect(told(await ask('PATCH', { username: taken.username }))).toEqual([
      400,
      { username: ['A user with that username already exists.'] },
    ]);
  });

  it('changes a password', async () => {
    const w = open();
    const who = await w.signUp();
    const change = (fields: object) =>
      w.post(
        `${at}/password/change/`,
        { old_password: who.password, new_password1: NEW, new_password2: NEW, ...fields },
        { token: who.access },
      );
    expect(told(await change({ new_password2: 'another' }))).toEqual([
      400,
      { new_password2: ['The two password fields didn’t match.'] },
    ]);
    expect(told(await change({ old_password: 'x' }))).toEqual([
      400,
      { old_password: ['Your old password was entered incorrectly. Please enter it again.'] },
    ]);
    expect(told(await change({ new_password1: '12345678', new_password2: '12345678' }))).toEqual([
      400,
      { new_password2: ['This password is too common.', 'This password is entirely numeric.'] },
    ]);
    expect((await change({})).body).toEqual({ detail: 'New password has been saved.' });
    expect((await w.logIn({ email: who.email, password: NEW })).status).toBe(200);
  });

  it.each<[string, (subject: string) => string]>([
    ['base64url, as Django writes it', (subject) => btoa(subject).replaceAll('=', '')],
    ['hex, as allauth writes it', (subject) => subject.replaceAll('-', '')],
    ['it is', (subject) => subject],
  ])('resets a password, with the id as uid in the form %s', async (_, write) => {
    const w = open();
    const who = await w.signUp();
    const asked = await w.post(`${at}/password/reset/`, { email: who.email });
    expect([asked.status, asked.body]).toEqual([200, { detail: 'Password reset e-mail has been sent.' }]);
    expect((await w.post(`${at}/password/reset/`, { email: person().email })).body).toEqual(asked.body);
    const [subject = '', token = ''] = (await mailTo(w, who.email)).split('.');
    const answer = await w.post(`${at}/password/reset/confirm/`, {
      uid: write(subject),
      token,
      new_password1: NEW,
      new_password2: NEW,
    });
    expect([answer.status, answer.body]).toEqual([
      200,
      { detail: 'Password has been reset with the new password.' },
    ]);
    expect((await w.logIn({ email: who.email, password: NEW })).status).toBe(200);
  });

  it('answers in Korean', async () => {
    const w = open();
    const answer = await w.post(`${at}/logout/`, {}, { headers: { 'Accept-Language': 'ko' } });
    expect(answer.body.detail).toBe('요청 본문에 리프레시 토큰이 없습니다.');
    expect(answer.headers.get('Content-Language')).toBe('ko');
  });
});

it('mail paths do not exist with MAIL=off', async () => {
  const w = open({ MAIL: 'off' });
  for (const path of ['/auth/users/reset_password/', '/dj-rest-auth/password/reset/']) {
    expect((await w.post(path, { email: person().email })).status).toBe(404);
  }
});

it.each(['PUT', 'PATCH'])(
  '%s /auth/users/me/ refuses a new address with MAIL=off, as none can be confirmed',
  async (method) => {
    const w = open({ MAIL: 'off' });
    const who = await w.signUp();
    const update = (email: string) =>
      w.ask(method, '/auth/users/me/', { body: { email }, token: who.access });
    expect((await update(person().email)).status).toBe(404);
    expect(await w.rows('SELECT * FROM one_time_tokens WHERE subject = ?', who.user.id)).toEqual([]);
    expect((await update(who.email)).body.email).toBe(who.email);
  },
);
