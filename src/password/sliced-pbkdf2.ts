/**
 * PBKDF2 (RFC 8018, section 5.2) in JavaScript, for iteration counts that one Web Crypto call may not have, in slices
 * between which other requests are served. HMAC and the hash functions are those of @noble/hashes.
 *
 * Its own `pbkdf2Async` yields by Date.now(), which stands still in a Worker while it computes: it never would.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Digest } from './pbkdf2.ts';

/** Iterations of a slice: about 8 ms of CPU in workerd. */
const SLICES = {
  'SHA-1': { hash: sha1, iterations: 3_500 },
  'SHA-256': { hash: sha256, iterations: 3_000 },
  'SHA-512': { hash: sha512, iterations: 1_500 },
} as const satisfies Record<Digest, unknown>;

/** INT(1) of the RFC. */
const FIRST_BLOCK = Uint8Array.of(0, 0, 0, 1);

/** A turn of the event loop. A promise alone would go on in the same turn. */
const otherWork = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** The first block of output, as long as the digest. */
export async function slicedPbkdf2(
  digest: Digest,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  const { hash, iterations: perSlice } = SLICES[digest];
  // The keyed inner and outer hash of HMAC (RFC 2104), each copied into `state` for a link: HMAC itself would copy more.
  const { iHash: inner, oHash: outer } = hmac.create(hash, password);
  const state = inner.clone();
  const link = new Uint8Array(hash.outputLen);
  inner._cloneInto(state).update(salt).update(FIRST_BLOCK).digestInto(link);
  outer._cloneInto(state).update(link).digestInto(link);
  const block = link.slice();
  for (let done = 1; done < iterations; ) {
    await otherWork();
    const end = Math.min(iterations, done + perSlice);
    for (; done < end; done += 1) {
      inner._cloneInto(state).update(link).digestInto(link);
      outer._cloneInto(state).update(link).digestInto(link);
      for (let index = 0; index < block.length; index += 1) {
        block[index] = (block[index] as number) ^ (link[index] as number);
      }
    }
  }
  return block;
}
