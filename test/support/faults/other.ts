/** The guard, the paths of simplejwt, staff who remove ways to sign in, and health, while a store fails. */
import { leave, retryPath } from '../events.ts';
import { giveMethod, KINDS } from '../sign-in-methods.ts';
import { consumed, type Endpoint, guarded, holds, revoked, rows, somebody } from './scenes.ts';

export const OTHER_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'simplejwt’s log-in',
    success: 200,
    scene: async (calm) => {
      const { known, user, email, password } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/api/token/', { username: email, password }),
        done: () => holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', user.id),
      };
    },
  },
  {
    name: 'simplejwt’s refresh',
    success: 200,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/api/token/refresh/', { refresh }),
        done: consumed(refresh),
      };
    },
  },
  {
    name: 'simplejwt’s verify',
    success: 200,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.post('/api/token/verify/', { token: refresh }) };
    },
  },
  {
    name: 'simplejwt’s blacklist',
    success: 200,
    again: 401,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/api/token/blacklist/', { refresh }),
        done: revoked(refresh),
      };
    },
  },
  ...KINDS.map(
    (kind): Endpoint => ({
      name: `staff who remove one of the ${kind}`,
      success: 204,
      again: 404,
      scene: async (calm) => {
        const [staff, { known, user }] = [await somebody(calm), await somebody(calm)];
        await rows('UPDATE users SET is_staff = 1 WHERE id = ?', staff.user.id);
        const id = await giveMethod(kind, user.id, rows);
        const at = `/admin/api/users/${user.id}/${kind}/${id}`;
        return {
          people: [...staff.known.people, ...known.people],
          tokens: [...staff.known.tokens, ...known.tokens],
          secrets: [...staff.known.secrets, ...known.secrets],
          ask: ({ w }) => w.delete(at, undefined, { token: staff.access }),
          done: async () =>
            !(await holds(`SELECT 1 FROM ${kind} WHERE user_id = ?`, user.id)) &&
            !(await holds('SELECT 1 FROM logins WHERE key = ?', id)) &&
            (await holds('SELECT 1 FROM admin_log WHERE subject_id = ?', user.id)),
        };
      },
    }),
  ),
  {
    name: 'staff who send an event again',
    success: 202,
    again: 404,
    bindings: { EVENTS: { send: async () => undefined } },
    scene: async (calm) => {
      const [staff, { known, user }] = [await somebody(calm), await somebody(calm)];
      await rows('UPDATE users SET is_staff = 1 WHERE id = ?', staff.user.id);
      const letter = await leave(calm.w, user.id, 9, calm.w.clock.now);
      const at = retryPath('/admin/api/dead-letters', letter);
      return {
        people: [...staff.known.people, ...known.people],
        tokens: [...staff.known.tokens, ...known.tokens],
        secrets: [...staff.known.secrets, ...known.secrets],
        ask: ({ w }) => w.post(at, undefined, { token: staff.access }),
        done: async () =>
          (await holds('SELECT 1 FROM admin_log WHERE subject_id = ?', user.id)) &&
          !(await holds('SELECT 1 FROM account_events WHERE id = ? AND dead_at IS NOT NULL', letter.id)),
      };
    },
  },
  ...(['fast', 'strict'] as const).flatMap((mode): Endpoint[] => [
    {
      name: `a ${mode} guard`,
      success: 200,
      scene: async (calm, clock) => {
        const { known, access } = await somebody(calm);
        return { ...known, ask: guarded(mode, access, clock) };
      },
    },
    {
      name: `a ${mode} guard before an ended session`,
      success: 401,
      lagging: true,
      scene: async (calm, clock) => {
        const { known, access, refresh } = await somebody(calm);
        await calm.w.logOut(refresh);
        return { ...known, ask: guarded(mode, access, clock) };
      },
    },
  ]),
  {
    name: 'readyz',
    success: 200,
    needsKv: true,
    scene: async () => ({ ask: ({ w }) => w.get('/readyz'), people: [], tokens: [], secrets: [] }),
  },
];
