/** Released HTTP clients, each used as its documentation shows, against the service. */
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { authCore } from './http/auth-core.ts';
import { axiosAuthRefresh } from './http/axios-auth-refresh.ts';
import { axiosJwt } from './http/axios-jwt.ts';
import { heyApi } from './http/hey-api.ts';
import { kyClient } from './http/ky.ts';
import { nuxtAuth } from './http/nuxt-auth.ts';
import { oazapfts } from './http/oazapfts.ts';
import { ofetchClient } from './http/ofetch.ts';
import { openapiFetch } from './http/openapi-fetch.ts';
import { orval } from './http/orval.ts';
import { closePrism, prism } from './http/prism.ts';
import { swaggerClient } from './http/swagger-client.ts';
import type { Api, Client, Person, Tokens } from './support/api.ts';
import { expired } from './support/keys.ts';
import { READMES, rowsBelow } from './support/page.ts';

const CLIENTS: Record<string, Client> = {
  'axios and axios-auth-refresh': axiosAuthRefresh,
  'axios-jwt': axiosJwt,
  ky: kyClient,
  ofetch: ofetchClient,
  'openapi-fetch': openapiFetch,
  '@hey-api/openapi-ts': heyApi,
  orval,
  oazapfts,
  'swagger-client': swaggerClient,
  '@auth/core': authCore,
  '@sidebase/nuxt-auth': nuxtAuth,
  Prism: prism,
};

const { origin, keys } = inject('secret');

async function call<T>(method: string, path: string, token?: string, json?: unknown): Promise<T> {
  const answer = await fetch(origin + path, {
    method,
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  return { status: answer.status, ...((await answer.json()) as object) } as T;
}

it('are the libraries that docs/clients.md lists', () => {
  expect(rowsBelow('## HTTP clients')).toEqual(Object.keys(CLIENTS));
});

it('are those that the READMEs name, with the libraries that verify tokens', () => {
  const rows = [
    ...rowsBelow('## HTTP clients'),
    ...rowsBelow('## Verifying access tokens in another service'),
  ];
  const names = [...rows.flatMap((row) => row.split(' and ')), 'Postman', '`hc`'];
  for (const readme of READMES) expect(names.filter((name) => !readme.includes(name))).toEqual([]);
});

afterAll(closePrism);

describe.each(Object.entries(CLIENTS))('%s', (name, client) => {
  const person: Person = {
    email: `${name.toLowerCase().replaceAll(/\W+/g, '-')}@example.com`,
    password: 'correct horse battery',
  };
  let api: Api;
  let first: Tokens;

  beforeAll(async () => {
    api = await client(origin);
    await api.signUp(person);
    await api.logIn(person);
    first = await api.tokens();
  });

  /** Leaves the client with an access token whose lifetime is over. */
  async function letExpire(): Promise<Tokens> {
    const { access, refresh } = await api.tokens();
    await api.setTokens({ access: await expired(access, keys), refresh });
    return { access, refresh };
  }
  const sessions = async () => {
    const { access } = await api.tokens();
    return (await call<{ sessions: { id: string }[] }>('GET', '/account/sessions', access)).sessions;
  };

  it('reads why a log-in was refused', async () => {
    const error = await Promise.resolve(api.logIn({ ...person, password: 'not the password' })).catch(
      (error) => error,
    );
    expect(api.problemOf(error)).toMatchObject({ status: 401, body: { code: 'no_active_account' } });
    expect(await api.tokens()).toEqual(first);
  });

  it('reads which field is wrong', async () => {
    const error = await Promise.resolve(api.signUp({ ...person, password: '12345678' })).catch(
      (error) => error,
    );
    expect(api.problemOf(error)).toMatchObject({
      status: 400,
      body: { code: 'invalid', errors: { password: expect.any(Array) } },
    });
  });

  it('makes six calls at once after the access token has expired, and keeps its session', async () => {
    const before = await letExpire();
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.me()));
    expect(answers.map(({ email }) => email)).toEqual(Array(6).fill(person.email));
    const after = await api.tokens();
    expect(after.refresh).not.toBe(before.refresh);
    expect(decodeJwt(after.access).sid).toBe(decodeJwt(before.access).sid);
  });

  it('continues with the rotated refresh token', async () => {
    const before = await letExpire();
    expect((await api.me()).email).toBe(person.email);
    expect((await api.tokens()).refresh).not.toBe(before.refresh);
    // That of sign-up, and that of the log-in.
    expect(await sessions()).toHaveLength(2);
  });

  it('logs out, and is refused from then on', async () => {
    const { access, refresh } = await api.tokens();
    await api.logOut();
    expect(await call('POST', '/account/token/refresh', undefined, { refresh })).toMatchObject({
      status: 401,
      code: 'token_not_valid',
    });
    await api.setTokens({ access, refresh });
    const error = await api.me().catch((error) => error);
    expect(api.problemOf(error)).toMatchObject({ status: 401, body: { code: 'token_not_valid' } });
  });
});
