import { setTimeout } from 'node:timers/promises';
import SwaggerClient from 'swagger-client';
import { type Client, memory, oneAtATime, type Tokens } from '../support/api.ts';

const responseOf = (error: unknown) => (error as { response?: { status: number; body: unknown } }).response;

export const swaggerClient: Client = async (origin) => {
  const { tokens, setTokens } = memory();
  const { apis } = await SwaggerClient({
    url: `${origin}/openapi.json`,
    requestInterceptor: (request) => {
      if (tokens().access) request.headers.Authorization = `Bearer ${tokens().access}`;
      return request;
    },
  });
  // It reads the whole document in one go: where that takes seconds, a connection that the service has closed meanwhile
  // is not known as such before the next turn of the event loop.
  await setTimeout(0);
  const call = (tag: string, operation: string, requestBody?: unknown) =>
    apis[tag]?.[operation]?.({}, { requestBody });
  const refresh = oneAtATime(async () =>
    setTokens((await call('Tokens', 'refresh', { refresh: tokens().refresh }))?.body as Tokens),
  );
  const me = async () => (await call('Account', 'getMe'))?.body as { email: string | null };

  return {
    signUp: async (person) => call('Account', 'signUp', person),
    logIn: async (person) => setTokens((await call('Tokens', 'logIn', person))?.body as Tokens),
    me: () =>
      me().catch(async (error) => {
        if (responseOf(error)?.status !== 401) throw error;
        await refresh();
        return me();
      }),
    logOut: async () => call('Tokens', 'logOut', { refresh: tokens().refresh }),
    tokens,
    setTokens,
    problemOf: (error) => ({ status: responseOf(error)?.status, body: responseOf(error)?.body }),
  };
};
