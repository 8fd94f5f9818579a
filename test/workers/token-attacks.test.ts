/**
 * Every way to bring a token that is not one, at every endpoint that takes one. All of them are refused with one answer a
 * endpoint, the same to the byte, before any store is asked; a rightly signed token with odd claims is a 401 like the rest.
 * RFC 7515, 7519, 8725; OWASP ASVS 5 chapter 9.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { requireAccount } from '../../src/guard/index.ts';
import { ATTACKS, base64url, type Good, HEADER, hmac, json, utf8 } from '../support/attacks.ts';
import { faulty } from '../support/faulty.ts';
import { watchedConsole } from '../support/log-check.ts';
import { TEST_SIGNING_KEY } from '../support/tokens.ts';
import { type Answer, claimsOf, type Vars, type World, world } from '../support/world.ts';

const log = watchedConsole();
/** Of every server here: an attack that is a matter of seconds stays one however long the file takes. */
const NOW = Date.now();

// ---------------------------------------------------------------------------------------------------------------

interface Endpoint {
  name: string;
  kind: 'access' | 'refresh';
  bothKinds?: true;
  /** Content with a token that has only expired. */
  merciful?: true;
  vars?: Vars;
  carrier: 'header' | 'body' | 'cookie';
  ask: (w: World, token: string) => Promise<Answer>;
}

const inCookie = (path: string) => (w: World, token: string) =>
  w.post(path, undefined, {
    headers: { Origin: 'http://localhost', Cookie: `__Secure-refresh=${token}` },
  });

const guarded =
  (mode: 'fast' | 'strict') =>
  async (w: World, token: string): Promise<Answer> => {
    const host = new Hono().get('/', requireAccount({ mode, clock: () => NOW }), (c) => c.json({}));
    const context = createExecutionContext();
    const request = new Request('http://localhost/', { headers: { Authorization: `Bearer ${token}` } });
    const response = await host.fetch(request, w.env, context);
    const text = await response.text();
    await waitOnExecutionContext(context);
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
  };

const COOKIES = { REFRESH_TRANSPORT: 'cookie' };
const ENDPOINTS: readonly Endpoint[] = [
  { name: 'me', kind: 'access', carrier: 'header', ask: (w, token) => w.me(token) },
  {
    name: 'the list of sessions',
    kind: 'access',
    carrier: 'header',
    ask: (w, token) => w.get('/account/sessions', { token }),
  },
  {
    name: 'withdrawal',
    kind: 'access',
    carrier: 'header',
    ask: (w, token) => w.delete('/account/me', { password: 'correct horse battery' }, { token }),
  },
  { name: 'a fast guard', kind: 'access', carrier: 'header', ask: guarded('fast') },
  { name: 'a strict guard', kind: 'access', carrier: 'header', ask: guarded('strict') },
  { name: 'refresh', kind: 'refresh', carrier: 'body', ask: (w, token) => w.refresh(token) },
  {
    name: 'refresh with a cookie',
    kind: 'refresh',
    vars: COOKIES,
    carrier: 'cookie',
    ask: inCookie('/account/token/refresh'),
  },
  {
    name: 'log-out',
    kind: 'refresh',
    merciful: true,
    carrier: 'body',
    ask: (w, token) => w.logOut(token),
  },
  {
    name: 'log-out with a cookie',
    kind: 'refresh',
    merciful: true,
    vars: COOKIES,
    carrier: 'cookie',
    ask: inCookie('/account/logout'),
  },
  {
    name: 'verify',
    kind: 'access',
    bothKinds: true,
    carrier: 'body',
    ask: (w, token) => w.verify(token),
  },
  {
    name: 'simplejwt’s refresh',
    kind: 'refresh',
    carrier: 'body',
    ask: (w, token) => w.post('/api/token/refresh/', { refresh: token }),
  },
  {
    name: 'simplejwt’s verify',
    kind: 'refresh',
    bothKinds: true,
    carrier: 'body',
    ask: (w, token) => w.post('/api/token/verify/', { token }),
  },
  {
    name: 'simplejwt’s blacklist',
    kind: 'refresh',
    carrier: 'body',
    ask: (w, token) => w.post('/api/token/blacklist/', { refresh: token }),
  },
];

