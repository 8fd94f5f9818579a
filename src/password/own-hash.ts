/** What our own hash formats (chained-pbkdf2.ts, own-scrypt.ts) share. */
import { utf8 } from '../encoding.ts';
import { normalizePassword } from './policy.ts';

export const SALT_BYTES = 16;
export const HASH_BYTES = 32;

const END_MARK = 0xff;

/**
 * The bytes to hash: UTF-8 of the NFKC form, and a byte that never occurs in UTF-8. HMAC, and so scrypt, pads its key
 * with zeros (RFC 2104 section 2): without an end mark, `secret` and `secret\0` would be the same password.
 */
export function passwordBytes(password: string): Uint8Array {
  const text = utf8(normalizePassword(password));
  const bytes = new Uint8Array(text.length + 1).fill(END_MARK);
  bytes.set(text);
  return bytes;
}
