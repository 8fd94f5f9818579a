/** Reads values as other systems write them. `undefined`: unreadable; `null`: empty. Pure. */

const TRUE = new Set(['true', 't', '1', 'yes', 'y', 'on', 'active', 'enabled']);
const FALSE = new Set(['false', 'f', '0', 'no', 'n', 'off', 'inactive', 'disabled']);

/** The ways of CSV, databases and Python to write an empty value. */
const isNothing = (value: unknown): boolean =>
  value == null || (typeof value === 'string' && /^(?:|null|none|\\n)$/i.test(value.trim()));

export function readFlag(value: unknown): boolean | null | undefined {
  if (isNothing(value)) return null;
  if (typeof value === 'boolean') return value;
  const word = String(value).trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}

const DAY = String.raw`(\d{4}-\d{2}-\d{2})`;
const HOUR = String.raw`(\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)`;
const ZONE = String.raw`(Z|UTC|GMT|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)`;
const ISO = new RegExp(`^${DAY}(?:[T ]${HOUR}(?: ?${ZONE})?)?$`, 'i');
/** The format of JavaScript's toUTCString, which Firebase's Admin SDK uses. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** A larger epoch is in milliseconds, then in microseconds: in seconds it would be past the year 5000. */
const EPOCH_MS_FROM = 1e11;
const EPOCH_US_FROM = 1e14;

/** Epoch milliseconds. A time without a zone (Django's USE_TZ = False) is read as UTC, a date as its midnight. */
export function readTime(value: unknown): number | null | undefined {
  if (isNothing(value)) return null;
  if (typeof value === 'number') return readEpoch(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^-?\d{1,17}(?:\.\d+)?$/.test(text)) return readEpoch(Number(text));
  if (HTTP_DATE.test(text)) return known(Date.parse(text));
  const [, day, hour = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  if (day === undefined) return undefined;
  const [clock = '', fraction = ''] = hour.split(/[.,]/);
  const whole = Date.parse(`${day}T${clock}Z`);
  // JavaScript parses 31 February as a day in March.
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 10) !== day) return undefined;
  return whole + Math.trunc(Number(`0.${fraction || '0'}`) * 1_000) - offsetMs(zone);
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /^([+-])(\d{2}):?(\d{2})?:?(\d{2})?$/.exec(zone) ?? [];
  const ms = (Number(hours ?? 0) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -ms : ms;
}

function readEpoch(value: number): number | undefined {
  const size = Math.abs(value);
  const ms = size < EPOCH_MS_FROM ? value * 1_000 : size < EPOCH_US_FROM ? value : value / 1_000;
  return known(Math.trunc(ms));
}

const known = (ms: number): number | undefined => (Number.isNaN(new Date(ms).getTime()) ? undefined : ms);

/** Text, or a number as text (telephone numbers often are numbers). */
export function readWords(value: unknown): string | null | undefined {
  if (value == null) return null;
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** Whether a field has no value. */
export function isEmpty(value: unknown): boolean {
  if (value == null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses JSON that CSV, and some databases, store as text; returns anything else unchanged. */
export function readJson(value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
