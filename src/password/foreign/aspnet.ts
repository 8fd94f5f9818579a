/**
 * ASP.NET Core Identity's hashes of version 3: base64 of
 *
 *     0x01 | PRF (0 SHA-1, 1 SHA-256, 2 SHA-512) | iterations | length of the salt | salt | subkey
 *
 * with 32-bit numbers, most significant byte first (Microsoft.AspNetCore.Identity, PasswordHasher.cs).
 */
import { anyBase64 } from '../../encoding.ts';
import { type Format, pbkdf2Hash } from './format.ts';

const DIGESTS = ['SHA-1', 'SHA-256', 'SHA-512'] as const;
const HEADER_BYTES = 13;

/** The prefix means: first byte 1, and the first three bytes of the PRF 0. */
const PATTERN = /^AQAAAA[A-Za-z0-9+/]{50,150}={0,2}$/;

export const aspnetIdentity: Format = (encoded) => {
  const bytes = PATTERN.test(encoded) ? anyBase64(encoded) : null;
  if (bytes === null) return null;
  const view = new DataView(bytes.buffer);
  const digest = DIGESTS[view.getUint32(1)];
  const saltEnd = HEADER_BYTES + view.getUint32(9);
  if (digest === undefined) return null;
  const salt = bytes.subarray(HEADER_BYTES, saltEnd);
  return pbkdf2Hash('aspnet_identity', {
    digest,
    iterations: view.getUint32(5),
    salt,
    hash: bytes.subarray(saltEnd),
  });
};
