import ky, { isHTTPError } from 'ky';
import { type Client, memory, oneAtATime, type Tokens } from '../support/api.ts';

export const kyClient: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const open = ky.create({ prefix: `${origin}/account` });
  const refresh = oneAtATime(async () =>
    setTokens(await open.post<Tokens>('token/refresh', { json: { refresh: tokens().refresh } }).json()),
  );
  const http = open.extend({
    hooks: {
      beforeRequest: [({ request }) => request.headers.set('Authorization', `Bearer ${tokens().access}`)],
      afterResponse: [
        async ({ request, response, retryCount }) => {
          if (response.status !== 401 || retryCount > 0) return;
          await refresh();
          const headers = new Headers(request.headers);
          headers.set('Authorization', `Bearer ${tokens().access}`);
          return ky.retry({ request: new Request(request, { headers }), code: 'TOKEN_REFRESHED' });
        },
      ],
    },
  });

  return {
    signUp: (person) => open.post('sign-up', { json: person }).json(),
    logIn: async (person) => setTokens(await open.post<Tokens>('login', { json: person }).json()),
    me: () => http.get<{ email: string | null }>('me').json(),
    logOut: () => open.post('logout', { json: { refresh: tokens().refresh } }).text(),
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: isHTTPError(error) && error.response.status,
      body: isHTTPError(error) && error.data,
    }),
  };
};
