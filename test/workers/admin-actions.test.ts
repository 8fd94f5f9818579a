/** What staff do to accounts and sessions, and what the history keeps of it. */
import { describe, expect, it } from 'vitest';
import {
  actionsOn,
  api,
  atConsole,
  beside,
  browser,
  cookieOf,
  ENDPOINTS,
  everything,
  filled,
  historyOf,
  linksOf,
  location,
  logInAt,
  makeStaff,
  makeUser,
  makeUserWithLinks,
  path,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { type Answer, atOnce, claimsOf, codeOf, faultsOf, person, RACE } from '../support/world.ts';

const log = capturedLog();
/** Everybody else is no longer staff. */
const leaveStaff = (...ids: string[]) =>
  w.rows(`UPDATE users SET is_staff = 0 WHERE id NOT IN (${ids.map(() => '?').join(', ')})`, ...ids);

describe('the user is notified by email of what staff do to their account', () => {
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

  it('revives nothing when it is undone', async () => {
    const admin = await atConsole();
    const target = await makeStaff();
    await admin.post(path(target.id, '/deactivate'));
    w.clock.advance(1);
    await admin.post(path(target.id, '/activate'), { unverified: 'true' });
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

  it('voids emailed tokens: nothing pending works after the reactivation', async () => {
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

  it('of both flags at once is one entry with both', async () => {
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

  it('of oneself leads to the log-in page', async () => {
    const [admin] = [await atConsole(), await makeStaff()];
    const answer = await admin.post(path(admin.id, '/demote'));
    expect(location(answer)).toBe('/admin/login?done=own-demote');
    expect((await admin.get('/admin')).status).toBe(303);
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

  it('does not end another user’s through a wrong path', async () => {
    const admin = await atConsole();
    const [one, other] = [await makeUser(), await makeUser()];
    const answer = await admin.post(path(one.id, `/sessions/${claimsOf(other.access).sid}/end`));
    expect(answer.status).toBe(404);
    expect((await w.me(other.access)).status).toBe(200);
  });

  it('ends all, with one entry', async () => {
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

  it('voids a change of address that is pending when it ends all', async () => {
    const admin = await atConsole();
    const target = await makeUserWithLinks();
    await admin.post(path(target.id, '/end-sessions'));
    expect(await linksOf(target.id)).toEqual(['email_verify', 'password_reset']);
  });

  it('ends the one in use too', async () => {
    const admin = await atConsole();
    await admin.post(path(admin.id, '/end-sessions'));
    expect((await admin.get('/admin')).status).toBe(303);
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
    ['user.invited', (id, _, token) => w.post(api(id, '/invitation'), undefined, { token })],
    ['user.deleted', (id, _, token) => w.delete(api(id), undefined, { token })],
  ])('names an action as the history does: %s', async (action, act) => {
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

  it('is sent by email, and keeps an older one valid', async () => {
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

  it('replaces the oldest of five', async () => {
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

  it('is 202 in JSON, 404 without mail, 400 without an address', async () => {
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
  ])('of an inactive user says why it is refused (%s)', async (language, message) => {
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
    'is the last who can sign in: without another who can, it cannot be %s',
    async (_, lose) => {
      const [admin, other] = [await makeStaff(), await makeStaff()];
      await w.rows("UPDATE users SET password_hash = '' WHERE id = ?", other.id);
      await leaveStaff(admin.id, other.id);
      expect((await lose(admin.id, admin.access)).status).toBe(403);
      expect(await rowOf(admin.id)).toMatchObject({ is_active: 1, is_staff: 1 });
      expect((await lose(other.id, admin.access)).status).toBeLessThan(300);
    },
  );

  it('gets a page that says so', async () => {
    const admin = await atConsole();
    await leaveStaff(admin.id);
    for (const act of ['demote', 'deactivate', 'delete']) {
      const answer = await admin.post(path(admin.id, `/${act}`), { confirm: admin.email });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('The last active staff member cannot be removed');
    }
    expect((await admin.get('/admin')).status).toBe(200);
  });

  it('can still rename themselves and demote those who do not count', async () => {
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

  it('stays when many withdraw at once', RACE, async () => {
    const staff = await atOnce(6, () => makeStaff());
    await leaveStaff(...staff.map((one) => one.id));
    await atOnce(6, (i) =>
      w.delete(api(staff[i]?.id ?? ''), undefined, { token: staff[(i + 1) % 6]?.access ?? '' }),
    );
    await atOnce(6, (i) => w.delete(api(staff[i]?.id ?? ''), undefined, { token: staff[i]?.access ?? '' }));
    expect((await w.rows('SELECT id FROM users WHERE is_staff = 1 AND is_active = 1')).length).toBe(1);
  });
});

describe('an action and its history', () => {
  it('are one batch: neither happens if the batch fails', async () => {
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
    for (const [method, endpoint, body] of ENDPOINTS.filter(([one]) => one !== 'GET')) {
      const at = await filled(`/admin/api${endpoint}`, body, target);
      const answer = await failing.ask(method, at.endpoint, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, endpoint, answer.status]).toEqual([method, endpoint, 503]);
    }
    expect(await everything()).toEqual(before);
  });

  it('do not happen if the staff member loses the right between the check and the action', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const before = await historyOf(target.id);
    for (const [method, endpoint, body] of ENDPOINTS.filter(([one]) => one !== 'GET')) {
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
      const at = await filled(`/admin/api${endpoint}`, body, target);
      const answer = await beside({ bindings: { DB } }).ask(method, at.endpoint, {
        token: admin.access,
        ...(body !== undefined && { body: at.body }),
      });
      expect([method, endpoint, answer.status, codeOf(answer)]).toEqual([
        method,
        endpoint,
        403,
        'permission_denied',
      ]);
    }
    expect(await historyOf(target.id)).toEqual(before);
    expect((await w.me(target.access)).status).toBe(200);
  });

  it('shows users by name while they exist', async () => {
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
