/**
 * Creates and verifies password hashes. New ones are chained PBKDF2 or scrypt; those of other software (foreign/) work
 * until a log-in replaces them. For the reasons see docs/adr/0008-password-hashers.md and
 * docs/adr/0011-password-hasher-setting.md.
 *
 * Does not check the password policy (policy.ts) and stores nothing: `rehash` tells the caller to.
 */
import {
  derivedByChain,
  formatChainedHash,
  MAX_CHAIN_ITERATIONS,
  parseChainedHash,
} from './chained-pbkdf2.ts';
import {
  checkForeignHash,
  type FirebaseHashConfig,
  type Primitives,
  readForeignHash,
} from './foreign/index.ts';
import { nativeScrypt, type Scrypt } from './native-scrypt.ts';
import { HASH_BYTES, passwordBytes, SALT_BYTES } from './own-hash.ts';
import { formatScryptHash, parseScryptHash, SCRYPT_COST } from './own-scrypt.ts';
import {
  type DeriveBits,
  DIGEST_BYTES,
  deriveByWebCrypto,
  equalBytes,
  MAX_ITERATIONS_PER_CALL,
} from './pbkdf2.ts';
import { scryptWork } from './work.ts';

export { type DeriveBits, MAX_ITERATIONS_PER_CALL } from './pbkdf2.ts';

export interface PasswordHasher {
  /**
   * A new hash of the NFKC form of `password`, with a new salt. Throws a TypeError for lone surrogates, which all have
   * the same encoding.
   */
  hash(password: string): Promise<string>;
  /**
   * Whether `password` matches `encoded`, a hash of ours (after NFKC) or of other software (as that software hashes it).
   * `null`, '' and anything that cannot be read or verified mean that the user has no password: takes the same work and
   * returns `ok: false`, never throws. The work is that of a new hash, except for stronger hashes of ours and those of
   * other software. `rehash`: the password matches, and the hash should be replaced by `hash(password)`.
   */
  verify(password: string, encoded: string | null): Promise<{ ok: boolean; rehash: boolean }>;
  /** Whether any password can match: false for '' and for anything that cannot be read or verified. */
  isUsable(encoded: string): boolean;
  /** Whether it is a hash of other software that takes more work than a new hash of ours. */
  isCostly(encoded: string): boolean;
  /** Tries the largest call that hashing needs. Returns what the platform refuses, or null. */
  refusedByPlatform(): Promise<string | null>;
}

export interface PasswordHasherOptions {
  /** The kind of new hashes. */
  kind?: 'pbkdf2' | 'scrypt';
  /** Total iterations of a new PBKDF2 hash, 1 to 10,000,000. OWASP Password Storage: 600,000. */
  iterations: number;
  /** For hashes imported from Firebase. */
  firebase?: FirebaseHashConfig | null;
  /** One PBKDF2 call of at most MAX_ITERATIONS_PER_CALL. Default: Web Crypto. */
  derive?: DeriveBits;
  /** Default: node:crypto. */
  scrypt?: Scrypt;
  /** The source of salts. Default: Web Crypto. */
  randomBytes?: (n: number) => Uint8Array;
}

/** A parsed hash: the work of its check, and whether it is as strong as a new one of the current kind. */
interface ReadHash {
  work: number;
  isCurrent: boolean;
  check: (password: string) => Promise<boolean>;
}

/** `topUp` does the part of the work of `hash` that remains after `done` (work.ts), so that durations are equal. */
interface Kind {
  hash: (password: string) => Promise<string>;
  topUp: (password: string, done: number) => Promise<void>;
}

const NO_SALT = new Uint8Array(SALT_BYTES);

