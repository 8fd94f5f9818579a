/**
 * Argon2 (RFC 9106) as Django and everybody else writes it. Recognised, never checked: Django's parameters ask
 * for 100 MiB of the 128 that an isolate has, for each log-in at a time.
 */
import type { Format } from './format.ts';

export const argon2: Format = (encoded) =>
  /^(?:argon2)?\$argon2(?:id|i|d)\$/.test(encoded) ? { kind: 'argon2', problem: 'argon2' } : null;
