import { HttpError, ok } from '@oazapfts/runtime';
import * as api from '../generated/oazapfts.ts';
import { type Client, memory, oneAtATime } from '../support/api.ts';

export const oazapfts: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const refresh = oneAtATime(async () => setTokens(await ok(api.refresh({ refresh: tokens().refresh }))));
  const bearer = (headers?: HeadersInit) => {
    const copy = new Headers(headers);
    copy.set('Authorization', `Bearer ${tokens().access}`);
    return copy;
  };
  api.defaults.baseUrl = origin;
  const withToken = {
    fetch: async (input: string | URL | Request, init?: RequestInit) => {
      const answer = await fetch(input, { ...init, headers: bearer(init?.headers) });
      if (answer.status !== 401) return answer;
      await refresh();
      return fetch(input, { ...init, headers: bearer(init?.headers) });
    },
  };

  return {
    signUp: (person) => ok(api.signUp(person)),
    logIn: async (person) => setTokens(await ok(api.logIn(person))),
    me: () => ok(api.getMe(withToken)),
    logOut: () => ok(api.logOut({ refresh: tokens().refresh })),
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: error instanceof HttpError && error.status,
      body: error instanceof HttpError && error.data,
    }),
  };
};
