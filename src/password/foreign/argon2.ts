/**
 * Argon2 (RFC 9106), with or without Django's prefix. Recognized but never verified: Django's parameters need 100 MiB
 * per log-in, of the 128 MiB that an isolate has.
 */
import type { Format } from './format.ts';

export const argon2: Format = (encoded) =>
  /^(?:argon2)?\$argon2(?:id|i|d)\$/.test(encoded) ? { kind: 'argon2', problem: 'argon2' } : null;
