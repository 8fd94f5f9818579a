/** Generates signing keys as JSON Web Keys, with Web Crypto. */
import { sha256, toBase64Url, utf8 } from '../../src/encoding.ts';

export const ALGORITHMS = ['ES256', 'EdDSA', 'RS256', 'HS256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export type Jwk = Readonly<Record<string, string>>;

export interface NewKey {
  /** For SIGNING_KEY. A secret. */
  private: Jwk;
  /** For VERIFYING_KEYS: the public half. HS256 has none, so it is the same secret. */
  verifying: Jwk;
}

/** RFC 7518 section 3.2: at least as long as the hash. */
const HS256_BYTES = 32;
const RSA_BITS = 2048;
/** The `kid` of a secret is random: not even a hash of a secret may be published. */
const RANDOM_KID_BYTES = 12;

const PARAMETERS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: RSA_BITS,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
} as const;

/** The required members in lexicographic order, as the thumbprint of RFC 7638 section 3.2 needs them. */
const PUBLIC_MEMBERS = {
  ES256: ['crv', 'kty', 'x', 'y'],
  EdDSA: ['crv', 'kty', 'x'],
  RS256: ['e', 'kty', 'n'],
};
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

const random = (bytes: number) => toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));

/** The `kid` of a key pair is its thumbprint (RFC 7638), so that no two keys share one. */
export async function newKey(alg: Algorithm): Promise<NewKey> {
  if (alg === 'HS256') {
    const secret = { kty: 'oct', kid: random(RANDOM_KID_BYTES), alg, k: random(HS256_BYTES) };
    return { private: secret, verifying: secret };
  }
  const pair = (await crypto.subtle.generateKey(PARAMETERS[alg], true, ['sign', 'verify'])) as CryptoKeyPair;
  const exported = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as unknown as Jwk;
  const pick = (names: readonly string[]): Jwk =>
    Object.fromEntries(names.flatMap((name) => (exported[name] ? [[name, exported[name]]] : [])));
  const members = pick(PUBLIC_MEMBERS[alg]);
  const verifying = { ...members, kid: toBase64Url(await sha256(JSON.stringify(members))), alg };
  return { private: { ...verifying, ...pick(PRIVATE_MEMBERS) }, verifying };
}

/** The key that verifies what a SIGNING_KEY has signed: its public half, or the secret itself. */
export function verifyingHalf(signingKey: string): Jwk {
  if (!signingKey.trim().startsWith('{')) {
    return { kty: 'oct', alg: 'HS256', k: toBase64Url(utf8(signingKey)) };
  }
  // The `key_ops` of a private key do not include `verify`.
  const members = Object.entries(JSON.parse(signingKey) as Jwk);
  return Object.fromEntries(
    members.filter(([name]) => name !== 'key_ops' && !PRIVATE_MEMBERS.includes(name)),
  );
}
