/** Clients that drop the rotated refresh token, as the short form of axios-jwt does. */
import axios from 'axios';
import { applyAuthTokenInterceptor, getRefreshToken, setAuthTokens } from 'axios-jwt';
import { expect, inject, it } from 'vitest';
import type { Tokens } from './support/api.ts';
import { expired } from './support/keys.ts';
import { signUp } from './support/serve.ts';

/** The status of each of two calls, with an access token that has expired before each. */
async function twoRefreshes(): Promise<number[]> {
  const { origin, keys } = inject('withoutBlacklist');
  const kept = new Map<string, string>();
  const http = axios.create({ baseURL: `${origin}/account`, validateStatus: () => true });
  applyAuthTokenInterceptor(http, {
    getStorage: () => ({
      get: async (key) => kept.get(key) ?? null,
      set: async (key, value) => void kept.set(key, value),
      remove: async (key) => void kept.delete(key),
    }),
    requestRefresh: async (refresh) =>
      (await axios.post<Tokens>(`${origin}/account/token/refresh`, { refresh })).data.access,
  });
  const { access, refresh } = await signUp(origin);
  const statuses: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    await setAuthTokens({ accessToken: await expired(access, keys), refreshToken: refresh });
    statuses.push((await http.get('/me')).status);
    expect(await getRefreshToken()).toBe(refresh);
  }
  return statuses;
}

it('stay signed in with BLACKLIST_AFTER_ROTATION=false', async () => {
  expect(await twoRefreshes()).toEqual([200, 200]);
});
