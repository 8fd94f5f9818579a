/** The guard, the paths of simplejwt, and health, while a store fails. */
import { consumed, type Endpoint, guarded, holds, revoked, somebody } from './scenes.ts';

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
