/**
 * Whether a password is among the 7,000 most common ones of at least 8 characters.
 *
 * scripts/make-common-passwords.ts generates the list, common-passwords.generated.ts. It has no entries that policy.ts
 * refuses anyway: numeric ones, and ones shorter than 8 characters.
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
