/**
 * Password hashes of other software, so that imported users keep their passwords. Read-only: a successful log-in replaces
 * such a hash (hash.ts). One file per format; to remove a format, delete its file and its line in FORMATS.
 */
import { parseChainedHash } from '../chained-pbkdf2.ts';
import { parseScryptHash } from '../own-scrypt.ts';
import { argon2 } from './argon2.ts';
import { aspnetIdentity } from './aspnet.ts';
import { bcrypt } from './bcrypt.ts';
import { djangoBcrypt, djangoPbkdf2, djangoScrypt } from './django.ts';
import { firebaseScrypt } from './firebase.ts';
import type {
  FirebaseHashConfig,
  ForeignHash,
  ForeignKind,
  Format,
  HashProblem,
  Primitives,
  UncheckableHash,
} from './format.ts';
import { hexScrypt } from './hex-scrypt.ts';
import { phcPbkdf2, phcScrypt } from './phc.ts';
import { werkzeugPbkdf2, werkzeugScrypt } from './werkzeug.ts';

export { encodeFirebaseHash } from './firebase.ts';
export { readFirebaseHashConfig } from './firebase-config.ts';
export type { FirebaseHashConfig, ForeignHash, ForeignKind, HashProblem, Primitives } from './format.ts';

/** No string matches two formats. */
const FORMATS: readonly Format[] = [
  djangoPbkdf2,
  djangoBcrypt,
  djangoScrypt,
  bcrypt,
  hexScrypt,
  firebaseScrypt,
  phcPbkdf2,
  phcScrypt,
  werkzeugScrypt,
  werkzeugPbkdf2,
  aspnetIdentity,
  argon2,
];

/** Longer than any of them. */
const MAX_LENGTH = 512;

/** Null for unknown formats. Never throws. */
export function readForeignHash(
  encoded: string,
  firebase: FirebaseHashConfig | null = null,
): ForeignHash | UncheckableHash | null {
  if (encoded.length > MAX_LENGTH) return null;
  for (const format of FORMATS) {
    const hash = format(encoded, firebase);
    if (hash !== null) return hash;
  }
  return null;
}

/**
 * Whether `password`, as typed, matches. Never matches passwords that merely have the same derived key: lone surrogates
 * (encoded like U+FFFD) and trailing NULs (HMAC pads its key with zeros, RFC 2104 section 2).
 */
export async function checkForeignHash(
  password: string,
  hash: ForeignHash,
  primitives: Primitives,
): Promise<boolean> {
  const ok = await hash.check(password, primitives);
  return ok && password.isWellFormed() && !password.endsWith('\0');
}

export interface HashDescription {
  /** `none`: no usable password ('' or Django's `!…`). `unknown`: MD5, plain text and the like. */
  kind: 'own' | ForeignKind | 'none' | 'unknown';
  /** Whether users can log in with it. If false, the user has to reset the password. */
  verifies: boolean;
  /** Why a hash of a known kind cannot be verified. */
  problem: HashProblem | null;
}

/**
 * The kind of a stored or imported hash, and whether it can be verified. `firebase`: the configuration, or `assumed` if it
 * is set elsewhere, as for an import into a Worker that has the secret.
 */
export function hashKind(
  encoded: string,
  firebase: FirebaseHashConfig | 'assumed' | null = 'assumed',
): HashDescription {
  if (encoded === '' || encoded.startsWith('!')) return { kind: 'none', verifies: false, problem: null };
  if (parseChainedHash(encoded) ?? parseScryptHash(encoded))
    return { kind: 'own', verifies: true, problem: null };
  const hash = readForeignHash(encoded, firebase === 'assumed' ? null : firebase);
  if (hash === null) return { kind: 'unknown', verifies: false, problem: null };
  if (hash.problem === 'no_firebase_config' && firebase === 'assumed') {
    return { kind: hash.kind, verifies: true, problem: null };
  }
  return { kind: hash.kind, verifies: hash.problem === null, problem: hash.problem };
}
