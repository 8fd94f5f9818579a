import { describe, expect, it } from 'vitest';
import { rebuildDirectory } from '../support/directory.ts';
import { capturedLog } from '../support/log.ts';
import { resigned } from '../support/tokens.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  faultsOf,
  type Person,
  person,
  RACE,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();
const w = world();
/** Another Worker at the same time: this one's clock was moved ahead of the machine's. */
const beside = (options: Parameters<typeof world>[0] = {}) => world({ ...options, now: w.clock.now * 1_000 });
const ORIGIN = 'http://localhost';
const COOKIE = '__Host-accounts_admin';
/** As browsers ask. */
const PAGE = { Accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };

type Form = Record<string, string>;

const post = (path: string, form: Form = {}, headers: Record<string, string> = {}, on: World = w) =>
  on.ask('POST', path, {
    body: new URLSearchParams(form).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: ORIGIN, ...PAGE, ...headers },
  });

const cookieOf = (answer: Answer): string =>
  new RegExp(`${COOKIE}=([^;]*)`).exec(answer.headers.get('Set-Cookie') ?? '')?.[1] ?? '';

/** A browser with a cookie. */
const browser = (cookie: string, on: World = w) => {
  const headers = { ...PAGE, Cookie: `${COOKIE}=${cookie}` };
  return {
    cookie,
    get: (path: string) => on.get(path, { headers }),
    post: (path: string, form?: Form, more: Record<string, string> = {}) =>
      post(path, form, { ...headers, ...more }, on),
  };
};

const logInAt = (who: { email: string; password: string }, on: World = w) =>
  post('/admin/login', { username: who.email, password: who.password }, {}, on);

async function makeStaff(name = 'admin', on: World = w) {
  const who = await on.signUp(person(name));
  await on.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
  return { ...who, id: who.user.id };
}
async function atConsole(on: World = w) {
  const who = await makeStaff('admin', on);
  return { ...who, ...browser(cookieOf(await logInAt(who, on)), on) };
}
async function makeUser(more: Partial<Person & { username: string; name: string }> = {}) {
  const who = await w.signUp({ ...person(), ...more });
  return { ...who, id: who.user.id };
}
const path = (id: string, more = '') => `/admin/users/${id}${more}`;
const api = (id: string, more = '') => `/admin/api/users/${id}${more}`;
const rowOf = async (id: string) => (await w.rows('SELECT * FROM users WHERE id = ?', id))[0];
const historyOf = (id: string) => w.rows('SELECT * FROM admin_log WHERE subject_id = ? ORDER BY id', id);
const actionsOn = async (id: string) => (await historyOf(id)).map((row) => row.action);
const location = (answer: Answer) => answer.headers.get('Location');
/** Everybody else is no longer staff. */
const leaveStaff = (...ids: string[]) =>
  w.rows(`UPDATE users SET is_staff = 0 WHERE id NOT IN (${ids.map(() => '?').join(', ')})`, ...ids);
const NOT_VERIFIED = 'Nobody has verified this address';
const unique = (name = 'u') => `${name}${crypto.randomUUID().slice(0, 8)}`;

