import axios, { isAxiosError } from 'axios';
import { applyAuthTokenInterceptor, getAccessToken, getRefreshToken, setAuthTokens } from 'axios-jwt';
import type { Client, Tokens } from '../support/api.ts';

/** Reads `exp` before each request, and refreshes first where that is over. */
export const axiosJwt: Client = (origin) => {
  const kept = new Map<string, string>();
  const storage = {
    get: async (key: string) => kept.get(key) ?? null,
    set: async (key: string, value: string) => void kept.set(key, value),
    remove: async (key: string) => void kept.delete(key),
  };
  const http = axios.create({ baseURL: `${origin}/account` });
  applyAuthTokenInterceptor(http, {
    getStorage: () => storage,
    requestRefresh: async (refresh) => {
      const { data } = await axios.post<Tokens>(`${origin}/account/token/refresh`, { refresh });
      return { accessToken: data.access, refreshToken: data.refresh };
    },
  });
  const setTokens = ({ access, refresh }: Tokens) =>
    setAuthTokens({ accessToken: access, refreshToken: refresh });

  return {
    signUp: (person) => http.post('/sign-up', person),
    logIn: async (person) => setTokens((await http.post<Tokens>('/login', person)).data),
    me: async () => (await http.get('/me')).data,
    logOut: async () => axios.post(`${origin}/account/logout`, { refresh: await getRefreshToken() }),
    tokens: async () => ({
      access: (await getAccessToken()) ?? '',
      refresh: (await getRefreshToken()) ?? '',
    }),
    setTokens,
    problemOf: (error) => ({
      status: isAxiosError(error) && error.response?.status,
      body: isAxiosError(error) && error.response?.data,
    }),
  };
};
