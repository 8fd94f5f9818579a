/**
 * Firebase Authentication's modified scrypt (https://github.com/firebase/scrypt): the derived key encrypts the project's
 * signer key (AES-256-CTR, counter zero), and the result is the hash. The `salt` and `passwordHash` of an exported user
 * are stored as
 *
 *     $firebase-scrypt$<salt>$<passwordHash>
 *
 * and the parameters are in the secret FIREBASE_HASH_CONFIG.
 */

import { anyBase64, utf8 } from '../../encoding.ts';
import { equalBytes } from '../pbkdf2.ts';
import { scryptWork } from '../work.ts';
import type { Format } from './format.ts';

const KEY_BYTES = 32;
const HASH_BYTES = 64;

const PATTERN = /^\$firebase-scrypt\$([A-Za-z0-9+/=_-]+)\$([A-Za-z0-9+/=_-]+)$/;

/** The hash to store for an exported user; null if `salt` or `passwordHash` is invalid. */
export function encodeFirebaseHash(salt: string, passwordHash: string): string | null {
  const encoded = `$firebase-scrypt$${salt}$${passwordHash}`;
  return partsOf(encoded) === null ? null : encoded;
}

function partsOf(encoded: string): { salt: Uint8Array; hash: Uint8Array } | null {
  const [, saltText, hashText] = PATTERN.exec(encoded) ?? [];
  const salt = anyBase64(saltText ?? '');
  const hash = anyBase64(hashText ?? '');
  return salt === null || hash?.length !== HASH_BYTES ? null : { salt, hash };
}

export const firebaseScrypt: Format = (encoded, config) => {
  const parts = partsOf(encoded);
  if (parts === null) return null;
  if (config === null) return { kind: 'firebase_scrypt', problem: 'no_firebase_config' };
  const { signerKey, saltSeparator, cost } = config;
  const salt = new Uint8Array([...parts.salt, ...saltSeparator]);
  return {
    kind: 'firebase_scrypt',
    problem: null,
    work: scryptWork(cost),
    check: async (password, { scrypt }) => {
      const key = await scrypt(utf8(password), salt, cost, KEY_BYTES);
      return equalBytes(await encrypt(key, signerKey), parts.hash);
    },
  };
};

async function encrypt(key: Uint8Array, plain: Uint8Array): Promise<Uint8Array> {
  const whole = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
  const aes = await crypto.subtle.importKey('raw', whole(key), 'AES-CTR', false, ['encrypt']);
  const algorithm = { name: 'AES-CTR', counter: new Uint8Array(16), length: 64 };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, aes, whole(plain)));
}
