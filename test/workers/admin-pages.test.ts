/** The pages of the console, its session look-up, and its JSON. */
import { describe, expect, it } from 'vitest';
import {
  api,
  atConsole,
  beside,
  browser,
  filled,
  makeStaff,
  makeUser,
  PAGE,
  PAGES,
  path,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { claimsOf, codeOf, faultsOf, person } from '../support/world.ts';

capturedLog();
const COOKIE = '__Host-accounts_admin';

describe('every page', () => {
  const CSP =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

  it('has its CSP, one script, a language, a title, one heading', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    for (const page of [...PAGES, '/admin/login', '/admin/nothing']) {
      const { headers, text } = await admin.get((await filled(page, {}, target)).endpoint);
      expect(headers.get('Content-Security-Policy')).toBe(CSP);
      expect(headers.get('Content-Type')).toBe('text/html; charset=UTF-8');
      expect(headers.get('Content-Language')).toBe('en');
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('X-Frame-Options')).toBe('DENY');
      expect(headers.get('Strict-Transport-Security')).toContain('max-age=31536000');
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(text).toMatch(/^<!doctype html><html lang="en">/);
      expect(text.match(/<script\b[^>]*>/g)).toEqual([
        '<script src="/admin/console.js" defer="">',
        ...(page === '/admin/login' ? ['<script src="/admin/passkey.js" defer="">'] : []),
      ]);
      expect(text).not.toMatch(/<style|style=| on\w+="/);
      expect(text.match(/<h1>/g)).toHaveLength(1);
      expect(text).toMatch(/<title>[^<]+ · Accounts<\/title>/);
      expect(text.match(/<caption>/g)?.length ?? 0).toBe(text.match(/<table\b/g)?.length ?? 0);
    }
  });

  it('is in Korean if the request asks for Korean, except for what users typed', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const headers = { ...PAGE, Cookie: `${COOKIE}=${admin.cookie}`, 'Accept-Language': 'ko-KR' };
    for (const page of [
      ...PAGES,
      '/admin/login',
      '/admin/nothing',
      '/admin/users?done=added&is_active=true',
    ]) {
      const answer = await w.get((await filled(page, {}, target)).endpoint, { headers });
      expect(answer.headers.get('Content-Language')).toBe('ko');
      expect(answer.headers.get('Vary')).toContain('Accept-Language');
      expect(answer.text).toMatch(/^<!doctype html><html lang="ko">/);
      expect(answer.text).toMatch(/<title>[^<]+ · 계정 관리<\/title>/);
      const shown = answer.text.replace(/<(bdi|code|time)\b.*?<\/\1>/gs, '').replace(/^.*<\/title>/s, '');
      const labels = [...shown.matchAll(/aria-label="([^"]*)"/g)].map(([, label]) => label);
      const said = `${labels.join()}${shown.replace(/<[^>]*>/g, ' ')}`.replace(
        /UTC|ID|IP|CSV|[0-9a-f-]{36}/g,
        '',
      );
      expect(said).not.toMatch(/[a-z]/i);
    }
  });

  it('exists with and without a trailing slash', async () => {
    const admin = await atConsole();
    for (const page of ['/admin/', '/admin/users/', '/admin/history/']) {
      expect([page, (await admin.get(page)).status]).toEqual([page, 200]);
    }
  });

  it.each([
    ['style sheet', '/admin/console.css', 'text/css'],
    ['script', '/admin/console.js', 'text/javascript'],
    ['script for passkeys', '/admin/passkey.js', 'text/javascript'],
  ])('has the %s of the Worker', async (_, file, type) => {
    const answer = await w.get(file);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toContain(type);
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
    const without = beside({ bindings: { ASSETS: undefined as never } });
    expect((await without.get(file)).status).toBe(404);
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

  it('keeps the navigation on a page that does not exist, for staff only', async () => {
    const admin = await atConsole();
    const [inside, outside] = [
      await admin.get('/admin/nothing'),
      await w.get('/admin/nothing', { headers: PAGE }),
    ];
    expect([inside.status, outside.status]).toEqual([404, 404]);
    expect(inside.text).toContain('<nav');
    expect(outside.text).not.toContain('<nav');
  });

  it.each([
    ['DELETE', ''],
    ['POST', '/password-reset'],
    ['DELETE', '/sessions'],
    ['DELETE', `/passkeys/${crypto.randomUUID()}`],
    ['DELETE', `/connections/${crypto.randomUUID()}`],
    ['DELETE', `/sessions/${crypto.randomUUID()}`],
  ])('%s /admin/api/users/:id%s checks a body although it needs none', async (method, more) => {
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

  it('is a page too if D1 is unavailable, and does not say why', async () => {
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

  it('confirms an action by a fixed code only', async () => {
    const admin = await atConsole();
    expect((await admin.get('/admin?done=deactivate')).text).toContain('The user is inactive');
    for (const code of ['Give%20me%20your%20password', 'constructor', '__proto__', '<b>']) {
      expect((await admin.get(`/admin?done=${code}`)).text).not.toContain('role="status"');
    }
  });

  it('shows what users chose as text', async () => {
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
      expect(text).not.toMatch(/<img|<script(?! src="\/admin\/console\.js")/);
      if (page !== path(target.id, '/delete')) expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    }
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

  it('shows the status of each', async () => {
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
  it('has a user with the fields of the account app, and never a hash', async () => {
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
    const target = await makeUser();
    for (let n = 0; n <= 10; n += 1) {
      expect((await w.patch(api(target.id), { name: `Name ${n}` }, { token })).status).toBe(200);
    }
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