describe('the way into the console', () => {
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

  it('opens a session of its own, which ends with the cookie', async () => {
    const who = await makeStaff();
    const first = cookieOf(await logInAt(who));
    const second = cookieOf(await logInAt(who));
    expect(claimsOf(first).sid).not.toBe(claimsOf(second).sid);
    const session = await w.sessionOf(first);
    expect(session).toMatchObject({ revoked_at: null, absolute_end_at: claimsOf(first).exp });
    expect((await browser(first).get('/admin')).status).toBe(200);
  });

  it('stands in the person’s list for as long as it lasts, however short a refresh token lives', async () => {
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

  it('lets staff in by username too, and writes the last log-in', async () => {
    const username = unique();
    const who = await w.signUp({ ...person(), username });
    await w.rows('UPDATE users SET is_staff = 1, last_login_at = NULL WHERE id = ?', who.user.id);
    expect((await post('/admin/login', { username, password: who.password })).status).toBe(303);
    expect((await rowOf(who.user.id))?.last_login_at).toBe(w.clock.now);
  });

  it('tells a wrong password, an unknown, an inactive and an ordinary user the same', async () => {
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

  it('says what is missing in a form, and keeps what was typed but the password', async () => {
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
    const answer = await logInAt(await makeStaff(), limited);
    expect(answer.status).toBe(429);
    expect(asked).toBeDefined();
    expect(answer.headers.get('Retry-After')).toBe('60');
    expect(answer.headers.get('Content-Type')).toContain('text/html');
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
  ])('goes on to %j only within the console', async (next, expected) => {
    const who = await makeStaff();
    const form = { username: who.email, password: who.password, next };
    expect(location(await post('/admin/login', form))).toBe(expected);
  });

  it('is shown to whoever asks for a page, which comes after it', async () => {
    const answer = await w.get('/admin/users?search=x');
    expect(answer.status).toBe(303);
    expect(location(answer)).toBe('/admin/login?next=%2Fusers%3Fsearch%3Dx');
    expect((await w.get('/admin/login?next=/users%3Fsearch%3Dx')).text).toContain('value="/users?search=x"');
    expect(location(await w.get('/admin'))).toBe('/admin/login');
  });
});

describe('the way out', () => {
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

  it('is content without a cookie and with a bad one', async () => {
    expect((await post('/admin/logout')).status).toBe(303);
    expect((await browser('nonsense').post('/admin/logout')).status).toBe(303);
  });
});

describe('the cookie', () => {
  it('is dead after its time', async () => {
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
  it.each(LOSSES)('is dead at the next request once %s', async (_, lose) => {
    const admin = await atConsole();
    expect((await admin.get('/admin')).status).toBe(200);
    await lose(admin.id, admin.cookie);
    expect((await admin.get('/admin')).status).toBe(303);
    expect((await admin.post(path(admin.id, '/promote'))).status).toBe(303);
    expect(await historyOf(admin.id)).toEqual([]);
  });

  it('is dead once its owner ends the session from the list', async () => {
    const admin = await atConsole();
    await w.delete(`/account/sessions/${claimsOf(admin.cookie).sid}`, undefined, { token: admin.access });
    expect((await admin.get('/admin')).status).toBe(303);
  });

  it('is not what the API hands out', async () => {
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

  it('opens no door of the API', async () => {
    const { cookie } = await atConsole();
    for (const [method, door] of [
      ['GET', '/account/me'],
      ['GET', '/account/sessions'],
      ['DELETE', '/account/sessions'],
      ['GET', '/admin/api/overview'],
    ] as const) {
      const answer = await w.ask(method, door, { token: cookie });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    }
    for (const answer of [await w.refresh(cookie), await w.verify(cookie), await w.logOut(cookie)]) {
      expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
    }
    for (const door of ['verify', 'blacklist', 'refresh']) {
      const field = door === 'verify' ? 'token' : 'refresh';
      expect((await w.post(`/api/token/${door}/`, { [field]: cookie })).status).toBe(401);
    }
    expect((await browser(cookie).get('/admin')).status).toBe(200);
  });

  it('proves nothing to the JSON, and a token nothing to the console', async () => {
    const admin = await atConsole();
    expect(codeOf(await admin.get('/admin/api/overview'))).toBe('not_authenticated');
    expect((await w.get('/admin', { token: admin.access })).status).toBe(303);
  });
});

/** Every page and every act of the console; `:id` and `:sid` are filled in. */
const PAGES = [
  '/admin',
  '/admin/users',
  '/admin/users/add',
  '/admin/users/:id',
  '/admin/users/:id/sessions',
  '/admin/users/:id/deactivate',
  '/admin/users/:id/demote',
  '/admin/users/:id/end-sessions',
  '/admin/users/:id/delete',
  '/admin/revoked-tokens',
  '/admin/history',
];
const ACTS: [string, Form?][] = [
  ['/admin/users/:id', { name: 'Changed', username: '' }],
  ['/admin/users/:id/sessions/:sid/end'],
  ['/admin/users/:id/password-reset'],
  ['/admin/users/:id/promote', { unverified: 'true' }],
  ['/admin/users/:id/demote'],
  ['/admin/users/:id/deactivate'],
  ['/admin/users/:id/activate'],
  ['/admin/users/:id/end-sessions'],
  ['/admin/users/add', { email: ':email', password: 'correct horse battery' }],
  ['/admin/users/:id/delete'],
];
const DOORS: [string, string, unknown?][] = [
  ['GET', '/overview'],
  ['GET', '/users'],
  ['GET', '/users/:id'],
  ['PATCH', '/users/:id', { name: 'Changed' }],
  ['GET', '/users/:id/sessions'],
  ['DELETE', '/users/:id/sessions/:sid'],
  ['DELETE', '/users/:id/sessions'],
  ['POST', '/users/:id/password-reset'],
  ['GET', '/revoked-tokens'],
  ['GET', '/history'],
  ['POST', '/users', { email: ':email', password: 'correct horse battery' }],
  ['DELETE', '/users/:id'],
];

const TABLES = ['users', 'sessions', 'revoked_tokens', 'one_time_tokens', 'admin_log'];
const everything = () => Promise.all(TABLES.map((table) => w.rows(`SELECT * FROM ${table}`)));

/** Fills in a user that nobody else has. */
async function filled(template: string, form: unknown, who: { id: string; access: string }) {
  const fill = (text: string) =>
    text
      .replaceAll(':id', who.id)
      .replaceAll(':sid', String(claimsOf(who.access).sid))
      .replaceAll(':email', person().email);
  return { door: fill(template), body: JSON.parse(fill(JSON.stringify(form ?? {}))) as Form };
}

describe('who may do what', () => {
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
          await boss.post(path(admin.id, '/delete'));
          return { cookie: admin.cookie, token: admin.access, status: 401, code: 'user_not_found' };
        },
      ],
    ];

  it.each(OTHERS)('%s sees and does nothing', async (_, make) => {
    const { cookie, token, status, code } = await make();
    const target = await makeUser();
    const before = await everything();
    for (const page of PAGES) {
      const answer = await browser(cookie).get((await filled(page, {}, target)).door);
      expect([page, answer.status, location(answer)?.split('?')[0]]).toEqual([page, 303, '/admin/login']);
      expect(answer.text).not.toContain(target.email);
    }
    for (const [act, form] of ACTS) {
      const { door, body } = await filled(act, form, target);
      const answer = await browser(cookie).post(door, body);
      expect([act, answer.status, location(answer)]).toEqual([act, 303, '/admin/login']);
    }
    for (const [method, door, body] of DOORS) {
      const at = await filled(`/admin/api${door}`, body, target);
      const answer = await w.ask(method, at.door, {
        ...(token !== undefined && { token }),
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, door, answer.status, codeOf(answer)]).toEqual([method, door, status, code]);
    }
    expect(await everything()).toEqual(before);
  });

  it('staff sees and does everything', async () => {
    const admin = await atConsole();
    const looked = await makeUser();
    for (const page of PAGES) {
      const answer = await admin.get((await filled(page, {}, looked)).door);
      expect([page, answer.status]).toEqual([page, 200]);
    }
    for (const [act, form] of ACTS) {
      const { door, body } = await filled(act, form, await makeUser());
      const answer = await admin.post(door, body);
      expect([act, answer.status]).toEqual([act, 303]);
      expect(location(answer)).toMatch(/^\/admin\/users.*\?done=/);
    }
    for (const [method, door, body] of DOORS) {
      const at = await filled(`/admin/api${door}`, body, await makeUser());
      const answer = await w.ask(method, at.door, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, door, answer.status < 300]).toEqual([method, door, true]);
    }
  });

  it('a person who does not exist is a 404 everywhere', async () => {
    const admin = await atConsole();
    const nobody = { id: crypto.randomUUID(), access: admin.access };
    for (const page of PAGES.filter((one) => one.includes(':id'))) {
      const answer = await admin.get((await filled(page, {}, nobody)).door);
      expect([page, answer.status]).toEqual([page, 404]);
      expect(answer.headers.get('Content-Type')).toContain('text/html');
    }
    for (const [act, form] of ACTS.filter(([one]) => one.includes(':id'))) {
      const { door, body } = await filled(act, form, nobody);
      expect([act, (await admin.post(door, body)).status]).toEqual([act, 404]);
    }
    for (const [method, door, body] of DOORS.filter(([, one]) => one.includes(':id'))) {
      const at = await filled(`/admin/api${door}`, body, nobody);
      const answer = await w.ask(method, at.door, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, door, answer.status, codeOf(answer)]).toEqual([method, door, 404, 'not_found']);
    }
  });

  it('no GET changes anything', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const before = await everything();
    for (const page of [...PAGES, ...ACTS.map(([act]) => act)]) {
      await admin.get((await filled(page, {}, target)).door);
    }
    for (const [, door] of DOORS) {
      await w.get((await filled(`/admin/api${door}`, {}, target)).door, { token: admin.access });
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
      const { door, body } = await filled(act, form, target);
      const answer = await w.ask('POST', door, {
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

  it('that the API allows is not allowed here, and may not read pages', async () => {
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
});

describe('every page', () => {
  const CSP =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

  it('has its policy, no script, a language, a title, one heading', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    for (const page of [...PAGES, '/admin/login', '/admin/nothing']) {
      const { headers, text } = await admin.get((await filled(page, {}, target)).door);
      expect(headers.get('Content-Security-Policy')).toBe(CSP);
      expect(headers.get('Content-Type')).toBe('text/html; charset=UTF-8');
      expect(headers.get('Content-Language')).toBe('en');
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('X-Frame-Options')).toBe('DENY');
      expect(headers.get('Strict-Transport-Security')).toContain('max-age=31536000');
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(text).toMatch(/^<!doctype html><html lang="en">/);
      expect(text).not.toMatch(/<script|<style|style=| on\w+="/);
      expect(text.match(/<h1>/g)).toHaveLength(1);
      expect(text).toMatch(/<title>[^<]+ · Accounts<\/title>/);
      expect(text.match(/<caption>/g)?.length ?? 0).toBe(text.match(/<table>/g)?.length ?? 0);
    }
  });

  it('is Korean for whoever reads Korean, but for what users typed', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const headers = { ...PAGE, Cookie: `${COOKIE}=${admin.cookie}`, 'Accept-Language': 'ko-KR' };
    for (const page of [
      ...PAGES,
      '/admin/login',
      '/admin/nothing',
      '/admin/users?done=added&is_active=true',
    ]) {
      const answer = await w.get((await filled(page, {}, target)).door, { headers });
      expect(answer.headers.get('Content-Language')).toBe('ko');
      expect(answer.headers.get('Vary')).toContain('Accept-Language');
      expect(answer.text).toMatch(/^<!doctype html><html lang="ko">/);
      expect(answer.text).toMatch(/<title>[^<]+ · 계정 관리<\/title>/);
      const shown = answer.text.replace(/<(bdi|code|time)\b.*?<\/\1>/gs, '').replace(/^.*<\/title>/s, '');
      const labels = [...shown.matchAll(/aria-label="([^"]*)"/g)].map(([, label]) => label);
      const said = `${labels.join()}${shown.replace(/<[^>]*>/g, ' ')}`.replace(/UTC|jti|[0-9a-f-]{36}/g, '');
      expect(said).not.toMatch(/[a-z]/i);
    }
  });

  it('stands with and without a slash at its end', async () => {
    const admin = await atConsole();
    for (const page of ['/admin/', '/admin/users/', '/admin/history/']) {
      expect([page, (await admin.get(page)).status]).toEqual([page, 200]);
    }
  });

  it('has the style sheet of the Worker', async () => {
    const answer = await w.get('/admin/console.css');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toContain('text/css');
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
    const without = beside({ bindings: { ASSETS: undefined as never } });
    expect((await without.get('/admin/console.css')).status).toBe(404);
  });

  it.each([
    ['GET', '/admin/nothing', 404, null],
    ['GET', '/admin/users/a/b/c/d', 404, null],
    ['DELETE', '/admin/users', 405, 'GET, HEAD, OPTIONS'],
    ['PUT', '/admin', 405, 'GET, HEAD, OPTIONS'],
    ['GET', '/admin/logout', 405, 'POST, OPTIONS'],
    ['PATCH', '/admin/users/x', 405, 'GET, POST, HEAD, OPTIONS'],
  ])('%s %s is a page of status %i for a browser, before any log-in, and JSON for others', async (...c) => {
    const [method, at, status, allow] = c;
    for (const [accept, type, text] of [
      [PAGE.Accept, /^text\/html/, '<h1>'],
      ['application/json', /^application\/problem\+json$/, '"code":'],
      ['*/*', /^application\/problem\+json$/, '"code":'],
    ] as const) {
      const answer = await w.ask(method, at, { headers: { Accept: accept } });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('Allow')).toBe(allow);
      expect(answer.headers.get('Content-Type')).toMatch(type);
      expect(answer.headers.get('Vary')).toMatch(/\bAccept\b(?!-)/);
      expect(answer.text).toContain(text);
    }
  });

  it.each([
    ['DELETE', ''],
    ['POST', '/password-reset'],
    ['DELETE', '/sessions'],
    ['DELETE', `/sessions/${crypto.randomUUID()}`],
  ])('%s /admin/api/users/:id%s looks at a body though it asks for none', async (method, more) => {
    const [{ access }, target] = [await makeStaff(), await makeUser()];
    const answer = await w.ask(method, api(target.id, more), {
      headers: { 'Content-Type': 'application/json' },
      body: '{',
      token: access,
    });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'parse_error']);
    expect(await rowOf(target.id)).toBeDefined();
  });

  it.each([
    ['GET', '/admin/api', 404],
    ['GET', '/admin/api/nothing', 404],
    ['PUT', '/admin/api/users', 405],
    ['POST', '/admin/api/overview', 405],
  ])('%s %s is JSON of status %i', async (method, at, status) => {
    const answer = await w.ask(method, at);
    expect([answer.status, answer.body.status]).toEqual([status, status]);
    expect(answer.headers.get('Content-Type')).toContain('application/problem+json');
  });

  it('is a page too where D1 is away, and says nothing of why', async () => {
    const admin = await atConsole();
    const DB = {
      prepare: () => {
        throw new Error('secret cause');
      },
    } as unknown as D1Database;
    const answer = await browser(admin.cookie, beside({ bindings: { DB } })).get('/admin/users');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('Retry-After')).toBe('1');
    expect(answer.text).toContain('Service temporarily unavailable');
    expect(answer.text).toContain(answer.headers.get('X-Request-Id') ?? '-');
    expect(answer.text).not.toContain('secret cause');
  });

  it('says what was done by a code alone', async () => {
    const admin = await atConsole();
    expect((await admin.get('/admin?done=deactivate')).text).toContain('The user is inactive');
    for (const code of ['Give%20me%20your%20password', 'constructor', '__proto__', '<b>']) {
      expect((await admin.get(`/admin?done=${code}`)).text).not.toContain('role="status"');
    }
  });

  it('shows what people chose as text', async () => {
    const admin = await atConsole();
    const hostile = `<img src=x onerror=alert(1)>"><script>alert(2)</script>'`;
    const target = await makeUser({ name: hostile });
    await w.rows(
      'UPDATE sessions SET user_agent = ?, country = ? WHERE user_id = ?',
      hostile,
      hostile,
      target.id,
    );
    await w.rows('UPDATE users SET username = ? WHERE id = ?', hostile, target.id);
    const pages = [
      path(target.id),
      path(target.id, '/sessions'),
      path(target.id, '/delete'),
      `/admin/users?search=${encodeURIComponent(hostile)}`,
      path(target.id, `/sessions?id=${encodeURIComponent(hostile)}`),
      `/admin/revoked-tokens?jti=${encodeURIComponent(hostile)}`,
    ];
    for (const page of pages) {
      const { text } = await admin.get(page);
      expect(text).not.toMatch(/<img|<script/);
      if (page !== path(target.id, '/delete')) expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    }
  });
});

describe('adding a user', () => {
  it('makes one who can log in, and says who did it', async () => {
    const admin = await atConsole();
    const { email } = person();
    const form = {
      email: ` ${email.toUpperCase()} `,
      password: 'correct horse battery',
      name: ' Mina ',
      username: unique('Ｍ'),
    };
    const answer = await admin.post('/admin/users/add', form);
    expect(answer.status).toBe(303);
    const id = /users\/([^?]+)\?done=added$/.exec(location(answer) ?? '')?.[1] ?? '';
    expect(await rowOf(id)).toMatchObject({
      email,
      name: 'Mina',
      username: form.username.normalize('NFKC'),
      username_key: form.username.normalize('NFKC').toLowerCase(),
      is_staff: 0,
      is_active: 1,
      email_verified_at: null,
      date_joined: w.clock.now,
      last_login_at: null,
    });
    expect((await w.logIn({ email, password: form.password })).status).toBe(200);
    expect(await historyOf(id)).toMatchObject([{ actor_id: admin.id, action: 'user.added', detail: null }]);
    expect((await admin.get(location(answer) ?? '')).text).toContain('The user was added.');
  });

  it('makes staff where both boxes are ticked', async () => {
    const admin = await atConsole();
    const { email } = person();
    const form = { email, password: 'correct horse battery', is_staff: 'true' };
    const refused = await admin.post('/admin/users/add', form);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(NOT_VERIFIED);
    expect(await w.rows('SELECT * FROM users WHERE email = ?', email)).toEqual([]);
    await admin.post('/admin/users/add', { ...form, unverified: 'true' });
    const [row] = await w.rows('SELECT * FROM users WHERE email = ?', email);
    expect(row).toMatchObject({ is_staff: 1 });
    expect(await actionsOn(String(row?.id))).toEqual(['user.added_as_staff']);
    expect((await logInAt({ email, password: 'correct horse battery' })).status).toBe(303);
  });

  it('refuses what sign-up would, and shows the form again without the password', async () => {
    const admin = await atConsole();
    const taken = await makeUser({ username: unique() });
    const count = async () => (await w.rows('SELECT count(*) AS n FROM users'))[0]?.n;
    const before = await count();
    const good = { email: person().email, password: 'correct horse battery' };
    const FAULTS: [Form, number, string][] = [
      [{ ...good, email: 'nonsense' }, 400, 'Enter a valid email address.'],
      [{ ...good, email: '' }, 400, 'This field may not be blank.'],
      [{ ...good, password: 'short' }, 400, 'This password is too short.'],
      [{ ...good, password: '0123456789' }, 400, 'entirely numeric'],
      [{ ...good, username: 'has space' }, 400, 'Enter a valid username'],
      [{ ...good, username: 'other@example.com' }, 400, 'Enter a valid username'],
      [{ ...good, name: 'x'.repeat(151) }, 400, 'no more than 150 characters'],
      [{ ...good, name: 'a\u0000b' }, 400, 'Control characters'],
      [{ ...good, email: taken.email }, 409, 'An account with this e-mail address already exists.'],
      [
        { ...good, username: (taken.answer.body.user.username as string).toUpperCase() },
        409,
        'A user with that username already exists.',
      ],
    ];
    for (const [form, status, sentence] of FAULTS) {
      const answer = await admin.post('/admin/users/add', form);
      expect([form, answer.status]).toEqual([form, status]);
      expect(answer.text).toContain(sentence);
      expect(answer.text).toContain('aria-invalid="true"');
      expect(answer.text).not.toContain('correct horse battery');
    }
    expect((await admin.post('/admin/users/add', { ...good, name: 'x'.repeat(17_000) })).status).toBe(413);
    expect(await count()).toBe(before);
  });

  it('makes one account of many tries at once', RACE, async () => {
    const admin = await atConsole();
    const { email } = person();
    const answers = await atOnce(10, () =>
      w.post('/admin/api/users', { email, password: 'correct horse battery' }, { token: admin.access }),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === 'email_taken')).toHaveLength(9);
    const [row] = await w.rows('SELECT id FROM users WHERE email = ?', email);
    expect(await actionsOn(String(row?.id))).toEqual(['user.added']);
  });
});

describe('changing a user', () => {
  it('writes what differs, and in the history what it was and is', async () => {
    const admin = await atConsole();
    const target = await makeUser({ name: 'Before' });
    const username = unique('New');
    const answer = await admin.post(path(target.id), { name: 'After', username });
    expect(location(answer)).toBe(path(target.id, '?done=changed'));
    expect(await rowOf(target.id)).toMatchObject({
      name: 'After',
      username,
      username_key: username.toLowerCase(),
    });
    await admin.post(path(target.id), { name: 'After', username });
    w.clock.advance(1);
    await admin.post(path(target.id), { name: '', username });
    expect((await rowOf(target.id))?.name).toBeNull();
    const history = await historyOf(target.id);
    expect(history.map(({ action, detail }) => [action, JSON.parse(String(detail))])).toEqual([
      ['user.changed', { name: ['Before', 'After'], username: [null, username] }],
      ['user.changed', { name: ['After', null] }],
    ]);
    const { body } = await w.get(`/admin/api/history?user=${target.id}`, { token: admin.access });
    expect(body.history).toMatchObject([
      { fields: ['name'], changes: { name: { from: 'After', to: null } } },
      { fields: ['name', 'username'], changes: { username: { from: null, to: username } } },
    ]);
    const { text } = await admin.get(path(target.id));
    expect(text).toContain('Name: <bdi>Before</bdi> → <bdi>After</bdi>');
    expect(text).toContain('Name: <bdi>After</bdi> → none');
  });

  it('shows the form again with what was typed', async () => {
    const admin = await atConsole();
    const taken = unique();
    await makeUser({ username: taken });
    const target = await makeUser();
    const conflict = await admin.post(path(target.id), { name: 'Kept', username: taken.toUpperCase() });
    expect(conflict.status).toBe(409);
    expect(conflict.text).toContain('A user with that username already exists.');
    expect(conflict.text).toContain('value="Kept"');
    const invalid = await admin.post(path(target.id), { name: 'x', username: 'a b' });
    expect(invalid.status).toBe(400);
    expect(invalid.text).toContain('value="a b"');
    expect(await historyOf(target.id)).toEqual([]);
  });

  it('lets a user keep an own address as username, and nobody else’s', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const own = await w.patch(api(target.id), { username: target.email }, { token: admin.access });
    expect([own.status, own.body.username]).toEqual([200, target.email]);
    const other = await w.patch(api(target.id), { username: person().email }, { token: admin.access });
    expect(faultsOf(other)).toEqual({ username: ['invalid'] });
  });

  it('does not take the one name away', async () => {
    const admin = await makeStaff();
    const target = await makeUser({ username: unique() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', target.id);
    const answer = await w.patch(api(target.id), { username: null }, { token: admin.access });
    expect(faultsOf(answer)).toEqual({ username: ['null'] });
  });

  it('gives a username to one of many who want it at once', RACE, async () => {
    const admin = await makeStaff();
    const targets = await atOnce(8, () => makeUser());
    const username = unique();
    const answers = await atOnce(8, (i) =>
      w.patch(api(targets[i]?.id ?? ''), { username }, { token: admin.access }),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === 'username_taken')).toHaveLength(7);
    expect(await w.rows('SELECT id FROM users WHERE username_key = ?', username)).toHaveLength(1);
  });
});

describe('promotion', () => {
  const verify = (id: string) => w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', id);

  it.each([
    [
      'in the console',
      (id: string, admin: Awaited<ReturnType<typeof atConsole>>) => admin.post(path(id, '/promote')),
    ],
    [
      'by its JSON',
      (id: string, admin: Awaited<ReturnType<typeof atConsole>>) =>
        w.patch(api(id), { is_staff: true }, { token: admin.access }),
    ],
  ])(
    'ends the sessions and the pending change of address of the new staff member, %s',
    async (_, promote) => {
      const admin = await atConsole();
      const target = await makeUser();
      await verify(target.id);
      const wanted = { new_email: person('wanted').email, password: target.password };
      expect((await w.post('/account/email/change', wanted, { token: target.access })).status).toBe(202);
      expect((await promote(target.id, admin)).status).toBeLessThan(400);
      expect(await rowOf(target.id)).toMatchObject({ is_staff: 1 });
      expect(await w.sessionOf(target.access)).toMatchObject({ revoked_reason: 'promoted' });
      expect(await w.kvOf(target.access)).toBe('promoted');
      expect((await w.get('/admin/api/overview', { token: target.access })).status).toBe(401);
      expect((await w.refresh(target.refresh)).status).toBe(401);
      const pending = "SELECT 1 FROM one_time_tokens WHERE subject = ? AND purpose = 'email_change'";
      expect(await w.rows(pending, target.id)).toEqual([]);
      const again = (await w.logIn(target)).body;
      expect((await w.get('/admin/api/overview', { token: again.access })).status).toBe(200);
    },
  );

  it('of somebody whose address is not verified needs a ticked box in the console', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    expect((await admin.get(path(target.id, '/promote'))).text).toContain('name="unverified"');
    const refused = await admin.post(path(target.id, '/promote'));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(NOT_VERIFIED);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 0 });
    expect(await historyOf(target.id)).toEqual([]);
    expect((await admin.post(path(target.id, '/promote'), { unverified: 'true' })).status).toBe(303);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 1, email_verified_at: null });
    await verify(target.id);
    expect((await admin.get(path(target.id, '/promote'))).text).not.toContain('name="unverified"');
  });

  it.each([[undefined], [false]])('… and in the JSON "unverified": true, not %j', async (unverified) => {
    const admin = await makeStaff();
    const target = await makeUser();
    const patch = (body: unknown) => w.patch(api(target.id), body, { token: admin.access });
    const refused = await patch({ is_staff: true, name: 'N', unverified });
    expect([refused.status, faultsOf(refused)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 0, name: null });
    expect((await w.me(target.access)).status).toBe(200);
    expect((await patch({ is_staff: true, unverified: true })).body).toMatchObject({ is_staff: true });
    // Who is staff already may be changed without the word.
    expect((await patch({ is_staff: true, name: 'N' })).status).toBe(200);
  });

  it('of a user who is added needs it too', async () => {
    const admin = await makeStaff();
    const who = { ...person(), is_staff: true };
    const refused = await w.post('/admin/api/users', who, { token: admin.access });
    expect([refused.status, faultsOf(refused)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', who.email)).toEqual([]);
  });

  it('beside a change of address promotes nobody whose address it did not read', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    await verify(target.id);
    const stranger = person('stranger').email;
    // Between the read of the user and the batch that promotes.
    let changed = false;
    const { DB } = watchedD1({
      before: async ({ statements }) => {
        if (changed || statements.length === 1) return;
        changed = true;
        const unverify = 'UPDATE users SET email = ?, email_verified_at = NULL WHERE id = ?';
        await w.rows(unverify, stranger, target.id);
      },
    });
    const on = beside({ bindings: { DB } });
    const answer = await on.patch(api(target.id), { is_staff: true }, { token: admin.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 0, email: stranger });
  });
});

