import { describe, expect, it } from 'vitest';
import { fromBase64Url, isBase64Url } from '../../src/encoding.ts';
import { secretText } from '../../src/token/key-set.ts';
import {
  ALGS,
  BARE,
  b64u,
  EC,
  ED,
  faultsOf,
  generate,
  type Jwk,
  keysOf,
  OCT,
  PARAMETERS,
  publicOf,
  RSA,
} from '../support/keys.ts';

const SECRET = 'N3w-0rl3ans!jazz&gumb0,1923;b1ue'; // 32 bytes
const omit = (jwk: Jwk, ...names: string[]): Jwk =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));

describe('base64url in its canonical form', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const reencodes = (text: string): boolean => {
    const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
    return b64u(atob(base64)) === text;
  };

  it('round-trips for each text of two and three characters', () => {
    const differing: string[] = [];
    let canonical = 0;
    for (const a of ALPHABET) {
      for (const b of ALPHABET) {
        for (const text of [a + b, ...Array.from(ALPHABET, (c) => a + b + c)]) {
          if (isBase64Url(text) !== reencodes(text)) differing.push(text);
          if (isBase64Url(text)) canonical++;
        }
      }
    }
    expect(differing).toStrictEqual([]);
    expect(canonical).toBe(256 + 256 * 256);
  });

  const cases: [string, string, boolean][] = [
    ['nothing', '', true],
    ['one character', 'A', false],
    ['four characters', 'AAAA', true],
    ['five characters', 'AAAAA', false],
    ['padding', 'AA==', false],
    ['one sign of padding', 'AAA=', false],
    ['+', 'AA+A', false],
    ['/', 'AA/A', false],
    ['a space before', ' AAA', false],
    ['a space after', 'AAAA ', false],
    ['a line feed after', 'AAAA\n', false],
    ['a line feed inside', 'AA\nA', false],
    ['a NUL', 'AAA\0', false],
    ['a full-width letter', 'AAAＡ', false],
    ['a long s', 'AAAſ', false],
    ['a dot', 'AA.A', false],
    ['4096 characters', 'A'.repeat(4096), true],
    ['a hundred thousand characters and one odd', `${'A'.repeat(100_000)}!`, false],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      expect(isBase64Url(text)).toBe(expected);
      expect(fromBase64Url(text) !== undefined).toBe(expected);
    });
  }

  it('decodes every byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(fromBase64Url(b64u(bytes))).toStrictEqual(bytes);
  });
  for (const value of [undefined, null, 7, {}, ['AAAA']]) {
    it(`is not ${JSON.stringify(value)}`, () => expect(fromBase64Url(value)).toBeUndefined());
  }
});

