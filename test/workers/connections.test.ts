/** Sign-in with an OpenID Connect provider: there and back, and everything that a provider or a browser can do wrong. */
import { describe, expect, it } from 'vitest';
import {
  begin,
  beginPath,
  browser,
  CLIENT,
  callback,
  dance,
  issuer,
  outcomeOf,
  providersOf,
  signInWith,
  signJwt,
  verified,
  worldWith,
} from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, claimsOf, faultsOf, RACE, world } from '../support/world.ts';

const log = capturedLog();

describe('the list of providers', () => {
  it('is empty if none is configured', async () => {
    const answer = await world().get('/account/providers');
    expect([answer.status, answer.body]).toEqual([200, { providers: [] }]);
  });

  it('has ids and names, and no secrets', async () => {
    const answer = await worldWith(await issuer()).get('/account/providers');
    expect(answer.body).toEqual({ providers: [{ id: 'acme', name: 'Acme' }] });
  });
});

describe('a sign-in', () => {
  it('goes to the provider with PKCE, state and nonce, new ones each time', async () => {
    const op = await issuer();
    const w = worldWith(op);
    const b = browser(w);
    const [first, second] = [new URL(await begin(b)), new URL(await begin(b))];
    expect(first.origin + first.pathname).toBe(`${op.base}/authorize`);
    expect(Object.fromEntries(first.searchParams)).toEqual({
      response_type: 'code',
      client_id: CLIENT.client_id,
      redirect_uri: 'http://localhost/account/login/with/acme/callback',
      scope: 'openid email profile',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(first.searchParams.get(name)).not.toBe(second.searchParams.get(name));
    }
  });

  it('keeps its state in an encrypted cookie of this host for ten minutes', async () => {
    const answer = await worldWith(await issuer()).get(await beginPath());
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-accounts_flow_[0-3]=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const { searchParams } = new URL(answer.headers.get('Location') ?? '');
    expect(cookie).not.toContain(searchParams.get('state'));
  });

  it('fits into a cookie with the longest return_to', async () => {
    const start = 'https://app.example.com/';
    const returnTo = start + 'x'.repeat(2_048 - start.length);
    const answer = await worldWith(await issuer()).get(await beginPath({ returnTo }));
    // What browsers keep at least (RFC 6265 section 6.1).
    expect(answer.headers.getSetCookie()[0]?.length).toBeLessThan(4_096);
  });

  it('writes nothing to D1 before the user comes back', async () => {
    const w = worldWith(await issuer());
    const count = async () =>
      (await w.rows<{ n: number }>('SELECT count(*) AS n FROM one_time_tokens'))[0]?.n;
    const before = await count();
    await begin(browser(w));
    expect(await count()).toBe(before);
  });

  it('creates an account with a verified address, and a session with `amr` `fed`', async () => {
    const op = await issuer();
    const w = worldWith(op);
    const { email } = op.as({ ...verified(), name: 'Mina Kim' });
    const answer = await signInWith(w, op);
    expect(answer.status).toBe(201);
    expect(answer.body.user).toMatchObject({ email, email_verified: true, name: 'Mina Kim', username: null });
    expect(claimsOf(answer.body.access)).toMatchObject({ amr: ['fed'], email_verified: true });
    expect((await w.me(answer.body.access)).body.id).toBe(answer.body.user.id);
    expect((await w.refresh(answer.body.refresh)).status).toBe(200);
  });

  it('finds the account again by the identity, even if the address has changed', async () => {
    const op = await issuer();
    const w = worldWith(op);
    const { sub } = op.as(verified());
    const first = await signInWith(w, op);
    op.as({ sub, ...verified() });
    const second = await signInWith(w, op);
    expect([second.status, second.body.user]).toEqual([200, undefined]);
    expect(claimsOf(second.body.access).sub).toBe(first.body.user.id);
  });

  it('uses the address of the userinfo endpoint if the ID token has none', async () => {
    const op = await issuer();
    const w = worldWith(op);
    const { email } = op.as(verified());
    op.set({ claims: ({ email: _, email_verified: __, ...rest }) => rest });
    expect((await signInWith(w, op)).body.user).toMatchObject({ email, email_verified: true });
    expect(op.times('/userinfo')).toBe(1);
  });

  it('fetches metadata and keys once, and keeps them in KV', async () => {
    const op = await issuer();
    for (const w of [worldWith(op), worldWith(op)]) {
      op.as(verified());
      await signInWith(w, op);
      op.as(verified());
      await signInWith(w, op);
    }
    expect(op.times('/.well-known/openid-configuration')).toBe(1);
    expect(op.times('/jwks')).toBe(1);
  });

  it('works for a client that is registered with its secret in the body', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    op.set({
      lies: {
        '/token': (right) =>
          op.asked.at(-1)?.headers.has('Authorization')
            ? Response.json({ error: 'invalid_client' }, { status: 401 })
            : right,
      },
    });
    // The first try uses the code up at this simple provider: what counts is that the second comes by the body.
    await dance(w, op);
    expect(op.times('/token')).toBe(2);
    expect(op.asked.at(-1)?.body).toContain('client_secret=');
  });

  it('has no tokens in any address', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    const b = browser(w);
    const back = await callback(b, op.browse(await begin(b)));
    expect(back.headers.get('Location')).toMatch(
      /^https:\/\/app\.example\.com\/signed-in\?code=[0-9a-f-]{36}\.[\w-]{43}$/,
    );
  });

  it('clears the cookie when it is done, so that the same answer works once', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    const b = browser(w);
    const parameters = op.browse(await begin(b));
    outcomeOf(await callback(b, parameters));
    expect(b.cookies.size).toBe(0);
    expect((await callback(b, parameters)).status).toBe(400);
  });

  it('runs in four tabs side by side', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    const b = browser(w);
    const urls = [await begin(b), await begin(b), await begin(b), await begin(b)];
    expect(b.cookies.size).toBe(4);
    for (const url of urls) {
      expect(outcomeOf(await callback(b, op.browse(url))).code).not.toBeNull();
    }
  });

  it('begun a fifth time takes the place of another, so that cookies do not pile up', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    const b = browser(w);
    for (let i = 0; i < 4; i++) await begin(b);
    const last = await begin(b);
    expect(b.cookies.size).toBe(4);
    expect(outcomeOf(await callback(b, op.browse(last))).code).not.toBeNull();
  });
});

