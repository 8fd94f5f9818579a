/**
 * Derives a separate key for each purpose from one secret (HKDF, RFC 5869), so that what one key signs or seals is
 * meaningless to the others.
 */
import { utf8 } from './encoding.ts';

type KeyUsage = 'encrypt' | 'decrypt' | 'sign' | 'verify';

export const HMAC_KEY = { name: 'HMAC', hash: 'SHA-256', length: 256 } as const;

/** Changing a `purpose` changes the key, and so invalidates what was stored or sent with it. */
export async function deriveKey(
  secret: Uint8Array<ArrayBuffer>,
  purpose: string,
  algorithm: typeof HMAC_KEY | { name: 'AES-GCM'; length: 256 },
  usages: readonly KeyUsage[],
): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(purpose) },
    base,
    algorithm as never,
    false,
    [...usages],
  );
}
