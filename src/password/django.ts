/**
 * Django's PBKDF2 hashes, so that imported users log in with the passwords they have.
 *
 * Read-only: nothing here makes such a hash, and a good log-in replaces it (hash.ts). Django's other hashers
 * (md5, argon2, bcrypt, …) and its unusable passwords (`!…`) are not known here.
 * Why in JavaScript: docs/adr/0003-django-hashes.md.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type DeriveBits, equalBytes, MAX_ITERATIONS_PER_CALL, MAX_STORED_ITERATIONS } from './pbkdf2.ts';

/** A parsed `pbkdf2_sha256$<iterations>$<salt>$<base64>` or `pbkdf2_sha1$…`. */
export interface DjangoHash {
  digest: 'SHA-1' | 'SHA-256';
  iterations: number;
  /** The UTF-8 bytes of the salt as it stands in the text; Django decodes nothing. */
  salt: Uint8Array;
  /** 20 bytes for SHA-1, 32 for SHA-256. */
  hash: Uint8Array;
}

const UTF8 = new TextEncoder();

const PATTERN = /^pbkdf2_(sha256|sha1)\$([1-9]\d{0,7})\$([^$]+)\$((?:[A-Za-z0-9+/]{27}|[A-Za-z0-9+/]{43})=)$/;

/**
 * Takes one of Django's PBKDF2 hashes apart (`PBKDF2PasswordHasher.decode`).
 * Null for any other kind, a digest of the wrong length, or more than MAX_STORED_ITERATIONS; never throws.
 */
export function parseDjangoHash(encoded: string): DjangoHash | null {
  const [, name, count, salt, base64] = PATTERN.exec(encoded) ?? [];
  if (count === undefined || salt === undefined || base64 === undefined) return null;
  const iterations = Number(count);
  const hash = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  if (iterations > MAX_STORED_ITERATIONS || hash.length !== (name === 'sha1' ? 20 : 32)) return null;
  return { digest: name === 'sha1' ? 'SHA-1' : 'SHA-256', iterations, salt: UTF8.encode(salt), hash };
}

/** PBKDF2 in JavaScript, for counts that one Web Crypto call may not have. Holds the isolate until it is done. */
export const deriveInJavaScript: DeriveBits = async (hash, password, salt, iterations, lengthBytes) =>
  pbkdf2(hash === 'SHA-1' ? sha1 : sha256, password, salt, { c: iterations, dkLen: lengthBytes });

/**
 * Whether `password`, exactly as typed, is the one of `stored`: Django does not normalise. `derive` does the
 * work up to MAX_ITERATIONS_PER_CALL. What only derives alike never matches: a lone surrogate (Python cannot
 * encode one) and NULs at the end (HMAC fills up with zeros; Django's forms take no NUL).
 */
export async function verifyDjangoHash(
  password: string,
  stored: DjangoHash,
  derive: DeriveBits,
): Promise<boolean> {
  const work = stored.iterations > MAX_ITERATIONS_PER_CALL ? deriveInJavaScript : derive;
  const derived = await work(
    stored.digest,
    UTF8.encode(password),
    stored.salt,
    stored.iterations,
    stored.hash.length,
  );
  return equalBytes(derived, stored.hash) && password.isWellFormed() && !password.endsWith('\0');
}
