import { FetchError, ofetch } from 'ofetch';
import { type Client, memory, oneAtATime, type Tokens } from '../support/api.ts';

export const ofetchClient: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const open = ofetch.create({ baseURL: `${origin}/account`, retry: 0 });
  const refresh = oneAtATime(async () =>
    setTokens(await open<Tokens>('/token/refresh', { method: 'POST', body: { refresh: tokens().refresh } })),
  );
  const http = open.create({
    retry: 1,
    retryStatusCodes: [401],
    onRequest: ({ options }) => options.headers.set('Authorization', `Bearer ${tokens().access}`),
    onResponseError: async ({ response }) => {
      if (response.status === 401) await refresh();
    },
  });

  return {
    signUp: (person) => open('/sign-up', { method: 'POST', body: person }),
    logIn: async (person) => setTokens(await open<Tokens>('/login', { method: 'POST', body: person })),
    me: () => http<{ email: string | null }>('/me'),
    logOut: () => open('/logout', { method: 'POST', body: { refresh: tokens().refresh } }),
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: error instanceof FetchError && error.status,
      body: error instanceof FetchError && error.data,
    }),
  };
};
