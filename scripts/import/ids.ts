/** Ids of imported users: a UUID of theirs is kept, any other id becomes one that is the same at every run. */
import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The UUID in lower case; null if it is not one. */
export const uuidOf = (value: unknown): string | null =>
  typeof value === 'string' && UUID.test(value.trim()) ? value.trim().toLowerCase() : null;

/**
 * A UUIDv7 (RFC 9562 section 5.7) with the time the user joined, whose random bits are a SHA-256 of the record's key in
 * the old system: the same record gets the same id at every run.
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
