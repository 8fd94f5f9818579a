/**
 * One call of the platform's PBKDF2 (RFC 8018 section 5.2), and comparison of outputs. Hash formats are in
 * chained-pbkdf2.ts and foreign/.
 */

/**
 * Upper bound of iterations per Web Crypto call. Workers in production refuse more with a NotSupportedError (also in
 * node:crypto); local workerd does not, so `deriveByWebCrypto` checks it too.
 */
export const MAX_ITERATIONS_PER_CALL = 100_000;

/** The hash function of the PRF in RFC 8018. */
export type Digest = 'SHA-1' | 'SHA-256' | 'SHA-512';

/** Bytes of one block of output. */
export const DIGEST_BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const satisfies Record<
  Digest,
  number
>;

/** One PBKDF2-HMAC call that derives `lengthBytes` bytes. */
export type DeriveBits = (
  hash: Digest,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  lengthBytes: number,
) => Promise<Uint8Array>;

/** PBKDF2 with Web Crypto. Throws a RangeError above MAX_ITERATIONS_PER_CALL. */
export const deriveByWebCrypto: DeriveBits = async (hash, password, salt, iterations, lengthBytes) => {
  if (iterations > MAX_ITERATIONS_PER_CALL) {
    throw new RangeError(`one PBKDF2 call may have at most ${MAX_ITERATIONS_PER_CALL} iterations`);
  }
  // For the type only: none of these buffers is shared between threads.
  const whole = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey('raw', whole(password), 'PBKDF2', false, ['deriveBits']);
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash, salt: whole(salt), iterations },
    key,
    lengthBytes * 8,
  );
  return new Uint8Array(bits);
};

/**
 * Constant-time comparison; lengths are public. `crypto.subtle.timingSafeEqual` exists only in workerd, and this code also
 * runs in Node.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
}
