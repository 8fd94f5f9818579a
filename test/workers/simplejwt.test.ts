/** `/api/token/*`: the paths, bodies and statuses of djangorestframework-simplejwt, so that its clients need no change. */
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { FORGERIES, resigned } from '../support/tokens.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
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

const HOUR = 3_600;
const DAY = 86_400;
const username = () => `u${crypto.randomUUID().slice(0, 8)}`;

const obtain = (w: World, name: unknown, password: unknown = 'correct horse battery') =>
  w.post('/api/token/', { username: name, password });
const refresh = (w: World, token: unknown) => w.post('/api/token/refresh/', { refresh: token });
const verify = (w: World, token: unknown) => w.post('/api/token/verify/', { token });
const blacklist = (w: World, token: unknown) => w.post('/api/token/blacklist/', { refresh: token });

/** Somebody with a username, and a pair from `/api/token/`. */
async function obtained(w: World) {
  const who = await w.signUp({ ...person(), username: username() });
  const answer = await obtain(w, who.email);
  expect(answer.status).toBe(200);
  return { ...who, ...(answer.body as { access: string; refresh: string }) };
}

/** What a client of simplejwt reads of an error. */
const told = ({ status, body }: Answer) => ({ status, detail: body.detail, code: body.code });
const INVALID = { status: 401, detail: 'Token is invalid', code: 'token_not_valid' };
const EXPIRED = { status: 401, detail: 'Token is expired', code: 'token_not_valid' };
const BLACKLISTED = { status: 401, detail: 'Token is blacklisted', code: 'token_not_valid' };
const NO_ACCOUNT = {
  status: 401,
  detail: 'No active account found with the given credentials',
  code: 'no_active_account',
};

describe.each([
  ['with a slash', '/'],
  ['without', ''],
])('the four paths %s', (_, slash) => {
  it('obtain, refresh, verify and blacklist as simplejwt does', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: username() });
    const pair = await w.post(`/api/token${slash}`, { username: who.email, password: who.password });
    expect(pair.status).toBe(200);
    expect(Object.keys(pair.body).sort()).toEqual(['access', 'refresh']);

    const next = await w.post(`/api/token/refresh${slash}`, { refresh: pair.body.refresh });
    expect(next.status).toBe(200);
    expect(Object.keys(next.body).sort()).toEqual(['access', 'refresh']);

    for (const token of [next.body.access, next.body.refresh]) {
      const answer = await w.post(`/api/token/verify${slash}`, { token });
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }

    const ended = await w.post(`/api/token/blacklist${slash}`, { refresh: next.body.refresh });
    expect([ended.status, ended.body]).toEqual([200, {}]);
    const again = await w.post(`/api/token/blacklist${slash}`, { refresh: next.body.refresh });
    expect(told(again)).toEqual(BLACKLISTED);
  });

  it.each(['', '/refresh', '/verify', '/blacklist'])('%s: any other method is 405', async (path) => {
    const w = world();
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await w.ask(method, `/api/token${path}${slash}`);
      expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'POST, OPTIONS']);
    }
  });
});

