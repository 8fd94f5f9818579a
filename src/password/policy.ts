/**
 * Which passwords may be chosen: Django's four validators and a maximum (NIST SP 800-63B-3, section 5.1.1.2:
 * length and a list of common passwords, no composition rules).
 *
 * Pure. It neither hashes nor asks Have I Been Pwned, and a log-in does not ask it: a password that was once
 * accepted stays good.
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
  /** `{min}` of too short, `{max}` of too long, `{attribute: 'username' | 'name' | 'email'}` of too similar. */
  params?: Record<string, string | number>;
}

/** What the person is known by, as far as it is known. */
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
 * A canonical decomposition has at most 4 code points (a test asks the runtime), a code point at most 2 UTF-16
 * units: whatever is longer than this has more than PASSWORD_MAX_LENGTH code points in NFKC too.
 */
const SURELY_TOO_LONG_UNITS = 8 * PASSWORD_MAX_LENGTH;

/**
 * The form in which a password is judged and hashed: NFKC (NIST SP 800-63B-3, section 5.1.1.2).
 * One that is too long in any form stays as it is, for normalising takes time by the square of a run of
 * combining marks: minutes for a megabyte.
 */
export function normalizePassword(password: string): string {
  return password.length > SURELY_TOO_LONG_UNITS ? password : password.normalize('NFKC');
}

/**
 * All that is wrong with `password` for this person, in a fixed order; `[]` is a good one.
 * Lengths are code points of the NFKC form; `rules.minLength` too. One with a lone surrogate is `invalid` and
 * nothing else. Of several attributes that are too similar the first is named, in Django's order.
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

/** Django's NumericPasswordValidator; white space around is passed over, as the common list has no numbers. */
function isNumeric(form: string): boolean {
  return /^\p{Nd}+$/u.test(form.trim());
}

/** Django's UserAttributeSimilarityValidator: each attribute as a whole, and its parts between non-words. */
function similarAttribute(form: string, person: PasswordOwner): keyof PasswordOwner | null {
  const password = Array.from(form.toLowerCase());
  for (const attribute of ['username', 'name', 'email'] as const) {
    const value = normalizePassword(person[attribute] ?? '').toLowerCase();
    // Python's \w is letters, numbers and the underscore of all scripts, without marks.
    const parts = [...value.split(/[^\p{L}\p{N}_]+/u), value];
    if (parts.some((part) => isSimilar(password, Array.from(part)))) return attribute;
  }
  return null;
}

/**
 * Python's `SequenceMatcher.quick_ratio`, twice the characters in common (without regard to order) over all
 * characters, against MAX_SIMILARITY. A part of a tenth of the password or less cannot reach it and is not
 * compared (Django's `exceeds_maximum_length_ratio`, against values of very many parts).
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
