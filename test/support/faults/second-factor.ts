/** The second factor, while a store fails: setting it up, log-in in two steps, fresh proof, staff who switch it off. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { codeAt, ENCRYPTION_KEY, stepAt } from '../totp.ts';
import { type Endpoint, holds, type Side, somebody } from './scenes.ts';

const VARS = { ENCRYPTION_KEY };

/** The code of now, by the clock of a scene (milliseconds). */
const codeNow = (clock: { now: number }, secret: string) =>
  codeAt(secret, stepAt(Math.floor(clock.now / 1_000)));

/** Somebody who has begun to set up an app. */
export async function beginning(calm: Side) {
  const who = await somebody(calm);
  const started = await calm.w.post('/account/factors/totp', {}, { token: who.access });
  expect(started.status).toBe(201);
  const secret = started.body.secret as string;
  who.known.secrets.push(secret);
  return { ...who, secret };
}
/** Somebody with an app; their next code is unused. */
async function enrolled(calm: Side, clock: { now: number }, begun?: Awaited<ReturnType<typeof beginning>>) {
  const who = begun ?? (await beginning(calm));
  const code = codeNow(clock, who.secret);
  const on = await calm.w.post('/account/factors/totp/confirm', { code }, { token: who.access });
  expect(on.status).toBe(200);
  const recoveryCodes = on.body.recovery_codes as string[];
  who.known.secrets.push(...recoveryCodes);
  clock.now += 30_000;
  return { ...who, recoveryCodes };
}
/** A log-in of theirs that asks for the second factor. */
export async function waiting(...args: Parameters<typeof enrolled>) {
  const [{ w }] = args;
  const who = await enrolled(...args);
  const asked = await w.logIn(who);
  expect(asked.status).toBe(401);
  const mfa_token = asked.body.mfa_token as string;
  who.known.secrets.push(mfa_token.split('.')[1] ?? '');
  return { ...who, mfa_token };
}
const hasFactor = (id: string) => () =>
  holds('SELECT 1 FROM users WHERE id = ? AND has_second_factor = 1', id);
const secondSession = (id: string) => () =>
  holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', id);

export const SECOND_FACTOR_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'setting up an app',
    vars: VARS,
    success: 201,
    scene: async (calm) => {
      const { known, user, access } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/factors/totp', {}, { token: access }),
        done: () => holds('SELECT 1 FROM totp_secrets WHERE user_id = ?', user.id),
      };
    },
  },
  {
    name: 'the first code of an app',
    vars: VARS,
    success: 200,
    again: 401,
    scene: async (calm, clock) => {
      const { known, user, access, secret } = await beginning(calm);
      const code = codeNow(clock, secret);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/factors/totp/confirm', { code }, { token: access }),
        done: async () =>
          (await hasFactor(user.id)()) &&
          (await holds('SELECT 1 FROM recovery_codes WHERE user_id = ? LIMIT 1 OFFSET 9', user.id)),
      };
    },
  },
  {
    name: 'switching an app off',
    vars: VARS,
    success: 204,
    again: 404,
    scene: async (calm, clock) => {
      const { known, user, access, password } = await enrolled(calm, clock);
      return {
        ...known,
        ask: ({ w }) => w.delete('/account/factors/totp', { password }, { token: access }),
        done: async () =>
          !(await hasFactor(user.id)()) &&
          !(await holds('SELECT 1 FROM recovery_codes WHERE user_id = ?', user.id)),
      };
    },
  },
  {
    name: 'new recovery codes',
    vars: VARS,
    success: 200,
    scene: async (calm, clock) => {
      const { known, user, access, password } = await enrolled(calm, clock);
      const [old] = (
        await env.DB.prepare('SELECT hash FROM recovery_codes WHERE user_id = ?')
          .bind(user.id)
          .all<{ hash: string }>()
      ).results;
      return {
        ...known,
        ask: ({ w }) => w.post('/account/factors/recovery-codes', { password }, { token: access }),
        done: async () =>
          (await holds('SELECT 1 FROM recovery_codes WHERE user_id = ? LIMIT 1 OFFSET 9', user.id)) &&
          !(await holds('SELECT 1 FROM recovery_codes WHERE user_id = ? AND hash = ?', user.id, old?.hash)),
      };
    },
  },
  {
    name: 'the list of factors',
    vars: VARS,
    success: 200,
    scene: async (calm, clock) => {
      const { known, access } = await enrolled(calm, clock);
      return { ...known, ask: ({ w }) => w.get('/account/factors', { token: access }) };
    },
  },
  {
    name: 'a log-in that asks for a second factor',
    vars: VARS,
    success: 401,
    scene: async (calm, clock) => {
      const { known, user, email, password } = await enrolled(calm, clock);
      return {
        ...known,
        ask: ({ w }) => w.logIn({ email, password }),
        done: () =>
          holds("SELECT 1 FROM one_time_tokens WHERE subject = ? AND purpose = 'second_factor'", user.id),
      };
    },
  },
  ...(['code', 'recovery_code'] as const).map(
    (kind): Endpoint => ({
      name: `a log-in finished with a ${kind.replace('_', ' ')}`,
      vars: VARS,
      success: 200,
      again: 401,
      decides: 2,
      scene: async (calm, clock) => {
        const { known, user, secret, recoveryCodes, mfa_token } = await waiting(calm, clock);
        const shown = kind === 'code' ? codeNow(clock, secret) : recoveryCodes[0];
        return {
          ...known,
          ask: ({ w }) => w.post('/account/login/second-factor', { mfa_token, [kind]: shown }),
          done: secondSession(user.id),
        };
      },
    }),
  ),
  {
    name: 'fresh proof by a code',
    vars: VARS,
    success: 200,
    again: 401,
    decides: 3,
    scene: async (calm, clock) => {
      const { known, user, access, secret } = await enrolled(calm, clock);
      const code = codeNow(clock, secret);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/reauthenticate', { code }, { token: access }),
        done: () => holds("SELECT 1 FROM sessions WHERE user_id = ? AND amr LIKE '%mfa%'", user.id),
      };
    },
  },
  {
    name: 'staff who switch off a second factor',
    vars: VARS,
    success: 204,
    again: 404,
    scene: async (calm, clock) => {
      const staff = await somebody(calm);
      await env.DB.prepare('UPDATE users SET is_staff = 1 WHERE id = ?').bind(staff.user.id).run();
      const { known, user } = await enrolled(calm, clock);
      return {
        people: [...staff.known.people, ...known.people],
        tokens: [...staff.known.tokens, ...known.tokens],
        secrets: [...staff.known.secrets, ...known.secrets],
        ask: ({ w }) => w.delete(`/admin/api/users/${user.id}/factors`, undefined, { token: staff.access }),
        done: async () =>
          !(await hasFactor(user.id)()) &&
          (await holds(
            "SELECT 1 FROM admin_log WHERE subject_id = ? AND action = 'user.second_factor_removed'",
            user.id,
          )),
      };
    },
  },
];
