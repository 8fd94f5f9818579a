/** Forged, broken and misplaced tokens: RFC 7515, 7519, 8725; OWASP ASVS 5 chapter 9. */
import { OTHER_SIGNING_KEY, TEST_SIGNING_KEY } from './tokens.ts';

export const utf8 = new TextEncoder();

export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
const bytesOf = (part: string | Uint8Array) => (typeof part === 'string' ? utf8.encode(part) : part);

/** HMAC over any two texts, well-formed or not. */
export async function hmac(
  header: string | Uint8Array,
  payload: string | Uint8Array,
  { key = TEST_SIGNING_KEY as string | Uint8Array, hash = 'SHA-256' } = {},
): Promise<string> {
  const input = `${base64url(bytesOf(header))}.${base64url(bytesOf(payload))}`;
  const secret = await crypto.subtle.importKey('raw', bytesOf(key), { name: 'HMAC', hash }, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', secret, utf8.encode(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

/** What an attack begins with: a token that is good at the endpoint it goes to. */
export interface Good {
  token: string;
  claims: Record<string, unknown>;
  /** Epoch seconds, of the server. */
  now: number;
}
interface Attack {
  name: string;
  make: (good: Good) => string | Promise<string>;
  /** Good at the endpoints that take both kinds. */
  oneKindOnly?: true;
  /** Only expired: log-out is content with that. */
  onlyExpired?: true;
}

export const HEADER = { alg: 'HS256', typ: 'JWT' };
export const json = JSON.stringify;

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

export const ATTACKS: readonly Attack[] = [
  ...NOT_OUR_ALGORITHM,
  ...A_HEADER_OF_ITS_OWN,
  ...A_SIGNATURE_THAT_IS_NONE,
  ...NO_TOKEN_AT_ALL,
  ...ODD_CLAIMS,
];
