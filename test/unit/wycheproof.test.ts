/**
 * Project Wycheproof's vectors for HMAC-SHA256 and for JSON Web Signatures with the algorithms used here.
 *
 * Their signed contents are not JSON, and hono's `verify` reads the payload before the signature; so the JWS vectors
 * go through what stands before the signature in the codec, and then through the function that hono checks the
 * signature with, with the very key of the key set.
 */

import { verifying } from 'hono/utils/jwt/jws';
import { describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../src/encoding.ts';
import { createCodec, selectKey } from '../../src/token/codec.ts';
import type { Alg } from '../../src/token/jwk.ts';
import { type KeySet, loadKeySet } from '../../src/token/key-set.ts';
import hmacVectors from '../data/wycheproof/hmac_sha256_test.json';
import hs256Groups from '../data/wycheproof/hs256_groups.json';
import jwsVectors from '../data/wycheproof/json_web_signature_test.json';

type Jwk = Record<string, unknown>;

interface Vector {
  tcId: number;
  comment: string;
  /** An object where the vector is of the JSON serialisation. */
  token: unknown;
  result: string;
}

interface Group {
  comment: string;
  key: Jwk;
  others: Jwk[];
  tests: Vector[];
}

const RULES = { leewaySeconds: 0, userIdClaim: 'sub' };
const NOW = 1_800_000_000;
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/** A secret is put in as it is, since keys.ts would refuse one of zeros, which is what some vectors have. */
async function keySetOf(jwks: Jwk[]): Promise<KeySet | undefined> {
  const isSecret = (jwk: Jwk) => jwk.kty === 'oct' && jwk.alg === 'HS256';
  const loaded = await loadKeySet(undefined, JSON.stringify(jwks.filter((jwk) => !isSecret(jwk))), {
    signingRequired: false,
  });
  const secrets = jwks.filter(isSecret);
  if (secrets.length === 0) return loaded.ok ? loaded.keys : undefined;
  const keys = new Map<string | undefined, { key: CryptoKey; alg: Alg }>();
  for (const { k, kid } of secrets) {
    const bytes = fromBase64Url(k) ?? new Uint8Array();
    const key = await crypto.subtle.importKey('raw', bytes, HMAC, false, ['verify']);
    keys.set(kid as string, { key, alg: 'HS256' });
  }
  return { signing: undefined, verifying: keys, jwks: { keys: [] } };
}

async function isAccepted(keys: KeySet, token: unknown): Promise<boolean> {
  const text = typeof token === 'string' ? token : JSON.stringify(token);
  const selected = selectKey(keys, text);
  if (!selected.ok) return false;
  const [header, payload, signature] = text.split('.');
  const bytes = fromBase64Url(signature) ?? new Uint8Array();
  const data = new TextEncoder().encode(`${header}.${payload}`);
  return verifying(selected.key.key, selected.key.alg, bytes, data);
}

const TWIN = 'the same text as vector 357, ValidMac, which is valid';
const NOT_BASE64URL = 'has a ? in it, which base64url has not';
const NO_PAYLOAD = 'has no payload; a JWT has one';
/** Where the codec is right to differ, by tcId, and why. */
const STRICTER: Record<number, string> = { 259: NO_PAYLOAD, 372: NOT_BASE64URL, 373: NOT_BASE64URL };
const MISLABELLED: Record<number, string> = { 367: TWIN, 370: TWIN };

function expectedOf({ tcId, result }: Vector): boolean {
  if (tcId in STRICTER) return false;
  return result === 'valid' || tcId in MISLABELLED;
}

const groups: Group[] = jwsVectors.testGroups.map((group) => ({
  comment: group.comment,
  key: ('public' in group ? group.public : group.private) as Jwk,
  others: [],
  tests: group.tests.map(({ jws, ...rest }) => ({ ...rest, token: jws })),
}));
const excerpt: Group[] = hs256Groups.groups.map((group) => ({
  comment: `${group.comment} of ${group.file}`,
  key: group.key as Jwk,
  others: ('others' in group ? group.others : []) as Jwk[],
  tests: group.tests,
}));

/** By `alg`, `use`, `key_ops` and the kind of key: what is no key of ours, and has to be refused when it is loaded. */
const isOurs = ({ alg, crv }: Jwk) =>
  alg === 'HS256' || alg === 'RS256' || (alg === 'ES256' && crv === 'P-256');

for (const [file, all] of [
  ['json_web_signature_test.json', groups],
  ['hs256_groups.json', excerpt],
] as const) {
  describe(file, () => {
    for (const { comment, key, others, tests } of all.filter((group) => isOurs(group.key))) {
      describe(`${comment}, ${key.alg}`, () => {
        const keys = keySetOf([key, ...others]);
        for (const vector of tests) {
          const { tcId, comment: name, result } = vector;
          const why = STRICTER[tcId] ?? MISLABELLED[tcId];
          it(`${tcId} ${name}: ${result}${why === undefined ? '' : `, but ${why}`}`, async () => {
            const set = await keys;
            if (set === undefined) throw new Error('the key is refused');
            expect(await isAccepted(set, vector.token)).toBe(expectedOf(vector));
            // Its payload is no claims of ours: the codec as a whole never says yes, and never throws.
            const verdict = await createCodec(set, RULES).verify(vector.token as string, 'access', NOW);
            expect(Object.entries(verdict)).toStrictEqual([
              ['ok', false],
              ['fault', expect.any(String)],
            ]);
          });
        }
      });
    }

    for (const { comment, key } of all.filter((group) => !isOurs(group.key))) {
      it(`${comment}, ${key.alg ?? `use ${key.use}, key_ops ${key.key_ops}`}: the key is refused`, async () => {
        const loaded = await loadKeySet(undefined, JSON.stringify([key]), { signingRequired: false });
        expect(loaded.ok).toBe(false);
      });
    }
  });
}

describe('the JWS vectors', () => {
  const ours = groups.filter((group) => isOurs(group.key)).flatMap(({ tests }) => tests);
  it('are complete, and of both results', () => {
    expect(groups.flatMap(({ tests }) => tests)).toHaveLength(jwsVectors.numberOfTests);
    expect(ours).toHaveLength(312);
    expect(ours.filter(expectedOf).length).toBeGreaterThan(15);
    expect(excerpt.flatMap(({ tests }) => tests)).toHaveLength(76);
  });
  it('367 and 370 are the text of 357, and the differing ones exist', () => {
    const text = (id: number) => ours.find(({ tcId }) => tcId === id)?.token;
    expect(text(357)).toBeTypeOf('string');
    for (const id of Object.keys(MISLABELLED)) expect(text(Number(id))).toBe(text(357));
    for (const id of [372, 373]) expect(text(id)).toContain('?');
    expect(text(259)).toContain('..');
  });
});

describe('hmac_sha256_test.json', () => {
  const bytesOf = (hex: string) =>
    Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const full = hmacVectors.testGroups.filter(({ tagSize }) => tagSize === 256);
  const truncated = hmacVectors.testGroups.filter(({ tagSize }) => tagSize !== 256);

  for (const { keySize, tests } of full) {
    for (const { tcId, comment, key, msg, tag, result } of tests) {
      it(`${tcId} ${comment || 'no comment'}, key of ${keySize} bits: ${result}`, async () => {
        const cryptoKey = await crypto.subtle.importKey('raw', bytesOf(key), HMAC, false, ['sign', 'verify']);
        const isValid = result === 'valid';
        expect(await crypto.subtle.verify(HMAC, cryptoKey, bytesOf(tag), bytesOf(msg))).toBe(isValid);
        const made = new Uint8Array(await crypto.subtle.sign(HMAC, cryptoKey, bytesOf(msg)));
        if (isValid) expect(made).toStrictEqual(bytesOf(tag));
        else expect(made).not.toStrictEqual(bytesOf(tag));
      });
    }
  }

  // RFC 7518 §3.2 allows no truncation of the tag, and Web Crypto verifies none.
  it('87 vectors with a tag of 16 bytes: each is refused, valid or not', async () => {
    const tests = truncated.flatMap((group) => group.tests);
    expect(tests).toHaveLength(87);
    for (const { key, msg, tag } of tests) {
      const cryptoKey = await crypto.subtle.importKey('raw', bytesOf(key), HMAC, false, ['verify']);
      expect(tag).toHaveLength(32);
      expect(await crypto.subtle.verify(HMAC, cryptoKey, bytesOf(tag), bytesOf(msg))).toBe(false);
    }
  });
  it('are complete', () => {
    expect(full.flatMap((group) => group.tests)).toHaveLength(87);
    expect(hmacVectors.numberOfTests).toBe(2 * 87);
  });
});
