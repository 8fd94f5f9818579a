/**
 * Recognises password hashes and whether the Worker can verify them. A hash that it cannot verify is not stored: the
 * user has no password (`''`) until they reset it. Pure.
 */
import { isPlainText } from '../../src/identity.ts';
import { encodeFirebaseHash, hashKind } from '../../src/password/foreign/index.ts';

export interface StoredPassword {
  /** '' if the Worker cannot verify it. */
  stored: string;
  /** For the report. Never contains a part of the value. */
  kind: string;
}

const WITHOUT_HASH = 'no password';
const UNREADABLE = 'unreadable';
const UNKNOWN = 'no known hash';
const TOO_MUCH = 'too much work';

/** Hashes that can be named but not verified. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^(?:md5\$|unsalted_md5\$|\$1\$|[0-9a-f]{32}$)/i, 'md5'],
  [/^(?:sha1\$|unsalted_sha1\$|[0-9a-f]{40}$)/i, 'sha1'],
  [/^(?:\$[56]\$|[0-9a-f]{64}$|[0-9a-f]{128}$)/i, 'sha2'],
];

export function readPassword(value: unknown): StoredPassword {
  if (value == null || value === '') return { stored: '', kind: WITHOUT_HASH };
  if (typeof value !== 'string' || !isPlainText(value)) return { stored: '', kind: UNREADABLE };
  const { kind, verifies, problem } = hashKind(value);
  if (verifies) return { stored: value, kind };
  if (kind === 'none') return { stored: '', kind: 'unusable' };
  if (kind === 'unknown') {
    return { stored: '', kind: NAMES.find(([pattern]) => pattern.test(value))?.[1] ?? UNKNOWN };
  }
  return { stored: '', kind: problem === 'beyond_bounds' ? `${kind}, ${TOO_MUCH}` : kind };
}

/** Firebase stores hash and salt separately. A damaged pair becomes a text that matches no format. */
export function firebaseHash(hash: unknown, salt: unknown): string | null {
  if (typeof hash !== 'string' || hash === '') return null;
  return encodeFirebaseHash(String(salt ?? ''), hash) ?? 'damaged';
}

const WHY: Readonly<Record<string, string>> = {
  [WITHOUT_HASH]: 'the user had none',
  [UNREADABLE]: 'it is not a text, or has control characters',
  [UNKNOWN]: 'it is damaged, of an unknown kind, or a password in plain text; it is not kept',
  unusable: 'Django marked it as unusable',
  argon2: 'Argon2 needs more memory than a Worker has',
  md5: 'MD5 does not protect a password; it is not kept',
  sha1: 'SHA-1 alone does not protect a password; it is not kept',
  sha2: 'SHA-2 alone does not protect a password; it is not kept',
};

/** Why the user has to set a new password. */
export const explainPassword = (kind: string): string =>
  WHY[kind] ?? (kind.endsWith(TOO_MUCH) ? 'verifying it would take too long' : 'it cannot be verified here');
