/**
 * Our own PBKDF2-HMAC-SHA256 hash, in chained calls that stay within the platform's limit, similar to PHC strings:
 *
 *     $pbkdf2-sha256-chain$i=<total>,c=<per call>$<salt>$<hash>
 *
 * docs/adr/0002-chained-pbkdf2.md describes the construction and its strength, with test vectors.
 */
import { fromBase64, toBase64 } from '../encoding.ts';
import { HASH_BYTES } from './own-hash.ts';
import { type DeriveBits, MAX_ITERATIONS_PER_CALL } from './pbkdf2.ts';

/** Upper bound of iterations, for new and stored hashes: bad data must not hang the Worker. */
export const MAX_CHAIN_ITERATIONS = 10_000_000;

/** Bounds the number of calls that a stored hash can cause. */
const MIN_ITERATIONS_PER_CALL = 10_000;

export interface ChainedHash {
  iterations: number;
  perCall: number;
  salt: Uint8Array;
  hash: Uint8Array;
}

const PATTERN =
  /^\$pbkdf2-sha256-chain\$i=([1-9]\d{0,7}),c=([1-9]\d{0,5})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** Null for other strings and for numbers out of bounds. */
export function parseChainedHash(encoded: string): ChainedHash | null {
  const [, total, cap, salt, hash] = PATTERN.exec(encoded) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const iterations = Number(total);
  const perCall = Number(cap);
  if (iterations > MAX_CHAIN_ITERATIONS) return null;
  if (perCall < MIN_ITERATIONS_PER_CALL || perCall > MAX_ITERATIONS_PER_CALL) return null;
  return { iterations, perCall, salt: fromBase64(salt), hash: fromBase64(hash) };
}

export const formatChainedHash = ({ iterations, perCall, salt, hash }: ChainedHash): string =>
  `$pbkdf2-sha256-chain$i=${iterations},c=${perCall}$${toBase64(salt)}$${toBase64(hash)}`;

/** Each output is the password of the next call, with the same salt. With zero iterations returns `password` itself. */
export async function derivedByChain(
  derive: DeriveBits,
  password: Uint8Array,
  { salt, iterations, perCall }: Omit<ChainedHash, 'hash'>,
): Promise<Uint8Array> {
  let derived = password;
  for (let left = iterations; left > 0; left -= perCall) {
    derived = await derive('SHA-256', derived, salt, Math.min(left, perCall), HASH_BYTES);
  }
  return derived;
}
