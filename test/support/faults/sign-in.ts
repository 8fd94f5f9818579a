/** Sign-up, log-in, log-out and verify, while a store fails. */
import { person } from '../world.ts';
import {
  COOKIES,
  type Endpoint,
  hashOf,
  holds,
  inBrowser,
  MAILING,
  noUser,
  revoked,
  side,
  somebody,
} from './scenes.ts';

/** Sign-up, log-in and the two ways out. */
export const SIGN_ENDPOINTS: readonly Endpoint[] = [
  ...[
    { name: 'sign-up', vars: {} },
    { name: 'sign-up with a mail', vars: MAILING },
  ].map(
    ({ name, vars }): Endpoint => ({
      name,
      vars,
      success: 201,
      again: 409,
      scene: async () => {
        const who = { ...person(), username: `u${crypto.randomUUID().slice(0, 13)}` };
        return {
          ask: ({ w }) => w.post('/account/sign-up', who),
          done: () =>
            holds('SELECT 1 FROM users JOIN sessions ON user_id = users.id WHERE email = ?', who.email),
          people: [who.email],
          tokens: [],
          secrets: [who.password, who.email],
        };
      },
    }),
  ),
  {
    name: 'log-in by e-mail',
    success: 200,
    scene: async (calm) => {
      const { known, user, ...who } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.logIn(who),
        done: () => holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', user.id),
      };
    },
  },
  {
    name: 'log-in by username that replaces the hash',
    vars: { PASSWORD_ITERATIONS: '2000' },
    success: 200,
    scene: async (_, clock) => {
      const username = `u${crypto.randomUUID().slice(0, 13)}`;
      const { known, user, password } = await somebody(side(clock, {}), { username });
      const before = await hashOf(user.id);
      return {
        ...known,
        ask: ({ w }) => w.logIn({ username, password }),
        done: async () => (await hashOf(user.id)) !== before,
      };
    },
  },
  {
    name: 'log-in that ends the oldest session',
    vars: { MAX_SESSIONS_PER_USER: '2' },
    success: 200,
    scene: async (calm, clock) => {
      const { known, logIn, refresh, ...who } = await somebody(calm);
      clock.now += 1_000;
      await logIn();
      clock.now += 1_000;
      return { ...known, ask: ({ w }) => w.logIn(who), done: revoked(refresh) };
    },
  },
  {
    name: 'log-out',
    success: 204,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.logOut(refresh), done: revoked(refresh) };
    },
  },
  {
    name: 'log-out with a cookie',
    vars: COOKIES,
    success: 204,
    scene: async (calm) => {
      const { known, at, refresh } = await inBrowser(calm);
      return { ...known, ask: (s) => at.post(s, '/account/logout'), done: revoked(refresh) };
    },
  },
  {
    name: 'withdrawal',
    success: 204,
    again: 401,
    scene: async (calm) => {
      const { known, logIn, user, access, password } = await somebody(calm);
      await logIn();
      return {
        ...known,
        ask: ({ w }) => w.delete('/account/me', { password }, { token: access }),
        done: noUser(user.id),
      };
    },
  },
];
