/**
 * Whether a password is among the 7,000 most common of 8 and more characters.
 *
 * The list is common-passwords.generated.ts, made by scripts/make-common-passwords.ts. It has no entry that is
 * all digits (policy.ts refuses those by rule) or shorter than 8, and is for the usual minimum length.
 */
import { COMMON_PASSWORDS } from './common-passwords.generated.ts';

/**
 * As Django's CommonPasswordValidator: lower-cased, without white space around. `password` is in NFKC.
 * Reads through the coded list, in a millisecond or two; nothing is kept, for few requests set a password.
 */
export function isCommon(password: string): boolean {
  const wanted = password.toLowerCase().trim();
  let matched = 0;
  for (const coded of COMMON_PASSWORDS.split(' ')) {
    const shared = Number.parseInt(coded.charAt(0), 36);
    // An entry that has more of the one before than `wanted` has differs from it at the same place.
    if (shared > matched) continue;
    const length = shared + coded.length - 1;
    matched = shared;
    while (matched < length && coded[matched - shared + 1] === wanted[matched]) matched += 1;
    if (matched === length && matched === wanted.length) return true;
  }
  return false;
}
