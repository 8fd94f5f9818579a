/**
 * Sign-ins with a real OpenID Connect provider of which one thing is wrong: what the provider answers, what the browser
 * brings back, or who brings it. Each is refused for its own reason, which only the log has.
 */
import { createHash, createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Alterations,
  CLIENT,
  claimsOfJwt,
  httpBrowser,
  newKey,
  type OidcServer,
  signJwt,
  startOidc,
} from './support/oidc.ts';
import { freePort, type Service, startService } from './support/service.ts';

let service: Service;
let acme: OidcServer;
/** Another provider of the same service, whose operator is the attacker in some of the cases. */
let other: OidcServer;

beforeAll(async () => {
  const port = await freePort();
  const callbacks = ['acme', 'other'].map(
    (id) => `http://localhost:${port}/account/login/with/${id}/callback`,
  );
  [acme, other] = await Promise.all([startOidc(...callbacks), startOidc(...callbacks)]);
  const providers = JSON.stringify([
    { id: 'acme', issuer: acme.issuer, ...CLIENT },
    { id: 'other', issuer: other.issuer, ...CLIENT },
  ]);
  service = await startService([`PROVIDERS:${providers}`], port);
});
afterAll(async () => {
  await service?.stop();
  await acme?.stop();
  await other?.stop();
});

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const begin = async (browser: ReturnType<typeof httpBrowser>, provider = 'acme') => {
  const query = new URLSearchParams({
    return_to: `${service.origin}/healthz`,
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  });
  const answer = await browser.get(`${service.origin}/account/login/with/${provider}?${query}`);
  return answer.headers.get('Location') ?? '';
};
/** Somebody at their provider, in a browser of their own. */
function person() {
  const browser = httpBrowser();
  const name = `user-${randomUUID().slice(0, 8)}`;
  return {
    browser,
    name,
    /** From the service to the provider, as far as the address at which the provider sends the browser back. */
    start: async () => browser.agree(await begin(browser), name),
  };
}
/** What comes of a callback; `reason` is from the log. */
async function outcomeOf(answer: Response) {
  if (answer.status !== 302) return { status: answer.status, location: answer.headers.get('Location') };
  const { searchParams } = new URL(answer.headers.get('Location') ?? '');
  const [code, error] = [searchParams.get('code'), searchParams.get('error')];
  if (code !== null) return { code };
  const id = answer.headers.get('X-Request-Id') ?? '';
  const line = () =>
    service
      .output()
      .split('\n')
      .find((one) => one.includes(id) && one.includes('"provider_failed"'));
  await expect.poll(line).toBeDefined();
  return { error, reason: /"reason":"(\w+)"/.exec(line() ?? '')?.[1] };
}

type Change = NonNullable<Alterations['token']>;
/** The ID token with other claims, signed by the provider's own key. */
const claims =
  (change: Record<string, unknown>): Change =>
  (answer) => ({ ...answer, id_token: signJwt(acme.key, { ...claimsOfJwt(answer.id_token), ...change }) });
const idToken =
  (change: (right: string) => string): Change =>
  (answer) => ({ ...answer, id_token: change(String(answer.id_token)) });
