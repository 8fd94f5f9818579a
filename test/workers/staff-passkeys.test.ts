/** Staff who log in to the console with a passkey: alone, in place of a code, or as the second factor that they must have. */
import { beforeAll, describe, expect, it } from 'vitest';
import { authenticator } from '../support/authenticator.ts';
import { browser, cookieOf, location, logInAt, makeStaff, PAGE, post } from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { ENCRYPTION_KEY, enrol, wrongCode } from '../support/totp.ts';
import { atOnce, codeOf, RACE, tally, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const at = (vars: Vars = {}) => world({ vars: { ENCRYPTION_KEY, ...vars } });

/** Staff with a passkey and a password. */
async function withPasskey(w: World) {
  const who = await makeStaff('admin', w);
  const device = authenticator();
  const options = (await w.post('/account/passkeys/options', {}, { token: who.access })).body;
  const credential = await device.create(options);
  expect((await w.post('/account/passkeys', { credential }, { token: who.access })).status).toBe(201);
  // Ids sort by age: the session of the console, which comes later, is the newest.
  w.clock.advance(1);
  return { ...who, device };
}
/** … and with an authenticator app. */
async function withBoth(w: World) {
  const who = await withPasskey(w);
  return { ...who, ...(await enrol(w, who.access)) };
}

const optionsFor = async (w: World, endpoint = '/admin/login/passkey/options', Cookie = '') =>
  (await post(endpoint, {}, { Cookie }, w)).body;
type Device = ReturnType<typeof authenticator>;
const shownBy = async (
  w: World,
  device: Device,
  ...how: Parameters<Device['get']> extends [unknown, ...infer R] ? R : []
) => JSON.stringify(await device.get(await optionsFor(w), ...how));
const enter = (w: World, credential: string, more: Record<string, string> = {}) =>
  post('/admin/login/passkey', { credential, ...more }, {}, w);
/** The token in the page of the second step. */
const waitingFor = async (w: World, who: { email: string; password: string }) =>
  /name="mfa_token" value="([^"]+)"/.exec((await logInAt(who, w)).text)?.[1] ?? '';
const finish = (w: World, mfa_token: string, more: Record<string, string>) =>
  post('/admin/login/second-factor', { mfa_token, has_passkey: 'true', ...more }, {}, w);
const sessionOf = async (w: World, id: string) =>
  (await w.rows('SELECT amr FROM sessions WHERE user_id = ? ORDER BY id DESC LIMIT 1', id))[0];

const OTHER = { Origin: 'https://evil.example' };
const NOT_VERIFIED = 'This passkey could not be verified.';

