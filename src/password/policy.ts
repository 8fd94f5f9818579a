/**
 * The policy for new passwords: Django's four validators and a maximum length (NIST SP 800-63B-3 section 5.1.1.2: length
 * and a list of common passwords, no composition rules).
 *
 * Pure. Does not include Have I Been Pwned. Not applied at log-in: a password that was once accepted stays valid.
 */
import { isCommon } from './common.ts';

export type PasswordFaultCode =
  | 'password_too_short'
  | 'password_too_long'
  | 'password_too_common'
  | 'password_entirely_numeric'
  | 'password_too_similar'
  | 'invalid';

export interface PasswordFault {
  code: PasswordFaultCode;
  /** Too short: `{min}`; too long: `{max}`; too similar: `{attribute: 'username' | 'name' | 'email'}`. */
  params?: Record<string, string | number>;
}

/** The attributes that a password must not resemble. */
export interface PasswordOwner {
  email?: string | null;
  username?: string | null;
  name?: string | null;
}

/** In code points of the NFKC form. */
export const PASSWORD_MAX_LENGTH = 256;

/** Django's `max_similarity`. */
const MAX_SIMILARITY = 0.7;

/**
 * A canonical decomposition has at most 4 code points (verified by a test), and a code point at most 2 UTF-16 units, so
 * longer text has more than PASSWORD_MAX_LENGTH code points after NFKC too.
 */
const SURELY_TOO_LONG_UNITS = 8 * PASSWORD_MAX_LENGTH;

/**
 * The form in which passwords are checked and hashed: NFKC (NIST SP 800-63B-3 section 5.1.1.2). Text that is too long in
 * any form is returned unchanged, since normalization takes quadratic time for runs of combining marks: minutes for a
 * megabyte.
 */
export function normalizePassword(password: string): string {
  return password.length > SURELY_TOO_LONG_UNITS ? password : password.normalize('NFKC');
}

/**
 * All faults of `password` for this person, in a fixed order; `[]` if it is good. Lengths, including `rules.minLength`,
 * are code points of the NFKC form. A lone surrogate is only `invalid`. If several attributes are too similar, the first
 * in Django's order is named.
 */
export function passwordFaults(
  password: string,
  person: PasswordOwner,
  rules: { minLength: number },
): PasswordFault[] {
  if (!password.isWellFormed()) return [{ code: 'invalid' }];
  const form = normalizePassword(password);
  const { length } = Array.from(form);
  const faults: PasswordFault[] = [];

  if (length < rules.minLength) faults.push({ code: 'password_too_short', params: { min: rules.minLength } });
  if (length > PASSWORD_MAX_LENGTH) {
    faults.push({ code: 'password_too_long', params: { max: PASSWORD_MAX_LENGTH } });
  }
  if (isCommon(form)) faults.push({ code: 'password_too_common' });
  if (isNumeric(form)) faults.push({ code: 'password_entirely_numeric' });
  const attribute = similarAttribute(form, person);
  if (attribute) faults.push({ code: 'password_too_similar', params: { attribute } });
  return faults;
}

/** Django's NumericPasswordValidator, but trimmed, as the common list contains few numbers. */
function isNumeric(form: string): boolean {
  return /^\p{Nd}+$/u.test(form.trim());
}

/** Django's UserAttributeSimilarityValidator: compares each attribute as a whole and each of its words. */
function similarAttribute(form: string, person: PasswordOwner): keyof PasswordOwner | null {
  const password = Array.from(form.toLowerCase());
  for (const attribute of ['username', 'name', 'email'] as const) {
    const value = normalizePassword(person[attribute] ?? '')
      .toLowerCase()
      .trim();
    // Python's \w matches letters and numbers of all scripts and the underscore, but no marks.
    const parts = [...value.split(/[^\p{L}\p{N}_]+/u), value];
    if (parts.some((part) => isSimilar(password, Array.from(part)))) return attribute;
  }
  return null;
}

/**
 * Python's `SequenceMatcher.quick_ratio` (twice the number of common characters, ignoring order, over the number of all
 * characters) compared with MAX_SIMILARITY. Parts up to a tenth of the password cannot reach it and are skipped (Django's
 * `exceeds_maximum_length_ratio`, which guards against values with very many parts).
 */
function isSimilar(password: readonly string[], part: readonly string[]): boolean {
  if (password.length >= 10 * part.length) return false;
  const left = new Map<string, number>();
  for (const char of part) left.set(char, (left.get(char) ?? 0) + 1);
  let matches = 0;
  for (const char of password) {
    const count = left.get(char) ?? 0;
    if (count > 0) matches += 1;
    left.set(char, count - 1);
  }
  return (2 * matches) / (password.length + part.length) >= MAX_SIMILARITY;
}