const parts = (jwt: string) => jwt.split('.') as [header: string, payload: string, signature: string];
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const hs256 = (header: object, payload: string, secret: string) => {
  const signed = `${base64(header)}.${payload}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
const now = () => Math.floor(Date.now() / 1_000);

it('opens an account if nothing is wrong, also with an ID token that the proxy has signed again', async () => {
  const { browser, start } = person();
  for (const token of [undefined, claims({})]) {
    acme.alter({ ...(token && { token }) });
    expect(await outcomeOf(await browser.get((await start()).href))).toEqual({ code: expect.any(String) });
  }
});

/** A row: what is wrong, how, and the reason in the log. */
type Row = [what: string, alter: () => Alterations, reason: string];

describe('the answer of the provider', () => {
  it.each<Row>([
    ['an ID token with another nonce', () => ({ token: claims({ nonce: 'another' }) }), 'id_token'],
    ['an ID token without a nonce', () => ({ token: claims({ nonce: undefined }) }), 'malformed'],
    ['an ID token for another client', () => ({ token: claims({ aud: 'another-client' }) }), 'id_token'],
    [
      'an ID token for two clients, issued to the other',
      () => ({ token: claims({ aud: [CLIENT.client_id, 'another'], azp: 'another' }) }),
      'id_token',
    ],
    [
      'an ID token that was issued to another client',
      () => ({ token: claims({ azp: 'another-client' }) }),
      'id_token',
    ],
    ['an ID token of another issuer', () => ({ token: claims({ iss: other.issuer }) }), 'id_token'],
    ['an ID token of no issuer', () => ({ token: claims({ iss: undefined }) }), 'malformed'],
    ['an expired ID token', () => ({ token: claims({ exp: now() - 120, iat: now() - 240 }) }), 'id_token'],
    ['an ID token that never expires', () => ({ token: claims({ exp: undefined }) }), 'malformed'],
    ['an ID token that is not valid yet', () => ({ token: claims({ nbf: now() + 600 }) }), 'id_token'],
    ['an ID token from the future', () => ({ token: claims({ iat: now() + 600 }) }), 'id_token'],
    ['an ID token without a user', () => ({ token: claims({ sub: undefined }) }), 'malformed'],
    [
      'an ID token whose signature is broken',
      () => ({
        token: idToken((jwt) => {
          const [header, payload, signature] = parts(jwt);
          return `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
        }),
      }),
      'signature',
    ],
    [
      'an ID token of which a claim was changed after it was signed',
      () => ({
        token: idToken((jwt) => {
          const [header, , signature] = parts(jwt);
          return `${header}.${base64({ ...claimsOfJwt(jwt), sub: 'somebody-else' })}.${signature}`;
        }),
      }),
      'signature',
    ],
    [
      'an ID token signed by another key with the same `kid`',
      () => ({ token: idToken((jwt) => signJwt(newKey('the-key'), claimsOfJwt(jwt))) }),
      'signature',
    ],
    [
      'an ID token signed by a key that the provider does not publish',
      () => ({ token: idToken((jwt) => signJwt(newKey('a-new-key'), claimsOfJwt(jwt))) }),
      'signature',
    ],
    [
      'an ID token signed by the other provider',
      () => ({ token: idToken((jwt) => signJwt(other.key, claimsOfJwt(jwt))) }),
      'signature',
    ],
    [
      'an ID token without a signature',
      () => ({ token: idToken((jwt) => `${base64({ alg: 'none' })}.${parts(jwt)[1]}.`) }),
      'malformed',
    ],
    [
      'an ID token signed with the public key as a shared secret',
      () => ({
        token: idToken((jwt) =>
          hs256(
            { alg: 'HS256', kid: 'the-key' },
            parts(jwt)[1],
            createPublicKey(acme.key.private).export({ type: 'spki', format: 'pem' }).toString(),
          ),
        ),
      }),
      'malformed',
    ],
    [
      'an ID token signed with the secret of the client',
      () => ({ token: idToken((jwt) => hs256({ alg: 'HS256' }, parts(jwt)[1], CLIENT.client_secret)) }),
      'malformed',
    ],
    ['no ID token', () => ({ token: ({ id_token: _, ...rest }) => rest }), 'malformed'],
    [
      'a profile of another user',
      () => ({ userinfo: (answer) => ({ ...answer, sub: 'somebody-else' }) }),
      'malformed',
    ],
    [
      'a code that was issued without PKCE, since the challenge was dropped on the way',
      () => ({
        authorize: (query) => {
          query.delete('code_challenge');
          query.delete('code_challenge_method');
        },
      }),
      'refused',
    ],
    [
      'a code that was issued for the challenge of another',
      () => ({
        authorize: (query) =>
          query.set('code_challenge', createHash('sha256').update('another').digest('base64url')),
      }),
      'refused',
    ],
    [
      'an ID token that has no nonce, since it was dropped on the way',
      () => ({ authorize: (query) => query.delete('nonce') }),
      'malformed',
    ],
  ])('is refused if it has %s', async (_, alter, reason) => {
    const { browser, start } = person();
    acme.alter(alter());
    const callback = await start();
    expect(callback.searchParams.get('code')).not.toBeNull();
    expect(await outcomeOf(await browser.get(callback.href))).toEqual({ error: 'provider_error', reason });
  });

  it('is refused if it has the ID token of an earlier sign-in of the same user', async () => {
    const { browser, start } = person();
    let earlier: unknown;
    acme.alter({
      token: (answer) => {
        earlier = answer.id_token;
        return answer;
      },
    });
    expect(await outcomeOf(await browser.get((await start()).href))).toHaveProperty('code');
    acme.alter({ token: (answer) => ({ ...answer, id_token: earlier }) });
    expect(await outcomeOf(await browser.get((await start()).href))).toEqual({
      error: 'provider_error',
      reason: 'id_token',
    });
  });

  it('is an error to come back with if the provider refuses PKCE with `plain`', async () => {
    const { browser, start } = person();
    acme.alter({ authorize: (query) => query.set('code_challenge_method', 'plain') });
    const callback = await start();
    expect(callback.searchParams.get('error')).toBe('invalid_request');
    expect(await outcomeOf(await browser.get(callback.href))).toEqual({
      error: 'provider_error',
      reason: 'refused',
    });
  });
});

