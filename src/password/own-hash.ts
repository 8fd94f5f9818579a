/** What our own kinds of hash (chained-pbkdf2.ts, own-scrypt.ts) share. */
import { utf8 } from '../encoding.ts';
import { normalizePassword } from './policy.ts';

export const SALT_BYTES = 16;
export const HASH_BYTES = 32;

const END_MARK = 0xff;

/**
 * The bytes that are hashed: UTF-8 of the NFKC form, and a byte that UTF-8 never has. HMAC, and with it scrypt, fills
 * its key up with zeros (RFC 2104, section 2), so without an end mark `secret` and `secret\0` would be one password.
 */
export function passwordBytes(password: string): Uint8Array {
  const text = utf8(normalizePassword(password));
  const bytes = new Uint8Array(text.length + 1).fill(END_MARK);
  bytes.set(text);
  return bytes;
}
