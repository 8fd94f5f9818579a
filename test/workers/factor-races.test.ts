/**
 * Sign-ins with a passkey, a code of an authenticator app or a code by e-mail, and their set-up, at the same time as a
 * revocation: ten calls with one code, whose statements reach D1 in another order for every seed. Once the revoking endpoint
 * has answered, no token that the code opened works, whatever ran at the same time.
 */
import { describe, expect, it } from 'vitest';
import { authenticator } from '../support/authenticator.ts';
import { directoryFaults } from '../support/directory.ts';
import { seeded, shuffled } from '../support/faulty.ts';
import { capturedLog } from '../support/log.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import { type Answer, atOnce, RACE, type World, world } from '../support/world.ts';

capturedLog();

const VARS = { ENCRYPTION_KEY, SIGN_IN_BY_EMAIL: 'on' };
const SEEDS = Array.from({ length: RACE.repeats + 1 }, (_, i) => i + 1);
const AT_ONCE = 10;
const LONGEST_PAUSE_MS = 8;
const NEW_PASSWORD = 'staple another battery';

/** Who is there before the race. */
interface Ground {
  w: World;
  staffAccess: string;
  who: { id: string; email: string; password: string; access: string; refresh: string };
  secret: string;
  /** Of an app that waits for its first code. */
  pending: string;
  mfa_token: string;
  code: string;
  resetToken: string;
  /** Credentials for a sign-in, a log-in that waits, fresh proof (twice), and a second passkey. */
  passkeys: Record<'signIn' | 'second' | 'proof' | 'laterProof' | 'another', object>;
}

type Act = (ground: Ground) => Promise<Answer>;

/** With the statuses that say that it has revoked. */
const REVOKERS: [name: string, success: number, act: Act][] = [
  [
    'withdrawal',
    204,
    ({ w, who }) => w.delete('/account/me', { password: who.password }, { token: who.access }),
  ],
  [
    'deactivation',
    200,
    ({ w, who, staffAccess }) =>
      w.patch(`/admin/api/users/${who.id}`, { is_active: false }, { token: staffAccess }),
  ],
  [
    'a password change',
    204,
    ({ w, who }) =>
      w.post(
        '/account/password/change',
        { current_password: who.password, new_password: NEW_PASSWORD },
        { token: who.access },
      ),
  ],
  [
    'a reset',
    204,
    ({ w, resetToken }) =>
      w.post('/account/password/reset/confirm', { token: resetToken, new_password: NEW_PASSWORD }),
  ],
];

const RIVALS: [name: string, act: Act][] = [
  [
    'a log-in finished with a passkey',
    ({ w, mfa_token, passkeys }) =>
      w.post('/account/login/second-factor', { mfa_token, passkey: passkeys.second }),
  ],
  [
    'a log-in finished with a code',
    ({ w, mfa_token, secret }) =>
      w.post('/account/login/second-factor', { mfa_token, code: totp(w, secret) }),
  ],
  [
    'a sign-in by a code from a mail',
    ({ w, who, code }) => w.post('/account/login/email/confirm', { email: who.email, code }),
  ],
];

/** A passkey does not depend on a password: what withdraws or deactivates its user ends its sign-ins. */
const BY_PASSKEY: [name: string, act: Act] = [
  'a sign-in by a passkey',
  ({ w, passkeys }) => w.post('/account/login/passkey', { credential: passkeys.signIn }),
];

/** Somebody's passkey, and what it signs. */
async function usedPasskeys(w: World, access: string): Promise<Ground['passkeys']> {
  const optionsOf = async (path: string) => (await w.post(path, {}, { token: access })).body;
  const device = authenticator();
  const credential = await device.create(await optionsOf('/account/passkeys/options'));
  expect((await w.post('/account/passkeys', { credential }, { token: access })).status).toBe(201);
  return {
    signIn: await device.get(await optionsOf('/account/login/passkey/options')),
    second: await device.get(await optionsOf('/account/login/passkey/options')),
    proof: await device.get(await optionsOf('/account/reauthenticate/options')),
    laterProof: await device.get(await optionsOf('/account/reauthenticate/options')),
    another: await authenticator().create(await optionsOf('/account/passkeys/options')),
  };
}