describe('a plain secret', () => {
  it('signs and verifies with HS256, without a kid, and is not published', async () => {
    const keys = await keysOf(SECRET);
    expect(keys.signing).toMatchObject({ alg: 'HS256', kid: undefined });
    expect([...keys.verifying.keys()]).toStrictEqual([undefined]);
    expect(keys.verifying.get(undefined)?.alg).toBe('HS256');
    expect(keys.jwks).toStrictEqual({ keys: [] });
  });

  it('is the UTF-8 bytes of the text, white space included', async () => {
    for (const text of [SECRET, `${SECRET}\n`, ` ${SECRET}`, 'ünïcödé-schlüssel-für-tests-μλ']) {
      const { signing } = await keysOf(text);
      const raw = await crypto.subtle.importKey(
        'raw',
        new TextEncoder().encode(text),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['sign'],
      );
      const data = new Uint8Array([1, 2, 3]);
      const [ours, theirs] = await Promise.all(
        [signing?.key ?? raw, raw].map((key) => crypto.subtle.sign('HMAC', key, data)),
      );
      expect(signing).toBeDefined();
      expect(new Uint8Array(ours as ArrayBuffer)).toStrictEqual(new Uint8Array(theirs as ArrayBuffer));
    }
  });

  const WEAK: [string, string][] = [
    ['31 bytes', SECRET.slice(0, 31)],
    ['a text said twice', 'kQ7zP2mX9v4bT6rY'.repeat(2)],
    ['rows in more than three quarters of it', 'abcdemnopqGHIJK23456uvwxQRSTefgh'],
    ['one byte', 'x'],
    ['a character and 31 spaces', `x${' '.repeat(31)}`],
    ['one character over and over', 'a'.repeat(64)],
    ['seven different characters', 'abcdefgabdcgefabcgdfeabcfgdeacbgfde'],
    ['change-me', 'change-me-change-me-change-me-please!'],
    ['changeme', 'changeme-0123456789-abcdefghijklmnop'],
    ['CHANGE_ME', 'CHANGE_ME_8f3kQpZ0vT7wXy2LmN5bR9cD1'],
    ['change this', 'please change this value before you deploy'],
    ['django-insecure-', 'django-insecure-7k$2n^8x!q3v@w5z#m1p&r4t*y6u(i0o'],
    ['your-secret', 'your-secret-key-goes-right-here-0123'],
    ['your_jwt_secret', 'your_jwt_secret_for_local_development'],
    ['your-256-bit-secret', 'your-256-bit-secret-your-256-bit-!?x'],
    ['replace-me', 'replace-me-with-32-random-bytes-now!'],
    ['replace with', 'replace with a long random string!!!'],
    ['secretsecret', 'secretsecretsecretsecret-0123456789'],
    ['placeholder', 'this-is-only-a-placeholder-for-a-key'],
    ['the one on jwt.io', 'a-string-secret-at-least-256-bits-long'],
    ['do not use', 'do-not-use-this-in-production-1234567'],
    ['passwordpassword', 'passwordpassword123456-passwordqwxyz'],
    ['a repetition', '0123456789abcdef'.repeat(2)],
    ['a repetition that breaks off', `${'kQ7zP2mX9v'.repeat(3)}kQ7z`],
    ['the digits', '1234567890123456789012345678901234567890'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['the alphabet backwards', 'zyxwvutsrqponmlkjihgfedcba9876543210'],
  ];
  for (const [name, text] of WEAK) {
    it(`is refused when weak: ${name}`, async () => {
      const faults = await faultsOf(text);
      expect(faults).toHaveLength(1);
      expect(faults[0]?.setting).toBe('SIGNING_KEY');
      expect(faults[0]?.problem).toMatch(/is shorter than 32 bytes|easy to guess/);
    });
  }

  const KEY_FILES: [string, string][] = [
    ['a PEM header', `-----BEGIN EC KEY-----\n${SECRET}`],
    ['PUBLIC', `${SECRET}PUBLIC`],
    ['PRIVATE', `PRIVATE${SECRET}`],
    [
      'an OpenSSH public key',
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0r7Qk2m9v1xYp8wZtL3dF5hG6jK4nB8cVbNmQwErTy',
    ],
    ['an RSA public key without its PEM lines', `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA${SECRET}`],
    ['a P-256 public key without its PEM lines', `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${SECRET}`],
    ['an Ed25519 public key without its PEM lines', `MCowBQYDK2VwAyEA${SECRET}`],
    ['an RSA key of PKCS #1 without its PEM lines', `MIIBCgKCAQEA${SECRET}`],
  ];
  for (const [name, text] of KEY_FILES) {
    it(`is refused when it looks like a key file: ${name}`, async () => {
      const faults = await faultsOf(text);
      expect(faults.map(({ problem }) => problem)).toContain(
        'looks like a key file; a key pair has to be a JWK',
      );
    });
  }

  const JSONS: [string, string][] = [
    ['a list of public keys', JSON.stringify([{ ...publicOf(EC), kid: 'a' }])],
    ['a text in quotation marks', JSON.stringify(SECRET)],
    ['a list with white space before', ` \n${JSON.stringify([SECRET])}`],
  ];
  for (const [name, text] of JSONS) {
    it(`is refused when it is JSON: ${name}`, async () => {
      expect(await faultsOf(text)).toContainEqual({
        setting: 'SIGNING_KEY',
        problem: 'is JSON, but not a JWK',
      });
    });
  }
  it('may contain the beginning of an OpenSSH key', async () => {
    expect(await faultsOf(`${SECRET}ssh-`)).toStrictEqual([]);
  });
  it('may start with a bracket', async () => expect(await faultsOf(`[${SECRET}`)).toStrictEqual([]));
  it('is refused with half a surrogate pair', async () => {
    expect(await faultsOf(`${SECRET}\ud800`)).toStrictEqual([
      { setting: 'SIGNING_KEY', problem: 'holds half a surrogate pair' },
    ]);
  });

  it('is not refused when random: 4000 in hexadecimal, Base64 and base64url', async () => {
    const refused: string[] = [];
    for (let seed = 0; seed < 1000; seed++) {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`seed ${seed}`));
      const bytes = new Uint8Array(digest);
      const binary = String.fromCharCode(...bytes);
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      for (const text of [hex, hex.slice(0, 32), btoa(binary), b64u(bytes)]) {
        if ((await faultsOf(text)).length > 0) refused.push(text);
      }
    }
    expect(refused).toStrictEqual([]);
  });
});

