/** A client that keeps its refresh token in a cookie. */
import { expect } from 'vitest';
import { type Answer, person, type Vars, type World, world } from './world.ts';

const OWN = 'http://localhost';
const ALLOWED = 'https://app.example.com';
export const VARS: Vars = {
  REFRESH_TRANSPORT: 'cookie',
  ALLOWED_ORIGINS: `${ALLOWED},https://other.example.com:8443`,
};
export const cookieWorld = (vars: Vars = {}, more: Parameters<typeof world>[0] = {}) =>
  world({ ...more, vars: { ...VARS, ...vars } });

export interface Ask {
  cookie?: string | undefined;
  token?: string;
  /** Null: none is sent. */
  origin?: string | null;
  headers?: Record<string, string>;
}
export function ask(w: World, method: string, path: string, body: unknown, more: Ask = {}): Promise<Answer> {
  const { cookie, token, origin = OWN, headers = {} } = more;
  return w.ask(method, path, {
    ...(body !== undefined && { body }),
    ...(token !== undefined && { token }),
    headers: {
      ...(origin !== null && { Origin: origin }),
      ...(cookie !== undefined && { Cookie: `__Secure-refresh=${cookie}` }),
      ...headers,
    },
  });
}
export const post = (w: World, path: string, body?: unknown, more?: Ask) => ask(w, 'POST', path, body, more);
export const refresh = (w: World, cookie?: string, more: Ask = {}) =>
  post(w, '/account/token/refresh', undefined, { cookie, ...more });
export const logOut = (w: World, cookie?: string, more: Ask = {}) =>
  post(w, '/account/logout', undefined, { cookie, ...more });

/** The cookies that an answer sets, with their attributes in the order of the alphabet. */
export const cookiesOf = ({ headers }: Answer) =>
  headers.getSetCookie().map((line) => {
    const [pair = '', ...attributes] = line.split('; ');
    return {
      name: pair.slice(0, pair.indexOf('=')),
      value: pair.slice(pair.indexOf('=') + 1),
      attributes: attributes.sort(),
    };
  });
export const cookieOf = (answer: Answer) => cookiesOf(answer)[0]?.value ?? '';
export const attributes = (maxAge: number, path = '/account') => [
  'HttpOnly',
  `Max-Age=${maxAge}`,
  `Path=${path}`,
  'SameSite=Strict',
  'Secure',
];

export async function signedUp(w: World) {
  const who = person();
  const answer = await post(w, '/account/sign-up', who);
  expect(answer.status).toBe(201);
  return { ...who, access: answer.body.access as string, cookie: cookieOf(answer), answer };
}
