/**
 * PBKDF2 and scrypt as PHC strings and in passlib's formats:
 *
 *     $pbkdf2-sha512$i=210000[,l=64]$<salt>$<hash>      the PHC string format
 *     $pbkdf2-sha512$25000$<salt>$<hash>                passlib ($pbkdf2$ is SHA-1; '.' stands for '+')
 *     $scrypt$ln=14,r=8,p=1$<salt>$<hash>               both
 *
 * The salt is base64-decoded. Keycloak hashes (`hashIterations`, `salt` and `value` of a credential) can be written in the
 * first format.
 */
import { anyBase64 } from '../../encoding.ts';
import { type Format, pbkdf2Hash, scryptHash } from './format.ts';

const PBKDF2 =
  /^\$pbkdf2(-sha1|-sha256|-sha512)?\$(?:i=)?([1-9]\d{0,8})(?:,l=([1-9]\d{0,2}))?\$([^$]+)\$([^$]+)$/;
const SCRYPT = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d{0,4}),p=([1-9]\d{0,4})\$([^$]+)\$([^$]+)$/;

const DIGESTS = { '': 'SHA-1', '-sha1': 'SHA-1', '-sha256': 'SHA-256', '-sha512': 'SHA-512' } as const;

export const phcPbkdf2: Format = (encoded) => {
  const [, name = '', iterations, length, saltText, hashText] = PBKDF2.exec(encoded) ?? [];
  if (saltText === undefined || hashText === undefined) return null;
  const salt = anyBase64(saltText.replaceAll('.', '+'));
  const hash = anyBase64(hashText.replaceAll('.', '+'));
  if (salt === null || hash === null) return null;
  if (length !== undefined && Number(length) !== hash.length) return null;
  const digest = DIGESTS[name as keyof typeof DIGESTS];
  return pbkdf2Hash('phc_pbkdf2', { digest, iterations: Number(iterations), salt, hash });
};

export const phcScrypt: Format = (encoded) => {
  const [, ln, r, p, saltText, hashText] = SCRYPT.exec(encoded) ?? [];
  const salt = anyBase64(saltText ?? '');
  const hash = anyBase64(hashText ?? '');
  if (salt === null || hash === null) return null;
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  return scryptHash('phc_scrypt', { cost, salt, hash });
};