describe('a missing signing key', () => {
  for (const value of [undefined, '', ' \n\t']) {
    it(`${JSON.stringify(value)} is one fault`, async () => {
      expect(await faultsOf(value)).toStrictEqual([{ setting: 'SIGNING_KEY', problem: 'is not set' }]);
    });
    it(`${JSON.stringify(value)} is no fault for a guard that has a verifying key`, async () => {
      const verifying = JSON.stringify([publicOf(EC)]);
      expect(await faultsOf(value, verifying, { signingRequired: false })).toStrictEqual([]);
    });
  }
  it('a guard needs one key', async () => {
    const problem = 'has to hold a key where SIGNING_KEY is not set';
    for (const list of [undefined, '[]']) {
      expect(await faultsOf(undefined, list, { signingRequired: false })).toStrictEqual([
        { setting: 'VERIFYING_KEYS', problem },
      ]);
    }
  });
  it("a guard's key set signs nothing", async () => {
    const keys = await keysOf(undefined, [{ ...publicOf(EC), kid: 'a' }], { signingRequired: false });
    expect(keys.signing).toBeUndefined();
    expect([...keys.verifying]).toMatchObject([['a', { alg: 'ES256' }]]);
  });
  it('a guard with a bad signing key reports it', async () => {
    const faults = await faultsOf('short', JSON.stringify([{ ...publicOf(EC), kid: 'a' }]), {
      signingRequired: false,
    });
    expect(faults).toStrictEqual([{ setting: 'SIGNING_KEY', problem: 'is shorter than 32 bytes' }]);
  });
  for (const value of [null, 7, true, {}, []]) {
    it(`${JSON.stringify(value)}, which no type allows, is a fault and does not throw`, async () => {
      expect((await faultsOf(value)).map(({ setting }) => setting)).toStrictEqual(['SIGNING_KEY']);
    });
  }
});

