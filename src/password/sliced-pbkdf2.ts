/**
 * PBKDF2 (RFC 8018 section 5.2) in JavaScript, for more iterations than a Web Crypto call may have. Runs in slices, so
 * that other requests are served in between. HMAC and hash functions are from @noble/hashes.
 *
 * The library's own `pbkdf2Async` yields according to Date.now(), which does not advance during computation in a Worker,
 * so it would never yield.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Digest } from './pbkdf2.ts';

/** Iterations per slice: about 8 ms of CPU in workerd. */
const SLICES = {
  'SHA-1': { hash: sha1, iterations: 3_500 },
  'SHA-256': { hash: sha256, iterations: 3_000 },
  'SHA-512': { hash: sha512, iterations: 1_500 },
} as const satisfies Record<Digest, unknown>;

/** INT(1) in the RFC. */
const FIRST_BLOCK = Uint8Array.of(0, 0, 0, 1);

/** Waits one turn of the event loop. A resolved promise alone would continue in the same turn. */
const otherWork = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** The first block of output, as long as the digest. */
export async function slicedPbkdf2(
  digest: Digest,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  const { hash, iterations: perSlice } = SLICES[digest];
  // HMAC's keyed inner and outer hash (RFC 2104), copied into `state` for each iteration, which is cheaper than
  // cloning the HMAC.
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
