/**
 * Encryption of secrets at rest: AES-256-GCM, bound to their owner, and HMACs, both with keys derived from
 * `ENCRYPTION_KEY`. Secrets sealed with a key of `ENCRYPTION_KEYS_OLD` can still be opened.
 *
 * Stored form: `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url. The key id is a prefix of the key's SHA-256, which
 * identifies the key without revealing it.
 */

import { deriveKey, HMAC_KEY } from './derived-key.ts';
import { anyBase64, fromBase64Url, toBase64Url, utf8 } from './encoding.ts';

const KEY_BYTES = 32;
/** NIST SP 800-38D section 8.2.2: 96 random bits. */
const NONCE_BYTES = 12;
const VERSION = 'v1';
const KEY_ID_LENGTH = 8;

export interface SecretBox {
  /** `owner`: identifies what the secret belongs to. `open` needs the same value. */
  seal: (owner: string, secret: Uint8Array) => Promise<string>;
  /** Null if no configured key opens it, or it belongs to another owner. */
  open: (owner: string, sealed: string) => Promise<Uint8Array | null>;
  /** Whether it was sealed with the newest key. */
  isCurrent: (sealed: string) => boolean;
  /** HMAC-SHA-256 in base64url, one per key, newest first. Store the first; look up all of them. */
  digests: (owner: string, text: string) => Promise<string[]>;
}

interface Key {
  id: string;
  cipher: CryptoKey;
  mac: CryptoKey;
}

/** Null if the text is not 32 bytes in base64 or base64url. */
export function parseEncryptionKey(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = anyBase64(text.trim());
  return bytes?.length === KEY_BYTES ? bytes : null;
}

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<Key> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return {
    id: toBase64Url(digest).slice(0, KEY_ID_LENGTH),
    cipher: await deriveKey(bytes, 'hono-accounts secret', { name: 'AES-GCM', length: 256 }, [
      'encrypt',
      'decrypt',
    ]),
    mac: await deriveKey(bytes, 'hono-accounts recovery code', HMAC_KEY, ['sign']),
  };
}

/** `keys`: newest first, each from `parseEncryptionKey`. Imported on first use. */
export function secretBox(keys: readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]]): SecretBox {
  let imported: Promise<readonly [Key, ...Key[]]> | undefined;
  const all = () => {
    imported ??= Promise.all(keys.map(importKey)) as unknown as Promise<readonly [Key, ...Key[]]>;
    return imported;
  };
  let currentId: string | undefined;
  return {
    seal: async (owner, secret) => {
      const [{ id, cipher }] = await all();
      currentId = id;
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData: utf8(owner) },
        cipher,
        secret as Uint8Array<ArrayBuffer>,
      );
      return [VERSION, id, toBase64Url(iv), toBase64Url(new Uint8Array(sealed))].join('.');
    },

    open: async (owner, sealed) => {
      const [version, id, nonce = '', ciphertext = ''] = sealed.split('.');
      const known = await all();
      currentId = known[0].id;
      const key = known.find((one) => one.id === id);
      const [iv, bytes] = [fromBase64Url(nonce), fromBase64Url(ciphertext)];
      if (version !== VERSION || !key || iv?.length !== NONCE_BYTES || !bytes) return null;
      try {
        const opened = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv, additionalData: utf8(owner) },
          key.cipher,
          bytes,
        );
        return new Uint8Array(opened);
      } catch {
        return null;
      }
    },

    isCurrent: (sealed) => sealed.split('.')[1] === currentId,

    digests: async (owner, text) =>
      Promise.all(
        (await all()).map(async ({ mac }) =>
          toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', mac, utf8(`${owner}\n${text}`)))),
        ),
      ),
  };
}