describe('a private JWK', () => {
  for (const alg of ALGS) {
    const variants: [string, Jwk][] = [
      ['bare', BARE[alg]],
      ['with alg', { ...BARE[alg], alg }],
      ['with alg, kid and use', { ...BARE[alg], alg, kid: 'k1', use: 'sig' }],
      ['with members unknown here', { ...BARE[alg], ext: true, x5t: 'x', 'https://a.example': 1 }],
    ];
    for (const [name, jwk] of variants) {
      it(`${alg}, ${name}, signs and verifies`, async () => {
        const keys = await keysOf(jwk);
        expect(keys.signing).toMatchObject({ alg, kid: jwk.kid });
        expect([...keys.verifying]).toMatchObject([[jwk.kid, { alg }]]);
        const { key } = keys.signing ?? {};
        expect(key?.usages).toContain('sign');
        expect(keys.verifying.get(jwk.kid as string | undefined)?.key.usages).toContain('verify');
        expect(Object.getOwnPropertyDescriptors(key)).toMatchObject({
          alg: { value: alg },
          kid: { value: jwk.kid },
        });
      });
    }
    it(`${alg}: no key can be exported`, async () => {
      const { signing, verifying } = await keysOf(BARE[alg]);
      expect(signing?.key.extractable).toBe(false);
      expect(signing?.key.type).toBe(alg === 'HS256' ? 'secret' : 'private');
      const verifier = verifying.get(undefined)?.key;
      expect(verifier?.type).toBe(alg === 'HS256' ? 'secret' : 'public');
      expect(verifier?.extractable).toBe(false);
    });
  }

  const exported: [string, Jwk][] = [
    ['P-256', EC],
    ['Ed25519', ED],
    ['RSA', RSA],
    ['Ed25519 under its name of RFC 9864', { ...BARE.EdDSA, alg: 'Ed25519' }],
  ];
  for (const [name, jwk] of exported) {
    it(`as Web Crypto exports it: ${name}`, async () =>
      expect(await faultsOf(JSON.stringify(jwk))).toStrictEqual([]));
  }
  for (const [before, after] of [
    ['\n  ', '\n'],
    ['\ufeff', ''],
    ['\u00a0', '\u00a0'],
  ] as const) {
    it(`may be preceded by ${JSON.stringify(before)}`, async () => {
      const text = `${before}${JSON.stringify(BARE.ES256, null, 2)}${after}`;
      expect((await keysOf(text)).signing?.alg).toBe('ES256');
    });
  }
});