/** `factor`: the user has an authenticator app, and a log-in waits for it. */
async function ground(seed: number, factor: boolean): Promise<Ground> {
  const now = Date.now();
  const calm = world({ vars: VARS, now });
  const newest = async (email: string) => (await calm.get(`/dev/mail?to=${email}`)).body.messages[0];
  const staff = await calm.signUp();
  await calm.rows('UPDATE users SET is_staff = 1 WHERE id = ?', staff.user.id);
  const signedUp = await calm.signUp();
  const { email, password, access, refresh } = signedUp;
  await calm.post('/account/email/verify', { token: (await newest(email)).token });
  const passkeys = await usedPasskeys(calm, access);
  const secret = factor ? (await enrol(calm, access)).secret : '';
  const mfa_token = factor ? (await calm.logIn(signedUp)).body.mfa_token : '';
  const started = factor ? null : await calm.post('/account/factors/totp', {}, { token: access });
  await calm.post('/account/login/email', { email });
  const code = /^\d{8}$/m.exec((await newest(email)).text)?.[0] ?? '';
  await calm.post('/account/password/reset', { email });
  return {
    w: world({ vars: VARS, bindings: shuffled(seed).bindings as never, now: calm.clock.now * 1_000 }),
    staffAccess: staff.access,
    who: { id: signedUp.user.id, email, password, access, refresh },
    secret,
    pending: started?.body.secret ?? '',
    mfa_token,
    code,
    resetToken: (await newest(email)).token,
    passkeys,
  };
}

describe.each(REVOKERS)('%s', (title, success, revoke) => {
  const rivals = /withdrawal|deactivation/.test(title) ? [...RIVALS, BY_PASSKEY] : RIVALS;
  it.each(rivals.flatMap(([name, act]) => SEEDS.map((seed) => [name, seed, act] as const)))(
    'and %s, seed %i: nothing that it opened is left',
    async (name, seed, act) => {
      const its = await ground(seed, name.startsWith('a log-in'));
      const pause = () =>
        new Promise((resolve) => setTimeout(resolve, seeded(seed + 100)() * LONGEST_PAUSE_MS));
      const [revoked, answers] = await Promise.all([
        pause().then(() => revoke(its)),
        atOnce(AT_ONCE, () => act(its)),
      ]);
      expect(revoked.status).toBe(success);
      const opened = answers.filter(({ status }) => status === 200);
      expect(opened.length).toBeLessThanOrEqual(1);
      for (const { body } of opened) {
        expect((await its.w.me(body.access)).status).toBe(401);
        expect((await its.w.refresh(body.refresh)).status).toBe(401);
      }
      // Nor does the code open anything from now on.
      expect((await act(its)).status).toBe(401);
      expect(
        await its.w.rows('SELECT user_id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)'),
      ).toEqual([]);
    },
  );
});

/** What ends a session together with what it has just proved. */
const ENDINGS: typeof REVOKERS = [
  ['log-out', 204, ({ w, who }) => w.logOut(who.refresh)],
  ...REVOKERS.filter(([name]) => name !== 'a password change'),
];

const PROOFS: [name: string, shown: (ground: Ground) => object][] = [
  ['a code', ({ w, secret }) => ({ code: totp(w, secret) })],
  ['a passkey', ({ passkeys }) => ({ passkey: passkeys.proof })],
];
describe.each(ENDINGS)('%s', (_title, success, end) => {
  it.each(PROOFS.flatMap(([name, shown]) => SEEDS.map((seed) => [name, seed, shown] as const)))(
    'and reauthentication by %s, seed %i: the session has ended',
    async (_, seed, shown) => {
      const its = await ground(seed, true);
      const { w, who } = its;
      const [ended, answers] = await Promise.all([
        end(its),
        atOnce(AT_ONCE, () => w.post('/account/reauthenticate', shown(its), { token: who.access })),
      ]);
      expect(ended.status).toBe(success);
      const proven = answers.filter(({ status }) => status === 200);
      expect(proven.length).toBeLessThanOrEqual(1);
      for (const { body } of proven) expect((await w.me(body.access)).status).toBe(401);
      expect((await w.refresh(who.refresh)).status).toBe(401);
    },
  );
});

/** A token of the same session, with which its user may change how to sign in. */
const freshAccess = async ({ w, who, passkeys }: Ground): Promise<string> =>
  (await w.post('/account/reauthenticate', { passkey: passkeys.laterProof }, { token: who.access })).body
    .access;

const SWITCHED_OFF: [by: string, act: (ground: Ground, token: string) => Promise<Answer>][] = [
  [
    'staff',
    ({ w, who, staffAccess }) =>
      w.delete(`/admin/api/users/${who.id}/factors`, undefined, { token: staffAccess }),
  ],
  ['its user', ({ w }, token) => w.delete('/account/factors/totp', undefined, { token })],
];
describe.each(SWITCHED_OFF)('a second factor that %s switches off', (_, switchOff) => {
  it.each(SEEDS)('during a log-in that waits for it, seed %i: one session at most', async (seed) => {
    const its = await ground(seed, true);
    const { w, who, mfa_token, secret } = its;
    const token = await freshAccess(its);
    const [removed, answers] = await Promise.all([
      switchOff(its, token),
      atOnce(AT_ONCE, () => w.post('/account/login/second-factor', { mfa_token, code: totp(w, secret) })),
    ]);
    expect(removed.status).toBe(204);
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect((await w.post('/account/login/second-factor', { mfa_token, code: '000000' })).status).toBe(401);
    const user = await w.rows('SELECT has_second_factor FROM users WHERE id = ?', who.id);
    expect(user).toEqual([{ has_second_factor: 0 }]);
  });
});