describe('the start of a sign-in', () => {
  it.each([
    [
      'an unknown provider',
      '/account/login/with/unknown?return_to=https://app.example.com/&code_challenge=x',
    ],
    ['a name of Object', '/account/login/with/constructor?return_to=https://app.example.com/'],
  ])('%s is 404', async (_, path) => {
    expect((await worldWith(await issuer()).get(path)).status).toBe(404);
  });

  const good = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  it.each<[string, string, Record<string, string[]>]>([
    ['nothing', '', { return_to: ['required'], code_challenge: ['required'] }],
    ['no return_to', `code_challenge=${good}`, { return_to: ['required'] }],
    ['no code_challenge', 'return_to=https://app.example.com/', { code_challenge: ['required'] }],
    [
      'both bad',
      'return_to=https://evil.example/&code_challenge=x',
      { return_to: ['invalid'], code_challenge: ['invalid'] },
    ],
    [
      'a challenge that is too short',
      `return_to=https://app.example.com/&code_challenge=${good.slice(1)}`,
      { code_challenge: ['invalid'] },
    ],
    [
      'a padded challenge',
      `return_to=https://app.example.com/&code_challenge=${good}=`,
      { code_challenge: ['invalid'] },
    ],
    [
      'PKCE downgraded to plain',
      `return_to=https://app.example.com/&code_challenge=${good}&code_challenge_method=plain`,
      { code_challenge_method: ['invalid'] },
    ],
    [
      'two return_to',
      `return_to=https://app.example.com/&return_to=https://app.example.com/2&code_challenge=${good}`,
      { return_to: ['invalid'] },
    ],
    [
      'two challenges',
      `return_to=https://app.example.com/&code_challenge=${good}&code_challenge=${good}`,
      { code_challenge: ['invalid'] },
    ],
  ])('with %s it is 400, without a redirect', async (_, query, faults) => {
    const answer = await worldWith(await issuer()).get(`/account/login/with/acme?${query}`);
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
    expect(answer.headers.has('Location')).toBe(false);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('a callback', () => {
  it('in another browser is 400, without a redirect', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    const parameters = op.browse(await begin(browser(w)));
    for (const other of [browser(w), await begun()]) {
      const answer = await callback(other, parameters);
      expect([answer.status, faultsOf(answer)]).toEqual([400, { state: ['invalid'] }]);
      expect(answer.headers.has('Location')).toBe(false);
    }
    expect(op.times('/token')).toBe(0);
    async function begun() {
      const b = browser(w);
      await begin(b);
      return b;
    }
  });

  it.each<[string, (parameters: URLSearchParams) => void]>([
    ['no state', (p) => p.delete('state')],
    ['an empty state', (p) => p.set('state', '')],
    [
      'another state',
      (p) =>
        p.set(
          'state',
          (p.get('state') ?? '').replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
        ),
    ],
    ['a state that is longer', (p) => p.set('state', `${p.get('state')}x`)],
  ])('with %s is 400', async (_, change) => {
    const op = await issuer();
    const b = browser(worldWith(op));
    const parameters = op.browse(await begin(b));
    change(parameters);
    expect((await callback(b, parameters)).status).toBe(400);
  });

  it('with a changed cookie is 400', async () => {
    const op = await issuer();
    const b = browser(worldWith(op));
    const parameters = op.browse(await begin(b));
    for (const [name, value] of b.cookies) {
      const at = value.length - 10;
      b.cookies.set(name, value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1));
    }
    expect((await callback(b, parameters)).status).toBe(400);
  });

  it('after ten minutes is 400', async () => {
    const op = await issuer();
    const w = worldWith(op);
    const b = browser(w);
    const parameters = op.browse(await begin(b));
    w.clock.advance(600);
    expect((await callback(b, parameters)).status).toBe(400);
  });

  it('at another provider is 400 (mix-up)', async () => {
    const op = await issuer();
    const providers = [...providersOf(op), { id: 'other', issuer: 'https://other.example.net', ...CLIENT }];
    const b = browser(worldWith(op, {}, { providers }));
    const parameters = op.browse(await begin(b));
    expect((await callback(b, parameters, 'other')).status).toBe(400);
    expect(op.times('/token')).toBe(0);
  });

  it('with a return_to that is no longer allowed is 400', async () => {
    const op = await issuer();
    const b = browser(worldWith(op));
    const parameters = op.browse(await begin(b));
    const later = worldWith(op, { ALLOWED_ORIGINS: 'https://other.example.com' });
    const answer = await later.get(`/account/login/with/acme/callback?${parameters}`, {
      headers: { Cookie: [...b.cookies].map((pair) => pair.join('=')).join('; ') },
    });
    expect(answer.status).toBe(400);
  });

  it('may be a form post, if the provider sends one', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    const b = browser(w);
    const parameters = op.browse(await begin(b));
    const answer = await w.ask('POST', '/account/login/with/acme/callback', {
      body: `${parameters}&user=${encodeURIComponent('{"name":{}}')}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: op.base },
    });
    expect(answer.status).toBe(303);
    const to = new URL(answer.headers.get('Location') ?? '');
    expect([...to.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state']);
    expect(outcomeOf(await b.get(to.pathname + to.search)).code).not.toBeNull();
  });
});

it.each<[string, Record<string, string>, string, number]>([
  ['JSON', { 'Content-Type': 'application/json' }, '{}', 415],
  ['text', { 'Content-Type': 'text/plain' }, 'state=x', 415],
  ['no type', {}, '', 415],
  ['another charset', { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-16' }, 'a=b', 415],
  ['a form of 17 KiB', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'x'.repeat(17_000), 413],
])('a callback that posts %s is refused', async (_, headers, body, status) => {
  const w = worldWith(await issuer());
  expect((await w.ask('POST', '/account/login/with/acme/callback', { body, headers })).status).toBe(status);
});

type Op = Awaited<ReturnType<typeof issuer>>;
/** What comes of a sign-in where the provider, or what the browser brings back, is changed. */
const wrong = async (
  change: (op: Op) => void | Promise<void>,
  parameters: (p: URLSearchParams, op: Op) => void = () => {},
) => {
  const op = await issuer();
  const w = worldWith(op);
  op.as(verified());
  await change(op);
  const b = browser(w);
  const started = await b.get(await beginPath());
  const url = started.headers.get('Location') ?? '';
  if (!url.startsWith(op.base)) return outcomeOf(started);
  const brought = op.browse(url);
  parameters(brought, op);
  return outcomeOf(await callback(b, brought));
};
const now = () => Math.floor(Date.now() / 1_000);

describe('an invalid answer of a provider leads to return_to with an error', () => {
  it.each<[string, (p: URLSearchParams, op: Op) => void, string]>([
    ['the user said no', (p) => p.set('error', 'access_denied'), 'access_denied'],
    ['another error', (p) => p.set('error', 'invalid_scope'), 'provider_error'],
    ['it is overloaded', (p) => p.set('error', 'temporarily_unavailable'), 'provider_unavailable'],
    ['no code', (p) => p.delete('code'), 'provider_error'],
    ['an empty code', (p) => p.set('code', ''), 'provider_error'],
    ['two codes', (p) => p.append('code', 'another'), 'provider_error'],
    ['a made-up code', (p) => p.set('code', 'made-up'), 'provider_error'],
    ['no iss, though it announces one', (p) => p.delete('iss'), 'provider_error'],
    ['the iss of another (mix-up)', (p) => p.set('iss', 'https://evil.example'), 'provider_error'],
    ['an iss that differs in its slash', (p, op) => p.set('iss', `${op.base}/`), 'provider_error'],
    ['an ID token in the address', (p) => p.set('id_token', 'x.y.z'), 'provider_error'],
    ['a response as JWT', (p) => p.set('response', 'x.y.z'), 'provider_error'],
    [
      'access_denied of another issuer',
      (p) => {
        p.set('error', 'access_denied');
        p.set('iss', 'https://evil.example');
      },
      'provider_error',
    ],
  ])('in the address: %s', async (_, change, error) => {
    expect(await wrong(() => {}, change)).toEqual({ code: null, error });
  });

  it.each<[string, Record<string, unknown>]>([
    ['iss of another', { iss: 'https://evil.example' }],
    ['iss of a path below', { iss: 'https://evil.example/x' }],
    ['no iss', { iss: undefined }],
    ['iss as a list', { iss: ['https://evil.example'] }],
    ['aud of another client', { aud: 'another-client' }],
    ['aud as a list of others', { aud: ['another-client'] }],
    ['aud of ours and another, without azp', { aud: [CLIENT.client_id, 'another-client'] }],
    ['aud of ours and another, azp the other', { aud: [CLIENT.client_id, 'x'], azp: 'x' }],
    ['azp of another client beside our aud', { azp: 'another-client' }],
    ['no aud', { aud: undefined }],
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['an empty nonce', { nonce: '' }],
    ['expired', { exp: now() - 31 }],
    ['expired years ago', { exp: 1 }],
    ['exp as text', { exp: String(now() + 60) }],
    ['no exp', { exp: undefined }],
    ['not valid yet', { nbf: now() + 3_600 }],
    ['made in the future', { iat: now() + 3_600 }],
    ['no iat', { iat: undefined }],
    ['no sub', { sub: undefined }],
    ['an empty sub', { sub: '' }],
    ['a sub that is a number', { sub: 12 }],
    ['a sub of 256 characters', { sub: 'x'.repeat(256) }],
    ['a sub with a lone surrogate', { sub: 'x\ud800' }],
    ['a sub with a NUL', { sub: 'x\u0000' }],
  ])('the ID token has %s', async (_, change) => {
    const outcome = await wrong((op) => op.set({ claims: (right) => ({ ...right, ...change }) }));
    expect(outcome).toEqual({ code: null, error: 'provider_error' });
  });

  const evil = (op: Op) => op.makeKey('key-1');
  it.each<[string, (op: Op) => (claims: object) => Promise<string>]>([
    ['by another key of the same name', (op) => async (claims) => signJwt(await evil(op), claims)],
    ['by a key that is not in the set', (op) => async (claims) => signJwt(await op.makeKey('evil'), claims)],
    [
      'with alg none',
      (op) => async (claims) => (await signJwt(op.newest(), claims, { alg: 'none' })).replace(/[^.]*$/, ''),
    ],
    ['with alg NONE and a signature', (op) => (claims) => signJwt(op.newest(), claims, { alg: 'NONE' })],
    ['with alg HS256', (op) => (claims) => signJwt(op.newest(), claims, { alg: 'HS256', kid: 'key-1' })],
    [
      'with alg RS256, which is not offered',
      (op) => (claims) => signJwt(op.newest(), claims, { alg: 'RS256', kid: 'key-1' }),
    ],
    ['without alg', (op) => (claims) => signJwt(op.newest(), claims, { kid: 'key-1' })],
    [
      'with crit',
      (op) => (claims) => signJwt(op.newest(), claims, { alg: 'ES256', kid: 'key-1', crit: ['x'], x: 1 }),
    ],
    ['by nobody', (op) => async (claims) => (await signJwt(op.newest(), claims)).replace(/[^.]*$/, '')],
    [
      'and was changed afterwards',
      (op) => async (claims) => {
        const [header, , signature] = (await signJwt(op.newest(), claims)).split('.');
        return [
          header,
          btoa(JSON.stringify({ ...claims, sub: 'somebody-else' })).replace(/=+$/, ''),
          signature,
        ].join('.');
      },
    ],
    ['and is no JWT', () => async () => 'no.jwt'],
    ['and is encrypted', () => async () => 'a.b.c.d.e'],
  ])('the ID token is signed %s', async (_, sign) => {
    const outcome = await wrong((op) => op.set({ sign: sign(op) }));
    expect(outcome).toEqual({ code: null, error: 'provider_error' });
  });

  const at = (path: string, lie: (right: Response) => Response | Promise<Response>) => (op: Op) =>
    op.set({ lies: { [path]: lie } });
  const json =
    (body: unknown, status = 200) =>
    () =>
      Response.json(body, { status });
  const fail = () => {
    throw new TypeError('connection refused');
  };
  const huge = () => Response.json({ access_token: 'x'.repeat(70_000), token_type: 'bearer' });
  it.each<[string, (op: Op) => void, string]>([
    ['token: cannot be reached', at('/token', fail), 'provider_unavailable'],
    ['token: 500', at('/token', json({}, 500)), 'provider_unavailable'],
    ['token: 503', at('/token', json({}, 503)), 'provider_unavailable'],
    ['token: 429', at('/token', json({}, 429)), 'provider_unavailable'],
    [
      'token: a redirect',
      at('/token', () => new Response(null, { status: 302, headers: { Location: 'https://evil.example' } })),
      'provider_error',
    ],
    ['token: 204', at('/token', () => new Response(null, { status: 204 })), 'provider_error'],
    [
      'token: HTML',
      at('/token', () => new Response('<p>', { headers: { 'Content-Type': 'text/html' } })),
      'provider_error',
    ],
    [
      'token: no JSON',
      at('/token', () => new Response('{', { headers: { 'Content-Type': 'application/json' } })),
      'provider_error',
    ],
    ['token: a list', at('/token', json([])), 'provider_error'],
    ['token: null', at('/token', json(null)), 'provider_error'],
    ['token: an error', at('/token', json({ error: 'invalid_grant' }, 400)), 'provider_error'],
    ['token: an error with 200', at('/token', json({ error: 'bad_verification_code' })), 'provider_error'],
    ['token: no access token', at('/token', json({ token_type: 'bearer' })), 'provider_error'],
    ['token: no ID token', at('/token', json({ access_token: 'x', token_type: 'bearer' })), 'provider_error'],
    ['token: over 64 KiB', at('/token', huge), 'provider_error'],
    ['token: 64 KiB without an end', at('/token', endless), 'provider_error'],
    ['keys: cannot be reached', at('/jwks', fail), 'provider_unavailable'],
    ['keys: 404', at('/jwks', json({}, 404)), 'provider_error'],
    ['keys: none', at('/jwks', json({ keys: [] })), 'provider_error'],
    ['keys: no set', at('/jwks', json({})), 'provider_error'],
    [
      'userinfo: cannot be reached',
      (op) => {
        op.set({ claims: ({ email: _, ...rest }) => rest, lies: { '/userinfo': fail } });
      },
      'provider_unavailable',
    ],
    [
      'userinfo: of somebody else',
      (op) => {
        op.set({
          claims: ({ email: _, ...rest }) => rest,
          lies: { '/userinfo': json({ sub: 'x', ...verified() }) },
        });
      },
      'provider_error',
    ],
    ['metadata: 500', at('/.well-known/openid-configuration', json({}, 500)), 'provider_unavailable'],
    ['metadata: cannot be reached', at('/.well-known/openid-configuration', fail), 'provider_unavailable'],
    [
      'metadata: of another issuer',
      (op) => op.set({ metadata: { issuer: 'https://evil.example' } }),
      'provider_unavailable',
    ],
    [
      'metadata: no authorization endpoint',
      (op) => op.set({ metadata: { authorization_endpoint: undefined } }),
      'provider_unavailable',
    ],
    [
      'metadata: an authorization endpoint that is a script',
      (op) => op.set({ metadata: { authorization_endpoint: 'javascript:alert(1)' } }),
      'provider_unavailable',
    ],
    [
      'metadata: an authorization endpoint without TLS',
      (op) => op.set({ metadata: { authorization_endpoint: 'http://plain.example.net/authorize' } }),
      'provider_unavailable',
    ],
    [
      'metadata: a token endpoint without TLS',
      (op) => op.set({ metadata: { token_endpoint: 'http://plain.example.net/token' } }),
      'provider_error',
    ],
    [
      'metadata: no token endpoint',
      (op) => op.set({ metadata: { token_endpoint: undefined } }),
      'provider_error',
    ],
    [
      'metadata: nonsense',
      (op) => op.set({ metadata: { token_endpoint_auth_methods_supported: 5 } }),
      'provider_error',
    ],
  ])('%s', async (_, change, error) => {
    expect(await wrong(change)).toEqual({ code: null, error });
  });

  it('a provider that hangs', async () => {
    const op = await issuer();
    const w = worldWith(op, {}, { parts: { deadlines: { d1: 20_000, kv: 10_000, provider: 50 } } });
    op.as(verified());
    const b = browser(w);
    const url = await begin(b);
    op.set({ lies: { '/token': () => new Promise<Response>(() => {}) } });
    expect(outcomeOf(await callback(b, op.browse(url)))).toEqual({
      code: null,
      error: 'provider_unavailable',
    });
  });

  it('a provider whose answer never ends', async () => {
    const op = await issuer();
    const w = worldWith(op, {}, { parts: { deadlines: { d1: 20_000, kv: 10_000, provider: 50 } } });
    op.as(verified());
    const b = browser(w);
    const url = await begin(b);
    op.set({
      lies: { '/token': () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })) },
    });
    expect(outcomeOf(await callback(b, op.browse(url)))).toEqual({
      code: null,
      error: 'provider_unavailable',
    });
  });
});

/** A body that goes on and on. */
function endless() {
  return new Response(
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(32)) }),
    { headers: { 'Content-Type': 'application/json' } },
  );
}

async function forgetProvider() {
  const w = world();
  const kv = w.env.BLACKLIST as KVNamespace;
  for (const { name } of (await kv.list({ prefix: 'provider:' })).keys) await kv.delete(name);
}

describe('the keys of a provider', () => {
  it('are fetched again when a token names an unknown one, at most once a minute', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.set({ now: () => w.clock.now });
    op.as(verified());
    await signInWith(w, op);
    expect(op.times('/jwks')).toBe(1);
    // Right away, however young the other keys are.
    await op.rotate();
    expect((await signInWith(w, op)).status).toBe(200);
    expect(op.times('/jwks')).toBe(2);
    await op.rotate();
    for (let i = 0; i < 5; i++) expect((await dance(w, op)).error).toBe('provider_error');
    w.clock.advance(59);
    expect((await dance(w, op)).error).toBe('provider_error');
    expect(op.times('/jwks')).toBe(2);
    w.clock.advance(1);
    expect((await signInWith(w, op)).status).toBe(200);
    expect(op.times('/jwks')).toBe(3);
    const stranger = await op.makeKey('stranger');
    op.set({ sign: (claims) => signJwt(stranger, claims) });
    w.clock.advance(60);
    for (let i = 0; i < 5; i++) expect((await dance(w, op)).error).toBe('provider_error');
    expect(op.times('/jwks')).toBe(4);
  });

  it('are fetched once for twenty sign-ins at once after a rotation, and all succeed', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.as(verified());
    await signInWith(w, op);
    await op.rotate();
    const outcomes = await atOnce(20, () => dance(w, op));
    expect(outcomes.map(({ error }) => error)).toEqual(Array(20).fill(null));
    expect(op.times('/jwks')).toBe(2);
  });

  it('are fetched again after five minutes; a provider that then fails ends at return_to', async () => {
    const op = await issuer();
    const w = worldWith(op);
    op.set({ now: () => w.clock.now });
    op.as(verified());
    await signInWith(w, op);
    w.clock.advance(299);
    await signInWith(w, op);
    expect(op.times('/jwks')).toBe(1);
    w.clock.advance(1);
    await signInWith(w, op);
    expect(op.times('/jwks')).toBe(2);
    await op.rotate();
    op.set({ lies: { '/jwks': () => Response.json({}, { status: 503 }) } });
    expect((await dance(w, op)).error).toBe('provider_unavailable');
    expect((await dance(w, op)).error).toBe('provider_error');
    expect(op.times('/jwks')).toBe(3);
  });

  it('are fetched again once they have expired in KV and the isolate', async () => {
    const op = await issuer();
    op.as(verified());
    await signInWith(worldWith(op), op);
    await forgetProvider();
    await signInWith(worldWith(op), op);
    expect(op.times('/.well-known/openid-configuration')).toBe(2);
  });
});

describe('at once', () => {
  it('fifty sign-ins of one new identity make one account', RACE, async () => {
    const op = await issuer();
    const w = worldWith(op);
    const { email } = op.as(verified());
    await begin(browser(w));
    const outcomes = await atOnce(50, () => dance(w, op));
    const users = new Set(outcomes.map(({ code }) => code?.slice(0, 36)));
    expect([...users]).toEqual([expect.any(String)]);
    expect(await w.rows('SELECT id FROM users WHERE email = ?', email)).toHaveLength(1);
    expect(await w.rows('SELECT id FROM connections WHERE user_id = ?', [...users][0])).toHaveLength(1);
  });
});

it('logs why a provider’s answer was refused, and nothing from it', async () => {
  await wrong((op) => op.set({ claims: (right) => ({ ...right, nonce: 'another' }) }));
  expect(log.of('provider_failed')).toEqual([
    expect.objectContaining({ level: 'warn', provider: 'acme', reason: 'id_token' }),
  ]);
});
