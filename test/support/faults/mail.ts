/** What sends or takes an email’s token, while a store fails. */
import { sha256Hex } from '../../../src/encoding.ts';
import { person } from '../world.ts';
import {
  type Endpoint,
  hashOf,
  holds,
  lastMail,
  MAILING,
  NEW_PASSWORD,
  revoked,
  secretOf,
  side,
  somebody,
  tokenOf,
} from './scenes.ts';

export const MAIL_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'asking for a reset',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, email } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/password/reset', { email }),
        done: tokenOf(email, 'password_reset'),
      };
    },
  },
  {
    name: 'asking for a reset of nobody',
    vars: MAILING,
    success: 202,
    scene: async () => {
      const { email } = person();
      return {
        ask: ({ w }) => w.post('/account/password/reset', { email }),
        people: [email],
        tokens: [],
        secrets: [email],
      };
    },
  },
  {
    name: 'a reset',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, logIn, user, email, refresh } = await somebody(calm);
      const other = await logIn();
      const before = await hashOf(user.id);
      await calm.w.post('/account/password/reset', { email });
      const token = lastMail(calm);
      return {
        ...known,
        secrets: [...known.secrets, NEW_PASSWORD, secretOf(token)],
        ask: ({ w }) => w.post('/account/password/reset/confirm', { token, new_password: NEW_PASSWORD }),
        done: async () =>
          (await hashOf(user.id)) !== before &&
          (await revoked(refresh)()) &&
          (await revoked(other.refresh)()),
      };
    },
  },
  {
    name: 'the proof of an address',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, user } = await somebody(calm);
      const token = lastMail(calm);
      return {
        ...known,
        secrets: [...known.secrets, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/verify', { token }),
        done: () => holds('SELECT 1 FROM users WHERE id = ? AND email_verified_at IS NOT NULL', user.id),
      };
    },
  },
  {
    name: 'disowning an account',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, user, refresh } = await somebody(calm);
      const token = lastMail(calm);
      return {
        ...known,
        secrets: [...known.secrets, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/disown', { token }),
        done: async () =>
          !(await holds('SELECT 1 FROM users WHERE id = ?', user.id)) && (await revoked(refresh)()),
      };
    },
  },
  {
    name: 'asking once more for the mail that proves an address',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, user, access } = await somebody(calm);
      const older = await sha256Hex(secretOf(lastMail(calm)));
      return {
        ...known,
        ask: ({ w }) => w.post('/account/email/verify/resend', undefined, { token: access }),
        done: () => holds('SELECT 1 FROM one_time_tokens WHERE subject = ? AND hash <> ?', user.id, older),
      };
    },
  },
  {
    name: 'asking for the mail that proves an address, by the address',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, user, email } = await somebody(calm);
      const older = await sha256Hex(secretOf(lastMail(calm)));
      return {
        ...known,
        ask: ({ w }) => w.post('/account/email/verify/resend', { email }),
        done: () => holds('SELECT 1 FROM one_time_tokens WHERE subject = ? AND hash <> ?', user.id, older),
      };
    },
  },
  {
    name: 'asking for another address',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, email, access, password } = await somebody(calm);
      const next = person('next').email;
      return {
        ...known,
        people: [...known.people, next],
        secrets: [...known.secrets, next],
        ask: ({ w }) => w.post('/account/email/change', { new_email: next, password }, { token: access }),
        done: tokenOf(email, 'email_change'),
      };
    },
  },
  {
    name: 'asking for the address of somebody else',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const owner = await somebody(calm);
      const { known, access, password } = await somebody(calm);
      return {
        ...known,
        people: [...known.people, owner.email],
        secrets: [...known.secrets, owner.email],
        ask: ({ w }) =>
          w.post('/account/email/change', { new_email: owner.email, password }, { token: access }),
      };
    },
  },
  {
    name: 'the proof of another address',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, user, access, password } = await somebody(calm);
      const next = person('next').email;
      await calm.w.post('/account/email/change', { new_email: next, password }, { token: access });
      const token = calm.store.mails.filter(({ to }) => to === next).at(-1)?.token ?? '';
      return {
        ...known,
        people: [...known.people, next],
        secrets: [...known.secrets, next, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/verify', { token }),
        done: () => holds('SELECT 1 FROM users WHERE id = ? AND email = ?', user.id, next),
      };
    },
  },
  {
    name: 'taking an address back',
    vars: MAILING,
    success: 200,
    again: 400,
    scene: async (calm) => {
      const { known, user, access, refresh, email, password } = await somebody(calm);
      const next = person('next').email;
      await calm.w.post('/account/email/change', { new_email: next, password }, { token: access });
      const tokenTo = (address: string) =>
        calm.store.mails.filter(({ to }) => to === address).at(-1)?.token ?? '';
      await calm.w.post('/account/email/verify', { token: tokenTo(next) });
      const token = tokenTo(email);
      return {
        ...known,
        people: [...known.people, next],
        secrets: [...known.secrets, next, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/take-back', { token }),
        done: async () =>
          (await holds(
            "SELECT 1 FROM users WHERE id = ? AND email = ? AND password_hash = ''",
            user.id,
            email,
          )) && (await revoked(refresh)()),
      };
    },
  },
  {
    name: 'a pending sign-up',
    vars: { ...MAILING, SIGN_UP: 'verify' },
    success: 202,
    scene: async () => {
      const who = person();
      const subject = await sha256Hex(who.email);
      return {
        ask: ({ w }) => w.post('/account/sign-up', who),
        done: () => holds('SELECT 1 FROM one_time_tokens WHERE subject = ?', subject),
        people: [who.email],
        tokens: [],
        secrets: [who.email, who.password],
      };
    },
  },
  {
    name: 'a pending sign-up with the address of somebody else',
    vars: { ...MAILING, SIGN_UP: 'verify' },
    success: 202,
    scene: async (_, clock) => {
      const { known, email, password } = await somebody(side(clock, {}));
      return { ...known, ask: ({ w }) => w.post('/account/sign-up', { email, password }) };
    },
  },
  {
    name: 'the confirmation of a pending sign-up',
    vars: { ...MAILING, SIGN_UP: 'verify' },
    success: 204,
    again: 400,
    scene: async (calm) => {
      const who = person();
      await calm.w.post('/account/sign-up', who);
      const token = lastMail(calm);
      return {
        ask: ({ w }) => w.post('/account/email/verify', { token, password: who.password }),
        done: () => holds('SELECT 1 FROM users WHERE email = ?', who.email),
        people: [who.email],
        tokens: [],
        secrets: [who.email, who.password, secretOf(token)],
      };
    },
  },
];