describe('a log-in with a passkey alone', () => {
  it('opens the console for eight hours, at the page that was asked for', async () => {
    const w = at();
    const who = await withPasskey(w);
    const answer = await enter(w, await shownBy(w, who.device), { next: '/users' });
    expect([answer.status, location(answer)]).toEqual([303, '/admin/users']);
    const admin = browser(cookieOf(answer), w);
    expect((await admin.get('/admin')).status).toBe(200);
    expect(await sessionOf(w, who.id)).toEqual({ amr: '["hwk","mfa"]' });
    expect(log.of('logged_in').at(-1)).toMatchObject({ user: who.id });
    w.clock.advance(8 * 3_600);
    expect(location(await admin.get('/admin'))).toBe('/admin/login');
  });

  it('needs no code if the user has an authenticator app too, and is enough for STAFF_MFA=required', async () => {
    const w = at({ STAFF_MFA: 'required' });
    for (const who of [await withBoth(w), await withPasskey(w)]) {
      const answer = await enter(w, await shownBy(w, who.device));
      expect((await browser(cookieOf(answer), w).get('/admin/users')).status).toBe(200);
    }
  });

  it('works for a user without a password', async () => {
    const w = at();
    const who = await withPasskey(w);
    await w.rows("UPDATE users SET password_hash = '!' WHERE id = ?", who.id);
    expect((await enter(w, await shownBy(w, who.device))).status).toBe(303);
  });

  it.each<[string, string, (w: World, who: { id: string; device: Device }) => Promise<string>]>([
    [
      'a user who is no staff',
      'not_staff',
      async (w, { id, device }) => {
        await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', id);
        return shownBy(w, device);
      },
    ],
    [
      'an inactive user',
      'inactive_user',
      async (w, { id, device }) => {
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', id);
        return shownBy(w, device);
      },
    ],
    [
      'an authenticator that did not verify its user',
      'passkey_user_verification',
      (w, { device }) => shownBy(w, device, { flags: 1 }),
    ],
    [
      'a passkey that was removed',
      'passkey_unknown',
      async (w, { id, device }) => {
        await w.rows('DELETE FROM passkeys WHERE user_id = ?', id);
        return shownBy(w, device);
      },
    ],
    [
      'an expired challenge',
      'passkey_challenge_expired',
      async (w, { device }) => {
        const shown = await shownBy(w, device);
        w.clock.advance(300);
        return shown;
      },
    ],
    [
      'a used challenge',
      'passkey_challenge_used',
      async (w, { device }) => {
        const shown = await shownBy(w, device);
        expect((await enter(w, shown)).status).toBe(303);
        return shown;
      },
    ],
    [
      'a challenge of another ceremony',
      'passkey_challenge',
      async (w, { device }) => {
        const staff = await makeStaff('other', w);
        const { challenge } = (await w.post('/account/passkeys/options', {}, { token: staff.access })).body;
        return JSON.stringify(await device.get({ challenge, rpId: 'localhost' }));
      },
    ],
    ['what is not JSON', 'passkey_malformed', async () => '<script>'],
    ['JSON that is no object', 'passkey_malformed', async () => 'null'],
    ['a list', 'passkey_malformed', async () => '[]'],
  ])('is refused for %s, and the log says why', async (_, reason, shown) => {
    const w = at();
    const who = await withPasskey(w);
    const answer = await enter(w, await shown(w, who), { next: '/users' });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain(NOT_VERIFIED);
    expect(answer.text).toContain('value="/users"');
    expect(answer.headers.get('WWW-Authenticate')).toContain('Bearer');
    expect(cookieOf(answer)).toBe('');
    expect(log.of('passkey_not_valid').at(-1)).toMatchObject({ reason });
  });

  it('without a credential is 400', async () => {
    const answer = await post('/admin/login/passkey', {}, {}, at());
    expect([answer.status, codeOf(answer)]).toEqual([400, undefined]);
  });

  it('comes from the page of the console only', async () => {
    const w = at();
    const who = await withPasskey(w);
    const credential = await shownBy(w, who.device);
    expect((await post('/admin/login/passkey', { credential }, OTHER, w)).status).toBe(403);
    expect((await post('/admin/login/passkey/options', {}, OTHER, w)).status).toBe(403);
  });

  it('opens one session, of fifty calls at once', RACE, async () => {
    const w = at();
    const who = await withPasskey(w);
    const credential = await shownBy(w, who.device);
    expect(tally(await atOnce(50, () => enter(w, credential)))).toEqual({ 303: 1, 401: 49 });
  });

  it('is not there with PASSKEYS=off', async () => {
    const w = at({ PASSKEYS: 'off' });
    for (const endpoint of ['/admin/login/passkey', '/admin/login/passkey/options']) {
      expect((await post(endpoint, {}, {}, w)).status).toBe(404);
    }
    expect((await w.get('/admin/login', { headers: PAGE })).text).not.toContain('passkey');
  });
});

