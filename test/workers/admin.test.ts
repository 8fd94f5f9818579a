/** The console: its log-in, its cookie, and who may do what. */
import { describe, expect, it } from 'vitest';
import {
  atConsole,
  beside,
  browser,
  cookieOf,
  ENDPOINTS,
  everything,
  type Form,
  filled,
  historyOf,
  location,
  logInAt,
  makeStaff,
  makeUser,
  PAGES,
  path,
  post,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { resigned } from '../support/tokens.ts';
import { claimsOf, codeOf, person, type Vars, world } from '../support/world.ts';

capturedLog();
const COOKIE = '__Host-accounts_admin';

describe('logging in to the console', () => {
  it('sets a cookie that only this host gets, for eight hours', async () => {
    const who = await makeStaff();
    const answer = await logInAt(who);
    expect(answer.status).toBe(303);
    expect(location(answer)).toBe('/admin');
    const [, ...attributes] = (answer.headers.get('Set-Cookie') ?? '').split('; ');
    expect(answer.headers.get('Set-Cookie')).toMatch(/^__Host-accounts_admin=eyJ/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=28800', 'Path=/', 'SameSite=Strict', 'Secure']);
    const claims = claimsOf(cookieOf(answer));
    expect(claims).toMatchObject({ token_type: 'console', sub: who.id });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(28_800);
    expect(claims).not.toHaveProperty('is_staff');
  });

  it('opens a separate session, which ends with the cookie', async () => {
    const who = await makeStaff();
    const first = cookieOf(await logInAt(who));
    const second = cookieOf(await logInAt(who));
    expect(claimsOf(first).sid).not.toBe(claimsOf(second).sid);
    const session = await w.sessionOf(first);
    expect(session).toMatchObject({ revoked_at: null, absolute_end_at: claimsOf(first).exp });
    expect((await browser(first).get('/admin')).status).toBe(200);
  });

  it('is in the user’s list while it lasts, however short the lifetime of refresh tokens', async () => {
    const short = world({ vars: { REFRESH_TOKEN_LIFETIME: '1h', ACCESS_TOKEN_LIFETIME: '30m' } });
    const who = await makeStaff();
    const cookie = cookieOf(await logInAt(who, short));
    short.clock.advance(28_799);
    const { access } = (await short.logIn(who)).body;
    const list = await short.get('/account/sessions', { token: access });
    const ids = list.body.sessions.map(({ id }: { id: string }) => id);
    expect(ids).toContain(claimsOf(cookie).sid);
    short.clock.advance(1);
    const later = await short.get('/account/sessions', { token: access });
    expect(later.body.sessions).toHaveLength(ids.length - 1);
  });

  it('is no longer than the longest session', async () => {
    const short = beside({ vars: { SESSION_MAX_LIFETIME: '1h' } });
    const answer = await logInAt(await makeStaff(), short);
    expect(answer.headers.get('Set-Cookie')).toContain('Max-Age=3600');
  });

  it('lets staff in by username too, and updates the last log-in', async () => {
    const username = unique();
    const who = await w.signUp({ ...person(), username });
    await w.rows('UPDATE users SET is_staff = 1, last_login_at = NULL WHERE id = ?', who.user.id);
    expect((await post('/admin/login', { username, password: who.password })).status).toBe(303);
    expect((await rowOf(who.user.id))?.last_login_at).toBe(w.clock.now);
  });

  it('returns the same for a wrong password and for unknown, inactive and ordinary users', async () => {
    const staff = await makeStaff();
    const inactive = await makeStaff();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.id);
    const ordinary = await makeUser();
    const answers = [];
    for (const who of [{ ...staff, password: 'something else' }, person(), inactive, ordinary]) {
      const answer = await logInAt(who);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('Set-Cookie')).toBeNull();
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="api"');
      answers.push(answer.text.replaceAll(who.email, 'WHO'));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('No active account found with the given credentials');
  });

  it('does the same work for each of them', async () => {
    const staff = await makeStaff();
    const ordinary = await makeUser();
    const derivations: number[] = [];
    const { deriveBits } = crypto.subtle;
    for (const who of [{ ...staff, password: 'something else' }, person(), ordinary]) {
      let calls = 0;
      crypto.subtle.deriveBits = (...args) => {
        calls += 1;
        return deriveBits.apply(crypto.subtle, args);
      };
      await logInAt(who);
      derivations.push(calls);
    }
    crypto.subtle.deriveBits = deriveBits;
    expect(derivations).toEqual([1, 1, 1]);
  });

  it('says what is missing in a form, and keeps what was typed except the password', async () => {
    const answer = await post('/admin/login', { username: '"><script>', password: '' });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('This field may not be blank.');
    expect(answer.text).toContain('value="&quot;&gt;&lt;script&gt;"');
    expect((await post('/admin/login')).text).toContain('This field is required.');
  });

  it('is counted like any log-in', async () => {
    let asked: unknown;
    const limit = {
      limit: async (what: unknown) => {
        asked = what;
        return { success: false };
      },
    };
    const LIMITS = ['LOG_IN', 'LOG_IN_ACCOUNT', 'LOG_IN_CLIENT', 'MAIL', 'SIGN_UP', 'REFRESH'];
    const bindings = Object.fromEntries(LIMITS.map((name) => [`LIMIT_${name}`, limit]));
    const limited = beside({ vars: { RATE_LIMITS: 'on' }, bindings: bindings as never });
    const who = await makeStaff();
    const form = { username: who.email, password: who.password, next: '/history' };
    const answer = await post('/admin/login', form, {}, limited);
    expect(answer.status).toBe(429);
    expect(asked).toBeDefined();
    expect(answer.headers.get('Retry-After')).toBe('60');
    expect(answer.headers.get('Content-Type')).toContain('text/html');
    // The form is still there, with the name and without the password.
    expect(answer.text).toContain(`value="${who.email}"`);
    expect(answer.text).toContain('value="/history"');
    expect(answer.text).not.toContain(who.password);
    expect(answer.text).toContain('Too many attempts. Try again in 60 seconds.');
    expect(answer.text).toContain('Seconds left:');
  });

  it.each([
    ['/users?search=a&ordering=email', '/admin/users?search=a&ordering=email'],
    ['/history', '/admin/history'],
    ['', '/admin'],
    ['//evil.example', '/admin//evil.example'],
    ['/..//evil.example', '/admin'],
    ['/../account/me', '/admin'],
    ['https://evil.example', '/admin'],
    ['/\\evil.example', '/admin//evil.example'],
    ['\r\nSet-Cookie: a=b', '/admin'],
  ])('continues to %j only within the console', async (next, expected) => {
    const who = await makeStaff();
    const form = { username: who.email, password: who.password, next };
    expect(location(await post('/admin/login', form))).toBe(expected);
  });

  it('is shown instead of any page, which follows after it', async () => {
    const answer = await w.get('/admin/users?search=x');
    expect(answer.status).toBe(303);
    expect(location(answer)).toBe('/admin/login?next=%2Fusers%3Fsearch%3Dx');
    expect((await w.get('/admin/login?next=/users%3Fsearch%3Dx')).text).toContain('value="/users?search=x"');
    expect(location(await w.get('/admin'))).toBe('/admin/login');
  });
});

describe('logging out of the console', () => {
  it('ends the session in D1 and KV and clears the cookie', async () => {
    const admin = await atConsole();
    const answer = await admin.post('/admin/logout');
    expect(answer.status).toBe(303);
    expect(location(answer)).toBe('/admin/login?done=log-out');
    expect(answer.headers.get('Set-Cookie')).toMatch(/^__Host-accounts_admin=; Max-Age=0; Path=\//);
    expect(await w.sessionOf(admin.cookie)).toMatchObject({ revoked_reason: 'logged_out' });
    expect(await w.kvOf(admin.cookie)).toBe('logged_out');
    expect(location(await admin.get('/admin'))).toBe('/admin/login');
  });

  it('succeeds without a cookie and with an invalid one', async () => {
    expect((await post('/admin/logout')).status).toBe(303);
    expect((await browser('nonsense').post('/admin/logout')).status).toBe(303);
  });
});

describe('the cookie', () => {
  it('is invalid after its time', async () => {
    const later = beside();
    const admin = await atConsole(later);
    later.clock.advance(28_799);
    expect((await admin.get('/admin')).status).toBe(200);
    later.clock.advance(1);
    const answer = await admin.get('/admin');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('Set-Cookie')).toContain('Max-Age=0');
  });

  const LOSSES: [string, (id: string, cookie: string) => Promise<unknown>][] = [
    ['the staff flag is gone', (id) => w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', id)],
    ['the user is inactive', (id) => w.rows('UPDATE users SET is_active = 0 WHERE id = ?', id)],
    ['the user is gone', (id) => w.rows('DELETE FROM users WHERE id = ?', id)],
    [
      'the session is revoked',
      (id, cookie) =>
        w.rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ? AND id = ?', id, claimsOf(cookie).sid),
    ],
    ['the session is gone', (id) => w.rows('DELETE FROM sessions WHERE user_id = ?', id)],
  ];
  it.each(LOSSES)('is invalid at the next request once %s', async (_, lose) => {
    const admin = await atConsole();
    expect((await admin.get('/admin')).status).toBe(200);
    await lose(admin.id, admin.cookie);
    expect((await admin.get('/admin')).status).toBe(303);
    expect((await admin.post(path(admin.id, '/promote'))).status).toBe(303);
    expect(await historyOf(admin.id)).toEqual([]);
  });

  it('is invalid once its owner ends the session from the list', async () => {
    const admin = await atConsole();
    await w.delete(`/account/sessions/${claimsOf(admin.cookie).sid}`, undefined, { token: admin.access });
    expect((await admin.get('/admin')).status).toBe(303);
  });

  it('is not a token of the API', async () => {
    const admin = await makeStaff();
    const again = (await w.logIn(admin)).body as { access: string; refresh: string };
    for (const token of [again.access, again.refresh, admin.access, 'x', '', `${again.access}x`]) {
      expect((await browser(token).get('/admin')).status).toBe(303);
    }
    const forged = await resigned(
      again.access,
      { token_type: 'console', is_staff: undefined },
      'x'.repeat(40),
    );
    expect((await browser(forged).get('/admin')).status).toBe(303);
  });

  it('opens no endpoint of the API', async () => {
    const { cookie } = await atConsole();
    for (const [method, endpoint] of [
      ['GET', '/account/me'],
      ['GET', '/account/sessions'],
      ['DELETE', '/account/sessions'],
      ['GET', '/admin/api/overview'],
    ] as const) {
      const answer = await w.ask(method, endpoint, { token: cookie });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    }
    for (const answer of [await w.refresh(cookie), await w.verify(cookie), await w.logOut(cookie)]) {
      expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    }
    for (const endpoint of ['verify', 'blacklist', 'refresh']) {
      const field = endpoint === 'verify' ? 'token' : 'refresh';
      expect((await w.post(`/api/token/${endpoint}/`, { [field]: cookie })).status).toBe(401);
    }
    expect((await browser(cookie).get('/admin')).status).toBe(200);
  });

  it('does not authenticate at the JSON, and a token does not at the console', async () => {
    const admin = await atConsole();
    expect(codeOf(await admin.get('/admin/api/overview'))).toBe('not_authenticated');
    expect((await w.get('/admin', { token: admin.access })).status).toBe(303);
  });
});
const ACTS: [string, Form?][] = [
  ['/admin/users/:id', { name: 'Changed', username: '' }],
  ['/admin/users/:id/sessions/:sid/end'],
  ['/admin/users/:id/password-reset'],
  ['/admin/users/:id/invite'],
  ['/admin/users/:id/email', { email: ':email' }],
  ['/admin/users/:id/verify-email'],
  ['/admin/users/:id/password', { password: 'another horse battery' }],
  ['/admin/users/:id/remove-password'],
  ['/admin/users/:id/promote', { unverified: 'true' }],
  ['/admin/users/:id/demote'],
  ['/admin/users/:id/deactivate'],
  ['/admin/users/:id/activate'],
  ['/admin/users/:id/end-sessions'],
  ['/admin/users/add', { email: ':email', password: 'correct horse battery' }],
  ['/admin/users/:id/delete', { confirm: ':name' }],
];

describe('permissions', () => {
  /** Everybody who is not staff, with what they have in hand. */
  const OTHERS: [string, () => Promise<{ cookie: string; token?: string; status: number; code: string }>][] =
    [
      ['nobody', async () => ({ cookie: '', status: 401, code: 'not_authenticated' })],
      [
        'a user',
        async () => {
          const { access } = await makeUser();
          return { cookie: access, token: access, status: 403, code: 'permission_denied' };
        },
      ],
      [
        'a user whose token says staff',
        async () => {
          const { access } = await makeUser();
          const token = await resigned(access, { is_staff: true });
          const cookie = await resigned(access, { token_type: 'console' });
          return { cookie, token, status: 403, code: 'permission_denied' };
        },
      ],
      [
        'former staff',
        async () => {
          const [boss, admin] = [await atConsole(), await atConsole()];
          await boss.post(path(admin.id, '/demote'));
          return { cookie: admin.cookie, token: admin.access, status: 401, code: 'token_not_valid' };
        },
      ],
      [
        'staff that is inactive',
        async () => {
          const [boss, admin] = [await atConsole(), await atConsole()];
          await boss.post(path(admin.id, '/deactivate'));
          return { cookie: admin.cookie, token: admin.access, status: 401, code: 'user_inactive' };
        },
      ],
      [
        'staff that is gone',
        async () => {
          const [boss, admin] = [await atConsole(), await atConsole()];
          await boss.post(path(admin.id, '/delete'), { confirm: admin.email });
          return { cookie: admin.cookie, token: admin.access, status: 401, code: 'user_not_found' };
        },
      ],
    ];

  it.each(OTHERS)('%s sees and does nothing', async (_, make) => {
    const { cookie, token, status, code } = await make();
    const target = await makeUser();
    const before = await everything();
    for (const page of PAGES) {
      const answer = await browser(cookie).get((await filled(page, {}, target)).endpoint);
      expect([page, answer.status, location(answer)?.split('?')[0]]).toEqual([page, 303, '/admin/login']);
      expect(answer.text).not.toContain(target.email);
    }
    for (const [act, form] of ACTS) {
      const { endpoint, body } = await filled(act, form, target);
      const answer = await browser(cookie).post(endpoint, body);
      expect([act, answer.status, location(answer)]).toEqual([act, 303, '/admin/login']);
    }
    for (const [method, endpoint, body] of ENDPOINTS) {
      const at = await filled(`/admin/api${endpoint}`, body, target);
      const answer = await w.ask(method, at.endpoint, {
        ...(token !== undefined && { token }),
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, endpoint, answer.status, codeOf(answer)]).toEqual([method, endpoint, status, code]);
    }
    expect(await everything()).toEqual(before);
  });

  it('staff sees and does everything', async () => {
    const admin = await atConsole();
    const looked = await makeUser();
    for (const page of PAGES) {
      const answer = await admin.get((await filled(page, {}, looked)).endpoint);
      expect([page, answer.status]).toEqual([page, 200]);
    }
    for (const [act, form] of ACTS) {
      const { endpoint, body } = await filled(act, form, await makeUser());
      const answer = await admin.post(endpoint, body);
      expect([act, answer.status]).toEqual([act, 303]);
      expect(location(answer)).toMatch(/^\/admin\/users.*\?done=/);
    }
    for (const [method, endpoint, body] of ENDPOINTS) {
      const at = await filled(`/admin/api${endpoint}`, body, await makeUser());
      const answer = await w.ask(method, at.endpoint, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, endpoint, answer.status < 300]).toEqual([method, endpoint, true]);
    }
  });

  it('an unknown user is a 404 everywhere', async () => {
    const admin = await atConsole();
    const nobody = { id: crypto.randomUUID(), access: admin.access };
    for (const page of PAGES.filter((one) => one.includes(':id'))) {
      const answer = await admin.get((await filled(page, {}, nobody)).endpoint);
      expect([page, answer.status]).toEqual([page, 404]);
      expect(answer.headers.get('Content-Type')).toContain('text/html');
    }
    for (const [act, form] of ACTS.filter(([one]) => one.includes(':id'))) {
      const { endpoint, body } = await filled(act, form, nobody);
      expect([act, (await admin.post(endpoint, body)).status]).toEqual([act, 404]);
    }
    for (const [method, endpoint, body] of ENDPOINTS.filter(([, one]) => one.includes(':id'))) {
      const at = await filled(`/admin/api${endpoint}`, body, nobody);
      const answer = await w.ask(method, at.endpoint, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, endpoint, answer.status, codeOf(answer)]).toEqual([method, endpoint, 404, 'not_found']);
    }
  });

  it('no GET changes anything', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const before = await everything();
    for (const page of [...PAGES, ...ACTS.map(([act]) => act)]) {
      await admin.get((await filled(page, {}, target)).endpoint);
    }
    for (const [, endpoint] of ENDPOINTS) {
      await w.get((await filled(`/admin/api${endpoint}`, {}, target)).endpoint, { token: admin.access });
    }
    await admin.get('/admin/logout');
    expect(await everything()).toEqual(before);
  });
});

