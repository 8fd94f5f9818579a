/** What the console asks before it acts, and what it says afterwards. */
import { describe, expect, it } from 'vitest';
import {
  atConsole,
  browser,
  cookieOf,
  historyOf,
  location,
  logInAt,
  makeStaff,
  makeUser,
  path,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { type Answer, claimsOf } from '../support/world.ts';

capturedLog();
const ENDING = ['deactivate', 'demote', 'promote', 'end-sessions', 'remove-password', 'password', 'delete'];

describe('a question', () => {
  it.each(ENDING)('before %s says how many sessions end', async (act) => {
    const admin = await atConsole();
    const target = await makeUser();
    const text = async () => (await admin.get(path(target.id, `/${act}`))).text;
    expect(await text()).toContain('Ends 1 session.');
    for (let i = 0; i < 3; i++) await w.logIn(target);
    expect(await text()).toContain('Ends 4 sessions.');
    await w.rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', target.id);
    expect(await text()).toContain('They have no live session.');
  });

  it.each(['remove-factor', 'verify-email', 'email'])('before %s speaks of no session', async (act) => {
    const admin = await atConsole();
    const target = await makeUser();
    expect((await admin.get(path(target.id, `/${act}`))).text).not.toMatch(/Ends \d|no live session/);
  });

  it.each(['activate', 'promote', 'verify-email'])(
    'before %s has a button of the usual colour',
    async (act) => {
      const admin = await atConsole();
      const target = await makeUser();
      const question = async (of: string) => (await admin.get(path(target.id, `/${of}`))).text;
      expect(await question(act)).toContain('<button type="submit" class="primary">');
      expect(await question('delete')).toContain('<button type="submit" class="danger">');
    },
  );

  it('counts sessions that ended by their time no more', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    await w.rows('UPDATE sessions SET absolute_end_at = ? WHERE user_id = ?', w.clock.now, target.id);
    expect((await admin.get(path(target.id, '/deactivate'))).text).toContain('They have no live session.');
  });
});

describe('the session that looks at the page', () => {
  it('is ended only after a question that says whose it is', async () => {
    const admin = await atConsole();
    const end = path(admin.id, `/sessions/${claimsOf(admin.cookie).sid}/end`);
    const list = (await admin.get(path(admin.id, '/sessions'))).text;
    expect(list).toContain(`href="${end}"`);
    expect(list).not.toContain(`action="${end}"`);
    const { text } = await admin.get(end);
    expect(text).toContain('you will be logged out of this console');
    expect(text).toContain('Ends 1 session.');
    expect(text).toContain(`action="${end}"`);
    expect(location(await admin.post(end))).toBe('/admin/login?done=own-end');
  });
});

describe('a deletion', () => {
  const typed: [string, (who: { id: string; email: string }) => Promise<string>][] = [
    ['the address', async ({ email }) => email],
    ['the address in capitals, with white space', async ({ email }) => ` ${email.toUpperCase()} `],
    [
      'the username where there is no address',
      async ({ id }) => {
        await w.rows('UPDATE users SET email = NULL WHERE id = ?', id);
        return String((await rowOf(id))?.username).toUpperCase();
      },
    ],
  ];
  it.each(typed)('asks to type %s', async (_, name) => {
    const admin = await atConsole();
    const target = await makeUser({ username: unique() });
    const confirm = await name(target);
    for (const wrong of ['', `${confirm}x`, 'admin@example.com']) {
      const refused = await admin.post(path(target.id, '/delete'), { confirm: wrong });
      expect([wrong, refused.status]).toEqual([wrong, 400]);
      expect(refused.text).toMatch(/<input id="confirm"[^>]* aria-invalid="true"/);
      expect(refused.text).toContain('<a href="#confirm">');
    }
    expect(await rowOf(target.id)).toBeDefined();
    expect(await historyOf(target.id)).toEqual([]);
    expect((await admin.post(path(target.id, '/delete'), { confirm })).status).toBe(303);
    expect(await rowOf(target.id)).toBeUndefined();
  });

  const NOTICE = '__Host-accounts_admin_notice';
  const noticeOf = (answer: Answer) =>
    new RegExp(`${NOTICE}=([^;]*)`).exec(answer.headers.get('Set-Cookie') ?? '')?.[1];

  it('is followed by a page that names who is gone, once', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const answer = await admin.post(path(target.id, '/delete'), { confirm: target.email });
    expect(location(answer)).toBe('/admin/users?done=delete');
    expect(answer.headers.get('Set-Cookie')).toMatch(/HttpOnly; Secure; SameSite=Strict/);
    const next = browser(`${admin.cookie}; ${NOTICE}=${noticeOf(answer)}`);
    const page = await next.get('/admin/users?done=delete');
    expect(page.text).toContain(`<bdi>${target.email}</bdi> was deleted.`);
    expect(noticeOf(page)).toBe('');
    expect((await admin.get('/admin/users?done=delete')).text).toContain('The user was deleted.');
    for (const broken of ['x', 'bnVsbA', '%']) {
      const odd = browser(`${admin.cookie}; ${NOTICE}=${broken}`);
      expect((await odd.get('/admin/users?done=delete')).status).toBe(200);
    }
  });
});