const BAD_SIGNING: [string, unknown, RegExp][] = [
  ['a brace that opens nothing', '{', /^is not valid JSON$/],
  ['JSON that breaks off', JSON.stringify(EC).slice(0, -1), /^is not valid JSON$/],
  ['an empty object', {}, /^kty /],
  ['a JWK Set', { keys: [EC] }, /^kty /],
  ['kty null', { ...BARE.ES256, kty: null }, /^kty /],
  ['kty in another case', { ...BARE.ES256, kty: 'ec' }, /^kty /],
  ['kty an array', { ...BARE.ES256, kty: ['EC'] }, /^kty /],
  ['kty __proto__', { ...BARE.ES256, kty: '__proto__' }, /^kty /],
  ['P-384', { ...BARE.ES256, crv: 'P-384' }, /^kty /],
  ['secp256k1', { ...BARE.ES256, crv: 'secp256k1' }, /^kty /],
  ['EC without crv', omit(BARE.ES256, 'crv'), /^kty /],
  ['X25519', { ...BARE.EdDSA, crv: 'X25519' }, /^kty /],
  ['Ed448', { ...BARE.EdDSA, crv: 'Ed448' }, /^kty /],
  ['oct with a crv', { ...OCT, crv: 'P-256' }, /^kty /],
  ['alg none', { ...OCT, alg: 'none' }, /^alg has to be HS256/],
  ['alg None', { ...OCT, alg: 'None' }, /^alg has to be HS256/],
  ['alg HS512', { ...OCT, alg: 'HS512' }, /^alg has to be HS256/],
  ['alg hs256', { ...OCT, alg: 'hs256' }, /^alg has to be HS256/],
  ['alg null', { ...OCT, alg: null }, /^alg has to be HS256/],
  ['alg empty', { ...OCT, alg: '' }, /^alg has to be HS256/],
  ['alg an array', { ...OCT, alg: ['HS256'] }, /^alg has to be HS256/],
  ['oct with alg RS256', { ...OCT, alg: 'RS256' }, /^alg has to be HS256/],
  ['EC with alg HS256', { ...BARE.ES256, alg: 'HS256' }, /^alg has to be ES256/],
  ['EC with alg ES384', { ...BARE.ES256, alg: 'ES384' }, /^alg has to be ES256/],
  ['EC with alg Ed25519', { ...BARE.ES256, alg: 'Ed25519' }, /^alg has to be ES256/],
  ['Ed25519 with alg ES256', { ...BARE.EdDSA, alg: 'ES256' }, /^alg has to be EdDSA/],
  ['RSA with alg PS256', { ...BARE.RS256, alg: 'PS256' }, /^alg has to be RS256/],
  ['RSA with alg HS256', { ...BARE.RS256, alg: 'HS256' }, /^alg has to be RS256/],
  ['RSA with alg RSA-OAEP', { ...BARE.RS256, alg: 'RSA-OAEP' }, /^alg has to be RS256/],
  ['kid empty', { ...OCT, kid: '' }, /^kid /],
  ['kid null', { ...OCT, kid: null }, /^kid /],
  ['kid a number', { ...OCT, kid: 7 }, /^kid /],
  ['kid an array', { ...OCT, kid: ['a'] }, /^kid /],
  ['kid of 256 bytes', { ...OCT, kid: 'x'.repeat(256) }, /^kid /],
  ['use enc', { ...BARE.ES256, use: 'enc' }, /^use has to be "sig"$/],
  ['use null', { ...BARE.ES256, use: null }, /^use has to be "sig"$/],
  ['use SIG', { ...BARE.ES256, use: 'SIG' }, /^use has to be "sig"$/],
  ['key_ops verify alone', { ...BARE.ES256, key_ops: ['verify'] }, /^key_ops .* sign$/],
  ['key_ops empty', { ...BARE.RS256, key_ops: [] }, /^key_ops .* sign$/],
  ['key_ops encrypt', { ...BARE.RS256, key_ops: ['encrypt', 'decrypt'] }, /^key_ops .* sign$/],
  ['key_ops null', { ...BARE.EdDSA, key_ops: null }, /^key_ops .* sign$/],
  ['key_ops a text', { ...BARE.EdDSA, key_ops: 'sign' }, /^key_ops .* sign$/],
  ['key_ops of a secret that may not verify', { ...OCT, key_ops: ['sign'] }, /^key_ops .* sign$/],
  ['key_ops of a secret that may not sign', { ...OCT, key_ops: ['verify'] }, /^key_ops .* sign$/],
  ['a public P-256 key', publicOf(EC), /^is a public key/],
  ['a public Ed25519 key', publicOf(ED), /^is a public key/],
  ['a public RSA key', publicOf(RSA), /^is a public key/],
  ['d null', { ...BARE.ES256, d: null }, /^d /],
  ['d empty', { ...BARE.EdDSA, d: '' }, /^d /],
  ['d too short', { ...BARE.ES256, d: b64u(new Uint8Array(31).fill(1)) }, /^d /],
  ['d too long', { ...BARE.EdDSA, d: b64u(new Uint8Array(33).fill(1)) }, /^d /],
  ['d padded', { ...BARE.EdDSA, d: `${BARE.EdDSA.d}=` }, /^d /],
  ['d zero', { ...BARE.ES256, d: b64u(new Uint8Array(32)) }, /^is refused by Web Crypto/],
  ['x absent', omit(BARE.ES256, 'x'), /^x has to be base64url of 32 bytes$/],
  ['y absent', omit(BARE.ES256, 'y'), /^y /],
  ['x with a leading zero more', { ...BARE.ES256, x: b64u(new Uint8Array(33).fill(0, 0, 1)) }, /^x /],
  ['a point off the curve', { ...BARE.ES256, y: BARE.ES256.x }, /^is refused by Web Crypto/],
  ['k absent', omit(OCT, 'k'), /^k has to be base64url$/],
  ['k a number', { ...OCT, k: 7 }, /^k has to be base64url$/],
  ['k empty', { ...OCT, k: '' }, /^k is shorter than 32 bytes$/],
  ['k of 31 bytes', { ...OCT, k: b64u(SECRET.slice(0, 31)) }, /^k is shorter than 32 bytes$/],
  ['k in Base64', { ...OCT, k: 'a+b/'.repeat(16) }, /^k has to be base64url$/],
  ['k padded', { ...OCT, k: `${OCT.k}=` }, /^k has to be base64url$/],
  ['k all zeros', { ...OCT, k: 'A'.repeat(43) }, /^k is a placeholder/],
  ['k a placeholder', { ...OCT, k: b64u('change-me-change-me-change-me-please!') }, /^k is a placeholder/],
  ['n absent', omit(BARE.RS256, 'n'), /^n /],
  ['n with a leading zero', { ...BARE.RS256, n: b64u(`\0${atobUrl(BARE.RS256.n)}`) }, /^n /],
  ['n of 2047 bits', { ...BARE.RS256, n: b64u(`\x7f${atobUrl(BARE.RS256.n).slice(1)}`) }, /^n .*2048 bits/],
  ['e of 1', { ...BARE.RS256, e: 'AQ' }, /^e /],
  ['e of 3', { ...BARE.RS256, e: 'Aw' }, /^e /],
  ['e of 65535', { ...BARE.RS256, e: '__8' }, /^e /],
  ['e even', { ...BARE.RS256, e: 'AQAA' }, /^e /],
  ['e of 1 behind zeros', { ...BARE.RS256, e: 'AAAB' }, /^e /],
  ['e absent', omit(BARE.RS256, 'e'), /^e /],
  [
    'RSA without its factors',
    omit(BARE.RS256, 'p', 'q', 'dp', 'dq', 'qi'),
    /^p .* a number without leading zeros$/,
  ],
];