describe('what staff do to an account is told to its owner by mail', () => {
  const newest = async (email: string) =>
    ((await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages as { subject: string }[])[0]
      ?.subject;

  it.each<[string, (id: string, token: string) => Promise<{ status: number }>, string]>([
    [
      'a new username',
      (id, token) => w.patch(api(id), { username: `u${crypto.randomUUID().slice(0, 8)}` }, { token }),
      'Your username was changed',
    ],
    ['its deletion', (id, token) => w.delete(api(id), undefined, { token }), 'Your account was deleted'],
    [
      'that it is staff now',
      async (id, token) => {
        await w.rows('UPDATE users SET email_verified_at = 5 WHERE id = ?', id);
        return w.patch(api(id), { is_staff: true }, { token });
      },
      'You are now a staff member',
    ],
    [
      'and not of a new name',
      (id, token) => w.patch(api(id), { name: 'N' }, { token }),
      'Confirm your e-mail address',
    ],
  ])('%s', async (_, act, subject) => {
    const admin = await makeStaff();
    const target = await makeUser();
    expect((await act(target.id, admin.access)).status).toBeLessThan(300);
    expect(await newest(target.email)).toBe(subject);
  });
});

describe('deactivation and demotion', () => {
  it.each([
    ['deactivate', 'deactivated', 'is_active', 'user_inactive'],
    ['demote', 'demoted', 'is_staff', 'token_not_valid'],
  ])('%s ends every session, in D1 and KV', async (act, action, field, code) => {
    const admin = await atConsole();
    const target = await makeStaff();
    const second = (await w.logIn(target)).body as { access: string; refresh: string };
    const cookie = cookieOf(await logInAt(target));
    const answer = await admin.post(path(target.id, `/${act}`));
    expect(location(answer)).toBe(path(target.id, `?done=${act}`));
    for (const token of [target.access, second.access, cookie]) {
      expect(await w.sessionOf(token)).toMatchObject({ revoked_at: w.clock.now, revoked_reason: action });
      expect(await w.kvOf(token)).toBe(action);
    }
    for (const token of [target.access, second.access]) expect(codeOf(await w.me(token))).toBe(code);
    expect((await w.refresh(second.refresh)).status).toBe(401);
    expect((await rowOf(target.id))?.[field]).toBe(0);
    expect(await historyOf(target.id)).toMatchObject([
      { actor_id: admin.id, action: `user.${action}`, detail: `{"${field}":[true,false]}` },
    ]);
  });

  it('revives nothing when it is taken back', async () => {
    const admin = await atConsole();
    const target = await makeStaff();
    await admin.post(path(target.id, '/deactivate'));
    w.clock.advance(1);
    await admin.post(path(target.id, '/activate'));
    expect((await w.me(target.access)).status).toBe(401);
    expect((await w.refresh(target.refresh)).status).toBe(401);
    w.clock.advance(1);
    await admin.post(path(target.id, '/demote'));
    w.clock.advance(1);
    await admin.post(path(target.id, '/promote'), { unverified: 'true' });
    expect((await w.logIn(target)).status).toBe(200);
    expect(await actionsOn(target.id)).toEqual([
      'user.deactivated',
      'user.activated',
      'user.demoted',
      'user.promoted',
    ]);
  });

  it('voids what was sent by mail: nothing pending works after the reactivation', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const wanted = person('wanted').email;
    const change = { new_email: wanted, password: target.password };
    expect((await w.post('/account/email/change', change, { token: target.access })).status).toBe(202);
    await w.post('/account/password/reset', { email: target.email });
    const tokenTo = async (email: string) => {
      const { messages } = (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body;
      return (messages as { token: string | null }[]).find(({ token }) => token !== null)?.token;
    };
    const [changing, resetting] = [await tokenTo(wanted), await tokenTo(target.email)];
    await admin.post(path(target.id, '/deactivate'));
    expect(await w.rows('SELECT 1 FROM one_time_tokens WHERE subject = ?', target.id)).toEqual([]);
    w.clock.advance(1);
    await admin.post(path(target.id, '/activate'));
    const answers = [
      await w.post('/account/email/verify', { token: changing }),
      await w.post('/account/email/disown', { token: changing }),
      await w.post('/account/password/reset/confirm', {
        token: resetting,
        new_password: 'staple another battery',
      }),
    ];
    for (const answer of answers) expect(answer.body.errors.token[0].code).toBe('token_not_valid');
    expect((await rowOf(target.id))?.email).toBe(target.email);
  });

  it('done twice is done once', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const answers = await atOnce(6, () => admin.post(path(target.id, '/deactivate')));
    expect(answers.map((answer) => answer.status)).toEqual(Array(6).fill(303));
    expect(await actionsOn(target.id)).toEqual(['user.deactivated']);
  });

  it('of both flags at once is one row that says both', async () => {
    const admin = await makeStaff();
    const target = await makeStaff();
    const body = { is_active: false, is_staff: false, name: 'N' };
    const answer = await w.patch(api(target.id), body, { token: admin.access });
    expect(answer.body).toMatchObject({ is_active: false, is_staff: false, name: 'N' });
    expect(await historyOf(target.id)).toMatchObject([
      {
        action: 'user.deactivated',
        detail: '{"name":[null,"N"],"is_active":[true,false],"is_staff":[true,false]}',
      },
    ]);
    expect(await w.kvOf(target.access)).toBe('deactivated');
  });

  it('of oneself ends in the log-in page', async () => {
    const [admin] = [await atConsole(), await makeStaff()];
    const answer = await admin.post(path(admin.id, '/demote'));
    expect(answer.status).toBe(303);
    expect((await admin.get(location(answer) ?? '')).status).toBe(303);
  });
});