describe('one’s own account', () => {
  const ACTS: [string, Record<string, string>, string][] = [
    ['deactivate', {}, 'Your account is inactive, and you are logged out.'],
    ['demote', {}, 'You are no longer staff, and you are logged out.'],
    ['end-sessions', {}, 'All your sessions have ended. Log in again.'],
    ['remove-password', {}, 'You have no password any more, and you are logged out.'],
    ['password', { password: 'staple of another colour' }, 'You have a new password. Log in with it.'],
    ['delete', {}, 'Your account was deleted.'],
  ];
  it.each(ACTS)(
    'is pointed out before %s, and a page says afterwards what happened',
    async (act, form, said) => {
      const [admin] = [await atConsole(), await makeStaff()];
      const question = await admin.get(path(admin.id, `/${act}`));
      expect(question.text).toContain('This is your own account: you will be logged out of this console.');
      const answer = await admin.post(path(admin.id, `/${act}`), { ...form, confirm: admin.email });
      expect(location(answer)).toBe(`/admin/login?done=own-${act}`);
      expect(cookieOf(answer)).toBe('');
      expect(answer.headers.get('Set-Cookie')).toContain('Max-Age=0');
      expect((await w.get(location(answer) ?? '')).text).toContain(said);
      expect((await admin.get('/admin')).status).toBe(303);
    },
  );

  it('is not pointed out of somebody else', async () => {
    const [admin, other] = [await atConsole(), await makeStaff()];
    expect((await admin.get(path(other.id, '/deactivate'))).text).not.toContain('your own account');
  });

  it('stays in the console where the act ends nothing of it', async () => {
    const admin = await atConsole();
    expect((await admin.get(path(admin.id, '/verify-email'))).text).toContain('This is your own account.');
    expect(location(await admin.post(path(admin.id, '/verify-email')))).toContain('?done=verify-email');
    const second = cookieOf(await logInAt(admin));
    const end = (cookie: string) => admin.post(path(admin.id, `/sessions/${claimsOf(cookie).sid}/end`));
    expect(location(await end(second))).toBe(path(admin.id, '?done=end'));
    expect(location(await end(admin.cookie))).toBe('/admin/login?done=own-end');
  });
});

describe('a fault', () => {
  it('stands at the field and at the top, where the focus goes', async () => {
    const admin = await atConsole();
    const { text } = await admin.post('/admin/users/add', { email: 'x', password: '' });
    expect(text).toMatch(/<div class="note bad" role="alert" tabindex="-1" autofocus/);
    expect(text).toContain('<a href="#email">E-mail: Enter a valid email address.</a>');
    expect(text).toContain('<a href="#password">Password: This field may not be blank.</a>');
    expect(text).toContain('id="email-error">Enter a valid email address.');
  });

  it('of one field does not hide that of another', async () => {
    const admin = await atConsole();
    const { status, text } = await admin.post('/admin/users/add', {
      email: 'x',
      username: 'a b',
      password: '12345',
    });
    expect(status).toBe(400);
    for (const field of ['email', 'username', 'password']) {
      expect(text).toContain(`<a href="#${field}">`);
      expect(text).toMatch(new RegExp(`<input id="${field}"[^>]* aria-invalid="true"`));
    }
    expect(text).toContain('This password is too short. It must contain at least 8 characters.');
    expect(text).toContain('This password is entirely numeric.');
    expect(text.match(/(?<=<li><a href="#)\w+/g)).toEqual(['email', 'username', 'password']);
  });

  it('of an act stands on the page that it was started from', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', target.id);
    const answer = await admin.post(path(target.id, '/password-reset'));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('This user is inactive and cannot log in. Activate the user first.');
    expect(answer.text).toContain(`<bdi>${target.email}</bdi></h1>`);
  });
});
