/** Access tokens that are signed with a shared secret, verified by other libraries. */
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { createVerifier } from 'fast-jwt';
import { verify as verifyHono } from 'hono/jwt';
import { decodeJwt, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { AUDIENCE as audience } from './support/keys.ts';
import { python } from './support/python.ts';
import { closeServers, serve, signUp } from './support/serve.ts';

const { origin: issuer, keys } = inject('secret');
const secret = keys.signingKey;
const bytes = new TextEncoder().encode(secret);

const PYTHON = `
import json, sys, jwt
token, secret, issuer, audience = json.load(sys.stdin)
payload = jwt.decode(token, secret, algorithms=["HS256"], issuer=issuer, audience=audience)
json.dump(payload["sub"], sys.stdout)
`;

async function byPassport(token: string) {
  const options = {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKey: secret,
    algorithms: ['HS256' as const],
    issuer,
    audience,
  };
  const app = express();
  app.use(
    new passport.Passport()
      .use(new Strategy(options, (payload, done) => done(null, { id: payload.sub })))
      .authenticate('jwt', { session: false }),
  );
  app.get('/me', (request, response) => void response.json(request.user));
  return (await serve(app))(token);
}

async function byBearer(token: string) {
  const app = express();
  app.use(auth({ secret, issuer, audience, tokenSigningAlg: 'HS256' }));
  app.get('/me', (request, response) => void response.json({ id: request.auth?.payload.sub }));
  return (await serve(app))(token);
}

const VERIFIERS: Record<string, (token: string) => Promise<unknown>> = {
  jose: async (token) =>
    (await jwtVerify(token, bytes, { algorithms: ['HS256'], issuer, audience })).payload.sub,
  jsonwebtoken: async (token) =>
    jsonwebtoken.verify(token, secret, { algorithms: ['HS256'], issuer, audience }).sub,
  'fast-jwt': async (token) =>
    createVerifier({ key: secret, algorithms: ['HS256'], allowedIss: issuer, allowedAud: audience })(token)
      .sub,
  'passport-jwt': byPassport,
  'express-oauth2-jwt-bearer': byBearer,
  'hono/jwt': async (token) =>
    (await verifyHono(token, secret, { alg: 'HS256', iss: issuer, aud: audience })).sub,
  PyJWT: (token) => python(PYTHON, '.', [token, secret, issuer, audience], {}),
};

let pair: { access: string; refresh: string };
beforeAll(async () => {
  pair = await signUp(issuer);
});
afterAll(closeServers);

it.each(Object.entries(VERIFIERS))(
  '%s verifies an access token and refuses a refresh token',
  async (_, verify) => {
    expect(await verify(pair.access)).toBe(decodeJwt(pair.access).sub);
    await expect(verify(pair.refresh)).rejects.toThrow();
  },
);

it('a verifier that checks only the signature accepts a refresh token', async () => {
  const { payload } = await jwtVerify(pair.refresh, bytes);
  expect(payload).toMatchObject({ aud: 'refresh', token_type: 'refresh' });
});
