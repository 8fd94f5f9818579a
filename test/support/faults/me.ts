/** What users do to their own account and sessions, while a store fails. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { type Answer, claimsOf, person, type Vars } from '../world.ts';
import {
  type Endpoint,
  hashOf,
  holds,
  MAILING,
  NEW_PASSWORD,
  revoked,
  type Side,
  somebody,
} from './scenes.ts';

export const ME_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'me',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.me(access) };
    },
  },
  {
    name: 'me of an ended session',
    success: 401,
    scene: async (calm) => {
      const { known, access, refresh } = await somebody(calm);
      await calm.w.logOut(refresh);
      return { ...known, ask: ({ w }) => w.me(access) };
    },
  },
  {
    name: 'a change of name and username',
    success: 200,
    scene: async (calm) => {
      const { known, user, access } = await somebody(calm);
      const username = `u${crypto.randomUUID().slice(0, 13)}`;
      return {
        ...known,
        ask: ({ w }) => w.patch('/account/me', { name: 'Mina', username }, { token: access }),
        done: () =>
          holds(
            'SELECT 1 FROM users WHERE id = ? AND name = ? AND username_key = ?',
            user.id,
            'Mina',
            username,
          ),
      };
    },
  },
  ...(
    [
      {
        name: 'a change of name',
        vars: {},
        send: ({ w }, token) => w.patch('/account/me', { name: 'Mina' }, { token }),
      },
      {
        name: 'withdrawal',
        vars: {},
        send: ({ w }, token, password) => w.delete('/account/me', { password }, { token }),
      },
      {
        name: 'password change',
        vars: {},
        send: ({ w }, token, password) =>
          w.post(
            '/account/password/change',
            { current_password: password, new_password: NEW_PASSWORD },
            { token },
          ),
      },
      {
        name: 'a removal of the password',
        vars: {},
        send: ({ w }, token, password) => w.delete('/account/password', { password }, { token }),
      },
      {
        name: 'asking for another address',
        vars: MAILING,
        send: ({ w }, token, password) =>
          w.post('/account/email/change', { new_email: person('next').email, password }, { token }),
      },
    ] as { name: string; vars: Vars; send: (at: Side, token: string, password: string) => Promise<Answer> }[]
  ).map(
    ({ name, vars, send }): Endpoint => ({
      name: `${name} that loses against the end of its session`,
      vars,
      success: 401,
      scene: async (calm) => {
        const { known, user, access, password } = await somebody(calm);
        const before = await hashOf(user.id);
        return {
          ...known,
          // Somebody else changes their rows meanwhile.
          people: [],
          secrets: [...known.secrets, NEW_PASSWORD],
          ask: async (at) => {
            const end = env.DB.prepare('UPDATE sessions SET revoked_at = ? WHERE user_id = ?');
            await end.bind(null, user.id).run();
            at.store.between(2, () => end.bind(1, user.id).run());
            const answer = await send(at, access, password);
            expect(await hashOf(user.id)).toBe(before);
            return answer;
          },
        };
      },
    }),
  ),
  ...[
    { name: 'password change', vars: {} },
    { name: 'password change with a mail', vars: MAILING },
  ].map(
    ({ name, vars }): Endpoint => ({
      name,
      vars,
      success: 204,
      // The current password is another one now.
      again: 400,
      scene: async (calm) => {
        const { known, logIn, user, access, password } = await somebody(calm);
        const others = [await logIn(), await logIn()];
        const before = await hashOf(user.id);
        return {
          ...known,
          secrets: [...known.secrets, NEW_PASSWORD],
          ask: ({ w }) =>
            w.post(
              '/account/password/change',
              { current_password: password, new_password: NEW_PASSWORD },
              { token: access },
            ),
          done: async () =>
            (await hashOf(user.id)) !== before &&
            (await Promise.all(others.map((pair) => revoked(pair.refresh)()))).every(Boolean),
        };
      },
    }),
  ),
  ...[
    { name: 'a removal of the password', vars: {} },
    { name: 'a removal of the password with a mail', vars: MAILING },
  ].map(
    ({ name, vars }): Endpoint => ({
      name,
      vars,
      success: 204,
      // There is none any more.
      again: 404,
      scene: async (calm) => {
        const { known, logIn, user, access, password } = await somebody(calm);
        await env.DB.prepare('UPDATE users SET passkey_count = 1 WHERE id = ?').bind(user.id).run();
        const other = await logIn();
        return {
          ...known,
          ask: ({ w }) => w.delete('/account/password', { password }, { token: access }),
          done: async () => (await hashOf(user.id)) === '' && (await revoked(other.refresh)()),
        };
      },
    }),
  ),
  {
    name: 'password change that loses against another',
    success: 400,
    scene: async (calm) => {
      const { known, user, access, password } = await somebody(calm);
      return {
        ...known,
        people: [],
        secrets: [...known.secrets, NEW_PASSWORD],
        ask: ({ w, store }) => {
          store.between(2, () =>
            env.DB.prepare('UPDATE users SET password_version = password_version + 1 WHERE id = ?')
              .bind(user.id)
              .run(),
          );
          return w.post(
            '/account/password/change',
            { current_password: password, new_password: NEW_PASSWORD },
            { token: access },
          );
        },
      };
    },
  },
  {
    name: 'the export of one’s own data',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.get('/account/export', { token: access }) };
    },
  },
  {
    name: 'the list of sessions',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.get('/account/sessions', { token: access }) };
    },
  },
  {
    name: 'the end of another session',
    success: 204,
    scene: async (calm) => {
      const { known, logIn, access } = await somebody(calm);
      const { refresh } = await logIn();
      return {
        ...known,
        ask: ({ w }) => w.delete(`/account/sessions/${claimsOf(refresh).sid}`, undefined, { token: access }),
        done: revoked(refresh),
      };
    },
  },
  {
    name: 'the end of all sessions',
    success: 204,
    again: 401,
    scene: async (calm) => {
      const { known, logIn, access, refresh } = await somebody(calm);
      const other = await logIn();
      return {
        ...known,
        ask: ({ w }) => w.delete('/account/sessions', undefined, { token: access }),
        done: async () => (await revoked(refresh)()) && (await revoked(other.refresh)()),
      };
    },
  },
];
