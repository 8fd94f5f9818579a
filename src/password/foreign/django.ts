/**
 * Django's hashes: `pbkdf2_sha256$…`, `pbkdf2_sha1$…`, `bcrypt_sha256$…`, `bcrypt$…` and `scrypt$…`
 * (django/contrib/auth/hashers.py). Argon2 is in argon2.ts; MD5 and the like are not supported.
 *
 * Django hashes the password as typed, without NFKC; salts are the UTF-8 bytes of their text. Django REST Framework
 * strips white space around fields, so a password may have been set with or without it: both are checked.
 */

import { anyBase64, sha256Hex, utf8 } from '../../encoding.ts';
import { bcryptHash } from './bcrypt.ts';
import { type ForeignHash, type Format, pbkdf2Hash, scryptHash, type UncheckableHash } from './format.ts';

const PBKDF2 = /^pbkdf2_(sha256|sha1)\$([1-9]\d{0,8})\$([^$]+)\$([A-Za-z0-9+/]+=)$/;
const SCRYPT = /^scrypt\$([1-9]\d{0,8})\$([^$]+)\$([1-9]\d{0,4})\$([1-9]\d{0,4})\$([A-Za-z0-9+/]{86}==)$/;

/** The characters that Python's `str.strip` removes; JavaScript's `trim` removes others. */
const AROUND = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const WHITE_SPACE_AROUND = new RegExp(`^${AROUND}|${AROUND}$`, 'g');

export const djangoPbkdf2: Format = (encoded) => {
  const [, name, iterations, salt, base64] = PBKDF2.exec(encoded) ?? [];
  const hash = anyBase64(base64 ?? '');
  if (salt === undefined || hash === null) return null;
  const digest = name === 'sha1' ? 'SHA-1' : 'SHA-256';
  if (hash.length !== (name === 'sha1' ? 20 : 32)) return null;
  const parts = { digest, iterations: Number(iterations), salt: utf8(salt), hash } as const;
  return alsoStripped(pbkdf2Hash('django_pbkdf2', parts));
};

export const djangoScrypt: Format = (encoded) => {
  const [, N, salt, r, p, base64] = SCRYPT.exec(encoded) ?? [];
  const hash = anyBase64(base64 ?? '');
  if (salt === undefined || hash === null) return null;
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  return alsoStripped(scryptHash('django_scrypt', { cost, salt: utf8(salt), hash }));
};

export const djangoBcrypt: Format = (encoded) => {
  const [, name, modular] = /^(bcrypt|bcrypt_sha256)\$(\$.*)$/.exec(encoded) ?? [];
  if (modular === undefined) return null;
  const hash =
    name === 'bcrypt'
      ? bcryptHash('django_bcrypt', modular)
      : bcryptHash('django_bcrypt_sha256', modular, sha256Hex);
  return alsoStripped(hash);
};

/** Always checks both, so that the time does not reveal which one matched. */
function alsoStripped<T extends ForeignHash | UncheckableHash | null>(hash: T): T {
  if (hash === null || hash.problem !== null) return hash;
  const { check } = hash;
  return {
    ...hash,
    check: async (password, primitives) => {
      const typed = await check(password, primitives);
      const stripped = password.replace(WHITE_SPACE_AROUND, '');
      return stripped === password ? typed : (await check(stripped, primitives)) || typed;
    },
  };
}
