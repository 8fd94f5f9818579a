/**
 * Secrets at rest: AES-256-GCM under `ENCRYPTION_KEY`, bound to their owner, and HMACs under a key derived from it.
 * A text that an older key of `ENCRYPTION_KEYS_OLD` wrote is still read.
 *
 * Stored form: `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url. The key id is the beginning of the key's
 * SHA-256: it finds the key and says nothing else of it.
 */

import { deriveKey, HMAC_KEY } from './derived-key.ts';
import { anyBase64, fromBase64Url, toBase64Url, utf8 } from './encoding.ts';

const KEY_BYTES = 32;
/** NIST SP 800-38D section 8.2.2: random, 96 bits. */
const NONCE_BYTES = 12;
const VERSION = 'v1';
const KEY_ID_LENGTH = 8;

export interface SecretBox {
  /** `owner`: what the secret belongs to; the same has to be given to open it. */
  seal: (owner: string, secret: Uint8Array) => Promise<string>;
  /** Null where no configured key opens it, or it is another owner's. */
  open: (owner: string, sealed: string) => Promise<Uint8Array | null>;
  /** Whether the newest key wrote it. */
  isCurrent: (sealed: string) => boolean;
  /** HMAC-SHA-256, base64url, the newest key's first: to write that one, and to look for all. */
  digests: (owner: string, text: string) => Promise<string[]>;
}

interface Key {
  id: string;
  cipher: CryptoKey;
  mac: CryptoKey;
}

/** Null where the text is not base64 (or base64url) of 32 bytes. */
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

/** `keys`: the newest first, each as parseEncryptionKey gives it. Imported on first use. */
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