describe('ending sessions', () => {
  it('ends one and leaves the others', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const second = (await w.logIn(target)).body as { access: string };
    const sid = claimsOf(second.access).sid;
    const answer = await admin.post(path(target.id, `/sessions/${sid}/end`));
    expect(location(answer)).toBe(path(target.id, '?done=end'));
    expect(await w.sessionOf(second.access)).toMatchObject({ revoked_reason: 'ended' });
    expect(await w.kvOf(second.access)).toBe('ended');
    expect((await w.me(second.access)).status).toBe(401);
    expect((await w.me(target.access)).status).toBe(200);
    await admin.post(path(target.id, `/sessions/${sid}/end`));
    expect(await actionsOn(target.id)).toEqual(['user.session_ended']);
  });

  it('does not end another user’s by a wrong path', async () => {
    const admin = await atConsole();
    const [one, other] = [await makeUser(), await makeUser()];
    const answer = await admin.post(path(one.id, `/sessions/${claimsOf(other.access).sid}/end`));
    expect(answer.status).toBe(404);
    expect((await w.me(other.access)).status).toBe(200);
  });

  it('ends all, and says so once', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const second = (await w.logIn(target)).body as { access: string };
    await admin.post(path(target.id, '/end-sessions'));
    for (const token of [target.access, second.access]) {
      expect((await w.me(token)).status).toBe(401);
      expect(await w.kvOf(token)).toBe('ended');
    }
    await admin.post(path(target.id, '/end-sessions'));
    expect(await actionsOn(target.id)).toEqual(['user.all_sessions_ended']);
    expect((await w.logIn(target)).status).toBe(200);
  });

  it('ends the one in use too', async () => {
    const admin = await atConsole();
    await admin.post(path(admin.id, '/end-sessions'));
    expect((await admin.get('/admin')).status).toBe(303);
  });
});

