/** The id of an imported user: the one it had, where that is a UUID; else one that is the same at every run. */
import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** In lower case; null for what is no UUID. */
export const uuidOf = (value: unknown): string | null =>
  typeof value === 'string' && UUID.test(value.trim()) ? value.trim().toLowerCase() : null;

/**
 * A UUIDv7 (RFC 9562 section 5.7) of the time somebody joined, its random bits taken from SHA-256 of what the
 * record is known by in the old system: the same record has the same id at every run.
 */
export function stableId(joinedAtMs: number, key: readonly (string | number | null)[]): string {
  const time = Math.max(0, joinedAtMs).toString(16).padStart(12, '0').slice(-12);
  const bits = createHash('sha256').update(JSON.stringify(key)).digest('hex');
  const variant = (8 + (Number.parseInt(bits.charAt(3), 16) & 3)).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${bits.slice(0, 3)}`,
    variant + bits.slice(4, 7),
    bits.slice(7, 19),
  ].join('-');
}