const REMOVED: [by: string, act: (ground: Ground, id: string, token: string) => Promise<Answer>][] = [
  ['its user', ({ w }, id, token) => w.delete(`/account/passkeys/${id}`, undefined, { token })],
  [
    'staff',
    ({ w, who, staffAccess }, id) =>
      w.delete(`/admin/api/users/${who.id}/passkeys/${id}`, undefined, { token: staffAccess }),
  ],
];
describe.each(REMOVED)('a passkey that %s removes', (_, remove) => {
  const SIGN_INS = [BY_PASSKEY, ...RIVALS.filter(([name]) => name.endsWith('a passkey'))];
  it.each(SIGN_INS.flatMap(([name, act]) => SEEDS.map((seed) => [name, seed, act] as const)))(
    'during %s, seed %i: opens no session once it is gone',
    async (name, seed, act) => {
      const its = await ground(seed, name.startsWith('a log-in'));
      const { w, who } = its;
      const [passkey] = await w.rows('SELECT id FROM passkeys WHERE user_id = ?', who.id);
      const token = await freshAccess(its);
      // D1 itself refuses, and the call fails, if a session comes after the removal.
      await w.rows(`CREATE TRIGGER too_late BEFORE INSERT ON sessions WHEN new.user_id = '${who.id}'
        AND NOT EXISTS (SELECT 1 FROM passkeys WHERE user_id = new.user_id)
        BEGIN SELECT raise(ABORT, 'too late'); END`);
      const [removed, answers] = await Promise.all([
        remove(its, String(passkey?.id), token),
        atOnce(AT_ONCE, () => act(its)),
      ]);
      await w.rows('DROP TRIGGER too_late');
      expect(removed.status).toBe(204);
      expect(answers.filter(({ status }) => status !== 401).map(({ status }) => status)).toEqual(
        answers.some(({ status }) => status === 200) ? [200] : [],
      );
      expect((await act(its)).status).toBe(401);
      expect(await w.rows('SELECT id FROM passkeys WHERE user_id = ?', who.id)).toEqual([]);
    },
  );
});

/** By the session that ends, so that whatever is set up is there before its end, or not at all. */
const SET_UPS: [name: string, success: number, act: Act, isThere: string][] = [
  [
    'a passkey that is added',
    201,
    ({ w, who, passkeys }) =>
      w.post('/account/passkeys', { credential: passkeys.another }, { token: who.access }),
    'SELECT id FROM passkeys WHERE user_id = ?1 LIMIT 1 OFFSET 1',
  ],
  [
    'an app that is confirmed',
    200,
    ({ w, who, pending }) =>
      w.post('/account/factors/totp/confirm', { code: totp(w, pending) }, { token: who.access }),
    'SELECT id FROM users WHERE id = ?1 AND has_second_factor = 1',
  ],
];
describe.each(ENDINGS)('%s', (title, success, revoke) => {
  it.each(SET_UPS.flatMap(([name, ...rest]) => SEEDS.map((seed) => [name, seed, ...rest] as const)))(
    'and %s, seed %i: both get the true outcome, and no session outlives it',
    async (_, seed, added, act, isThere) => {
      const its = await ground(seed, false);
      const { w, who } = its;
      const [revoked, answers] = await Promise.all([revoke(its), atOnce(AT_ONCE, () => act(its))]);
      expect(revoked.status).toBe(success);
      const done = answers.filter(({ status }) => status === added);
      expect(done.length).toBeLessThanOrEqual(1);
      const left = await w.rows(isThere, who.id);
      expect(left.length).toBe(title === 'withdrawal' ? 0 : done.length);
      expect((await act(its)).status).toBe(401);
      expect(await w.rows(isThere, who.id)).toEqual(left);
      expect(await directoryFaults()).toEqual([]);
    },
  );
});

it('leaves only the recovery codes that were shown, when an app is confirmed many times at once', async () => {
  const w = world({ vars: VARS });
  const { access, user } = await w.signUp();
  const { secret } = (await w.post('/account/factors/totp', {}, { token: access })).body;
  const code = totp(w, secret);
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, () =>
      w.post('/account/factors/totp/confirm', { code }, { token: access }),
    ),
  );
  const shown = answers.filter(({ status }) => status === 200);
  expect(shown).toHaveLength(1);
  const reauthenticated = await w.post(
    '/account/reauthenticate',
    { recovery_code: shown[0]?.body.recovery_codes[0] },
    { token: access },
  );
  expect(reauthenticated.status).toBe(200);
  const left = await w.rows('SELECT 1 FROM recovery_codes WHERE user_id = ?', user.id);
  expect(left).toHaveLength(10);
});