describe('obtaining a pair', () => {
  it.each<[string, (who: { email: string; username: string }) => string]>([
    ['the username', (who) => who.username],
    ['the username in capitals', (who) => who.username.toUpperCase()],
    ['the username in wide letters', (who) => who.username.replace(/^u/, String.fromCodePoint(0xff55))],
    ['the username with white space around it', (who) => ` ${who.username} `],
    ['the e-mail', (who) => who.email],
    ['the e-mail in capitals', (who) => who.email.toUpperCase()],
    ['the e-mail with white space around it', (who) => `\t${who.email} `],
  ])('works by %s', async (_, name) => {
    const w = world();
    const who = { ...person(), username: username() };
    await w.signUp(who);
    const answer = await obtain(w, name(who));
    expect(answer.status).toBe(200);
    expect((await w.me(answer.body.access)).body).toMatchObject({ email: who.email });
  });

  it.each([
    ['the e-mail', (who: { email: string; username: string }) => who.email],
    ['the e-mail in capitals', (who: { email: string; username: string }) => who.email.toUpperCase()],
  ])('works by %s in a field of that name', async (_, email) => {
    const w = world();
    const who = { ...person(), username: username() };
    await w.signUp(who);
    const answer = await w.post('/api/token/', { email: email(who), password: who.password });
    expect(answer.status).toBe(200);
  });

  it('takes `username` where both are given, and says `username` where neither is', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    const both = { username: who.email, email: other.email, password: who.password };
    const answer = await w.post('/api/token/', both);
    expect((await w.me(answer.body.access)).body.email).toBe(who.email);
    const neither = await w.post('/api/token/', { password: who.password });
    expect(neither.body.username).toEqual(['This field is required.']);
    expect(faultsOf(neither)).toEqual({ username: ['required'] });
    expect(told(await w.post('/api/token/', { email: 'no address', password: 'x' }))).toEqual(NO_ACCOUNT);
  });

  describe.each<[string, (fields: Record<string, string>) => RequestInit]>([
    ['urlencoded', (fields) => ({ body: new URLSearchParams(fields) })],
    [
      'multipart',
      (fields) => {
        const body = new FormData();
        for (const [name, value] of Object.entries(fields)) body.append(name, value);
        return { body };
      },
    ],
  ])('and the other three take %s forms', (kind, form) => {
    const send = (w: World, path: string, fields: Record<string, string>) =>
      w.fetch(new Request(`http://localhost/api/token${path}`, { method: 'POST', ...form(fields) }));

    it('with the same answers', async () => {
      const w = world();
      const who = await w.signUp({ ...person(), password: 'päss & wörd = 100%+' });
      const { status, body: pair } = await send(w, '/', { email: who.email, password: who.password });
      expect(status).toBe(200);
      const next = await send(w, '/refresh/', { refresh: pair.refresh });
      expect(next.status).toBe(200);
      expect((await send(w, '/verify/', { token: next.body.access })).status).toBe(200);
      expect((await send(w, '/blacklist/', { refresh: next.body.refresh })).status).toBe(200);
      expect(told(await send(w, '/', { username: who.email, password: 'another' }))).toEqual(NO_ACCOUNT);
    });

    it('with the same faults', async () => {
      const answer = await send(world(), '/', { username: '' });
      expect([answer.status, faultsOf(answer)]).toEqual([
        400,
        { username: ['blank'], password: ['required'] },
      ]);
      expect((await send(world(), '/', { username: 'x'.repeat(17_000) })).status).toBe(413);
    });

    it('of a type and charset that are read', async () => {
      const type = kind === 'multipart' ? 'multipart/form-data' : 'application/x-www-form-urlencoded';
      const at = (more: string) =>
        world().ask('POST', '/api/token/', { body: 'username=a', headers: { 'Content-Type': type + more } });
      expect((await at('; charset=iso-8859-1')).status).toBe(415);
      // A multipart body without its boundary.
      expect(codeOf(await at(''))).toBe(kind === 'multipart' ? 'parse_error' : 'invalid');
    });
  });

  it('of two fields of one name takes the last, and no file for text', async () => {
    const w = world();
    const who = await w.signUp();
    const body = new FormData();
    body.append('username', 'nobody');
    body.append('username', who.email);
    body.append('password', who.password);
    const send = () => w.fetch(new Request('http://localhost/api/token/', { method: 'POST', body }));
    expect((await send()).status).toBe(200);
    body.set('password', new File([who.password], 'password.txt'));
    expect((await send()).body.password).toEqual(['Not a valid string.']);
  });

  it('gives tokens that are good at every other endpoint', async () => {
    const w = world();
    const who = await obtained(w);
    expect((await w.me(who.access)).status).toBe(200);
    expect((await w.verify(who.access)).status).toBe(200);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    const ids = (await w.get('/account/sessions', { token: who.access })).body.sessions;
    expect(ids.filter(({ current }: { current: boolean }) => current)).toMatchObject([
      { id: claimsOf(who.refresh).sid },
    ]);
  });

  it('answers as log-in does, with the same claims and the same headers', async () => {
    const w = world();
    const who = await obtained(w);
    const other = (await w.logIn(who)).body;
    expect(Object.keys(claimsOf(who.access)).sort()).toEqual(Object.keys(claimsOf(other.access)).sort());
    const answer = await obtain(w, who.email);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(answer.headers.get('Content-Type')).toContain('application/json');
  });

  it.each<[string, (w: World) => Promise<[string, string]>]>([
    ['a wrong password', async (w) => [(await w.signUp()).email, 'wrong horse battery']],
    ['an unknown username', async () => [username(), 'correct horse battery']],
    ['an unknown e-mail', async () => [person('nobody').email, 'correct horse battery']],
    ['a name that nobody can have', async () => ['a b@', 'correct horse battery']],
    [
      'an inactive user',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
        return [who.email, who.password];
      },
    ],
    [
      'a withdrawn user',
      async (w) => {
        const who = await w.signUp();
        await w.delete('/account/me', { password: who.password }, { token: who.access });
        return [who.email, who.password];
      },
    ],
  ])('with %s is 401 no_active_account', async (_, credentials) => {
    const w = world();
    const [name, password] = await credentials(w);
    const answer = await obtain(w, name, password);
    expect(told(answer)).toEqual(NO_ACCOUNT);
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="api"');
    expect(answer.body).not.toHaveProperty('access');
  });

  it('writes last_login, unless UPDATE_LAST_LOGIN is off', async () => {
    const w = world();
    const who = await w.signUp();
    const lastLogin = async () => (await w.me(who.access)).body.last_login;
    const before = await lastLogin();
    w.clock.advance(60);
    await obtain(w, who.email);
    const after = await lastLogin();
    expect(Date.parse(after)).toBe(Date.parse(before) + 60_000);
    const off = world({ vars: { UPDATE_LAST_LOGIN: 'false' }, now: Date.now() + 300_000 });
    await obtain(off, who.email);
    expect(await lastLogin()).toBe(after);
  });
});

