import { $fetch, FetchError } from 'ofetch';
import { type Client, memory, oneAtATime, type Tokens } from '../support/api.ts';

/**
 * The calls of the `local` provider of @sidebase/nuxt-auth, which runs only in Nuxt: always `credentials: 'include'`, and the
 * access token with the refresh token at refresh and log-out, whether it has expired or not.
 */
export const nuxtAuth: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const call = async <T>(method: string, path: string, body?: object, headers?: Headers): Promise<T> => {
    const answer = await $fetch.raw(`${origin}/account${path}`, {
      method,
      credentials: 'include',
      ...(body && { body }),
      ...(headers && { headers }),
    });
    return answer._data as T;
  };
  const bearer = () => new Headers({ Authorization: `Bearer ${tokens().access}` });
  const refresh = oneAtATime(async () =>
    setTokens(await call<Tokens>('post', '/token/refresh', { refresh: tokens().refresh }, bearer())),
  );
  const session = () => call<{ email: string | null }>('get', '/me', undefined, bearer());

  return {
    signUp: (person) => call('post', '/sign-up', person),
    logIn: async (person) => setTokens(await call<Tokens>('post', '/login', person)),
    me: () =>
      session().catch(async (error) => {
        if (!(error instanceof FetchError) || error.status !== 401) throw error;
        await refresh();
        return session();
      }),
    logOut: () => call('post', '/logout', { refresh: tokens().refresh }, bearer()),
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: error instanceof FetchError && error.status,
      body: error instanceof FetchError && error.data,
    }),
  };
};