/** What a header or a cookie can carry at all: the rest never arrives as it was sent. */
const CARRIES = {
  header: /^[\x21-\x7e]+$/,
  cookie: /^[\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/,
  body: /^[\s\S]+$/,
} as const;

/** All of an answer but its id. */
const told = ({ status, headers, text }: Answer) => ({
  status,
  text,
  headers: [...headers].filter(([name]) => name !== 'x-request-id'),
});

/** The only thing that is revealed about a token: it was valid once. The console's responses reveal nothing. */
function asExpired(reference: ReturnType<typeof told>, kind: 'access' | 'refresh') {
  const about = `"${kind === 'access' ? 'AccessToken' : 'RefreshToken'}","token_type":"${kind}"`;
  const text = reference.text
    .replace(
      /"detail":"[^"]*","code":"token_not_valid"/,
      '"detail":"Token is expired","code":"token_not_valid","reason":"expired"',
    )
    .replace(/"\w+","token_type":"\w+","message":"[^"]*"/, `${about},"message":"Token is expired"`);
  return { ...reference, text };
}

const fresh = () => world({ vars: { MAIL: 'off' }, now: NOW }).signUp();
const goodOf = (token: string): Good => ({
  token,
  claims: claimsOf(token),
  now: Math.floor(NOW / 1_000),
});

const owner = await fresh();
const forge = (good: Good) =>
  Promise.all(ATTACKS.map(async (attack) => ({ ...attack, token: await attack.make(good) })));
const forged = { access: await forge(goodOf(owner.access)), refresh: await forge(goodOf(owner.refresh)) };

const plans = await Promise.all(
  ENDPOINTS.map(async (endpoint) => {
    const store = faulty();
    const w = world({
      vars: { MAIL: 'off', ...endpoint.vars },
      bindings: store.bindings as never,
      now: NOW,
    });
    const reference = told(await endpoint.ask(w, 'not-a-token'));
    const cases = forged[endpoint.kind].filter(
      ({ token, oneKindOnly, onlyExpired }) =>
        CARRIES[endpoint.carrier].test(token) &&
        !(oneKindOnly && endpoint.bothKinds) &&
        !(onlyExpired && endpoint.merciful),
    );
    return { ...endpoint, w, store, reference, cases };
  }),
);

/** Every row of the one whose tokens the attacks began with. */
async function rowsOfOwner() {
  const { sub, sid } = claimsOf(owner.refresh);
  const results = await env.DB.batch([
    env.DB.prepare('SELECT * FROM users WHERE id = ?').bind(sub),
    env.DB.prepare('SELECT * FROM sessions WHERE user_id = ?').bind(sub),
    env.DB.prepare('SELECT * FROM one_time_tokens WHERE subject = ?').bind(sub),
    env.DB.prepare('SELECT * FROM revoked_tokens WHERE session_id = ?').bind(sid),
  ]);
  return results.map((result) => result.results);
}
const before = await rowsOfOwner();

describe.each(plans.map((plan) => [plan.name, plan] as const))('%s', (_, plan) => {
  const { kind, ask, w, store, reference, cases } = plan;
  it('refuses what is no token with 401, and nothing about why', () => {
    expect(reference.status).toBe(401);
    const { messages, ...problem } = JSON.parse(reference.text);
    if (messages) expect(messages).toEqual([expect.objectContaining({ message: 'Token is invalid' })]);
    expect(problem).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: expect.any(String),
      code: 'token_not_valid',
    });
  });

  const named = cases.map(({ name, token, onlyExpired = false }) => [name, token, onlyExpired] as const);
  it.each(named)('refuses %s in the same way, and asks no store', async (__, token, onlyExpired) => {
    store.calls.length = 0;
    expect(told(await ask(w, token))).toEqual(onlyExpired ? asExpired(reference, kind) : reference);
    expect(store.calls).toEqual([]);
  });

  it('takes a token that was forged with nothing wrong about it', async () => {
    const { claims } = goodOf((await fresh())[kind]);
    const answer = await ask(w, await hmac(json(HEADER), json(claims)));
    expect([200, 204]).toContain(answer.status);
  });
});

describe('all of them together', () => {
  it('are many', () => {
    expect(ATTACKS.length).toBeGreaterThan(150);
    expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length);
    expect(plans.every(({ cases }) => cases.length > 130)).toBe(true);
  });

  it('have changed nothing of the one whose tokens they began with', async () => {
    expect(before.map((rows) => rows.length)).toEqual([1, 1, 0, 0]);
    expect(await rowsOfOwner()).toEqual(before);
    const w = world({ vars: { MAIL: 'off' }, now: NOW });
    expect((await w.me(owner.access)).body).toEqual(owner.user);
    expect((await w.refresh(owner.refresh)).status).toBe(200);
  });

  it('left no token in the log', () => {
    const secrets = [owner.access, owner.refresh, owner.email, TEST_SIGNING_KEY];
    expect(log.dirty(secrets)).toEqual([]);
    expect(log.lines.length).toBeGreaterThan(1_000);
  });
});

