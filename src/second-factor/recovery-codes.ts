/**
 * Recovery codes: ten random codes of 50 bits, each good for one sign-in without the authenticator. Kept as HMACs
 * under the encryption key, so that a stolen database alone cannot be searched for them.
 */

const COUNT = 10;
const HALF_LENGTH = 5;
/** Crockford's base 32 in lower case: no i, l, o and u to mistake. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LOOK_ALIKE: Readonly<Record<string, string>> = { i: '1', l: '1', o: '0' };

/** `random` gives that many random bytes. */
export function newRecoveryCodes(random: (bytes: number) => Uint8Array): string[] {
  return Array.from({ length: COUNT }, () => {
    // 256 is a multiple of 32: every letter is equally likely.
    const letters = Array.from(random(2 * HALF_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
    return `${letters.slice(0, HALF_LENGTH)}-${letters.slice(HALF_LENGTH)}`;
  });
}

/** The one spelling of a code as it was typed; null where it cannot be one. */
export function canonicalRecoveryCode(typed: string): string | null {
  const letters = typed
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s-]/g, '')
    .replace(/[ilo]/g, (letter) => LOOK_ALIKE[letter] ?? letter);
  if (letters.length !== 2 * HALF_LENGTH || [...letters].some((letter) => !ALPHABET.includes(letter)))
    return null;
  return `${letters.slice(0, HALF_LENGTH)}-${letters.slice(HALF_LENGTH)}`;
}
