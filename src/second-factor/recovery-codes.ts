/**
 * Recovery codes: ten random codes of 50 bits, each valid for one sign-in without the authenticator. Stored as HMACs with
 * a key derived from ENCRYPTION_KEY, so that a stolen database alone is not enough to search for them.
 */

const COUNT = 10;
const HALF_LENGTH = 5;
/** Crockford's base 32 in lower case, without the ambiguous i, l, o and u. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LOOK_ALIKE: Readonly<Record<string, string>> = { i: '1', l: '1', o: '0' };

/** `random` returns the given number of random bytes. */
export function newRecoveryCodes(random: (bytes: number) => Uint8Array): string[] {
  return Array.from({ length: COUNT }, () => {
    // 256 is a multiple of 32: every letter is equally likely.
    const letters = Array.from(random(2 * HALF_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
    return `${letters.slice(0, HALF_LENGTH)}-${letters.slice(HALF_LENGTH)}`;
  });
}

/** The canonical form of a typed code; null if it cannot be one. */
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
