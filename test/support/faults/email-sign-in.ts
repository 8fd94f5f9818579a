/** Signing in by a code or link from a mail, while a store fails. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { person } from '../world.ts';
import {
  type Endpoint,
  holds,
  lastMail,
  MAILING,
  noUser,
  revoked,
  type Side,
  secretOf,
  somebody,
  tokenOf,
} from './scenes.ts';

const BY_EMAIL = { ...MAILING, SIGN_IN_BY_EMAIL: 'on' };
/** Asks for a code, and returns what the mail says. */
async function mailedCode(calm: Side, email: string) {
  expect((await calm.w.post('/account/login/email', { email })).status).toBe(202);
  const code = /^\d{8}$/m.exec(calm.store.mails.at(-1)?.text ?? '')?.[0] as string;
  return { code, token: lastMail(calm) };
}

export const EMAIL_SIGN_IN_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'asking for a code to sign in',
    vars: BY_EMAIL,
    success: 202,
    scene: async (calm) => {
      const { known, email } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/login/email', { email }),
        done: tokenOf(email, 'email_sign_in'),
      };
    },
  },
  {
    name: 'asking for a code for nobody',
    vars: BY_EMAIL,
    success: 202,
    scene: async () => {
      const { email } = person();
      return {
        ask: ({ w }) => w.post('/account/login/email', { email }),
        people: [email],
        tokens: [],
        secrets: [email],
      };
    },
  },
  ...(['code', 'link'] as const).map(
    (by): Endpoint => ({
      name: `a sign-in by a ${by} from a mail`,
      vars: BY_EMAIL,
      success: 200,
      again: by === 'code' ? 401 : 400,
      ...(by === 'code' && { decides: 2 }),
      scene: async (calm) => {
        const { known, email, user } = await somebody(calm);
        await calm.w.post('/account/email/verify', { token: lastMail(calm) });
        const { code, token } = await mailedCode(calm, email);
        return {
          ...known,
          secrets: [...known.secrets, code, secretOf(token)],
          ask: ({ w }) => w.post('/account/login/email/confirm', by === 'code' ? { email, code } : { token }),
          done: () => holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', user.id),
        };
      },
    }),
  ),
  {
    name: 'a sign-up by a code from a mail',
    vars: BY_EMAIL,
    decides: 2,
    success: 201,
    again: 401,
    scene: async (calm) => {
      const { email } = person();
      const { code, token } = await mailedCode(calm, email);
      return {
        ask: ({ w }) => w.post('/account/login/email/confirm', { email, code }),
        done: () => holds('SELECT 1 FROM users JOIN sessions ON user_id = users.id WHERE email = ?', email),
        people: [email],
        tokens: [],
        secrets: [email, code, secretOf(token)],
      };
    },
  },
  {
    name: 'a sign-in by e-mail to an account that its owner never made',
    vars: BY_EMAIL,
    success: 200,
    again: 400,
    scene: async (calm) => {
      const { known, email, user, refresh } = await somebody(calm);
      const { token } = await mailedCode(calm, email);
      return {
        ...known,
        secrets: [...known.secrets, secretOf(token)],
        ask: ({ w }) => w.post('/account/login/email/confirm', { token }),
        done: async () => (await noUser(user.id)()) && (await revoked(refresh)()),
      };
    },
  },
  {
    name: 'a sign-in by e-mail to an imported account',
    vars: BY_EMAIL,
    decides: 3,
    success: 200,
    again: 400,
    scene: async (calm) => {
      const { known, email, user, refresh } = await somebody(calm);
      await env.DB.prepare('DELETE FROM one_time_tokens WHERE subject = ?').bind(user.id).run();
      const { token } = await mailedCode(calm, email);
      return {
        ...known,
        secrets: [...known.secrets, secretOf(token)],
        ask: ({ w }) => w.post('/account/login/email/confirm', { token }),
        done: async () =>
          (await revoked(refresh)()) &&
          (await holds('SELECT 1 FROM sessions WHERE user_id = ? AND revoked_at IS NULL', user.id)),
      };
    },
  },
];