describe('deleting a user', () => {
  it('leaves no row of the person, and a pseudonym in the history', async () => {
    const [boss, admin] = [await atConsole(), await atConsole()];
    const target = await atConsole();
    const other = await makeUser();
    w.clock.advance(1);
    await target.post(path(other.id), { name: 'By the target', username: '' });
    w.clock.advance(1);
    await admin.post(path(target.id), { name: 'Target', username: unique('target') });
    await w.post('/account/password/reset', { email: target.email });
    const wish = beside({ vars: { SIGN_UP: 'verify' } });
    await wish.rows('UPDATE users SET email = ? WHERE id = ?', `moved-${target.email}`, target.id);
    await rebuildDirectory();
    await wish.post('/account/sign-up', { email: target.email, password: 'correct horse battery' });
    await wish.rows('UPDATE users SET email = ? WHERE id = ?', target.email, target.id);
    await rebuildDirectory();
    const { refresh } = (await w.logIn(target)).body as { refresh: string };
    await w.refresh(refresh);

    w.clock.advance(1);
    const answer = await boss.post(path(target.id, '/delete'));
    expect(location(answer)).toBe('/admin/users?done=delete');
    const dump = JSON.stringify(await everything());
    expect(dump).not.toContain(target.id);
    expect(dump).not.toContain(target.email);
    const keys = await w.env.BLACKLIST.list();
    expect(JSON.stringify(keys.keys)).not.toContain(target.id);
    expect(await w.kvOf(target.access)).toBe('withdrawn');
    expect(codeOf(await w.me(target.access))).toBe('user_not_found');
    expect((await target.get('/admin')).status).toBe(303);

    const log = await w.rows<{ actor_id: string; subject_id: string; action: string }>(
      'SELECT * FROM admin_log ORDER BY id DESC LIMIT 3',
    );
    const pseudonym = log[0]?.subject_id ?? '';
    expect(log).toMatchObject([
      { actor_id: boss.id, subject_id: pseudonym, action: 'user.deleted', detail: null },
      {
        actor_id: admin.id,
        subject_id: pseudonym,
        action: 'user.changed',
        detail: '{"name":[],"username":[]}',
      },
      {
        actor_id: pseudonym,
        subject_id: other.id,
        action: 'user.changed',
        detail: '{"name":[null,"By the target"]}',
      },
    ]);
    const page = await boss.get('/admin/history');
    expect(page.text).toContain(`former user <code>${pseudonym.slice(0, 8)}</code>`);
    expect(page.text).toContain(other.email);
  });

  it('happens once', RACE, async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const answers = await atOnce(8, () => w.delete(api(target.id), undefined, { token: admin.access }));
    expect(answers.filter((answer) => answer.status === 204)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 404)).toHaveLength(7);
  });

  it('can be of oneself', async () => {
    const [admin] = [await atConsole(), await makeStaff()];
    expect((await admin.post(path(admin.id, '/delete'))).status).toBe(303);
    expect(await rowOf(admin.id)).toBeUndefined();
    expect(JSON.stringify(await everything())).not.toContain(admin.id);
  });

  it('meets an address that changes meanwhile', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const answers = await Promise.all([
      w.delete(api(target.id), undefined, { token: admin.access }),
      ...Array.from({ length: 4 }, (_, i) =>
        w.rows('UPDATE users SET email = ? WHERE id = ?', `moved-${i}-${target.email}`, target.id),
      ),
    ]);
    expect([204, 503]).toContain(answers[0].status);
    expect((await rowOf(target.id)) === undefined).toBe(answers[0].status === 204);
  });
});

