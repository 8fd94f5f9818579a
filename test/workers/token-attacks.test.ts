/**
 * Every way to bring a token that is not one, at every door that takes one. All of them are refused with one answer a
 * door, the same to the byte, before any store is asked; a rightly signed token with odd claims is a 401 like the rest.
 * RFC 7515, 7519, 8725; OWASP ASVS 5 chapter 9.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { requireAccount } from '../../src/guard/index.ts';
import { faulty } from '../support/faulty.ts';
import { watchedConsole } from '../support/log-check.ts';
import { OTHER_SIGNING_KEY, TEST_SIGNING_KEY } from '../support/tokens.ts';
import { type Answer, claimsOf, type Vars, type World, world } from '../support/world.ts';

const log = watchedConsole();
const utf8 = new TextEncoder();
/** Of every server here: an attack that is a matter of seconds stays one however long the file takes. */
const NOW = Date.now();

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
const bytesOf = (part: string | Uint8Array) => (typeof part === 'string' ? utf8.encode(part) : part);

/** HMAC over any two texts, well-formed or not. */
async function hmac(
  header: string | Uint8Array,
  payload: string | Uint8Array,
  { key = TEST_SIGNING_KEY as string | Uint8Array, hash = 'SHA-256' } = {},
): Promise<string> {
  const input = `${base64url(bytesOf(header))}.${base64url(bytesOf(payload))}`;
  const secret = await crypto.subtle.importKey('raw', bytesOf(key), { name: 'HMAC', hash }, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', secret, utf8.encode(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

/** What an attack begins with: a token that is good at the door it goes to. */
interface Good {
  token: string;
  claims: Record<string, unknown>;
  /** Epoch seconds, of the server. */
  now: number;
}
interface Attack {
  name: string;
  make: (good: Good) => string | Promise<string>;
  /** Good at the doors that take both kinds. */
  oneKindOnly?: true;
  /** Only expired: log-out is content with that. */
  onlyExpired?: true;
}

const HEADER = { alg: 'HS256', typ: 'JWT' };
const json = JSON.stringify;

/** Signed by the server's own key, under any header. */
const headed = (name: string, header: unknown): Attack => ({
  name,
  make: ({ claims }) => hmac(typeof header === 'string' ? header : json(header), json(claims)),
});
/** Signed by the server's own key, with claims changed; undefined: left out. */
const claiming = (name: string, change: (good: Good) => Record<string, unknown>): Attack => ({
  name,
  make: (good) => hmac(json(HEADER), json({ ...good.claims, ...change(good) })),
});
/** Signed by the server's own key, the payload written by hand. */
const written = (name: string, payload: (good: Good) => string | Uint8Array): Attack => ({
  name,
  make: (good) => hmac(json(HEADER), payload(good)),
});
const partsOf = (token: string) => token.split('.') as [string, string, string];

const NOT_OUR_ALGORITHM: readonly Attack[] = [
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg): Attack[] => [
    {
      name: `alg ${alg}, no signature`,
      make: ({ claims }) =>
        `${base64url(utf8.encode(json({ ...HEADER, alg })))}.${base64url(utf8.encode(json(claims)))}.`,
    },
    headed(`alg ${alg}, rightly signed`, { ...HEADER, alg }),
  ]),
  {
    name: 'alg none, two parts',
    make: ({ claims }) =>
      `${base64url(utf8.encode(json({ alg: 'none' })))}.${base64url(utf8.encode(json(claims)))}`,
  },
  ...(
    [
      ['absent', undefined],
      ['null', null],
      ['an empty text', ''],
      ['an array', ['HS256']],
      ['an object', { name: 'HS256' }],
      ['a number', 256],
      ['true', true],
      ['in lower case', 'hs256'],
      ['with a space behind', 'HS256 '],
      ['with a NUL behind', 'HS256\0'],
      ['RS256', 'RS256'],
      ['ES256', 'ES256'],
      ['EdDSA', 'EdDSA'],
      ['PS256', 'PS256'],
      ['HS384', 'HS384'],
      ['a URL', 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256'],
    ] as const
  ).map(([what, alg]) => headed(`alg ${what}`, { alg, typ: 'JWT' })),
  ...(['SHA-384', 'SHA-512'] as const).flatMap((hash): Attack[] => [
    {
      name: `signed with HMAC ${hash}, and saying so`,
      make: ({ claims }) => hmac(json({ ...HEADER, alg: `HS${hash.slice(4)}` }), json(claims), { hash }),
    },
    {
      name: `signed with HMAC ${hash}, saying HS256`,
      make: ({ claims }) => hmac(json(HEADER), json(claims), { hash }),
    },
  ]),
  headed('alg twice, the last one none', '{"alg":"HS256","typ":"JWT","alg":"none"}'),
  headed('alg inside __proto__', '{"typ":"JWT","__proto__":{"alg":"HS256"}}'),
];

const JWK = { kty: 'oct', k: base64url(utf8.encode(OTHER_SIGNING_KEY)), alg: 'HS256' };

const A_HEADER_OF_ITS_OWN: readonly Attack[] = [
  ...(
    [
      ['a kid', { kid: 'k1' }],
      ['an empty kid', { kid: '' }],
      ['a kid that is a path', { kid: '../../../../dev/null' }],
      ['a kid that is a query', { kid: "' UNION SELECT 'secret" }],
      ['a kid that is a URL', { kid: 'https://evil.example/key' }],
      ['a kid named __proto__', { kid: '__proto__' }],
      ['a kid named constructor', { kid: 'constructor' }],
      ['a kid named undefined', { kid: 'undefined' }],
      ['a kid of 0', { kid: 0 }],
      ['a kid of null', { kid: null }],
      ['a kid of true', { kid: true }],
      ['a kid of an array', { kid: [] }],
      ['a kid of an object', { kid: {} }],
      ['crit', { crit: ['exp'] }],
      ['an empty crit', { crit: [] }],
      ['crit of b64', { b64: false, crit: ['b64'] }],
      ['a jku', { jku: 'https://evil.example/jwks.json' }],
      ['an x5u', { x5u: 'https://evil.example/cert.pem' }],
      ['an x5c', { x5c: ['MIIB'] }],
      ['a jwk', { jwk: JWK }],
      ['a jwk of null', { jwk: null }],
      ['a typ of another kind', { typ: 'at+jwt' }],
      ['a typ of null', { typ: null }],
      ['a typ of an array', { typ: ['JWT'] }],
    ] as const
  ).map(([what, more]) => headed(`${what}, rightly signed`, { ...HEADER, ...more })),
  {
    name: 'a jwk that it is signed with',
    make: ({ claims }) => hmac(json({ ...HEADER, jwk: JWK }), json(claims), { key: OTHER_SIGNING_KEY }),
  },
  headed('a header that is an array', [HEADER]),
  headed('a header that is null', null),
  headed('a header that is a text', '"HS256"'),
  headed('a header that is no JSON', 'alg=HS256'),
  headed('a header behind a byte order mark', `\uFEFF${json(HEADER)}`),
  {
    name: 'a header that is not UTF-8',
    make: ({ claims }) =>
      hmac(new Uint8Array([...utf8.encode('{"alg":"HS256","x":"'), 0xff, 0x22, 0x7d]), json(claims)),
  },
];

const last = (text: string) => text.at(-1) as string;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const A_SIGNATURE_THAT_IS_NONE: readonly Attack[] = [
  ...(
    [
      ['another key', OTHER_SIGNING_KEY],
      ['a key of one byte', 'x'],
      ['the key without its last letter', TEST_SIGNING_KEY.slice(0, -1)],
      ['the key in base64url', base64url(utf8.encode(TEST_SIGNING_KEY))],
      ['the name of the setting', 'SIGNING_KEY'],
    ] as const
  ).map(
    ([what, key]): Attack => ({
      name: `signed with ${what}`,
      make: ({ claims }) => hmac(json(HEADER), json(claims), { key }),
    }),
  ),
  // 43 letters are 258 bits: the last letter has two that mean nothing.
  ...[1, 2, 3].map(
    (step): Attack => ({
      name: `the last letter of the signature spelled in another way (${step})`,
      make: ({ token }) => {
        const at = ALPHABET.indexOf(last(token));
        return token.slice(0, -1) + ALPHABET[at - (at % 4) + ((at + step) % 4)];
      },
    }),
  ),
  { name: 'padding behind the signature', make: ({ token }) => `${token}=` },
  { name: 'a letter more in the signature', make: ({ token }) => `${token}A` },
  { name: 'a letter less in the signature', make: ({ token }) => token.slice(0, -1) },
  { name: 'half a signature', make: ({ token }) => token.slice(0, -21) },
  { name: 'no signature', make: ({ token }) => `${partsOf(token).slice(0, 2).join('.')}.` },
  {
    name: 'a signature of zeros',
    make: ({ token }) => `${partsOf(token).slice(0, 2).join('.')}.${'A'.repeat(43)}`,
  },
  { name: 'its own payload as signature', make: ({ token }) => token.replace(/[^.]+$/, partsOf(token)[1]) },
  {
    name: 'a letter of the signature changed',
    make: ({ token }) => {
      const [header, payload, signature] = partsOf(token);
      return `${header}.${payload}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    },
  },
  {
    name: 'the signature of another token',
    make: async ({ token, claims }) => {
      const other = await hmac(json(HEADER), json({ ...claims, jti: 'another' }));
      return `${partsOf(token).slice(0, 2).join('.')}.${partsOf(other)[2]}`;
    },
  },
  ...(
    [
      ['a later end', ({ now }) => ({ exp: now + 1e9 })],
      ['another user', () => ({ sub: crypto.randomUUID() })],
      ['a staff flag', () => ({ is_staff: true })],
      [
        'another kind',
        ({ claims }) => ({ token_type: claims.token_type === 'access' ? 'refresh' : 'access' }),
      ],
    ] as [string, (good: Good) => object][]
  ).map(
    ([what, change]): Attack => ({
      name: `${what} under an old signature`,
      make: (good) => {
        const [header, , signature] = partsOf(good.token);
        return `${header}.${base64url(utf8.encode(json({ ...good.claims, ...change(good) })))}.${signature}`;
      },
    }),
  ),
];

const NO_TOKEN_AT_ALL: readonly Attack[] = [
  ...[
    'not-a-token',
    '.',
    '..',
    '...',
    'a.b.c',
    'null',
    'undefined',
    'e30.e30.e30',
    '{}',
    '"',
    '%00',
    '*',
  ].map((text): Attack => ({ name: `the text ${text}`, make: () => text })),
  { name: 'a part too few', make: ({ token }) => partsOf(token).slice(0, 2).join('.') },
  { name: 'a part too many', make: ({ token }) => `${token}.${partsOf(token)[2]}` },
  { name: 'five parts, as an encrypted one has', make: ({ token }) => `${token}.AAAA.AAAA` },
  { name: 'a dot before it', make: ({ token }) => `.${token}` },
  { name: 'a dot behind it', make: ({ token }) => `${token}.` },
  { name: 'white space inside', make: ({ token }) => token.replace('.', ' .') },
  { name: 'a line end inside', make: ({ token }) => token.replace('.', '\n.') },
  { name: 'a NUL behind it', make: ({ token }) => `${token}\0` },
  { name: 'letters of the other base64', make: ({ token }) => `${token.slice(0, -2)}+/` },
  { name: 'full-width letters', make: ({ token }) => token.replace('e', 'ｅ') },
  { name: 'quotes around it', make: ({ token }) => `"${token}"` },
  { name: 'its scheme before it', make: ({ token }) => `Bearer ${token}` },
  {
    name: 'more than 4 KiB, rightly signed',
    make: ({ claims }) => hmac(json(HEADER), json({ ...claims, pad: 'x'.repeat(4_096) })),
  },
  { name: 'twelve thousand letters', make: () => 'e'.repeat(12_000) },
  { name: 'four thousand dots', make: () => '.'.repeat(4_000) },
];

/** Values that no claim may have; a text is added where a time belongs, a time where a text does. */
const ODD_VALUES: readonly [string, unknown][] = [
  ['absent', undefined],
  ['null', null],
  ['true', true],
  ['an array', []],
  ['an object', {}],
  ['an empty text', ''],
  ['a negative number', -1],
  ['a fraction', 1_900_000_000.5],
  ['beyond all integers', 1e300],
];
const TEXTS = ['jti', 'sub', 'sid'] as const;
const TIMES = ['iat', 'exp'] as const;

const ODD_CLAIMS: readonly Attack[] = [
  ...[...TEXTS, ...TIMES, 'token_type'].flatMap((claim) =>
    ODD_VALUES.map(([what, value]) => claiming(`${claim} ${what}`, () => ({ [claim]: value }))),
  ),
  ...TEXTS.flatMap((claim) => [
    claiming(`${claim} a number`, () => ({ [claim]: 7 })),
    claiming(`${claim} an array of itself`, ({ claims }) => ({ [claim]: [claims[claim]] })),
    claiming(`${claim} of 256 letters`, () => ({ [claim]: 'x'.repeat(256) })),
    claiming(`${claim} with a lone surrogate`, () => ({ [claim]: '\ud800' })),
  ]),
  ...TIMES.flatMap((claim) => [
    claiming(`${claim} a text of digits`, ({ claims }) => ({ [claim]: String(claims[claim]) })),
    claiming(`${claim} a date`, () => ({ [claim]: '2999-01-01T00:00:00Z' })),
    written(`${claim} infinite`, ({ claims }) =>
      json({ ...claims, [claim]: 0 }).replace(`"${claim}":0`, `"${claim}":1e999`),
    ),
  ]),
  ...['Access', 'REFRESH', 'access ', 'refresh\0', 'аccess', 'console', 'sliding', 'access,refresh'].map(
    (kind) => claiming(`token_type ${json(kind)}`, () => ({ token_type: kind })),
  ),
  {
    ...claiming('the other kind of token', ({ claims }) => ({
      token_type: claims.token_type === 'access' ? 'refresh' : 'access',
    })),
    oneKindOnly: true,
  },
  { ...claiming('an end in the past', ({ now }) => ({ exp: now - 1 })), onlyExpired: true },
  { ...claiming('an end of this second', ({ now }) => ({ exp: now })), onlyExpired: true },
  { ...claiming('an end of 0', () => ({ exp: 0 })), onlyExpired: true },
  claiming('made six seconds from now', ({ now }) => ({ iat: now + 6 })),
  claiming('not before six seconds from now', ({ now }) => ({ nbf: now + 6 })),
  claiming('nbf null', () => ({ nbf: null })),
  claiming('nbf a text', () => ({ nbf: '0' })),
  claiming('nbf negative', () => ({ nbf: -1 })),
  ...[false, null, 0, 1, 'true', {}, []].map((value) =>
    claiming(`is_staff ${json(value)}`, () => ({ is_staff: value })),
  ),
  written('claims inside __proto__', ({ claims }) => `{"__proto__":${json(claims)}}`),
  written('claims in an array', ({ claims }) => json([claims])),
  written('claims as a text', ({ claims }) => json(json(claims))),
  written('claims that are null', () => 'null'),
  written('claims that are a number', () => '1'),
  written('claims that are empty', () => '{}'),
  written('claims that are no JSON', () => 'sub=1'),
  written('claims behind a byte order mark', ({ claims }) => `\uFEFF${json(claims)}`),
  written('claims with a byte that is not UTF-8', ({ claims }) => {
    const text = utf8.encode(json(claims).replace('}', ',"x":"?"}'));
    text[text.length - 3] = 0xff;
    return text;
  }),
  written('sub twice, the last one null', ({ claims }) => json(claims).replace(/}$/, ',"sub":null}')),
  written('exp twice, the last one a text', ({ claims }) => json(claims).replace(/}$/, ',"exp":"9"}')),
];

const ATTACKS: readonly Attack[] = [
  ...NOT_OUR_ALGORITHM,
  ...A_HEADER_OF_ITS_OWN,
  ...A_SIGNATURE_THAT_IS_NONE,
  ...NO_TOKEN_AT_ALL,
  ...ODD_CLAIMS,
];

// ---------------------------------------------------------------------------------------------------------------

interface Door {
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
const DOORS: readonly Door[] = [
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

/** The one thing that is told of a token: it was good once. Answers without a problem (the console's) say nothing. */
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
  DOORS.map(async (door) => {
    const store = faulty();
    const w = world({
      vars: { MAIL: 'off', ...door.vars },
      bindings: store.bindings as never,
      now: NOW,
    });
    const reference = told(await door.ask(w, 'not-a-token'));
    const cases = forged[door.kind].filter(
      ({ token, oneKindOnly, onlyExpired }) =>
        CARRIES[door.carrier].test(token) &&
        !(oneKindOnly && door.bothKinds) &&
        !(onlyExpired && door.merciful),
    );
    return { ...door, w, store, reference, cases };
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
  const doors = DOORS.filter((door) => door.vars === undefined);
  const cases = await Promise.all(
    doors.flatMap((door) =>
      attacks.map(async ([name, make]) => ({
        name,
        door,
        token: await make(claimsOf(who[door.kind])),
        reference: told(await door.ask(w, 'not-a-token')),
      })),
    ),
  );
  const named = cases.map(({ name, door, ...rest }) => [door.name, name, { door, ...rest }] as const);
  it.each(named)('%s refuses %s', async (_, __, { door, token, reference }) => {
    expect(told(await door.ask(w, token))).toEqual(reference);
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
