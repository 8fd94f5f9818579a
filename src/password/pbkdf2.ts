/**
 * One call of PBKDF2 (RFC 8018, section 5.2) as the platform offers it, and the comparison of two outputs.
 *
 * What a stored hash looks like is not known here: chained-pbkdf2.ts has our own format, foreign/ those of others.
 */

/**
 * The most iterations one Web Crypto call may ask for. Workers in production refuse more with a
 * NotSupportedError (node:crypto too); the local workerd does not, so the refusal is repeated below.
 */
export const MAX_ITERATIONS_PER_CALL = 100_000;

/** RFC 8018's PRF by its hash function. */
export type Digest = 'SHA-1' | 'SHA-256' | 'SHA-512';

/** Bytes of one block of output. */
export const DIGEST_BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const satisfies Record<
  Digest,
  number
>;

/** One PBKDF2-HMAC call: `lengthBytes` bytes out of `password` and `salt`. */
export type DeriveBits = (
  hash: Digest,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  lengthBytes: number,
) => Promise<Uint8Array>;

/** PBKDF2 by Web Crypto. Throws a RangeError over MAX_ITERATIONS_PER_CALL. */
export const deriveByWebCrypto: DeriveBits = async (hash, password, salt, iterations, lengthBytes) => {
  if (iterations > MAX_ITERATIONS_PER_CALL) {
    throw new RangeError(`one PBKDF2 call may have at most ${MAX_ITERATIONS_PER_CALL} iterations`);
  }
  // The type alone: no bytes here are shared between threads.
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
 * Whether two digests are the same, in a time that does not tell where they differ. Lengths are public.
 * `crypto.subtle.timingSafeEqual` is workerd's alone, and these rules run in Node as well.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
}
