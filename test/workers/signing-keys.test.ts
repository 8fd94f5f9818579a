/** SIGNING_KEY as a key pair, a JWK and plain text, and its rotation. */
import { beforeAll, describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { expectGood, expectMisconfigured, expectRefused } from '../support/settings.ts';
import { OTHER_SIGNING_KEY, resigned, TEST_SIGNING_KEY } from '../support/tokens.ts';
import { type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();
const headerOf = (token: string) => {
  const [header = ''] = token.split('.');
  return JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
};
const toBase64Url = (text: string) =>
  btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

type Alg = 'ES256' | 'EdDSA' | 'RS256';
const GENERATE: Record<Alg, object> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2_048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
};
const VERIFY: Record<Alg, object> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
};

interface Pair {
  /** For SIGNING_KEY. */
  secret: string;
  /** For VERIFYING_KEYS. */
  public: Record<string, unknown>;
}

async function generate(alg: Alg, kid: string, more: object = {}): Promise<Pair> {
  const pair = (await crypto.subtle.generateKey({ ...GENERATE[alg], ...more } as never, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const jwk = async (key: CryptoKey) => {
    const { key_ops: _, ext: __, ...members } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey;
    return { ...members, alg, kid };
  };
  // workerd exports members that are undefined; JSON drops them.
  const secret = JSON.stringify(await jwk(pair.privateKey));
  return { secret, public: JSON.parse(JSON.stringify(await jwk(pair.publicKey))) };
}

const SYMMETRIC = {
  kty: 'oct',
  alg: 'HS256',
  kid: 'h1',
  k: toBase64Url('a random-looking secret of 40 bytes, 7Q!'),
};

describe.each<[string, Alg, object]>([
  ['ES256', 'ES256', {}],
  ['EdDSA', 'EdDSA', {}],
  ['RS256 of 2048 bits', 'RS256', {}],
  ['RS256 of 3072 bits, whose JWK is longer than 2,048 characters', 'RS256', { modulusLength: 3_072 }],
])('a JWK of %s as SIGNING_KEY', (_, alg, more) => {
  let key: Pair;
  let w: World;
  beforeAll(async () => {
    key = await generate(alg, 'key-1', more);
    w = world({ vars: { SIGNING_KEY: key.secret } });
  });

  it('signs tokens that name alg and kid, and are good at every endpoint', async () => {
    const who = await w.signUp();
    for (const token of [who.access, who.refresh]) {
      expect(headerOf(token)).toEqual({ alg, typ: 'JWT', kid: 'key-1' });
    }
    await expectGood(w, who);
    expect((await w.logOut(who.refresh)).status).toBe(204);
  });

  it('shows the public half alone in jwks.json, by which anybody can check a token', async () => {
    const { access } = await w.signUp();
    const answer = await w.get('/.well-known/jwks.json');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300');
    const [jwk, ...others] = answer.body.keys;
    expect(others).toEqual([]);
    expect(jwk).toStrictEqual({ ...key.public, use: 'sig' });
    const [header, payload, signature = ''] = access.split('.');
    const imported = await crypto.subtle.importKey('jwk', jwk, VERIFY[alg] as never, false, ['verify']);
    const bytes = Uint8Array.from(atob(signature.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    expect(await crypto.subtle.verify(VERIFY[alg] as never, imported, bytes, signed)).toBe(true);
  });

  it('refuses tokens of another key of the same kid, of no kid, and those of a shared secret', async () => {
    const other = await generate(alg, 'key-1', more);
    await expectRefused(w, await world({ vars: { SIGNING_KEY: other.secret } }).signUp());
    await expectRefused(w, await world().signUp());
    const who = await w.signUp();
    // The public key as an HMAC secret: RFC 8725 section 2.1.
    const secret = JSON.stringify(key.public);
    await expectRefused(w, {
      access: await resigned(who.access, {}, secret),
      refresh: await resigned(who.refresh, {}, secret),
    });
  });
});

describe('a JWK of a shared secret as SIGNING_KEY', () => {
  it('signs with its kid and is never shown', async () => {
    const w = world({ vars: { SIGNING_KEY: JSON.stringify(SYMMETRIC) } });
    const who = await w.signUp();
    expect(headerOf(who.access)).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'h1' });
    await expectGood(w, who);
    expect((await w.get('/.well-known/jwks.json')).body).toEqual({ keys: [] });
  });

  it('may be bound as a JSON value', async () => {
    const w = world({ vars: { SIGNING_KEY: SYMMETRIC } as unknown as Vars });
    await expectGood(w, await w.signUp());
  });
});

describe('a plain SIGNING_KEY', () => {
  it('signs without kid and shows no key', async () => {
    const w = world();
    const who = await w.signUp();
    expect(headerOf(who.access)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect((await w.get('/.well-known/jwks.json')).body).toEqual({ keys: [] });
  });

  it('is taken as its UTF-8 bytes, white space included', async () => {
    const spaced = ` ${TEST_SIGNING_KEY}`;
    const w = world({ vars: { SIGNING_KEY: spaced } });
    const who = await w.signUp();
    await expectGood(w, who);
    await expectRefused(world(), who);
    const hangul = '비밀 열쇠는 서른두 바이트보다 길다';
    const ko = world({ vars: { SIGNING_KEY: hangul } });
    const mina = await ko.signUp();
    await expectGood(ko, { ...mina, access: await resigned(mina.access, { extra: 1 }, hangul) });
  });

  it('refuses tokens with a kid', async () => {
    const who = await world({ vars: { SIGNING_KEY: JSON.stringify(SYMMETRIC) } }).signUp();
    await expectRefused(world(), who);
  });
});

describe('key rotation logs nobody out', () => {
  const plain = (secret: string) => ({ kty: 'oct', alg: 'HS256', k: toBase64Url(secret) });
  let first: Pair;
  let second: Pair;
  beforeAll(async () => {
    [first, second] = [await generate('ES256', 'first'), await generate('EdDSA', 'second')];
  });

  /** A change of keys: how the Worker was set, during the rotation, and after it. */
  const rotations: [string, () => { before: Vars; during: Vars; after: Vars; shown: string[] }][] = [
    [
      'from a plain secret to a key pair',
      () => ({
        before: {},
        during: { SIGNING_KEY: first.secret, VERIFYING_KEYS: JSON.stringify([plain(TEST_SIGNING_KEY)]) },
        after: { SIGNING_KEY: first.secret },
        shown: ['first'],
      }),
    ],
    [
      'from a plain secret to another one with a kid',
      () => ({
        before: {},
        during: {
          SIGNING_KEY: JSON.stringify(SYMMETRIC),
          VERIFYING_KEYS: JSON.stringify([plain(TEST_SIGNING_KEY)]),
        },
        after: { SIGNING_KEY: JSON.stringify(SYMMETRIC) },
        shown: [],
      }),
    ],
    [
      'from one key pair to another, by its public half',
      () => ({
        before: { SIGNING_KEY: first.secret },
        during: { SIGNING_KEY: second.secret, VERIFYING_KEYS: JSON.stringify([first.public]) },
        after: { SIGNING_KEY: second.secret },
        shown: ['second', 'first'],
      }),
    ],
    [
      'from one key pair to another, by its private half, which is never shown',
      () => ({
        before: { SIGNING_KEY: first.secret },
        during: { SIGNING_KEY: second.secret, VERIFYING_KEYS: `[${first.secret}]` },
        after: { SIGNING_KEY: second.secret },
        shown: ['second', 'first'],
      }),
    ],
    [
      'from a secret with a kid to a key pair',
      () => ({
        before: { SIGNING_KEY: JSON.stringify(SYMMETRIC) },
        during: { SIGNING_KEY: second.secret, VERIFYING_KEYS: JSON.stringify([SYMMETRIC]) },
        after: { SIGNING_KEY: second.secret },
        shown: ['second'],
      }),
    ],
  ];

  it.each(rotations)('%s', async (_, keys) => {
    const { before, during, after, shown } = keys();
    const started = await world({ vars: before }).signUp();
    // Both keys are known before the new one signs; only then it does, one secret after the other.
    const oldKey = before.SIGNING_KEY ?? JSON.stringify(plain(TEST_SIGNING_KEY));
    const ahead = world({ vars: { ...before, VERIFYING_KEYS: `[${oldKey},${during.SIGNING_KEY}]` } });
    const who = await expectGood(ahead, started);
    expect(headerOf(who.refresh)).toEqual(headerOf(started.refresh));
    await expectGood(world({ vars: { ...during, VERIFYING_KEYS: `[${oldKey},${during.SIGNING_KEY}]` } }), {
      ...who,
      refresh: (await world({ vars: before }).signUp()).refresh,
    });
    const now = world({ vars: during });
    const next = await expectGood(now, who);
    expect(headerOf(next.refresh)).not.toEqual(headerOf(who.refresh));
    const { keys: jwks } = (await now.get('/.well-known/jwks.json')).body as {
      keys: Record<string, string>[];
    };
    expect(jwks.map(({ kid }) => kid)).toEqual(shown);
    expect(jwks.filter((jwk) => 'd' in jwk || 'k' in jwk)).toEqual([]);

    const later = world({ vars: after });
    await expectRefused(later, who);
    await expectGood(later, next);
  });

  it('without the old key among VERIFYING_KEYS, its tokens are dead and the sessions live', async () => {
    const who = await world().signUp();
    const w = world({ vars: { SIGNING_KEY: OTHER_SIGNING_KEY } });
    await expectRefused(w, who);
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
    await expectGood(world(), who);
  });

  it.each<[string, () => Vars]>([
    [
      'of two keys',
      () => ({
        SIGNING_KEY: first.secret,
        VERIFYING_KEYS: JSON.stringify([{ ...second.public, kid: 'first' }]),
      }),
    ],
    ['of none of two', () => ({ VERIFYING_KEYS: JSON.stringify([plain(OTHER_SIGNING_KEY)]) })],
  ])('one kid %s is misconfigured', async (_, vars) => {
    expectMisconfigured(await world({ vars: vars() }).get('/account/me'));
    expect(log.of('misconfigured')).toMatchObject([{ settings: ['VERIFYING_KEYS'] }]);
  });
});