describe('validation errors are at the top level, as in DRF, and under errors', () => {
  const REQUIRED = ['This field is required.'];
  const BLANK = ['This field may not be blank.'];
  const NULL = ['This field may not be null.'];
  const NO_TEXT = ['Not a valid string.'];

  it.each<[string, string, unknown, Record<string, string[]>]>([
    ['/api/token/', 'nothing', {}, { username: REQUIRED, password: REQUIRED }],
    ['/api/token/', 'an empty body', undefined, { username: REQUIRED, password: REQUIRED }],
    ['/api/token/', 'no password', { username: 'x' }, { password: REQUIRED }],
    ['/api/token/', 'blanks', { username: ' ', password: '' }, { username: BLANK, password: BLANK }],
    ['/api/token/', 'null', { username: null, password: null }, { username: NULL, password: NULL }],
    ['/api/token/', 'no text', { username: 1, password: [] }, { username: NO_TEXT, password: NO_TEXT }],
    [
      '/api/token/',
      'a boolean and an object',
      { username: true, password: {} },
      { username: NO_TEXT, password: NO_TEXT },
    ],
    ['/api/token/', 'a list', [], { non_field_errors: ['Invalid data. Expected a dictionary.'] }],
    ['/api/token/', 'text', '"x"', { non_field_errors: ['Invalid data. Expected a dictionary.'] }],
    ['/api/token/refresh/', 'nothing', {}, { refresh: REQUIRED }],
    ['/api/token/refresh/', 'a blank', { refresh: ' ' }, { refresh: BLANK }],
    ['/api/token/refresh/', 'null', { refresh: null }, { refresh: NULL }],
    ['/api/token/refresh/', 'a number', { refresh: 7 }, { refresh: NO_TEXT }],
    ['/api/token/verify/', 'nothing', {}, { token: REQUIRED }],
    ['/api/token/verify/', 'a blank', { token: '' }, { token: BLANK }],
    ['/api/token/verify/', 'a list', { token: ['x'] }, { token: NO_TEXT }],
    ['/api/token/blacklist/', 'nothing', {}, { refresh: REQUIRED }],
    ['/api/token/blacklist/', 'a blank', { refresh: '' }, { refresh: BLANK }],
    ['/api/token/blacklist/', 'null', { refresh: null }, { refresh: NULL }],
  ])('%s with %s is 400', async (path, _, body, flat) => {
    const answer = await world().post(path, body);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid']);
    expect(answer.body).toMatchObject(flat);
    const nested = Object.entries(answer.body.errors as Record<string, { message: string }[]>);
    expect(
      Object.fromEntries(nested.map(([field, list]) => [field, list.map(({ message }) => message)])),
    ).toEqual(flat);
    expect(Object.keys(answer.body).sort()).toEqual(
      ['code', 'detail', 'errors', 'status', 'title', 'type', ...Object.keys(flat)].sort(),
    );
  });

  it('in the language of the request', async () => {
    const answer = await world().post('/api/token/', {}, { headers: { 'Accept-Language': 'ko' } });
    expect(answer.body.username).toEqual(['이 필드는 필수입니다.']);
    expect(faultsOf(answer)).toEqual({ username: ['required'], password: ['required'] });
  });

  it('and on no other path', async () => {
    const answer = await world().post('/account/login', {});
    expect(answer.body).not.toHaveProperty('password');
    expect(answer.body.errors).toHaveProperty('password');
  });

  it('while what does not parse is 400', async () => {
    const w = world();
    const broken = await w.ask('POST', '/api/token/', { body: '{' });
    expect([broken.status, codeOf(broken)]).toEqual([400, 'parse_error']);
  });

  it('unknown fields are ignored', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/api/token/', {
      username: who.email,
      password: who.password,
      is_staff: true,
      errors: 'x',
    });
    expect(answer.status).toBe(200);
    expect(claimsOf(answer.body.access)).not.toHaveProperty('is_staff');
  });
});

