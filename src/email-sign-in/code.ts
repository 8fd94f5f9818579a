/** The eight-digit code in the e-mail, and the digest that is stored. Pure except for Web Crypto. */
import { deriveKey, HMAC_KEY } from '../derived-key.ts';
import { toBase64Url, utf8 } from '../encoding.ts';
import type { Random } from '../random.ts';

const DIGITS = 8;

/** From 64 random bits: no code is more likely than another by more than one in 10^11. */
export function newCode({ bytes }: Pick<Random, 'bytes'>): string {
  const value = new DataView(bytes(8).buffer).getBigUint64(0);
  return String(value % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0');
}

/** `owner`: the e-mail address that the code was sent to. */
export type CodeDigest = (owner: string, code: string) => Promise<string>;

/**
 * HMAC-SHA-256 with a key derived from SIGNING_KEY. Eight digits can be searched exhaustively, so a plain hash would
 * reveal the code to anybody who reads the database.
 */
export function codeDigest(signingKey: string): CodeDigest {
  let imported: Promise<CryptoKey> | undefined;
  return async (owner, code) => {
    imported ??= deriveKey(utf8(signingKey), 'hono-accounts sign-in code', HMAC_KEY, ['sign']);
    const mac = await crypto.subtle.sign('HMAC', await imported, utf8(`${owner}\n${code}`));
    return toBase64Url(new Uint8Array(mac));
  };
}