describe('Origin', () => {
  const ORIGINS: [string, string | undefined][] = [
    ['none', undefined],
    ['null', 'null'],
    ['an empty one', ''],
    ['another host', 'http://evil.example'],
    ['another host of the site', 'http://app.localhost'],
    ['another port', 'http://localhost:8080'],
    ['another scheme', 'https://localhost'],
    ['one with a path', 'http://localhost/'],
    ['one in capitals', 'HTTP://LOCALHOST'],
  ];
  it.each(ORIGINS)('%s is refused at every POST, and nothing happens', async (_, origin) => {
    const admin = await atConsole();
    const target = await makeUser();
    const before = await everything();
    for (const [act, form] of [...ACTS, ['/admin/logout'], ['/admin/login']] as [string, Form?][]) {
      const { endpoint, body } = await filled(act, form, target);
      const answer = await w.ask('POST', endpoint, {
        body: new URLSearchParams(body).toString(),
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Cookie: `${COOKIE}=${admin.cookie}`,
          ...(origin !== undefined && { Origin: origin }),
        },
      });
      expect([act, answer.status]).toEqual([act, 403]);
      expect(answer.text).toContain('Requests from this origin are not allowed.');
    }
    expect(await everything()).toEqual(before);
  });

  it('allowed for the API is not allowed here, and may not read pages', async () => {
    const vars: Vars = { ALLOWED_ORIGINS: 'https://app.example.com', REFRESH_TRANSPORT: 'cookie' };
    const on = beside({ vars });
    const who = await makeStaff();
    const cookie = cookieOf(await logInAt(who, on));
    const headers = { Cookie: `${COOKIE}=${cookie}`, Origin: 'https://app.example.com' };
    const page = await on.get('/admin/users', { headers });
    expect(page.status).toBe(200);
    expect(page.headers.get('Access-Control-Allow-Origin')).toBeNull();
    expect(page.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    expect((await on.ask('POST', path(who.id, '/promote'), { headers })).status).toBe(403);
  });

  it('allowed for the API may call /admin/api, which takes no cookie', async () => {
    const on = beside({ vars: { ALLOWED_ORIGINS: 'https://app.example.com' } });
    const cookie = cookieOf(await logInAt(await makeStaff(), on));
    const headers = { Cookie: `${COOKIE}=${cookie}`, Origin: 'https://app.example.com' };
    const answer = await on.get('/admin/api/users', { headers });
    expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')]).toEqual([
      401,
      'https://app.example.com',
    ]);
  });
});