describe('errors', () => {
  it.each<[string, string, (w: World) => Promise<Answer>, number]>([
    ['a refusal', '/', (w) => obtain(w, 'nobody@example.com'), 401],
    ['a fault of a field', '/', (w) => w.post('/api/token/', {}), 400],
    ['a body that does not parse', '/', (w) => w.ask('POST', '/api/token/', { body: '{' }), 400],
    ['a body that is too long', '/', (w) => obtain(w, 'x'.repeat(17_000)), 413],
    ['another method', '/', (w) => w.ask('DELETE', '/api/token/'), 405],
    ['a path that is not there', '/', (w) => w.get('/api/token/nothing'), 404],
    ['settings that are wrong', '/', () => obtain(world({ vars: { LEEWAY: 'x' } }), 'x'), 503],
  ])('of %s are application/json', async (_, __, ask, status) => {
    const answer = await ask(world());
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([status, 'application/json']);
    expect(answer.body).toMatchObject({ type: 'about:blank', status, detail: expect.any(String) });
  });

  it.each([
    ['GET', '', 405, 'Method "GET" not allowed.'],
    ['DELETE', '/refresh/', 405, 'Method "DELETE" not allowed.'],
    ['POST', '', 415, 'Unsupported media type "text/plain; charset=utf-8" in request.'],
  ])('of %s %s are DRF’s sentence (%i)', async (method, path, status, detail) => {
    const answer = await world().ask(method, `/api/token${path}`, {
      ...(method === 'POST' && { body: 'x', headers: { 'Content-Type': 'text/plain; charset=utf-8' } }),
    });
    expect([answer.status, answer.body.detail]).toEqual([status, detail]);
  });
});

