/** Second factors and staff: those of users in the console, and one that staff must have themselves. */
import { describe, expect, it } from 'vitest';
import { actionsOn, api, browser, cookieOf, location, logInAt, makeStaff, path } from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import { atOnce, codeOf, person, RACE, tally, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const at = (vars: Vars = {}) => world({ vars: { ENCRYPTION_KEY, ...vars } });

/** Staff at the console, with a password alone. */
async function staffAt(w: World) {
  const who = await makeStaff('admin', w);
  return { ...who, ...browser(cookieOf(await logInAt(who, w)), w) };
}
/** A user with an authenticator app. */
async function protectedUser(w: World) {
  const who = await w.signUp();
  return { ...who, id: who.user.id, ...(await enrol(w, who.access)) };
}
const newestMail = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } })).body.messages[0];

describe('a user’s second factor in the console', () => {
  it('is shown, with the recovery codes that are left', async () => {
    const w = at();
    const admin = await staffAt(w);
    const who = await protectedUser(w);
    const page = await admin.get(path(who.id));
    expect(page.text).toContain('recovery codes left: 10');
    expect(page.text).toContain(path(who.id, '/remove-factor'));
    const plain = await w.signUp();
    await w.rows('UPDATE users SET passkey_count = 3 WHERE id = ?', plain.user.id);
    const other = await admin.get(path(plain.user.id));
    expect(other.text).not.toContain('/remove-factor');
    expect(other.text).toContain('<dt>Passkeys</dt><dd>3</dd>');
    const { body } = await w.get(api(who.id, '/factors'), { token: admin.access });
    expect(body).toEqual({ totp: { created_at: expect.any(String) }, recovery_codes_left: 10, passkeys: 0 });
  });

  it('is counted on the overview', async () => {
    const w = at();
    const admin = await staffAt(w);
    const count = async () =>
      (await w.get('/admin/api/overview', { token: admin.access })).body.with_second_factor.count;
    const before = await count();
    await protectedUser(w);
    expect(await count()).toBe(before + 1);
    expect((await admin.get('/admin')).text).toContain('With a second factor');
  });

  it.each(['page', 'API'] as const)('is switched off by the %s, in the history and by mail', async (by) => {
    const w = at();
    const admin = await staffAt(w);
    const who = await protectedUser(w);
    const waiting = await w.logIn(who);
    expect(codeOf(waiting)).toBe('mfa_required');
    if (by === 'page') {
      expect((await admin.get(path(who.id, '/remove-factor'))).status).toBe(200);
      const done = await admin.post(path(who.id, '/remove-factor'));
      expect(location(done)).toBe(path(who.id, '?done=remove-factor'));
    } else {
      expect((await w.delete(api(who.id, '/factors'), undefined, { token: admin.access })).status).toBe(204);
    }
    expect(await actionsOn(who.id)).toEqual(['user.second_factor_removed']);
    expect((await newestMail(w, who.email)).subject).toBe('Two-step sign-in is off');
    expect(log.of('admin_acted')).toMatchObject([{ actor: admin.id, user: who.id }]);
    expect((await w.logIn(who)).status).toBe(200);
    const late = { mfa_token: waiting.body.mfa_token, code: totp(w, who.secret) };
    expect((await w.post('/account/login/second-factor', late)).status).toBe(401);
    for (const table of ['totp_secrets', 'recovery_codes']) {
      expect(await w.rows(`SELECT * FROM ${table} WHERE user_id = ?`, who.id)).toEqual([]);
    }
    const waits = "SELECT 1 FROM one_time_tokens WHERE subject = ? AND purpose = 'second_factor'";
    expect(await w.rows(waits, who.id)).toEqual([]);
  });

  it('that is off cannot be switched off: 404, and nothing in the history', async () => {
    const w = at();
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    for (const id of [user.id, crypto.randomUUID()]) {
      expect((await w.delete(api(id, '/factors'), undefined, { token: admin.access })).status).toBe(404);
    }
    expect(await actionsOn(user.id)).toEqual([]);
  });

  it('is not switched off by whoever is no staff, nor from another page', async () => {
    const w = at();
    const admin = await staffAt(w);
    const who = await protectedUser(w);
    expect((await w.delete(api(who.id, '/factors'), undefined, { token: who.access })).status).toBe(403);
    const foreign = await admin.post(path(who.id, '/remove-factor'), {}, { Origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(codeOf(await w.logIn(who))).toBe('mfa_required');
  });

  it('is switched off once, by fifty at once', RACE, async () => {
    const w = at();
    const admin = await staffAt(w);
    const who = await protectedUser(w);
    const answers = await atOnce(50, () =>
      w.delete(api(who.id, '/factors'), undefined, { token: admin.access }),
    );
    expect(tally(answers)).toEqual({ 204: 1, 404: 49 });
    expect(await actionsOn(who.id)).toHaveLength(1);
  });
});

describe('with STAFF_MFA=required', () => {
  const required = () => at({ STAFF_MFA: 'required' });

  it.each([
    '/admin',
    '/admin/users',
    '/admin/history',
    '/admin/revoked-tokens',
    '/admin/users/add',
    '/admin/dead-letters',
  ])('%s leads staff without a second factor to the page that sets one up', async (page) => {
    const admin = await staffAt(required());
    const answer = await admin.get(page);
    expect([answer.status, location(answer)]).toEqual([303, '/admin/second-factor']);
  });

  it('nothing is done by staff without one, and the API refuses', async () => {
    const w = required();
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    const answer = await admin.post(path(user.id, '/deactivate'));
    expect([answer.status, location(answer)]).toEqual([303, '/admin/second-factor']);
    expect(await actionsOn(user.id)).toEqual([]);
    for (const ask of [
      () => w.get('/admin/api/users', { token: admin.access }),
      () => w.patch(api(user.id), { is_active: false }, { token: admin.access }),
    ]) {
      const refused = await ask();
      expect([refused.status, codeOf(refused)]).toEqual([403, 'permission_denied']);
    }
    expect(log.of('permission_denied')[0]).toMatchObject({ reason: 'second_factor_missing' });
  });

  it('the page sets one up: QR code, first code, recovery codes shown once; then the console opens', async () => {
    const w = required();
    const admin = await staffAt(w);
    expect((await admin.get('/admin/second-factor')).text).toContain('Staff need a second factor');
    const started = await admin.post('/admin/second-factor');
    expect(started.status).toBe(200);
    expect(started.text).toContain('src="data:image/svg+xml,');
    const secret = /<code>([A-Z2-7]{32})<\/code>/.exec(started.text)?.[1] ?? '';

    const wrong = await admin.post('/admin/second-factor/confirm', { code: '000000' });
    expect(wrong.status).toBe(401);
    expect(wrong.text).not.toContain(secret);
    const done = await admin.post('/admin/second-factor/confirm', { code: totp(w, secret) });
    expect(done.status).toBe(200);
    expect(done.text.match(/<code>[0-9a-z]{5}-[0-9a-z]{5}<\/code>/g)).toHaveLength(10);
    expect(done.headers.get('Cache-Control')).toBe('no-store');

    expect((await admin.get('/admin')).status).toBe(200);
    expect((await w.get('/admin/api/users', { token: admin.access })).status).toBe(200);
    expect((await admin.get('/admin/second-factor')).text).toContain('Your second factor is on');
    expect((await newestMail(w, admin.email)).subject).toBe('Two-step sign-in is on');
    w.clock.advance(30);
    const asked = await logInAt(admin, w);
    expect(asked.status).toBe(401);
    expect(asked.text).toContain('name="mfa_token"');
  });

  it('the page asks for the password once the log-in is long ago', async () => {
    const w = required();
    const admin = await staffAt(w);
    w.clock.advance(601);
    const asked = await admin.post('/admin/second-factor');
    expect(asked.text).toContain('name="password"');
    const wrong = await admin.post('/admin/second-factor', { password: 'wrong horse battery' });
    expect(wrong.status).toBe(400);
    const right = await admin.post('/admin/second-factor', { password: admin.password });
    expect(right.text).toContain('data:image/svg+xml');
  });

  it('staff who lose theirs are led back to the page', async () => {
    const w = required();
    const admin = await staffAt(w);
    await enrol(w, admin.access);
    expect((await admin.get('/admin')).status).toBe(200);
    await w.rows('UPDATE users SET has_second_factor = 0 WHERE id = ?', admin.id);
    expect(location(await admin.get('/admin'))).toBe('/admin/second-factor');
  });

  it.each([
    ['nobody', '', '/admin/login'],
    ['a forged cookie', 'x.y.z', '/admin/login'],
  ])('the page is not there for %s', async (_, cookie, to) => {
    const w = required();
    const answer = await browser(cookie, w).get('/admin/second-factor');
    expect(answer.status).toBe(303);
    expect(location(answer)).toContain(to);
  });

  it('the page takes nothing from another origin, and log-out works', async () => {
    const w = required();
    const admin = await staffAt(w);
    for (const endpoint of ['/admin/second-factor', '/admin/second-factor/confirm']) {
      expect((await admin.post(endpoint, {}, { Origin: 'https://evil.example' })).status).toBe(403);
    }
    expect(location(await admin.post('/admin/logout'))).toContain('/admin/login');
  });

  it('users who are no staff notice nothing', async () => {
    const w = required();
    const who = await w.signUp();
    expect((await w.logIn(who)).status).toBe(200);
    expect((await w.me(who.access)).status).toBe(200);
  });
});

describe('with STAFF_MFA=optional', () => {
  it('staff without one use the console, and may set one up', async () => {
    const w = at();
    const admin = await staffAt(w);
    expect((await admin.get('/admin')).status).toBe(200);
    const page = await admin.get('/admin/second-factor');
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('Staff need a second factor');
  });

  it('the page of staff themselves links to it while they have none, and no other page does', async () => {
    const w = at();
    const admin = await staffAt(w);
    const link = '<a href="/admin/second-factor">Set up a second factor</a>';
    expect((await admin.get(path(admin.id))).text).toContain(link);
    const other = await w.signUp();
    expect((await admin.get(path(other.user.id))).text).not.toContain(link);
    await enrol(w, admin.access);
    expect((await admin.get(path(admin.id))).text).not.toContain(link);
    const without = world();
    const colleague = await staffAt(without);
    expect((await colleague.get(path(colleague.id))).text).not.toContain(link);
  });

  it('without ENCRYPTION_KEY the page is not there', async () => {
    const w = world();
    const who = await makeStaff('admin', w);
    const admin = browser(cookieOf(await logInAt({ ...person(), ...who }, w)), w);
    expect((await admin.get('/admin/second-factor')).status).toBe(404);
  });
});