describe('the log', () => {
  it.each<[action: string, act: (id: string, sid: string, token: string) => Promise<Answer>]>([
    ['user.added', (_, __, token) => w.post('/admin/api/users', person(), { token })],
    [
      'user.added_as_staff',
      (_, __, token) =>
        w.post('/admin/api/users', { ...person(), is_staff: true, unverified: true }, { token }),
    ],
    ['user.changed', (id, _, token) => w.patch(api(id), { name: 'Another' }, { token })],
    [
      'user.deactivated',
      (id, _, token) => w.patch(api(id), { is_active: false, is_staff: true, unverified: true }, { token }),
    ],
    ['user.session_ended', (id, sid, token) => w.delete(api(id, `/sessions/${sid}`), undefined, { token })],
    ['user.all_sessions_ended', (id, _, token) => w.delete(api(id, '/sessions'), undefined, { token })],
    ['user.password_reset_sent', (id, _, token) => w.post(api(id, '/password-reset'), undefined, { token })],
    ['user.deleted', (id, _, token) => w.delete(api(id), undefined, { token })],
  ])('calls an act as the history does: %s', async (action, act) => {
    const admin = await makeStaff();
    const target = await makeUser();
    const answer = await act(target.id, String(claimsOf(target.access).sid), admin.access);
    expect([200, 201, 202, 204]).toContain(answer.status);
    const history = await w.rows('SELECT action FROM admin_log WHERE actor_id = ?', admin.id);
    expect(history).toEqual([{ action }]);
    expect(log.of('admin_acted')).toMatchObject([{ actor: admin.id, action }]);
  });
});