describe('refreshing', () => {
  it('within the grace period returns the same successor, after it the session ends', async () => {
    const w = world();
    const who = await obtained(w);
    const first = (await refresh(w, who.refresh)).body;
    const second = (await refresh(w, who.refresh)).body;
    expect(claimsOf(second.refresh)).toEqual(claimsOf(first.refresh));
    w.clock.advance(61);
    expect(told(await refresh(w, who.refresh))).toEqual(BLACKLISTED);
    expect(told(await refresh(w, first.refresh))).toEqual(BLACKLISTED);
    expect(log.of('refresh_token_replayed')).toHaveLength(1);
  });

  it('and the account app’s own path are one: a token is consumed by either', async () => {
    const w = world({ vars: { REFRESH_REUSE_GRACE: '0s' } });
    const who = await obtained(w);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    expect(told(await refresh(w, who.refresh))).toEqual(BLACKLISTED);
  });

  it('with an access token, an expired or an empty one is 401', async () => {
    const w = world();
    const who = await obtained(w);
    expect(told(await refresh(w, who.access))).toEqual(INVALID);
    w.clock.advance(DAY);
    expect(told(await refresh(w, who.refresh))).toEqual(EXPIRED);
  });

  it.each(FORGERIES)('with %s is 401', async (_, forge) => {
    const w = world();
    const who = await obtained(w);
    expect(told(await refresh(w, await forge(who.refresh)))).toEqual(INVALID);
    expect(told(await verify(w, await forge(who.refresh)))).toEqual(INVALID);
    expect(told(await blacklist(w, await forge(who.refresh)))).toEqual(INVALID);
    expect((await refresh(w, who.refresh)).status).toBe(200);
  });

  it.each([
    ['user_inactive', 'UPDATE users SET is_active = 0 WHERE id = ?'],
    ['user_not_found', 'DELETE FROM users WHERE id = ?'],
  ])('is 401 %s where that is so, as verify and blacklist are', async (code, sql) => {
    const w = world();
    const who = await obtained(w);
    await w.rows(sql, who.user.id);
    for (const answer of [await refresh(w, who.refresh), await verify(w, who.refresh)]) {
      expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    }
  });

  it('with ROTATE_REFRESH_TOKENS=false answers access alone, again and again', async () => {
    const w = world({ vars: { ROTATE_REFRESH_TOKENS: 'false' } });
    const who = await obtained(w);
    for (let i = 0; i < 3; i++) {
      w.clock.advance(60);
      const answer = await refresh(w, who.refresh);
      expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['access']]);
      expect((await verify(w, answer.body.access)).status).toBe(200);
    }
  });

  it('with BLACKLIST_AFTER_ROTATION=false leaves the old one good', async () => {
    const w = world({ vars: { BLACKLIST_AFTER_ROTATION: 'false' } });
    const who = await obtained(w);
    await refresh(w, who.refresh);
    w.clock.advance(HOUR);
    expect((await refresh(w, who.refresh)).status).toBe(200);
  });
});

describe('a bad token has the messages of simplejwt', () => {
  const access = { token_class: 'AccessToken', token_type: 'access' };
  const refreshToken = { token_class: 'RefreshToken', token_type: 'refresh' };
  it.each<[string, (w: World, who: { access: string; refresh: string }) => Promise<Answer>, object]>([
    [
      'me with an access token that has expired',
      async (w, who) => {
        w.clock.advance(HOUR);
        return w.me(who.access);
      },
      { ...access, message: 'Token is expired' },
    ],
    ['me with a refresh token', (w, who) => w.me(who.refresh), { ...access, message: 'Token is invalid' }],
    [
      'verify with an access token that has expired',
      async (w, who) => {
        w.clock.advance(HOUR);
        return verify(w, who.access);
      },
      { ...access, message: 'Token is expired' },
    ],
    ['verify with no token at all', (w) => verify(w, 'x'), { ...access, message: 'Token is invalid' }],
    [
      'refresh with a refresh token that has expired',
      async (w, who) => {
        w.clock.advance(DAY);
        return refresh(w, who.refresh);
      },
      { ...refreshToken, message: 'Token is expired' },
    ],
    [
      'blacklist with an access token',
      (w, who) => blacklist(w, who.access),
      { ...refreshToken, message: 'Token is invalid' },
    ],
  ])('%s', async (_, send, message) => {
    const w = world();
    const { status, body } = await send(w, await obtained(w));
    expect(status).toBe(401);
    expect(body.messages).toEqual([message]);
    const isExpired = 'message' in message && message.message === 'Token is expired';
    expect(body.reason).toBe(isExpired ? 'expired' : undefined);
  });

  it('that other paths do not send: they never had them', async () => {
    const w = world();
    expect((await w.refresh('x')).body).not.toHaveProperty('messages');
  });
});

describe('verifying', () => {
  it.each<[string, (w: World, who: { access: string; refresh: string }) => Promise<string>, object]>([
    [
      'an access token that has expired',
      async (w, who) => {
        w.clock.advance(HOUR);
        return who.access;
      },
      EXPIRED,
    ],
    [
      'a refresh token that has expired',
      async (w, who) => {
        w.clock.advance(DAY);
        return who.refresh;
      },
      EXPIRED,
    ],
    [
      'a refresh token that was blacklisted',
      async (w, who) => {
        await blacklist(w, who.refresh);
        return who.refresh;
      },
      BLACKLISTED,
    ],
    [
      'an access token whose session was blacklisted',
      async (w, who) => {
        await blacklist(w, who.refresh);
        return who.access;
      },
      BLACKLISTED,
    ],
    [
      'a refresh token that was rotated, past the grace',
      async (w, who) => {
        await refresh(w, who.refresh);
        w.clock.advance(61);
        return who.refresh;
      },
      BLACKLISTED,
    ],
    ['what is no token', async () => 'x', INVALID],
  ])('%s is 401', async (_, make, problem) => {
    const w = world();
    const token = await make(w, await obtained(w));
    expect(told(await verify(w, token))).toEqual(problem);
  });
});