describe('a good token in a place where none is read', () => {
  const w = world({ vars: { MAIL: 'off' }, now: NOW });
  const bearer = (Authorization: string) => ({ headers: { Authorization } });
  const cases: [where: string, ask: () => Promise<Answer>, code: string][] = [
    ['the query', () => w.get(`/account/me?access_token=${owner.access}`), 'not_authenticated'],
    [
      'a cookie',
      () => w.get('/account/me', { headers: { Cookie: `access=${owner.access}` } }),
      'not_authenticated',
    ],
    ['the body', () => w.patch('/account/me', { access: owner.access, name: 'M' }), 'not_authenticated'],
    [
      'a header of another name',
      () => w.get('/account/me', { headers: { 'X-Authorization': `Bearer ${owner.access}` } }),
      'not_authenticated',
    ],
    ['another scheme', () => w.get('/account/me', bearer(`Basic ${owner.access}`)), 'not_authenticated'],
    ['no scheme', () => w.get('/account/me', bearer(owner.access)), 'not_authenticated'],
    [
      'a scheme that is glued to it',
      () => w.get('/account/me', bearer(`Bearer${owner.access}`)),
      'not_authenticated',
    ],
    [
      'two headers',
      () => w.get('/account/me', bearer(`Bearer ${owner.access}, Bearer ${owner.access}`)),
      'bad_authorization_header',
    ],
    [
      'the body, in cookie mode',
      () =>
        world({ vars: { ...COOKIES, MAIL: 'off' } }).post(
          '/account/token/refresh',
          { refresh: owner.refresh },
          { headers: { Origin: 'http://localhost' } },
        ),
      'not_authenticated',
    ],
    [
      'a cookie without its prefix, in cookie mode',
      () =>
        world({ vars: { ...COOKIES, MAIL: 'off' } }).post('/account/token/refresh', undefined, {
          headers: { Origin: 'http://localhost', Cookie: `refresh=${owner.refresh}` },
        }),
      'not_authenticated',
    ],
  ];
  it.each(cases)('%s is not seen', async (_, ask, code) => {
    const answer = await ask();
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe(code);
  });
});

