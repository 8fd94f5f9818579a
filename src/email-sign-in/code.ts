/** The code of eight digits that a mail carries, and the form in which it is kept. Pure. */
import { deriveKey, HMAC_KEY } from '../derived-key.ts';
import { toBase64Url, utf8 } from '../encoding.ts';
import type { Random } from '../random.ts';

const DIGITS = 8;

/** Of 64 random bits: no code is likelier than another by more than one in 10^11. */
export function newCode({ bytes }: Pick<Random, 'bytes'>): string {
  const value = new DataView(bytes(8).buffer).getBigUint64(0);
  return String(value % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0');
}

/** As people type codes: white space and hyphens between the digits do not count, full-width digits do. */
export const typedCode = (code: string): string => code.normalize('NFKC').replace(/[\s-]/g, '');

/** `owner`: whose code it is. */
export type CodeDigest = (owner: string, code: string) => Promise<string>;

/**
 * HMAC-SHA-256 under a key derived from SIGNING_KEY: eight digits are searched in no time, so whoever reads the
 * database must not be able to try them.
 */
export function codeDigest(signingKey: string): CodeDigest {
  let imported: Promise<CryptoKey> | undefined;
  return async (owner, code) => {
    imported ??= deriveKey(utf8(signingKey), 'hono-accounts sign-in code', HMAC_KEY, ['sign']);
    const mac = await crypto.subtle.sign('HMAC', await imported, utf8(`${owner}\n${code}`));
    return toBase64Url(new Uint8Array(mac));
  };
}
