/** Refresh while a store fails. */
import { env } from 'cloudflare:workers';
import { claimsOf } from '../world.ts';
import { COOKIES, consumed, type Endpoint, holds, inBrowser, revoked, somebody } from './scenes.ts';

export const REFRESH_ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'refresh, the first time',
    success: 200,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.refresh(refresh), done: consumed(refresh) };
    },
  },
  {
    name: 'refresh with a cookie',
    vars: COOKIES,
    success: 200,
    scene: async (calm) => {
      const { known, at, refresh } = await inBrowser(calm);
      return { ...known, ask: (s) => at.post(s, '/account/token/refresh'), done: consumed(refresh) };
    },
  },
  {
    name: 'refresh again within the grace',
    success: 200,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      const first = await calm.w.refresh(refresh);
      known.tokens.push(first.body.refresh, first.body.access);
      clock.now += 59_000;
      return { ...known, ask: ({ w }) => w.refresh(refresh) };
    },
  },
  {
    name: 'refresh with a token replayed within the grace, its successor used',
    success: 401,
    isReplay: true,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      const first = await calm.w.refresh(refresh);
      const second = await calm.w.refresh(first.body.refresh);
      known.tokens.push(...[first, second].flatMap(({ body }) => [body.refresh, body.access]));
      clock.now += 9_000;
      return { ...known, ask: ({ w }) => w.refresh(refresh), done: revoked(refresh) };
    },
  },
  {
    name: 'refresh an hour after the last use',
    success: 200,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      clock.now += 3_601_000;
      const used = clock.now / 1_000;
      return {
        ...known,
        ask: ({ w }) => w.refresh(refresh),
        done: () =>
          holds(
            'SELECT 1 FROM sessions WHERE id = ? AND last_used_at >= ?',
            claimsOf(refresh).sid,
            Math.floor(used),
          ),
      };
    },
  },
  {
    name: 'refresh with a token replayed after the grace',
    success: 401,
    isReplay: true,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      const first = await calm.w.refresh(refresh);
      known.tokens.push(first.body.refresh, first.body.access);
      clock.now += 61_000;
      return { ...known, ask: ({ w }) => w.refresh(refresh), done: revoked(refresh) };
    },
  },
  ...[
    { name: 'refresh without rotation', vars: { ROTATE_REFRESH_TOKENS: 'false' } },
    { name: 'refresh without a blacklist', vars: { BLACKLIST_AFTER_ROTATION: 'false' } },
  ].map(
    ({ name, vars }): Endpoint => ({
      name,
      vars,
      success: 200,
      manySuccessors: true,
      scene: async (calm, clock) => {
        const { known, refresh } = await somebody(calm);
        clock.now += 3_601_000;
        const now = Math.floor(clock.now / 1_000);
        const sid = claimsOf(refresh).sid;
        return {
          ...known,
          ask: ({ w }) => w.refresh(refresh),
          done: () => holds('SELECT 1 FROM sessions WHERE id = ? AND last_used_at >= ?', sid, now),
        };
      },
    }),
  ),
  ...(['refresh', 'access'] as const).flatMap((kind): Endpoint[] => [
    {
      name: `verify of ${kind === 'refresh' ? 'a refresh' : 'an access'} token`,
      success: 200,
      scene: async (calm) => {
        const { known, ...who } = await somebody(calm);
        return { ...known, ask: ({ w }) => w.verify(who[kind]) };
      },
    },
    {
      name: `verify of ${kind === 'refresh' ? 'a refresh' : 'an access'} token of an ended session`,
      success: 401,
      ...(kind === 'access' && { lagging: true as const }),
      scene: async (calm) => {
        const { known, ...who } = await somebody(calm);
        await calm.w.logOut(who.refresh);
        return { ...known, ask: ({ w }) => w.verify(who[kind]) };
      },
    },
  ]),
  {
    name: 'refresh of an ended session',
    success: 401,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      await calm.w.logOut(refresh);
      return { ...known, ask: ({ w }) => w.refresh(refresh) };
    },
  },
  {
    name: 'refresh of an ended session that KV has not heard of',
    success: 401,
    scene: async (calm) => {
      const { known, refresh, user } = await somebody(calm);
      await env.DB.prepare('UPDATE sessions SET revoked_at = 1, revoked_reason = ? WHERE user_id = ?')
        .bind('ended', user.id)
        .run();
      return { ...known, ask: ({ w }) => w.refresh(refresh) };
    },
  },
];