describe('with a key pair, an old key and a shared one in the set', async () => {
  const pair = async () =>
    (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
  const jwkOf = async (key: CryptoKey, kid: string) => {
    const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey;
    return { kty, crv, x, y, ...(d !== undefined && { d }), kid, alg: 'ES256' };
  };
  const ours = await pair();
  const old = await pair();
  const stranger = await pair();
  const publicJwk = await jwkOf(ours.publicKey, 'new');
  const shared = { kty: 'oct', alg: 'HS256', kid: 'shared', k: base64url(utf8.encode(TEST_SIGNING_KEY)) };
  const vars = {
    MAIL: 'off',
    SIGNING_KEY: json(await jwkOf(ours.privateKey, 'new')),
    VERIFYING_KEYS: json([await jwkOf(old.publicKey, 'old'), shared]),
  };
  const spki = new Uint8Array((await crypto.subtle.exportKey('spki', ours.publicKey)) as ArrayBuffer);
  const pem = `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...spki))}\n-----END PUBLIC KEY-----\n`;
  const raw = new Uint8Array((await crypto.subtle.exportKey('raw', ours.publicKey)) as ArrayBuffer);

  const ecdsa = async (header: object, claims: object, key: CryptoKey) => {
    const input = `${base64url(utf8.encode(json(header)))}.${base64url(utf8.encode(json(claims)))}`;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, utf8.encode(input));
    return { input, signature: new Uint8Array(signature) };
  };
  const signedBy = async (header: object, claims: object, key: CryptoKey) => {
    const { input, signature } = await ecdsa(header, claims, key);
    return `${input}.${base64url(signature)}`;
  };
  const ES = { alg: 'ES256', typ: 'JWT', kid: 'new' };
  const HS = { alg: 'HS256', typ: 'JWT' };
  type Claimed = Record<string, unknown>;
  const attacks: [name: string, make: (claims: Claimed) => Promise<string>][] = [
    ...(
      [
        ['as PEM', pem],
        ['as PEM without line ends', pem.replaceAll('\n', '')],
        ['as SPKI', spki],
        ['as a point', raw],
        ['as JWK', json(publicJwk)],
        ['by its x', publicJwk.x ?? ''],
      ] as const
    ).flatMap(([how, key]): [string, (claims: Claimed) => Promise<string>][] => [
      [
        `HMAC with the public key ${how}, under its kid`,
        (claims) => hmac(json({ ...HS, kid: 'new' }), json(claims), { key }),
      ],
      [`HMAC with the public key ${how}, without a kid`, (claims) => hmac(json(HS), json(claims), { key })],
    ]),
    [
      'HMAC with the shared key, under the pair’s kid',
      (claims) => hmac(json({ ...HS, kid: 'new' }), json(claims)),
    ],
    [
      'HMAC with the shared key, saying ES256',
      (claims) => hmac(json({ ...ES, kid: 'shared' }), json(claims)),
    ],
    ['HMAC with the shared key, without a kid', (claims) => hmac(json(HS), json(claims))],
    [
      'the pair’s key under the old kid',
      (claims) => signedBy({ ...ES, kid: 'old' }, claims, ours.privateKey),
    ],
    ['the old key under the pair’s kid', (claims) => signedBy(ES, claims, old.privateKey)],
    [
      'the pair’s key under the shared kid',
      (claims) => signedBy({ ...ES, kid: 'shared' }, claims, ours.privateKey),
    ],
    [
      'the pair’s key without a kid',
      (claims) => signedBy({ alg: 'ES256', typ: 'JWT' }, claims, ours.privateKey),
    ],
    [
      'the pair’s key under an unknown kid',
      (claims) => signedBy({ ...ES, kid: 'next' }, claims, ours.privateKey),
    ],
    [
      'the pair’s key under a kid in an array',
      (claims) => signedBy({ ...ES, kid: ['new'] }, claims, ours.privateKey),
    ],
    ['the pair’s key, saying ES384', (claims) => signedBy({ ...ES, alg: 'ES384' }, claims, ours.privateKey)],
    ['the pair’s key, saying none', (claims) => signedBy({ ...ES, alg: 'none' }, claims, ours.privateKey)],
    ['a stranger’s key', (claims) => signedBy(ES, claims, stranger.privateKey)],
    [
      'a stranger’s key that comes along',
      async (claims) =>
        signedBy({ ...ES, jwk: await jwkOf(stranger.publicKey, 'new') }, claims, stranger.privateKey),
    ],
    [
      'a signature of zeros',
      async (claims) => `${(await ecdsa(ES, claims, ours.privateKey)).input}.${'A'.repeat(86)}`,
    ],
    [
      'a signature in DER',
      async (claims) => {
        const { input, signature } = await ecdsa(ES, claims, ours.privateKey);
        const whole = (part: Uint8Array) => [0x02, 33, 0, ...part];
        const der = [...whole(signature.slice(0, 32)), ...whole(signature.slice(32))];
        return `${input}.${base64url(new Uint8Array([0x30, der.length, ...der]))}`;
      },
    ],
    [
      'half a signature',
      async (claims) => {
        const { input, signature } = await ecdsa(ES, claims, ours.privateKey);
        return `${input}.${base64url(signature.slice(0, 32))}`;
      },
    ],
  ];

  const w = world({ vars, now: NOW });
  const who = await w.signUp();
  const endpoints = ENDPOINTS.filter((endpoint) => endpoint.vars === undefined);
  const cases = await Promise.all(
    endpoints.flatMap((endpoint) =>
      attacks.map(async ([name, make]) => ({
        name,
        endpoint,
        token: await make(claimsOf(who[endpoint.kind])),
        reference: told(await endpoint.ask(w, 'not-a-token')),
      })),
    ),
  );
  const named = cases.map(
    ({ name, endpoint, ...rest }) => [endpoint.name, name, { endpoint, ...rest }] as const,
  );
  it.each(named)('%s refuses %s', async (_, __, { endpoint, token, reference }) => {
    expect(told(await endpoint.ask(w, token))).toEqual(reference);
  });

  it.each([
    ['the pair’s own key', (claims: Claimed) => signedBy(ES, claims, ours.privateKey)],
    [
      'the old key under its kid',
      (claims: Claimed) => signedBy({ ...ES, kid: 'old' }, claims, old.privateKey),
    ],
    ['the shared key under its kid', (claims: Claimed) => hmac(json({ ...HS, kid: 'shared' }), json(claims))],
  ])('%s is good', async (_, make) => {
    expect((await w.me(await make(claimsOf(who.access)))).status).toBe(200);
  });
});
