/**
 * Makes and checks password hashes: PBKDF2-HMAC-SHA256 with OWASP's number of iterations, in chained calls
 * that each keep to the platform's limit, as a string that describes itself. docs/adr/0002-chained-pbkdf2.md
 * has the construction, its worth and vectors.
 *
 * It judges no password (policy.ts) and stores nothing: `rehash` tells the caller to.
 */
import { parseDjangoHash, verifyDjangoHash } from './django.ts';
import {
  type DeriveBits,
  deriveByWebCrypto,
  equalBytes,
  MAX_ITERATIONS_PER_CALL,
  MAX_STORED_ITERATIONS,
} from './pbkdf2.ts';
import { normalizePassword } from './policy.ts';

export { type DeriveBits, MAX_ITERATIONS_PER_CALL } from './pbkdf2.ts';

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Bounds the number of calls that a stored hash may demand. */
const MIN_ITERATIONS_PER_CALL = 10_000;

const END_MARK = 0xff;

const UTF8 = new TextEncoder();

/** Our format, after the PHC string format: `$pbkdf2-sha256-chain$i=<total>,c=<per call>$<salt>$<hash>`. */
interface ChainedHash {
  iterations: number;
  perCall: number;
  salt: Uint8Array;
  hash: Uint8Array;
}

const PATTERN =
  /^\$pbkdf2-sha256-chain\$i=([1-9]\d{0,7}),c=([1-9]\d{0,5})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** Stands where there is no readable hash: no work of its own, so that all of it is the work of the rest. */
const NO_HASH = { iterations: 0, perCall: MAX_ITERATIONS_PER_CALL, salt: new Uint8Array(SALT_BYTES) };

export interface PasswordHasher {
  /**
   * A new hash, with a new salt, of the NFKC form of `password`.
   * Throws a TypeError where it has a lone surrogate: all of those have one encoding.
   */
  hash(password: string): Promise<string>;
  /**
   * Whether `password` is the one of `encoded`: a hash of ours (NFKC) or one of Django's PBKDF2 (as typed).
   * `null`, '' and whatever else cannot be read stand for a user without a password: the same work, then
   * `ok: false`; a bad string never throws. The work is that of a new hash, but for a hash of ours of more
   * iterations and for Django's, which take their own. `rehash`: right, and to be replaced by `hash(password)`.
   */
  verify(password: string, encoded: string | null): Promise<{ ok: boolean; rehash: boolean }>;
}

/**
 * @param options.iterations total of a new hash, 1 to 10,000,000. OWASP Password Storage: 600,000.
 * @param options.derive one PBKDF2 call, never asked for more than MAX_ITERATIONS_PER_CALL; Web Crypto's.
 * @param options.randomBytes the salt's source; Web Crypto's.
 * @throws {TypeError} for an impossible number of iterations.
 */
export function createPasswordHasher(options: {
  iterations: number;
  derive?: DeriveBits;
  randomBytes?: (n: number) => Uint8Array;
}): PasswordHasher {
  const { iterations, derive = deriveByWebCrypto, randomBytes = randomBytesOfWebCrypto } = options;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_STORED_ITERATIONS) {
    throw new TypeError(`iterations must be an integer from 1 to ${MAX_STORED_ITERATIONS}`);
  }

  /** Each output is the next call's password, under the same salt. */
  const chain = async (
    password: Uint8Array,
    salt: Uint8Array,
    total: number,
    perCall: number,
  ): Promise<Uint8Array> => {
    let derived = password;
    for (let left = total; left > 0; left -= perCall) {
      derived = await derive('SHA-256', derived, salt, Math.min(left, perCall), HASH_BYTES);
    }
    return derived;
  };

  return {
    hash: async (password) => {
      if (!password.isWellFormed()) throw new TypeError('a password must not have a lone surrogate');
      const salt = randomBytes(SALT_BYTES);
      const hash = await chain(encode(password), salt, iterations, MAX_ITERATIONS_PER_CALL);
      return format({ iterations, perCall: MAX_ITERATIONS_PER_CALL, salt, hash });
    },

    verify: async (password, encoded) => {
      const django = parseDjangoHash(encoded ?? '');
      if (django) {
        const ok = await verifyDjangoHash(password, django, derive);
        return { ok, rehash: ok };
      }

      const own = parse(encoded ?? '');
      const { iterations: used, perCall, salt } = own ?? NO_HASH;
      const derived = await chain(encode(password), salt, used, perCall);
      await chain(derived, salt, iterations - used, MAX_ITERATIONS_PER_CALL);
      const ok = own !== null && equalBytes(derived, own.hash) && password.isWellFormed();
      return { ok, rehash: ok && used < iterations };
    },
  };
}

/**
 * The first call's password: UTF-8 of the NFKC form, and a byte that UTF-8 never has. HMAC fills its key up with
 * zeros (RFC 2104, section 2), so without an end mark `secret` and `secret\0` would be one password.
 */
function encode(password: string): Uint8Array {
  const text = UTF8.encode(normalizePassword(password));
  const bytes = new Uint8Array(text.length + 1).fill(END_MARK);
  bytes.set(text);
  return bytes;
}

function parse(encoded: string): ChainedHash | null {
  const [, total, cap, salt, hash] = PATTERN.exec(encoded) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const iterations = Number(total);
  const perCall = Number(cap);
  if (iterations > MAX_STORED_ITERATIONS) return null;
  if (perCall < MIN_ITERATIONS_PER_CALL || perCall > MAX_ITERATIONS_PER_CALL) return null;
  return { iterations, perCall, salt: fromBase64(salt), hash: fromBase64(hash) };
}

function format({ iterations, perCall, salt, hash }: ChainedHash): string {
  return `$pbkdf2-sha256-chain$i=${iterations},c=${perCall}$${toBase64(salt)}$${toBase64(hash)}`;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function randomBytesOfWebCrypto(n: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(n));
}