describe('blacklisting', () => {
  it('ends the session: both tokens are dead at every endpoint', async () => {
    const w = world();
    const who = await obtained(w);
    expect((await blacklist(w, who.refresh)).status).toBe(200);
    expect(told(await refresh(w, who.refresh))).toEqual(BLACKLISTED);
    expect(told(await verify(w, who.refresh))).toEqual(BLACKLISTED);
    expect((await w.refresh(who.refresh)).status).toBe(401);
    expect((await w.me(who.access)).status).toBe(401);
    expect(await w.sessionOf(who.refresh)).toMatchObject({ revoked_reason: 'logged_out' });
    expect(await w.kvOf(who.refresh)).toBe('logged_out');
  });

  it('leaves the user’s other sessions alive', async () => {
    const w = world();
    const [who, other] = [await obtained(w), await obtained(w)];
    const second = (await obtain(w, who.email)).body;
    await blacklist(w, who.refresh);
    expect((await refresh(w, second.refresh)).status).toBe(200);
    expect((await refresh(w, other.refresh)).status).toBe(200);
  });

  it('a session that was logged out elsewhere is 401, while log-out of one that was blacklisted is content', async () => {
    const w = world();
    const [one, two] = [await obtained(w), await obtained(w)];
    await w.logOut(one.refresh);
    expect(told(await blacklist(w, one.refresh))).toEqual(BLACKLISTED);
    await blacklist(w, two.refresh);
    expect((await w.logOut(two.refresh)).status).toBe(204);
  });

  it('with an access token, and with one that has expired, is 401 and ends nothing', async () => {
    const w = world();
    const who = await obtained(w);
    expect(told(await blacklist(w, who.access))).toEqual(INVALID);
    w.clock.advance(DAY);
    expect(told(await blacklist(w, who.refresh))).toEqual(EXPIRED);
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
  });

  it('of a user who is gone, and of one who is inactive and whose session has ended, says so', async () => {
    const w = world();
    const [gone, inactive] = [await obtained(w), await obtained(w)];
    await w.rows('DELETE FROM users WHERE id = ?', gone.user.id);
    await blacklist(w, inactive.refresh);
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.user.id);
    expect(codeOf(await blacklist(w, gone.refresh))).toBe('user_not_found');
    expect(codeOf(await blacklist(w, inactive.refresh))).toBe('user_inactive');
  });

  it('fifty times at once is 200 once', RACE, async () => {
    const w = world();
    const who = await obtained(w);
    expect(tally(await atOnce(50, () => blacklist(w, who.refresh)))).toEqual({ 200: 1, 401: 49 });
  });
});

describe('USER_ID_CLAIM=user_id', () => {
  const vars: Vars = { USER_ID_CLAIM: 'user_id' };

  it('names the user as simplejwt does, in both tokens, and works at every endpoint', async () => {
    const w = world({ vars });
    const who = await obtained(w);
    for (const token of [who.access, who.refresh]) {
      expect(claimsOf(token)).toMatchObject({ user_id: who.user.id });
      expect(claimsOf(token)).not.toHaveProperty('sub');
      expect((await verify(w, token)).status).toBe(200);
    }
    expect((await w.me(who.access)).body.id).toBe(who.user.id);
    const next = await refresh(w, who.refresh);
    expect(claimsOf(next.body.refresh)).toMatchObject({ user_id: who.user.id });
    expect((await blacklist(w, next.body.refresh)).status).toBe(200);
    expect((await w.me(next.body.access)).status).toBe(401);
  });

  it('refuses a token that names its user otherwise', async () => {
    const w = world({ vars });
    const who = await obtained(w);
    const refreshToken = await resigned(who.refresh, { user_id: undefined, sub: who.user.id });
    const access = await resigned(who.access, { user_id: undefined, sub: who.user.id });
    expect(told(await refresh(w, refreshToken))).toEqual(INVALID);
    expect(told(await verify(w, access))).toEqual(INVALID);
    expect((await w.me(access)).status).toBe(401);
  });
});