function atobUrl(text: unknown): string {
  return atob(String(text).replaceAll('-', '+').replaceAll('_', '/'));
}

describe('a signing JWK is refused for', () => {
  for (const [name, jwk, problem] of BAD_SIGNING) {
    it(name, async () => {
      const faults = await faultsOf(typeof jwk === 'string' ? jwk : JSON.stringify(jwk));
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.map(({ setting }) => setting)).toStrictEqual(faults.map(() => 'SIGNING_KEY'));
      expect(faults[0]?.problem).toMatch(problem);
    });
  }

  for (const alg of ['ES256', 'EdDSA', 'RS256'] as const) {
    it(`${alg}: halves of two pairs`, async () => {
      const other = await generate(PARAMETERS[alg]);
      const mixed = { ...BARE[alg], ...publicOf(other) };
      expect(await faultsOf(JSON.stringify(mixed))).toStrictEqual([
        { setting: 'SIGNING_KEY', problem: 'is refused by Web Crypto, or its halves do not belong together' },
      ]);
    });
  }

  it('RSA of 1024 bits', async () => {
    const small = await generate({ ...PARAMETERS.RS256, modulusLength: 1024 });
    const problem = 'n has to be base64url of 2048 bits or more';
    expect(await faultsOf(JSON.stringify(small))).toStrictEqual([{ setting: 'SIGNING_KEY', problem }]);
    expect(await faultsOf(SECRET, JSON.stringify([{ ...publicOf(small), kid: 'a' }]))).toStrictEqual([
      { setting: 'VERIFYING_KEYS', problem: `key 1: ${problem}` },
    ]);
  });

  it('members that only a prototype has', async () => {
    const text = `{"__proto__":${JSON.stringify(OCT)}}`;
    expect((await faultsOf(text)).map(({ problem }) => problem)).toStrictEqual([
      'kty has to be oct, EC with crv P-256, OKP with crv Ed25519, or RSA',
    ]);
  });
});

describe('a secret as it is bound', () => {
  it.each<[unknown, string | undefined]>([
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    [SECRET, SECRET],
    [' ', ' '],
    [[], '[]'],
    [{ kty: 'oct' }, '{"kty":"oct"}'],
    [7, '7'],
    [false, 'false'],
  ])('%j is %j', (bound, text) => {
    expect(secretText(bound)).toBe(text);
  });
});
