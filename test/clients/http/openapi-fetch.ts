import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from '../generated/openapi-typescript.ts';
import { type Client, memory, oneAtATime } from '../support/api.ts';

/** openapi-fetch answers errors and does not throw them. */
class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {
    super(`status ${status}`);
  }
}

function dataOf<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  if (error !== undefined) throw new Refused(response.status, error);
  return data as T;
}

export const openapiFetch: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const open = createClient<paths>({ baseUrl: origin });
  const refresh = oneAtATime(async () =>
    setTokens(dataOf(await open.POST('/account/token/refresh', { body: { refresh: tokens().refresh } }))),
  );
  const withToken: Middleware = {
    onRequest({ request }) {
      request.headers.set('Authorization', `Bearer ${tokens().access}`);
    },
    async onResponse({ request, response }) {
      if (response.status !== 401) return;
      await refresh();
      const again = new Request(request);
      again.headers.set('Authorization', `Bearer ${tokens().access}`);
      return fetch(again);
    },
  };
  const http = createClient<paths>({ baseUrl: origin });
  http.use(withToken);

  return {
    signUp: async (person) => dataOf(await open.POST('/account/sign-up', { body: person })),
    logIn: async (person) => setTokens(dataOf(await open.POST('/account/login', { body: person }))),
    me: async () => dataOf(await http.GET('/account/me')),
    logOut: async () => dataOf(await open.POST('/account/logout', { body: { refresh: tokens().refresh } })),
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: error instanceof Refused && error.status,
      body: error instanceof Refused && error.body,
    }),
  };
};
