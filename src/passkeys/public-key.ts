/** Which public keys are accepted. The library only checks the algorithm identifier (docs/adr/0017-webauthn.md). */
import { toBase64Url } from '../encoding.ts';

/** COSE (RFC 9053 section 2.1, RFC 8812 section 2), in the order of preference. */
export const ALGORITHMS: Readonly<Record<'ES256' | 'RS256', number>> = { ES256: -7, RS256: -257 };

/** Parameters of a COSE key (RFC 9053 section 7.1, RFC 8230 section 4). */
const KTY = 1;
const ALG = 3;
const EC = { kty: 2, crv: -1, x: -2, y: -3 } as const;
const RSA = { kty: 3, n: -1, e: -2 } as const;
const P256 = 1;
const P256_BYTES = 32;
/** NIST SP 800-131A: at least 2,048 bits. */
const MODULUS_MIN_BYTES = 256;
/** 8,192 bits, to bound the work of verification. */
const MODULUS_MAX_BYTES = 1_024;
const EXPONENT_MAX_BYTES = 4;

const isBytes = (value: unknown, min: number, max = min): value is Uint8Array<ArrayBuffer> =>
  value instanceof Uint8Array && value.length >= min && value.length <= max;

function jwkOf(key: ReadonlyMap<unknown, unknown>): [jwk: JsonWebKey, algorithm: object] | null {
  if (key.get(KTY) === EC.kty && key.get(ALG) === ALGORITHMS.ES256 && key.get(EC.crv) === P256) {
    const [x, y] = [key.get(EC.x), key.get(EC.y)];
    if (!isBytes(x, P256_BYTES) || !isBytes(y, P256_BYTES)) return null;
    return [
      { kty: 'EC', crv: 'P-256', x: toBase64Url(x), y: toBase64Url(y) },
      { name: 'ECDSA', namedCurve: 'P-256' },
    ];
  }
  if (key.get(KTY) === RSA.kty && key.get(ALG) === ALGORITHMS.RS256) {
    const [n, e] = [key.get(RSA.n), key.get(RSA.e)];
    if (!isBytes(n, MODULUS_MIN_BYTES, MODULUS_MAX_BYTES) || !isBytes(e, 1, EXPONENT_MAX_BYTES)) return null;
    // Leading zeros would make a short modulus look long; with an exponent of 1 anybody can sign.
    if (n[0] === 0 || e[0] === 0 || (e.length === 1 && (e[0] as number) < 3)) return null;
    return [
      { kty: 'RSA', alg: 'RS256', n: toBase64Url(n), e: toBase64Url(e) },
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    ];
  }
  return null;
}

/** The COSE algorithm identifier of a key, unchecked. */
export const algorithmOf = (key: unknown): unknown => (key instanceof Map ? key.get(ALG) : undefined);

/** Whether it is a key of one of the two algorithms that Web Crypto accepts, which checks that an EC point is on the curve. */
export async function isUsableKey(key: unknown): Promise<boolean> {
  const known = key instanceof Map ? jwkOf(key) : null;
  if (!known) return false;
  const [jwk, algorithm] = known;
  try {
    await crypto.subtle.importKey('jwk', jwk, algorithm as never, false, ['verify']);
    return true;
  } catch {
    return false;
  }
}
