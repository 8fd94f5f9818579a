import { createClient } from '../generated/hey-api/client/index.ts';
import * as api from '../generated/hey-api/sdk.gen.ts';
import { type Client, memory, oneAtATime } from '../support/api.ts';

export const heyApi: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const client = createClient({ baseUrl: origin, auth: () => tokens().access, throwOnError: true });
  const refresh = oneAtATime(async () =>
    setTokens((await api.refresh({ client, body: { refresh: tokens().refresh }, throwOnError: true })).data),
  );
  client.interceptors.response.use(async (response, request) => {
    if (response.status !== 401 || !request?.headers.has('Authorization')) return response;
    await refresh();
    const again = new Request(request);
    again.headers.set('Authorization', `Bearer ${tokens().access}`);
    return fetch(again);
  });
  let status: number | undefined;
  client.interceptors.error.use((error, response) => {
    status = response?.status;
    return error;
  });

  return {
    signUp: (body) => api.signUp({ client, body, throwOnError: true }),
    logIn: async (body) => setTokens((await api.logIn({ client, body, throwOnError: true })).data),
    me: async () => (await api.getMe({ client, throwOnError: true })).data,
    logOut: () => api.logOut({ client, body: { refresh: tokens().refresh }, throwOnError: true }),
    tokens,
    setTokens,
    problemOf: (body) => ({ status, body }),
  };
};