describe('a password reset', () => {
  const resetsOf = (id: string) =>
    w.rows("SELECT * FROM one_time_tokens WHERE subject = ? AND purpose = 'password_reset'", id);

  it('goes out by mail, beside an older one', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    expect((await admin.get(path(target.id))).text).toContain('Send a password reset');
    await w.post('/account/password/reset', { email: target.email });
    const [older] = await resetsOf(target.id);
    w.clock.advance(1);
    const answer = await admin.post(path(target.id, '/password-reset'));
    expect(location(answer)).toBe(path(target.id, '?done=password-reset'));
    const tokens = await resetsOf(target.id);
    expect(tokens).toHaveLength(2);
    expect(tokens.map(({ hash }) => hash)).toContain(older?.hash);
    expect(await actionsOn(target.id)).toEqual(['user.password_reset_sent']);
    const inbox = await w.get(`/dev/mail?to=${encodeURIComponent(target.email)}`, {
      headers: { Accept: 'application/json' },
    });
    const [mail] = inbox.body.messages as { token: string }[];
    const confirm = await w.post('/account/password/reset/confirm', {
      token: mail?.token,
      new_password: 'another horse battery',
    });
    expect(confirm.status).toBe(204);
  });

  it('replaces the oldest where there are five: staff who send one are heard', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    for (let i = 0; i < 6; i++) await w.post('/account/password/reset', { email: target.email });
    const before = await resetsOf(target.id);
    const answer = await w.post(api(target.id, '/password-reset'), undefined, { token: admin.access });
    expect(answer.status).toBe(202);
    const after = await resetsOf(target.id);
    expect([before.length, after.length]).toEqual([5, 5]);
    const kept = before.map(({ hash }) => hash);
    expect(after.filter(({ hash }) => !kept.includes(hash))).toHaveLength(1);
  });

  it('is 202 in JSON, 404 where there is no mail, 400 where there is no address', async () => {
    const admin = await makeStaff();
    const target = await makeUser({ username: unique() });
    const at = api(target.id, '/password-reset');
    expect((await w.post(at, undefined, { token: admin.access })).status).toBe(202);
    const off = beside({ vars: { MAIL: 'off' } });
    expect((await off.post(at, undefined, { token: admin.access })).status).toBe(404);
    const page = await browser(cookieOf(await logInAt(admin, off)), off).get(path(target.id));
    expect(page.text).not.toContain('Send a password reset');
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', target.id);
    expect(faultsOf(await w.post(at, undefined, { token: admin.access }))).toEqual({ email: ['invalid'] });
  });

  it.each([
    ['en', 'This user is inactive and cannot log in. Activate the user first.'],
    ['ko', '비활성화된 사용자라서 로그인할 수 없습니다. 먼저 활성화하세요.'],
  ])('of somebody inactive says what is the matter (%s)', async (language, message) => {
    const admin = await makeStaff();
    const target = await makeUser();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', target.id);
    const answer = await w.post(api(target.id, '/password-reset'), undefined, {
      token: admin.access,
      headers: { 'Accept-Language': language },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual({ is_active: [{ code: 'invalid', message }] });
    expect(await resetsOf(target.id)).toEqual([]);
  });
});

describe('the last active staff member', () => {
  const LOSSES: [string, (id: string, token: string) => Promise<Answer>][] = [
    ['demoted', (id, token) => w.patch(api(id), { is_staff: false }, { token })],
    ['deactivated', (id, token) => w.patch(api(id), { is_active: false }, { token })],
    ['both', (id, token) => w.patch(api(id), { is_active: false, is_staff: false }, { token })],
    ['deleted', (id, token) => w.delete(api(id), undefined, { token })],
  ];
  it.each(LOSSES)('cannot be %s', async (_, lose) => {
    const admin = await makeStaff();
    const inactive = await makeStaff();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.id);
    await leaveStaff(admin.id, inactive.id);
    const answer = await lose(admin.id, admin.access);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
    expect(answer.body.detail).toContain('The last active staff member');
    expect(await rowOf(admin.id)).toMatchObject({ is_active: 1, is_staff: 1 });
    expect((await w.me(admin.access)).status).toBe(200);
    expect(await historyOf(admin.id)).toEqual([]);
  });

  it.each(LOSSES)(
    'is whoever of them can sign in: without another who can, it cannot be %s',
    async (_, lose) => {
      const [admin, other] = [await makeStaff(), await makeStaff()];
      await w.rows("UPDATE users SET password_hash = '' WHERE id = ?", other.id);
      await leaveStaff(admin.id, other.id);
      expect((await lose(admin.id, admin.access)).status).toBe(403);
      expect(await rowOf(admin.id)).toMatchObject({ is_active: 1, is_staff: 1 });
      expect((await lose(other.id, admin.access)).status).toBeLessThan(300);
    },
  );

  it('is told so by a page', async () => {
    const admin = await atConsole();
    await leaveStaff(admin.id);
    for (const act of ['demote', 'deactivate', 'delete']) {
      const answer = await admin.post(path(admin.id, `/${act}`));
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('The last active staff member cannot be removed');
    }
    expect((await admin.get('/admin')).status).toBe(200);
  });

  it('can still rename itself and demote those who do not count', async () => {
    const admin = await makeStaff();
    const inactive = await makeStaff();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.id);
    await leaveStaff(admin.id, inactive.id);
    expect((await w.patch(api(admin.id), { name: 'Me' }, { token: admin.access })).status).toBe(200);
    expect((await w.patch(api(inactive.id), { is_staff: false }, { token: admin.access })).status).toBe(200);
  });

  it.each(LOSSES)('stays, whoever is %s by whom at once', RACE, async (_, lose) => {
    const [one, two] = [await makeStaff('one'), await makeStaff('two')];
    await leaveStaff(one.id, two.id);
    const answers = await atOnce(20, (i) =>
      i % 2 === 0 ? lose(one.id, two.access) : lose(two.id, one.access),
    );
    expect(
      await w.rows(
        'SELECT id FROM users WHERE is_staff = 1 AND is_active = 1 AND id IN (?, ?)',
        one.id,
        two.id,
      ),
    ).toHaveLength(1);
    expect(answers.filter((answer) => answer.status < 300).length).toBeGreaterThan(0);
    for (const { status } of answers) expect([200, 204, 401, 403, 404]).toContain(status);
  });

  it('stays, whoever of many withdraws at once', RACE, async () => {
    const staff = await atOnce(6, () => makeStaff());
    await leaveStaff(...staff.map((one) => one.id));
    await atOnce(6, (i) =>
      w.delete(api(staff[i]?.id ?? ''), undefined, { token: staff[(i + 1) % 6]?.access ?? '' }),
    );
    await atOnce(6, (i) => w.delete(api(staff[i]?.id ?? ''), undefined, { token: staff[i]?.access ?? '' }));
    expect((await w.rows('SELECT id FROM users WHERE is_staff = 1 AND is_active = 1')).length).toBe(1);
  });
});