describe('what the browser brings back', () => {
  it.each<[string, (query: URLSearchParams) => void, string]>([
    ['no `iss`', (query) => query.delete('iss'), 'iss'],
    ['the `iss` of another provider (mix-up)', (query) => query.set('iss', other.issuer), 'iss'],
    ['no code', (query) => query.delete('code'), 'malformed'],
    ['two codes', (query) => query.append('code', 'another'), 'malformed'],
    ['a made-up code', (query) => query.set('code', 'made-up'), 'refused'],
  ])('is refused if it has %s', async (_, change, reason) => {
    const { browser, start } = person();
    acme.alter({});
    const callback = await start();
    change(callback.searchParams);
    expect(await outcomeOf(await browser.get(callback.href))).toEqual({ error: 'provider_error', reason });
  });

  it('is refused if its code was used, in this sign-in or in another', async () => {
    const { browser, start } = person();
    acme.alter({});
    const used = await start();
    expect(await outcomeOf(await browser.get(used.href))).toHaveProperty('code');
    // The cookie of that sign-in is gone.
    expect(await outcomeOf(await browser.get(used.href))).toEqual({ status: 400, location: null });
    const next = await start();
    next.searchParams.set('code', used.searchParams.get('code') ?? '');
    expect(await outcomeOf(await browser.get(next.href))).toEqual({
      error: 'provider_error',
      reason: 'refused',
    });
  });

  it('is refused if its code is that of an attacker, who would be signed in in this browser', async () => {
    acme.alter({});
    const [victim, attacker] = [person(), person()];
    const [callback, theirs] = [await victim.start(), await attacker.start()];
    callback.searchParams.set('code', theirs.searchParams.get('code') ?? '');
    expect(await outcomeOf(await victim.browser.get(callback.href))).toEqual({
      error: 'provider_error',
      reason: 'refused',
    });
  });

  it('is refused if it is of another browser, which may have a sign-in of its own or none', async () => {
    acme.alter({});
    const callback = await person().start();
    const [fresh, begun] = [httpBrowser(), httpBrowser()];
    await begin(begun);
    const before = acme.times('/token');
    for (const victim of [fresh, begun]) {
      expect(await outcomeOf(await victim.get(callback.href))).toEqual({ status: 400, location: null });
    }
    expect(acme.times('/token')).toBe(before);
  });
});

describe('a mix-up of two providers', () => {
  it('gives the attacker’s provider no code of the other', async () => {
    acme.alter({});
    const { browser, name } = person();
    // The attacker's provider sends the browser on to the other one, with the parameters it was given.
    const started = new URL(await begin(browser, 'other'));
    const elsewhere = await browser.agree(`${acme.issuer}/auth${started.search}`, name);
    expect(elsewhere.pathname).toBe('/account/login/with/other/callback');
    expect(elsewhere.searchParams.get('iss')).toBe(acme.issuer);
    const before = other.times('/token');
    expect(await outcomeOf(await browser.get(elsewhere.href))).toEqual({
      error: 'provider_error',
      reason: 'iss',
    });
    expect(other.times('/token')).toBe(before);
  });

  it('is refused at the callback of the one if the sign-in was begun with the other', async () => {
    acme.alter({});
    const { browser, start } = person();
    const callback = await start();
    const before = other.times('/token');
    callback.pathname = '/account/login/with/other/callback';
    expect(await outcomeOf(await browser.get(callback.href))).toEqual({ status: 400, location: null });
    expect(other.times('/token')).toBe(before);
  });
});
