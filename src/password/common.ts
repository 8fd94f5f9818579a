/**
 * Whether a password is among the 7,000 most common ones of at least 8 characters, or the 200 most common numbers.
 *
 * scripts/make-common-passwords.ts generates the list, common-passwords.generated.ts. policy.ts refuses shorter passwords
 * and all numbers anyway: the list has no shorter ones, and the numbers only so that users read both reasons, as in Django.
 */
import { COMMON_PASSWORDS } from './common-passwords.generated.ts';

const A = 65;

/**
 * Like Django's CommonPasswordValidator: lower-cased and trimmed. `password` must be in NFKC. Scans the encoded list in a
 * millisecond or two and keeps no decoded copy, as few requests set a password.
 */
export function isCommon(password: string): boolean {
  const wanted = password.toLowerCase().trim();
  let matched = 0;
  for (const coded of COMMON_PASSWORDS.split(/(?=[A-Z])/)) {
    const shared = coded.charCodeAt(0) - A;
    // An entry that shares more with the previous one than `wanted` does differs from `wanted` at the same position.
    if (shared > matched) continue;
    const length = shared + coded.length - 1;
    matched = shared;
    while (matched < length && coded[matched - shared + 1] === wanted[matched]) matched += 1;
    if (matched === length && matched === wanted.length) return true;
  }
  return false;
}