describe('an act and its history', () => {
  it('are one batch: neither is there where the batch fails', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const before = await everything();
    const DB = new Proxy(w.env.DB, {
      get(binding, name) {
        if (name === 'batch') {
          // One more statement that fails: D1 takes back the whole batch.
          return (statements: D1PreparedStatement[]) =>
            binding.batch([...statements, binding.prepare('INSERT INTO admin_log (id) VALUES (NULL)')]);
        }
        const value = Reflect.get(binding, name) as unknown;
        return typeof value === 'function' ? value.bind(binding) : value;
      },
    });
    const failing = beside({ bindings: { DB } });
    for (const [method, door, body] of DOORS.filter(([one]) => one !== 'GET')) {
      const at = await filled(`/admin/api${door}`, body, target);
      const answer = await failing.ask(method, at.door, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, door, answer.status]).toEqual([method, door, 503]);
    }
    expect(await everything()).toEqual(before);
  });

  it('are not there where whoever acts lost the right to between the check and the act', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const before = await historyOf(target.id);
    for (const [method, door, body] of DOORS.filter(([one]) => one !== 'GET')) {
      await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', admin.id);
      const DB = new Proxy(w.env.DB, {
        get(binding, name) {
          const value = Reflect.get(binding, name) as unknown;
          if (name === 'batch') {
            return async (statements: D1PreparedStatement[]) => {
              await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', admin.id);
              return binding.batch(statements);
            };
          }
          return typeof value === 'function' ? value.bind(binding) : value;
        },
      });
      const at = await filled(`/admin/api${door}`, body, target);
      const answer = await beside({ bindings: { DB } }).ask(method, at.door, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, door, answer.status, codeOf(answer)]).toEqual([method, door, 403, 'permission_denied']);
    }
    expect(await historyOf(target.id)).toEqual(before);
    expect((await w.me(target.access)).status).toBe(200);
  });

  it('shows people by name while they are there', async () => {
    const admin = await atConsole();
    const username = unique();
    const target = await makeUser({ username });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', target.id);
    await admin.post(path(target.id, '/promote'), { unverified: 'true' });
    const answer = await w.get(`/admin/api/history?user=${target.id}`, { token: admin.access });
    expect(answer.body.history).toMatchObject([
      {
        action: 'user.promoted',
        fields: ['is_staff'],
        actor: { id: admin.id, email: admin.email, username: null },
        subject: { id: target.id, email: null, username },
      },
    ]);
    expect((await admin.get(`/admin/history?user=${target.id}`)).text).toContain(username);
  });
});

describe('looking up sessions', () => {
  it('finds one of a user by its id', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    await w.logIn(target);
    const sid = String(claimsOf(target.access).sid);
    const all = await admin.get(path(target.id, '/sessions'));
    expect(all.text.match(/<code>/g)).toHaveLength(2);
    const one = await admin.get(path(target.id, `/sessions?id=%20${sid}`));
    expect(one.text.match(/<code>/g)).toHaveLength(1);
    expect(one.text).toContain(`<code>${sid}</code>`);
    const none = await admin.get(path(target.id, `/sessions?id=${claimsOf(admin.access).sid}`));
    expect(none.text).toContain('There is no such session.');
  });

  it('says how each stands', async () => {
    const later = beside();
    const admin = await atConsole(later);
    const target = await makeUser();
    const ended = (await w.logIn(target)).body as { refresh: string };
    await w.logOut(ended.refresh);
    await w.rows(
      'UPDATE sessions SET absolute_end_at = 5 WHERE user_id = ? AND id = ?',
      target.id,
      claimsOf(target.access).sid,
    );
    await w.logIn(target);
    const { text } = await admin.get(path(target.id, '/sessions'));
    expect(text).toContain('logged out');
    expect(text).toContain('>expired<');
    expect(text).toContain('>live<');
    expect(text.match(/\/end"/g)).toHaveLength(1);
    expect((await admin.get(path(admin.id))).text).toContain('this one');
  });
});

describe('the JSON', () => {
  it('has a user in the words of the account app, and never a hash', async () => {
    const admin = await makeStaff();
    const target = await makeUser({ username: unique(), name: 'Mina' });
    const answer = await w.get(api(target.id), { token: admin.access });
    expect(answer.body).toEqual(target.answer.body.user);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    const list = await w.get(`/admin/api/users?search=${target.email}`, { token: admin.access });
    expect(list.body).toEqual({ users: [target.answer.body.user], next_cursor: null, looked_at: null });
    const added = await w.post(
      '/admin/api/users',
      { ...person(), is_staff: true, unverified: true, is_active: false, id: 'x' },
      { token: admin.access },
    );
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ is_staff: true, is_active: true });
    expect(Object.keys(added.body).sort()).toEqual(Object.keys(target.answer.body.user).sort());
  });

  it('validates like the account app', async () => {
    const { access: token } = await makeStaff();
    const target = await makeUser();
    const patch = (body: unknown) => w.patch(api(target.id), body, { token });
    expect(faultsOf(await patch({ is_staff: 'yes' }))).toEqual({ is_staff: ['invalid'] });
    expect(faultsOf(await patch({ is_active: null }))).toEqual({ is_active: ['null'] });
    expect(faultsOf(await patch({ name: 5, username: 'a b' }))).toEqual({
      name: ['invalid'],
      username: ['invalid'],
    });
    expect(codeOf(await patch('{'))).toBe('parse_error');
    expect(
      (
        await w.ask('PATCH', api(target.id), {
          token,
          body: 'a=b',
          headers: { 'Content-Type': 'text/plain' },
        })
      ).status,
    ).toBe(415);
    expect((await patch({})).body).toMatchObject({ id: target.id });
    expect((await patch({ email: 'x@example.com', id: 'y', email_verified: true })).body).toEqual(
      target.answer.body.user,
    );
    expect(faultsOf(await w.post('/admin/api/users', {}, { token }))).toEqual({
      email: ['required'],
      password: ['required'],
    });
  });

  it('lists sessions and ends them', async () => {
    const { access: token } = await makeStaff();
    const target = await makeUser();
    const list = await w.get(api(target.id, '/sessions'), { token });
    const sid = claimsOf(target.access).sid;
    expect(list.body).toMatchObject({
      sessions: [{ id: sid, revoked_at: null, revoked_reason: null }],
      next_cursor: null,
    });
    expect((await w.delete(api(target.id, `/sessions/${sid}`), undefined, { token })).status).toBe(204);
    expect((await w.delete(api(target.id, `/sessions/${sid}`), undefined, { token })).status).toBe(204);
    expect((await w.delete(api(target.id, '/sessions/nothing'), undefined, { token })).status).toBe(404);
    expect((await w.delete(api(target.id, '/sessions'), undefined, { token })).status).toBe(204);
    const after = await w.get(api(target.id, `/sessions?id=${sid}`), { token });
    expect(after.body.sessions).toMatchObject([{ id: sid, revoked_reason: 'ended' }]);
  });

  it('has the figures and the latest history', async () => {
    const { access: token } = await makeStaff();
    const { body } = await w.get('/admin/api/overview', { token });
    const [{ n: users } = { n: 0 }] = await w.rows<{ n: number }>('SELECT count(*) AS n FROM users');
    const [{ n: live } = { n: 0 }] = await w.rows<{ n: number }>(
      'SELECT count(*) AS n FROM sessions WHERE revoked_at IS NULL AND absolute_end_at > ?',
      w.clock.now,
    );
    const [{ n: revoked } = { n: 0 }] = await w.rows<{ n: number }>(
      'SELECT count(*) AS n FROM revoked_tokens',
    );
    expect(body).toMatchObject({
      users: { count: users, more: false },
      new_this_week: { count: users, more: false },
      live_sessions: { count: live, more: false },
      revoked_tokens: { count: revoked, more: false },
    });
    expect(body.history).toHaveLength(10);
  });
});
