/** Keys that only verify, their faults, and the JWK Set. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ALGS, BARE, EC, ED, faultsOf, type Jwk, keysOf, OCT, publicOf, RSA } from '../support/keys.ts';

const SECRET = 'N3w-0rl3ans!jazz&gumb0,1923;b1ue'; // 32 bytes

describe('keys that only verify', () => {
  for (const alg of ALGS) {
    it(`${alg}: a private part is dropped`, async () => {
      const keys = await keysOf(SECRET, [{ ...BARE[alg], kid: 'old' }]);
      const old = keys.verifying.get('old');
      expect(old?.alg).toBe(alg);
      expect(old?.key.usages).toStrictEqual(['verify']);
      expect(old?.key.type).toBe(alg === 'HS256' ? 'secret' : 'public');
      expect(keys.signing?.kid).toBeUndefined();
      expect(keys.signing?.alg).toBe('HS256');
    });
  }
  for (const [name, jwk] of [
    ['P-256', EC],
    ['Ed25519', ED],
    ['RSA', RSA],
  ] as const) {
    it(`a former signing key as Web Crypto exports it, key_ops sign: ${name}`, async () => {
      expect(jwk.key_ops).toStrictEqual(['sign']);
      expect(await faultsOf(SECRET, JSON.stringify([{ ...jwk, kid: 'old' }]))).toStrictEqual([]);
    });
  }
  for (const key_ops of [['verify'], ['sign', 'verify']]) {
    it(`a secret whose key_ops are ${key_ops.join(' and ')}`, async () => {
      expect(await faultsOf(SECRET, JSON.stringify([{ ...OCT, kid: 'old', key_ops }]))).toStrictEqual([]);
    });
  }
  it('a private part is not even read', async () => {
    expect(await faultsOf(SECRET, JSON.stringify([{ ...BARE.ES256, kid: 'a', d: 7 }]))).toStrictEqual([]);
  });

  const bad: [string, unknown, string][] = [
    ['an object', {}, 'has to be a JSON array of JWKs'],
    ['a JWK Set', { keys: [] }, 'has to be a JSON array of JWKs'],
    ['null', null, 'has to be a JSON array of JWKs'],
    ['a text', 'x', 'has to be a JSON array of JWKs'],
    ['a number', 7, 'has to be a JSON array of JWKs'],
    ['null in the list', [null], 'key 1: is not a JSON object'],
    ['a list in the list', [[EC]], 'key 1: is not a JSON object'],
    ['a text in the list', ['x'], 'key 1: is not a JSON object'],
    ['alg none', [{ ...OCT, kid: 'a', alg: 'none' }], 'key 1: alg has to be HS256 for a key of this kind'],
    ['use enc', [{ ...publicOf(EC), kid: 'a', use: 'enc' }], 'key 1: use has to be "sig"'],
    [
      'a public key that may only encrypt',
      [{ ...publicOf(RSA), kid: 'a', key_ops: ['encrypt'] }],
      'key 1: key_ops does not allow the key to verify',
    ],
    [
      'a public key that may sign',
      [{ ...publicOf(EC), kid: 'a', key_ops: ['sign'] }],
      'key 1: key_ops does not allow the key to verify',
    ],
    [
      'a secret that may only sign',
      [{ ...OCT, kid: 'a', key_ops: ['sign'] }],
      'key 1: key_ops does not allow the key to verify',
    ],
    ['a short secret', [{ kty: 'oct', k: 'AAAA', kid: 'a' }], 'key 1: k is shorter than 32 bytes'],
    [
      'the same kid twice',
      [
        { ...OCT, kid: 'a' },
        { ...publicOf(EC), kid: 'a' },
      ],
      'key 2: has a kid that another key has',
    ],
    ['a second key without kid', [publicOf(EC)], 'key 1: is a second key without kid'],
    [
      'an exponent of 1',
      [{ ...publicOf(RSA), kid: 'a', e: 'AQ' }],
      'key 1: e has to be base64url of an odd number of 65537 or more',
    ],
    [
      'a point off the curve',
      [{ ...publicOf(EC), kid: 'a', y: EC.x }],
      'key 1: is refused by Web Crypto, or its halves do not belong together',
    ],
  ];
  for (const [name, list, problem] of bad) {
    it(`are refused for ${name}`, async () => {
      expect(await faultsOf(SECRET, JSON.stringify(list))).toStrictEqual([
        { setting: 'VERIFYING_KEYS', problem },
      ]);
    });
  }
  for (const text of ['', ' ', '[', '[{]', 'none', "[{'kty':'oct'}]", '[]x', '[1,]']) {
    it(`are refused for ${JSON.stringify(text)}, which is not JSON`, async () => {
      const problem = 'has to be a JSON array of JWKs';
      expect(await faultsOf(SECRET, text)).toStrictEqual([{ setting: 'VERIFYING_KEYS', problem }]);
    });
  }
  it('are refused without throwing if they are not text', async () => {
    for (const value of [null, 7, [], [OCT]]) {
      expect((await faultsOf(SECRET, value)).map(({ setting }) => setting)).toStrictEqual(['VERIFYING_KEYS']);
    }
  });
  it('are refused if they reuse the kid of the signing key', async () => {
    const faults = await faultsOf(
      JSON.stringify({ ...BARE.ES256, kid: 'a' }),
      JSON.stringify([
        { ...OCT, kid: 'b' },
        { ...publicOf(ED), kid: 'a' },
      ]),
    );
    expect(faults).toStrictEqual([
      { setting: 'VERIFYING_KEYS', problem: 'key 2: has a kid that another key has' },
    ]);
  });
  for (const alg of ['HS256', 'ES256', 'EdDSA', 'RS256'] as const) {
    it(`may contain the signing key, private or public, which then counts once: ${alg}`, async () => {
      const own = { ...BARE[alg], kid: 'a' };
      const other = { ...OCT, kid: 'b' };
      for (const again of alg === 'HS256' ? [own] : [own, { ...publicOf(BARE[alg]), kid: 'a' }]) {
        const keys = await keysOf(JSON.stringify(own), [again, other, again]);
        expect([...keys.verifying.keys()]).toStrictEqual(['a', 'b']);
        expect(keys.jwks.keys.map((jwk) => (jwk as { kid?: string }).kid)).toStrictEqual(
          alg === 'HS256' ? [] : ['a'],
        );
      }
    });
    it(`may contain it under another kid too, for older tokens: ${alg}`, async () => {
      const keys = await keysOf(JSON.stringify({ ...BARE[alg], kid: 'a' }), [{ ...BARE[alg], kid: 'old' }]);
      expect([...keys.verifying.keys()]).toStrictEqual(['a', 'old']);
    });
  }
  it('may contain a plain signing key as a JWK without kid', async () => {
    const jwk = {
      kty: 'oct',
      alg: 'HS256',
      k: btoa(SECRET).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    };
    expect([...(await keysOf(SECRET, [jwk, { ...OCT, kid: 'b' }])).verifying.keys()]).toStrictEqual([
      undefined,
      'b',
    ]);
  });
  it('match kids exactly: __proto__, constructor, another case', async () => {
    const list = ['__proto__', 'constructor', 'A', 'a', ' a', 'undefined'].map((kid) => ({ ...OCT, kid }));
    const keys = await keysOf(SECRET, list);
    expect([...keys.verifying.keys()]).toStrictEqual([undefined, ...list.map(({ kid }) => kid)]);
  });
});

describe('the faults', () => {
  it('of both settings are reported together', async () => {
    const faults = await faultsOf(
      JSON.stringify({ ...publicOf(EC), alg: 'none', use: 'enc', kid: '' }),
      JSON.stringify([
        { ...OCT, kid: 'a', use: 'enc', alg: 'HS512', key_ops: [] },
        { kty: 'x' },
        7,
        { ...publicOf(ED), kid: 'a' },
      ]),
    );
    expect(faults.map(({ setting, problem }) => `${setting} ${problem}`)).toStrictEqual([
      'SIGNING_KEY kid has to be a string of 1 to 255 bytes',
      'SIGNING_KEY use has to be "sig"',
      'SIGNING_KEY alg has to be ES256 for a key of this kind',
      'SIGNING_KEY is a public key; signing needs the private one',
      'VERIFYING_KEYS key 1: use has to be "sig"',
      'VERIFYING_KEYS key 1: alg has to be HS256 for a key of this kind',
      'VERIFYING_KEYS key 1: key_ops does not allow the key to verify',
      'VERIFYING_KEYS key 2: kty has to be oct, EC with crv P-256, OKP with crv Ed25519, or RSA',
      'VERIFYING_KEYS key 3: is not a JSON object',
      'VERIFYING_KEYS key 4: has a kid that another key has',
    ]);
  });

  it('reveal nothing of a value', async () => {
    const marked = 'Zq9XvMarker';
    const values = [marked, `{"kty":"${marked}"}`, `{${marked}`];
    for (const member of ['kty', 'crv', 'alg', 'use', 'key_ops', 'x', 'y', 'd']) {
      values.push(JSON.stringify({ ...BARE.ES256, [member]: marked }));
    }
    values.push(
      JSON.stringify({ ...OCT, k: marked }),
      JSON.stringify({ ...BARE.RS256, n: marked, kid: marked }),
    );
    for (const value of values) {
      const faults = await faultsOf(value, `[${value.startsWith('{"') ? value : `"${marked}"`},7]`);
      expect(faults.length).toBeGreaterThan(1);
      expect(JSON.stringify(faults)).not.toContain(marked);
    }
  });
});

describe('the JWK Set', () => {
  let shown: Jwk[];
  beforeAll(async () => {
    const keys = await keysOf({ ...EC, kid: 'now' }, [
      { ...OCT, kid: 'shared' },
      { ...RSA, kid: 'old', x5u: 'https://a.example', 'x-note': 'mine' },
      { ...ED },
    ]);
    shown = keys.jwks.keys as unknown as Jwk[];
  });

  it('has the public keys, the signing key first, and no shared secret', () => {
    expect(shown).toStrictEqual([
      { ...publicOf(EC), kid: 'now', alg: 'ES256', use: 'sig' },
      { ...publicOf(RSA), kid: 'old', alg: 'RS256', use: 'sig' },
      { ...publicOf(ED), alg: 'EdDSA', use: 'sig' },
    ]);
  });
  it('has nothing private, in its names or its values', () => {
    const text = JSON.stringify(shown);
    for (const jwk of [EC, RSA, ED, OCT]) {
      for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) {
        for (const one of shown) expect(one).not.toHaveProperty(name);
        if (typeof jwk[name] === 'string') expect(text).not.toContain(jwk[name]);
      }
    }
  });
  it('can be imported and verifies tokens', async () => {
    const keys = await keysOf({ ...EC, kid: 'now' });
    const data = new Uint8Array([1, 2, 3]);
    const algorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
    const key = await crypto.subtle.importKey('jwk', keys.jwks.keys[0] as JsonWebKey, algorithm, false, [
      'verify',
    ]);
    const signature = await crypto.subtle.sign(algorithm, keys.signing?.key as CryptoKey, data);
    expect(await crypto.subtle.verify(algorithm, key, signature, data)).toBe(true);
  });
  it('is empty with a plain secret, and with shared secrets only', async () => {
    expect((await keysOf(SECRET, [{ ...OCT, kid: 'a' }])).jwks).toStrictEqual({ keys: [] });
  });
});
