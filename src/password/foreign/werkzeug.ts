/**
 * Werkzeug (Flask): `scrypt:32768:8:1$<salt>$<hex>`, and `pbkdf2:sha256:1000000$<salt>$<hex>` of older releases
 * (werkzeug/security.py). Salts are the UTF-8 bytes of their text.
 */

import { fromHex, utf8 } from '../../encoding.ts';
import { DIGEST_BYTES } from '../pbkdf2.ts';
import { type Format, pbkdf2Hash, scryptHash } from './format.ts';

const SCRYPT = /^scrypt:([1-9]\d{0,8}):([1-9]\d{0,4}):([1-9]\d{0,4})\$([^$]+)\$([0-9a-f]{128})$/;
const PBKDF2 = /^pbkdf2:(sha1|sha256|sha512):([1-9]\d{0,8})\$([^$]+)\$((?:[0-9a-f]{2})+)$/;

const DIGESTS = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const;

export const werkzeugScrypt: Format = (encoded) => {
  const [, N, r, p, salt, hex] = SCRYPT.exec(encoded) ?? [];
  if (salt === undefined || hex === undefined) return null;
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  return scryptHash('werkzeug_scrypt', { cost, salt: utf8(salt), hash: fromHex(hex) });
};

export const werkzeugPbkdf2: Format = (encoded) => {
  const [, name, iterations, salt, hex] = PBKDF2.exec(encoded) ?? [];
  if (salt === undefined || hex === undefined) return null;
  const digest = DIGESTS[name as keyof typeof DIGESTS];
  const hash = fromHex(hex);
  if (hash.length !== DIGEST_BYTES[digest]) return null;
  return pbkdf2Hash('werkzeug_pbkdf2', {
    digest,
    iterations: Number(iterations),
    salt: utf8(salt),
    hash,
  });
};
