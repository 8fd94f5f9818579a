/** The interface of a foreign hash format, and what the formats share. */

import { utf8 } from '../../encoding.ts';
import { isScryptCost, type Scrypt, type ScryptCost } from '../native-scrypt.ts';
import { DIGEST_BYTES, type Digest, equalBytes, MAX_ITERATIONS_PER_CALL } from '../pbkdf2.ts';
import { pbkdf2Work, scryptWork } from '../work.ts';

/** The password hash parameters of a Firebase project (firebase-config.ts). */
export interface FirebaseHashConfig {
  signerKey: Uint8Array;
  saltSeparator: Uint8Array;
  cost: ScryptCost;
}

export type ForeignKind =
  | 'argon2'
  | 'aspnet_identity'
  | 'bcrypt'
  | 'django_bcrypt'
  | 'django_bcrypt_sha256'
  | 'django_pbkdf2'
  | 'django_scrypt'
  | 'firebase_scrypt'
  | 'hex_scrypt'
  | 'phc_pbkdf2'
  | 'phc_scrypt'
  | 'werkzeug_pbkdf2'
  | 'werkzeug_scrypt';

/** Why a recognized hash cannot be verified. Its user has to reset the password. */
export type HashProblem =
  /** Needs more memory than a Worker has. */
  | 'argon2'
  /** Needs more work or memory than a log-in may cost. */
  | 'beyond_bounds'
  /** FIREBASE_HASH_CONFIG is not set. */
  | 'no_firebase_config';

/** The key derivation functions for checks. */
export interface Primitives {
  /** The first block of PBKDF2's output, as long as the digest. */
  pbkdf2: (digest: Digest, password: Uint8Array, salt: Uint8Array, iterations: number) => Promise<Uint8Array>;
  scrypt: Scrypt;
}

/** A hash that can be verified. */
export interface ForeignHash {
  kind: ForeignKind;
  problem: null;
  /** The work of one check, in the unit of work.ts. */
  work: number;
  /**
   * Whether `password`, as typed, matches. Takes the same time for right and wrong ones. May also match passwords with
   * the same derived key, which `checkForeignHash` (index.ts) excludes.
   */
  check: (password: string, primitives: Primitives) => Promise<boolean>;
}

export interface UncheckableHash {
  kind: ForeignKind;
  problem: HashProblem;
}

/** Parses a hash; null for other formats. Never throws. */
export type Format = (
  encoded: string,
  config: FirebaseHashConfig | null,
) => ForeignHash | UncheckableHash | null;

/** Upper bound of iterations of a stored PBKDF2 hash: about 4 s of CPU in JavaScript. */
const MAX_FOREIGN_ITERATIONS = 2_000_000;

export interface Pbkdf2Parts {
  digest: Digest;
  iterations: number;
  salt: Uint8Array;
  /** 16 bytes or more. */
  hash: Uint8Array;
}

const MIN_HASH_BYTES = 16;

export function pbkdf2Hash(
  kind: ForeignKind,
  { digest, iterations, salt, hash }: Pbkdf2Parts,
): ForeignHash | UncheckableHash | null {
  if (hash.length < MIN_HASH_BYTES || iterations < 1) return null;
  if (iterations > MAX_FOREIGN_ITERATIONS) return { kind, problem: 'beyond_bounds' };
  // The first block of a longer hash is enough: it has the digest's full strength, and attackers only compute that too.
  const block = hash.subarray(0, DIGEST_BYTES[digest]);
  return {
    kind,
    problem: null,
    work: pbkdf2Work(digest, iterations, iterations <= MAX_ITERATIONS_PER_CALL),
    check: async (password, { pbkdf2 }) => {
      const derived = await pbkdf2(digest, utf8(password), salt, iterations);
      return equalBytes(derived.subarray(0, block.length), block);
    },
  };
}

export interface ScryptParts {
  cost: ScryptCost;
  salt: Uint8Array;
  /** 16 to 64 bytes. */
  hash: Uint8Array;
}

export function scryptHash(
  kind: ForeignKind,
  { cost, salt, hash }: ScryptParts,
): ForeignHash | UncheckableHash | null {
  if (hash.length < MIN_HASH_BYTES || hash.length > 64) return null;
  if (!isScryptCost(cost)) return { kind, problem: 'beyond_bounds' };
  return {
    kind,
    problem: null,
    work: scryptWork(cost),
    check: async (password, { scrypt }) =>
      equalBytes(await scrypt(utf8(password), salt, cost, hash.length), hash),
  };
}