/** @throws {TypeError} for an impossible number of iterations. */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { kind = 'pbkdf2', iterations, firebase = null } = options;
  const { derive = deriveByWebCrypto, scrypt = nativeScrypt } = options;
  const { randomBytes = (n: number) => crypto.getRandomValues(new Uint8Array(n)) } = options;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_CHAIN_ITERATIONS) {
    throw new TypeError(`iterations must be an integer from 1 to ${MAX_CHAIN_ITERATIONS}`);
  }

  const chained: Kind = {
    hash: async (password) => {
      const parts = { iterations, perCall: MAX_ITERATIONS_PER_CALL, salt: randomBytes(SALT_BYTES) };
      const hash = await derivedByChain(derive, passwordBytes(password), parts);
      return formatChainedHash({ ...parts, hash });
    },
    topUp: async (password, done) => {
      const parts = { iterations: iterations - done, perCall: MAX_ITERATIONS_PER_CALL, salt: NO_SALT };
      await derivedByChain(derive, passwordBytes(password), parts);
    },
  };

  const memoryHard: Kind = {
    hash: async (password) => {
      const salt = randomBytes(SALT_BYTES);
      const hash = await scrypt(passwordBytes(password), salt, SCRYPT_COST, HASH_BYTES);
      return formatScryptHash({ cost: SCRYPT_COST, salt, hash });
    },
    topUp: async (password, done) => {
      const cost = remainingScryptCost(done);
      if (cost !== null) await scrypt(passwordBytes(password), NO_SALT, cost, HASH_BYTES);
    },
  };

  const current = kind === 'scrypt' ? memoryHard : chained;
  const newHashWork = kind === 'scrypt' ? scryptWork(SCRYPT_COST) : iterations;

  function readOwnHash(encoded: string): ReadHash | null {
    const chain = parseChainedHash(encoded);
    if (chain) {
      return {
        work: chain.iterations,
        isCurrent: kind === 'pbkdf2' && chain.iterations >= iterations,
        check: async (password) =>
          equalBytes(await derivedByChain(derive, passwordBytes(password), chain), chain.hash),
      };
    }
    const hard = parseScryptHash(encoded);
    if (!hard) return null;
    return {
      work: scryptWork(hard.cost),
      isCurrent: kind === 'scrypt' && scryptWork(hard.cost) >= newHashWork,
      check: async (password) =>
        equalBytes(await scrypt(passwordBytes(password), hard.salt, hard.cost, HASH_BYTES), hard.hash),
    };
  }

  const primitives: Primitives = {
    scrypt,
    pbkdf2: async (digest, password, salt, count) => {
      if (count <= MAX_ITERATIONS_PER_CALL) {
        return derive(digest, password, salt, count, DIGEST_BYTES[digest]);
      }
      // Loaded on first use.
      const { slicedPbkdf2 } = await import('./sliced-pbkdf2.ts');
      return slicedPbkdf2(digest, password, salt, count);
    },
  };

  return {
    hash: async (password) => {
      if (!password.isWellFormed()) throw new TypeError('a password must not have a lone surrogate');
      return current.hash(password);
    },

    verify: async (password, encoded) => {
      const own = readOwnHash(encoded ?? '');
      const foreign = own ? null : readForeignHash(encoded ?? '', firebase);
      if (foreign?.problem === null) {
        const ok = await checkForeignHash(password, foreign, primitives);
        return { ok, rehash: ok };
      }
      const ok = (await own?.check(password)) === true && password.isWellFormed();
      await current.topUp(password, own?.work ?? 0);
      return { ok, rehash: ok && own?.isCurrent === false };
    },

    isUsable: (encoded) =>
      readOwnHash(encoded) !== null || readForeignHash(encoded, firebase)?.problem === null,

    isCostly: (encoded) => {
      const foreign = readForeignHash(encoded, firebase);
      return foreign?.problem === null && foreign.work > newHashWork;
    },

    refusedByPlatform: async () => {
      try {
        if (kind === 'scrypt') await scrypt(NO_SALT, NO_SALT, SCRYPT_COST, HASH_BYTES);
        else {
          const largest = Math.min(iterations, MAX_ITERATIONS_PER_CALL);
          await derive('SHA-256', NO_SALT, NO_SALT, largest, HASH_BYTES);
        }
        return null;
      } catch {
        const { N, r, p } = SCRYPT_COST;
        return kind === 'scrypt'
          ? `scrypt with N=${N}, r=${r}, p=${p}`
          : `PBKDF2 calls of ${Math.min(iterations, MAX_ITERATIONS_PER_CALL)} iterations`;
      }
    },
  };
}

/**
 * A scrypt cost for the part of SCRYPT_COST that remains after `done`; null if too little remains. Approximate: with half
 * the N, p=1 is a tenth of the whole.
 */
function remainingScryptCost(done: number): typeof SCRYPT_COST | null {
  if (done === 0) return SCRYPT_COST;
  const step = { ...SCRYPT_COST, N: SCRYPT_COST.N / 2, p: 1 };
  const p = Math.round((scryptWork(SCRYPT_COST) - done) / scryptWork(step));
  return p < 1 ? null : { ...step, p };
}
