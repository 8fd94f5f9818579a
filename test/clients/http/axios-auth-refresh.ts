import axios, { isAxiosError } from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';
import { type Client, memory, type Tokens } from '../support/api.ts';

export const axiosAuthRefresh: Client = (origin) => {
  const { tokens, setTokens } = memory();
  const http = axios.create({ baseURL: `${origin}/account` });
  http.interceptors.request.use((config) => {
    if (tokens().access) config.headers.Authorization = `Bearer ${tokens().access}`;
    return config;
  });
  createAuthRefresh(
    http,
    async () => {
      const { data } = await axios.post<Tokens>(`${origin}/account/token/refresh`, {
        refresh: tokens().refresh,
      });
      setTokens(data);
    },
    // The default rejects every call that was under way when the refresh began.
    { deduplicateRefresh: false },
  );

  return {
    signUp: (person) => axios.post(`${origin}/account/sign-up`, person),
    logIn: async (person) => setTokens((await axios.post(`${origin}/account/login`, person)).data),
    me: async () => (await http.get('/me')).data,
    logOut: () => axios.post(`${origin}/account/logout`, { refresh: tokens().refresh }),
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: isAxiosError(error) && error.response?.status,
      body: isAxiosError(error) && error.response?.data,
    }),
  };
};