describe('the second step of a log-in', () => {
  it('offers a passkey to users who have one, and takes it', async () => {
    const w = at({ STAFF_MFA: 'required' });
    const who = await withBoth(w);
    const page = await logInAt(who, w);
    expect(page.text).toContain('Use a passkey instead');
    const mfa_token = await waitingFor(w, who);
    const answer = await finish(w, mfa_token, { credential: await shownBy(w, who.device), next: '/history' });
    expect([answer.status, location(answer)]).toEqual([303, '/admin/history']);
    expect((await browser(cookieOf(answer), w).get('/admin')).status).toBe(200);
    expect(await sessionOf(w, who.id)).toEqual({ amr: '["pwd","hwk","mfa"]' });
    const again = await finish(w, mfa_token, { credential: await shownBy(w, who.device) });
    expect(again.status).toBe(401);
  });

  it('offers none to users who have none', async () => {
    const w = at();
    const who = await makeStaff('admin', w);
    await enrol(w, who.access);
    expect((await logInAt(who, w)).text).not.toContain('passkey');
  });

  it('offers it again after a wrong code', async () => {
    const w = at();
    const who = await withBoth(w);
    const mfa_token = await waitingFor(w, who);
    const code = wrongCode(who.secret, Math.floor(w.clock.now / 30));
    expect((await finish(w, mfa_token, { code })).text).toContain('Use a passkey instead');
  });

  it('refuses the passkey of another user, and the log-in still waits', async () => {
    const w = at();
    const [who, other] = [await withBoth(w), await withPasskey(w)];
    const mfa_token = await waitingFor(w, who);
    const answer = await finish(w, mfa_token, { credential: await shownBy(w, other.device) });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain(NOT_VERIFIED);
    expect(answer.text).toContain(mfa_token);
    expect(log.of('passkey_not_valid').at(-1)).toMatchObject({ reason: 'passkey_unknown' });
    expect((await finish(w, mfa_token, { credential: await shownBy(w, who.device) })).status).toBe(303);
  });

  it('does not take a log-in of the API', async () => {
    const w = at();
    const who = await withBoth(w);
    const { mfa_token } = (await w.logIn(who)).body;
    const answer = await finish(w, mfa_token, { credential: await shownBy(w, who.device) });
    expect(answer.status).toBe(401);
    expect(cookieOf(answer)).toBe('');
  });
});

describe('staff who must have a second factor and have a passkey', () => {
  let w: World;
  let who: Awaited<ReturnType<typeof withPasskey>>;
  let admin: ReturnType<typeof browser>;
  beforeAll(async () => {
    w = at({ STAFF_MFA: 'required' });
    who = await withPasskey(w);
    admin = browser(cookieOf(await logInAt(who, w)), w);
  });
  const shown = async (device: Device) => {
    const options = (await admin.post('/admin/second-factor/passkey/options')).body;
    return JSON.stringify(await device.get(options));
  };

  it('may use it in place of an authenticator app after a log-in by password', async () => {
    expect(location(await admin.get('/admin'))).toBe('/admin/second-factor');
    expect((await admin.get('/admin/second-factor')).text).toContain('Use your passkey');
    const answer = await admin.post('/admin/second-factor/passkey', { credential: await shown(who.device) });
    expect([answer.status, location(answer)]).toEqual([303, '/admin']);
    expect((await admin.get('/admin')).status).toBe(200);
    expect(await sessionOf(w, who.id)).toEqual({ amr: '["hwk","mfa"]' });
  });

  it('may not use that of another user, a log-in’s challenge, or nothing', async () => {
    const other = await withPasskey(w);
    const mine = browser(cookieOf(await logInAt(who, w)), w);
    for (const credential of [await shown(other.device), await shownBy(w, who.device), '{}']) {
      const answer = await mine.post('/admin/second-factor/passkey', { credential });
      expect(answer.status).toBe(401);
      expect(answer.text).toContain(NOT_VERIFIED);
      expect(location(await mine.get('/admin'))).toBe('/admin/second-factor');
    }
    expect(log.of('passkey_not_valid')).toHaveLength(3);
  });

  it('is not asked of nobody, nor from another page', async () => {
    for (const endpoint of ['/admin/second-factor/passkey', '/admin/second-factor/passkey/options']) {
      expect((await admin.post(endpoint, {}, OTHER)).status).toBe(403);
      expect(location(await browser('', w).post(endpoint))).toBe('/admin/login');
    }
  });
});
