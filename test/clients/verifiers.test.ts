/** The code of docs/clients.md for services that verify access tokens themselves. */
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AUDIENCE, expired, resigned } from './support/keys.ts';
import { BLOCKS, blockCount, folderOf, rowsBelow } from './support/page.ts';
import { python } from './support/python.ts';
import { asked, closeServers, type Express, serve, signUp, type Verifier } from './support/serve.ts';

const { origin, keys } = inject('keyPair');
const ENVIRONMENT = { ACCOUNTS_URL: origin, ISSUER: origin, AUDIENCE };

const IN_PYTHON = `
import json, sys, verify
def account(token):
    try:
        return {"sub": verify.account_of(token)["sub"]}
    except verify.jwt.PyJWTError as error:
        return {"error": repr(error)}
json.dump(account(json.load(sys.stdin)), sys.stdout)
`;

let folder: string;

/** Of a block that exports `accountOf(token)`. */
async function byFunction(block: string): Promise<Verifier> {
  const { accountOf } = (await import(folder + block)) as {
    accountOf: (token: string) => Promise<{ sub?: string }>;
  };
  return async (token) => (await accountOf(token)).sub;
}

/** Of a block that exports an Express app. */
async function byExpress(block: string): Promise<Verifier> {
  const { app } = (await import(folder + block)) as { app: Express };
  return serve(app);
}

/** Of a block that exports a Hono app. */
async function byHono(block: string): Promise<Verifier> {
  const { app } = (await import(folder + block)) as {
    app: { request: (path: string, init: RequestInit) => Promise<Response> };
  };
  return async (token) => asked(await app.request('/me', { headers: { Authorization: `Bearer ${token}` } }));
}

async function byPython(): Promise<Verifier> {
  return async (token) => {
    const answer = await python<{ sub?: string; error?: string }>(IN_PYTHON, folder, token, ENVIRONMENT);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.sub;
  };
}

const VERIFIERS: Record<string, () => Promise<Verifier>> = {
  jose: () => byFunction('jose.js'),
  jsonwebtoken: () => byFunction('jsonwebtoken.js'),
  'fast-jwt': () => byFunction('fast-jwt.js'),
  'passport-jwt': () => byExpress('passport-jwt.js'),
  'express-oauth2-jwt-bearer': () => byExpress('express-oauth2-jwt-bearer.js'),
  'hono/jwk': () => byHono('hono-jwk.js'),
  PyJWT: byPython,
};

let good: { access: string; refresh: string };
let sub: string;
beforeAll(async () => {
  Object.assign(process.env, ENVIRONMENT);
  folder = folderOf(
    'verifiers',
    [...BLOCKS.keys()].filter((name) => /\.(js|py)$/.test(name)),
  );
  good = await signUp(origin);
  sub = decodeJwt(good.access).sub ?? '';
});
afterAll(closeServers);

async function foreign(token: string): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256');
  const { alg = '', ...header } = decodeProtectedHeader(token);
  return new SignJWT(decodeJwt(token)).setProtectedHeader({ alg, ...header }).sign(privateKey);
}

const REFUSED: Record<string, () => string | Promise<string>> = {
  'that has expired': () => expired(good.access, keys),
  'signed by another key': () => foreign(good.access),
  'without a signature': () => new UnsecuredJWT(decodeJwt(good.access)).encode(),
  'of another audience': () => resigned(good.access, { aud: 'https://other.example.com' }, keys),
  'of another issuer': () => resigned(good.access, { iss: 'https://other.example.com' }, keys),
  'that is a refresh token': () => good.refresh,
  'that is a refresh token for this audience': () => resigned(good.refresh, { aud: AUDIENCE }, keys),
};

describe.each(Object.entries(VERIFIERS))('%s', (_, make) => {
  let verify: Verifier;
  beforeAll(async () => {
    verify = await make();
  });

  it('verifies an access token with the published keys', async () => {
    expect(await verify(good.access)).toBe(sub);
  });

  it.each(Object.entries(REFUSED))('refuses a token %s', async (_, make) => {
    await expect(verify(await make())).rejects.toThrow();
  });
});

it('are those that docs/clients.md lists, and every code block of the page runs', () => {
  expect(rowsBelow('## Verifying access tokens in another service')).toEqual([
    ...Object.keys(VERIFIERS),
    'djangorestframework-simplejwt',
  ]);
  expect(BLOCKS.size).toBe(blockCount);
});
