/**
 * Our own scrypt hash (RFC 7914), as a PHC string:
 *
 *     $scrypt-nfkc$ln=14,r=8,p=5$<salt>$<hash>
 *
 * Not `$scrypt$`, which is for passwords as typed (foreign/phc.ts); this one covers the NFKC form and an end mark.
 * docs/adr/0011-password-hasher-setting.md has a test vector.
 */
import { fromBase64, toBase64 } from '../encoding.ts';
import { isScryptCost, type ScryptCost } from './native-scrypt.ts';

/** OWASP Password Storage Cheat Sheet, the variant with least memory (16 MiB), as concurrent log-ins share 128 MiB. */
export const SCRYPT_COST: ScryptCost = { N: 2 ** 14, r: 8, p: 5 };

export interface OwnScryptHash {
  cost: ScryptCost;
  salt: Uint8Array;
  hash: Uint8Array;
}

const PATTERN =
  /^\$scrypt-nfkc\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** Null for other strings and for a cost out of bounds. */
export function parseScryptHash(encoded: string): OwnScryptHash | null {
  const [, ln, r, p, salt, hash] = PATTERN.exec(encoded) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  return isScryptCost(cost) ? { cost, salt: fromBase64(salt), hash: fromBase64(hash) } : null;
}

export const formatScryptHash = ({ cost, salt, hash }: OwnScryptHash): string =>
  `$scrypt-nfkc$ln=${Math.log2(cost.N)},r=${cost.r},p=${cost.p}$${toBase64(salt)}$${toBase64(hash)}`;
