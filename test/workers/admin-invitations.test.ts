/** Staff invite users, who choose a password by a link in mail. */
import { describe, expect, it } from 'vitest';
import {
  api,
  atConsole,
  beside,
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
import { mailsTo, subjectsTo, tokensOf, tokenTo, usersOf } from '../support/mail.ts';
import { faultsOf, person } from '../support/world.ts';

capturedLog();
const PASSWORD = 'staple of another colour';
const HOUR = 3_600;
const choose = (token: string, on = w) =>
  on.post('/account/password/reset/confirm', { token, new_password: PASSWORD });
const withoutPassword = (id: string) => w.rows("UPDATE users SET password_hash = '' WHERE id = ?", id);

describe('a user who is added with an invitation', () => {
  it('has no password until they choose one, which verifies the address', async () => {
    const admin = await atConsole();
    const { email } = person();
    expect((await admin.get('/admin/users/add')).text).toContain('name="invite"');
    const answer = await admin.post('/admin/users/add', { email, password: '', invite: 'true' });
    expect(location(answer)).toMatch(/\?done=invited$/);
    const [user] = await usersOf(w, email);
    const id = String(user?.id);
    expect(user).toMatchObject({ password_hash: '', email_verified_at: null, is_active: 1 });
    expect(await historyOf(id)).toMatchObject([
      { actor_id: admin.id, action: 'user.added', detail: '{"invited":[false,true]}' },
    ]);
    const [mail] = await mailsTo(w, email);
    expect(mail?.subject).toBe('Your account is ready');
    expect(mail?.text).toContain('72 hours');
    expect(mail?.text).toContain('/account/password/reset/confirm#token=');
    expect((await choose(String(mail?.token))).status).toBe(204);
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ id, email_verified_at: w.clock.now });
    expect((await choose(String(mail?.token))).status).toBe(400);
  });

  it('has 72 hours', async () => {
    const on = beside();
    const admin = await atConsole(on);
    const [early, late] = [person().email, person().email];
    for (const email of [early, late]) {
      await admin.post('/admin/users/add', { email, password: '', invite: 'true' });
    }
    on.clock.advance(72 * HOUR - 1);
    expect((await choose(await tokenTo(on, early), on)).status).toBe(204);
    on.clock.advance(1);
    expect((await choose(await tokenTo(on, late), on)).status).toBe(400);
    await on.post('/account/password/reset', { email: late });
    expect((await choose(await tokenTo(on, late), on)).status).toBe(204);
  });

  it('may be staff, where both boxes are ticked', async () => {
    const admin = await atConsole();
    const { email } = person();
    const form = { email, password: '', invite: 'true', is_staff: 'true' };
    const refused = await admin.post('/admin/users/add', form);
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/<input id="invite"[^>]* checked/);
    expect(await mailsTo(w, email)).toEqual([]);
    await admin.post('/admin/users/add', { ...form, unverified: 'true' });
    await choose(await tokenTo(w, email));
    expect((await logInAt({ email, password: PASSWORD })).status).toBe(303);
  });

  it('may have a password too', async () => {
    const admin = await atConsole();
    const who = person();
    await admin.post('/admin/users/add', { ...who, invite: 'true' });
    expect((await w.logIn(who)).status).toBe(200);
    expect(await subjectsTo(w, who.email)).toContain('Your account is ready');
  });

  it('is 201 in JSON; without an invitation, or without mail, a password is required', async () => {
    const admin = await makeStaff();
    const { email } = person();
    const add = (body: unknown, on = w) => on.post('/admin/api/users', body, { token: admin.access });
    expect(faultsOf(await add({ email }))).toEqual({ password: ['required'] });
    expect(faultsOf(await add({ email, invite: false }))).toEqual({ password: ['required'] });
    const off = beside({ vars: { MAIL: 'off' } });
    expect(faultsOf(await add({ email, invite: true }, off))).toEqual({ password: ['required'] });
    expect(await usersOf(w, email)).toEqual([]);
    expect((await add({ email, invite: true })).status).toBe(201);
    const page = await (await atConsole(off)).get('/admin/users/add');
    expect(page.text).not.toContain('name="invite"');
  });

  it('gets no mail where somebody has the address', async () => {
    const admin = await atConsole();
    const { email, id } = await makeUser();
    const before = [await subjectsTo(w, email), await tokensOf(w, id)];
    const answer = await admin.post('/admin/users/add', { email, password: '', invite: 'true' });
    expect(answer.status).toBe(409);
    expect([await subjectsTo(w, email), await tokensOf(w, id)]).toEqual(before);
  });
});

describe('a user without a password', () => {
  it('is invited from their page, as an imported one is', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    expect((await admin.get(path(target.id))).text).not.toContain(path(target.id, '/invite'));
    await withoutPassword(target.id);
    const page = await admin.get(path(target.id));
    expect(page.text).toContain(path(target.id, '/invite'));
    expect(page.text).not.toContain(path(target.id, '/password-reset'));
    const answer = await admin.post(path(target.id, '/invite'));
    expect(location(answer)).toBe(path(target.id, '?done=invite'));
    expect(await historyOf(target.id)).toMatchObject([{ action: 'user.invited' }]);
    expect((await choose(await tokenTo(w, target.email))).status).toBe(204);
    expect((await w.logIn({ email: target.email, password: PASSWORD })).status).toBe(200);
  });

  it('and without an address gets one first', async () => {
    const admin = await atConsole();
    const target = await makeUser({ username: unique() });
    await withoutPassword(target.id);
    await w.rows("DELETE FROM logins WHERE kind = 'email' AND user_id = ?", target.id);
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', target.id);
    const page = await admin.get(path(target.id));
    expect(page.text).toContain('This user has no password and no address.');
    expect(page.text).not.toContain(path(target.id, '/invite'));
    const refused = await w.post(api(target.id, '/invitation'), undefined, { token: admin.access });
    expect(faultsOf(refused)).toEqual({ email: ['invalid'] });
    const { email } = person();
    await admin.post(path(target.id, '/email'), { email, verified: 'true' });
    await admin.post(path(target.id, '/invite'));
    expect((await choose(await tokenTo(w, email))).status).toBe(204);
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(200);
  });

  it('is not invited where there is no mail', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const off = beside({ vars: { MAIL: 'off' } });
    const answer = await off.post(api(target.id, '/invitation'), undefined, { token: admin.access });
    expect(answer.status).toBe(404);
  });
});
