import { Auth, type AuthConfig, skipCSRFCheck } from '@auth/core';
import { CredentialsSignin } from '@auth/core/errors';
import { decode, encode, type JWT } from '@auth/core/jwt';
import Credentials from '@auth/core/providers/credentials';
import { decodeJwt } from 'jose';
import type { Client, Tokens } from '../support/api.ts';

const SECRET = 'the secret of Auth.js, 32 bytes long';
const COOKIE = 'authjs.session-token';
const APP = 'http://app.localhost';

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {
    super(`status ${status}`);
  }
}

/** Auth.js gives the page nothing of an error but its code. */
class LogInRefused extends CredentialsSignin {
  constructor(override readonly code: string) {
    super();
  }
}

/** Auth.js on the server of an app, with the recipe of its documentation for refresh token rotation. */
export const authCore: Client = (origin) => {
  let cookie = '';

  async function call<T>(method: string, path: string, json?: unknown, access?: string): Promise<T> {
    const answer = await fetch(`${origin}/account${path}`, {
      method,
      headers: {
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...(access !== undefined && { Authorization: `Bearer ${access}` }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const text = await answer.text();
    const body = text === '' ? undefined : JSON.parse(text);
    if (!answer.ok) throw new Refused(answer.status, body);
    return body as T;
  }

  const config: AuthConfig = {
    basePath: '/auth',
    secret: SECRET,
    trustHost: true,
    skipCSRFCheck,
    logger: { error: () => {} },
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        authorize: ({ email, password }) =>
          call<object>('POST', '/login', { email, password }).catch((error: Refused) => {
            throw new LogInRefused((error.body as { code: string }).code);
          }),
      }),
    ],
    callbacks: {
      async jwt({ token, user }) {
        if (user) return { ...token, ...(user as unknown as Tokens) };
        const { access, refresh } = token as unknown as Tokens;
        if ((decodeJwt(access).exp ?? 0) * 1_000 > Date.now()) return token;
        return { ...token, ...(await call<Tokens>('POST', '/token/refresh', { refresh })) };
      },
      session: ({ session, token }) => ({ ...session, access: token.access }),
    },
  };

  /** One request of the browser to the app: sends its cookie, and keeps the one that comes back. */
  async function browse(method: string, path: string, form?: Record<string, string>): Promise<Response> {
    const answer = await Auth(
      new Request(`${APP}/auth${path}`, {
        method,
        headers: { cookie: `${COOKIE}=${cookie}` },
        ...(form && { body: new URLSearchParams(form) }),
      }),
      config,
    );
    for (const line of answer.headers.getSetCookie()) {
      cookie = new RegExp(`^${COOKIE}=([^;]+)`).exec(line)?.[1] ?? cookie;
    }
    return answer;
  }
  const kept = async () =>
    (await decode<JWT & Tokens>({ token: cookie, secret: SECRET, salt: COOKIE })) ?? {
      access: '',
      refresh: '',
    };

  return {
    signUp: (person) => call('POST', '/sign-up', person),
    logIn: async (person) => {
      const answer = await browse('POST', '/callback/credentials', { ...person });
      const code = new URL(answer.headers.get('Location') ?? APP).searchParams.get('code');
      if (code !== null) throw new Refused(401, { code });
    },
    me: async () => {
      const { access } = (await (await browse('GET', '/session')).json()) as { access: string };
      return call('GET', '/me', undefined, access);
    },
    logOut: async () => call('POST', '/logout', { refresh: (await kept()).refresh }),
    tokens: async () => {
      const { access, refresh } = await kept();
      return { access, refresh };
    },
    setTokens: async (tokens) => {
      cookie = await encode({ token: { ...tokens }, secret: SECRET, salt: COOKIE });
    },
    problemOf: (error) => ({
      status: error instanceof Refused && error.status,
      body: error instanceof Refused && error.body,
    }),
  };
};
