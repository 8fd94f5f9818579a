/**
 * Reads one record of a source as a user. A field that cannot be kept is left out and noted; whether the user can be
 * imported is decided when the whole file is known (staging.ts). Pure; no note contains a part of a password.
 */
import {
  canonicalEmail,
  canonicalUsername,
  isOwnName,
  isPlainText,
  lengthOf,
  NAME_MAX_LENGTH,
  USERNAME_MAX_LENGTH,
} from '../../src/identity.ts';
import type { Connection } from './connections.ts';
import { type FieldMap, mapped, pick, type Target } from './fields.ts';
import { readPassword } from './hashes.ts';
import { stableId, uuidOf } from './ids.ts';
import type { UserRecord } from './sources/source.ts';
import { readFlag, readTime, readWords } from './values.ts';

export type Reason =
  | 'malformed'
  | 'nameless'
  | 'email_invalid'
  | 'email_taken'
  | 'username_invalid'
  | 'username_not_own_email'
  | 'username_taken'
  | 'name_invalid'
  | 'email_not_verified'
  | 'connection_taken'
  | 'conflict';

/** A field that is not imported, and why. */
export interface LeftOut {
  field: 'email' | 'username' | 'name' | 'password' | 'id' | 'connection' | Target;
  reason: Reason | 'id_taken' | 'unreadable';
  detail: string;
  /** The id of the account that has it. */
  taken_by?: string;
}

/** What identifies a record in the old system, as the file has it. */
export interface Known {
  model?: string;
  pk?: string | number;
  username?: string;
  email?: string;
}

export interface Person {
  known: Known;
  /** See stableId. */
  id: string;
  /** The UUID that the user had; it is kept as the id if it is free. */
  ownId: string | null;
  email: string | null;
  /** The address was taken from the username, so anybody with this address as their e-mail address comes first. */
  emailFromUsername: boolean;
  username: string | null;
  usernameKey: string | null;
  name: string | null;
  passwordHash: string;
  passwordKind: string;
  isActive: boolean;
  isStaff: boolean;
  /** Epoch seconds, as are the next two; `now`: verified at an unknown time. */
  emailVerifiedAt: number | 'now' | null;
  /** null: unknown, so the time of the import. */
  dateJoined: number | null;
  lastLoginAt: number | null;
  connections: Connection[];
  leftOut: LeftOut[];
}

/** What was assumed where the file says nothing: a line in the summary each. */
export type Assumption =
  | 'is_active'
  | 'is_staff'
  | 'date_joined'
  | 'zone'
  | 'email_from_username'
  | 'verified_at';

export interface ReadPerson {
  person: Person;
  assumed: Assumption[];
  used: ReadonlySet<string>;
}

/** `strict`: an address is not taken from the username. */
export function readPerson(record: UserRecord, map: FieldMap, strict = false): ReadPerson {
  const { values, used } = pick(record.fields, mapped(record.map, map));
  const leftOut: LeftOut[] = [];
  const assumed: Assumption[] = [];
  const known = knownOf(record, values.username, values.email);

  /** A missing flag has its default; an unreadable one counts as `safe`. */
  const flag = (field: 'is_active' | 'is_staff', fallback: boolean, safe: boolean): boolean => {
    const value = readFlag(values[field]);
    if (value === null && Object.hasOwn(values, field)) assumed.push(field);
    if (value !== undefined) return value ?? fallback;
    leftOut.push({ field, reason: 'unreadable', detail: `neither true nor false; read as ${safe}` });
    return safe;
  };
  const time = (field: 'date_joined' | 'last_login'): number | null => {
    const value = readTime(values[field]);
    if (value !== undefined) return value;
    leftOut.push({ field, reason: 'unreadable', detail: 'not a time' });
    return null;
  };
  const words = (field: 'email' | 'username' | 'name' | 'first_name' | 'last_name'): string => {
    const value = readWords(values[field]);
    if (value !== undefined) return (value ?? '').trim();
    leftOut.push({ field, reason: 'malformed', detail: 'not a text' });
    return '';
  };

  const typedEmail = words('email');
  const typedUsername = words('username');
  let email = typedEmail === '' ? null : canonicalEmail(typedEmail);
  if (typedEmail !== '' && email === null) {
    leftOut.push({ field: 'email', reason: 'email_invalid', detail: 'not an e-mail address' });
  }
  const emailFromUsername = !strict && typedEmail === '' && typedUsername.includes('@');
  if (emailFromUsername) email = canonicalEmail(typedUsername);
  if (emailFromUsername && email !== null) assumed.push('email_from_username');
  const username = readUsername(typedUsername, email, leftOut);
  const password = readHash(values.password, leftOut);
  const joinedAtMs = time('date_joined');
  const lastLoginMs = time('last_login');
  if (joinedAtMs === null) assumed.push('date_joined');
  if ([values.date_joined, values.last_login].some(isWithoutZone)) assumed.push('zone');
  const verified = readVerified(values.email_verified, leftOut);
  if (verified === 'now' && email !== null) assumed.push('verified_at');

  const person: Person = {
    known,
    id: stableId(joinedAtMs ?? 0, [
      record.model ?? '',
      record.key,
      typedUsername || (typedEmail === '' ? null : email),
    ]),
    ownId: uuidOf(values.id ?? record.key),
    email,
    emailFromUsername: emailFromUsername && email !== null,
    username: username?.username ?? null,
    usernameKey: username?.key ?? null,
    name: readName(words('name') || `${words('first_name')} ${words('last_name')}`.trim(), leftOut),
    passwordHash: password.stored,
    passwordKind: password.kind,
    isActive: flag('is_active', true, false) && !isDisabled(values, leftOut),
    isStaff: flag('is_staff', false, false),
    emailVerifiedAt: verified,
    dateJoined: joinedAtMs === null ? null : Math.floor(joinedAtMs / 1_000),
    lastLoginAt: lastLoginMs === null ? null : Math.floor(lastLoginMs / 1_000),
    connections: [],
    leftOut,
  };
  return { person, assumed, used: new Set([...used, ...(record.alsoUsed ?? [])]) };
}

function readUsername(typed: string, email: string | null, leftOut: LeftOut[]) {
  if (typed === '') return null;
  const username = canonicalUsername(typed);
  // NFKC may be longer than the original.
  if (username === null || lengthOf(username.username) > USERNAME_MAX_LENGTH) {
    const detail = `at most ${USERNAME_MAX_LENGTH} letters, digits and @ . + - _`;
    leftOut.push({ field: 'username', reason: 'username_invalid', detail });
    return null;
  }
  if (isOwnName(username.username, email)) return username;
  const detail = 'a username that contains @ must be the user’s own e-mail address';
  leftOut.push({ field: 'username', reason: 'username_not_own_email', detail });
  return null;
}

function readName(name: string, leftOut: LeftOut[]): string | null {
  if (name === '') return null;
  if (isPlainText(name) && lengthOf(name) <= NAME_MAX_LENGTH) return name;
  const detail = `the name has control characters or more than ${NAME_MAX_LENGTH} characters`;
  leftOut.push({ field: 'name', reason: 'name_invalid', detail });
  return null;
}

export function readHash(value: unknown, leftOut: LeftOut[]) {
  const password = readPassword(value);
  if (password.kind === 'unreadable') {
    leftOut.push({ field: 'password', reason: 'malformed', detail: 'not a text, or has control characters' });
  }
  return password;
}

/** A flag, or the time of the verification. */
function readVerified(value: unknown, leftOut: LeftOut[]): Person['emailVerifiedAt'] {
  const flag = readFlag(value);
  if (flag !== undefined) return flag ? 'now' : null;
  const at = readTime(value);
  if (at != null) return Math.floor(at / 1_000);
  const detail = 'neither a flag nor a time; read as unverified';
  leftOut.push({ field: 'email_verified', reason: 'unreadable', detail });
  return null;
}

function isDisabled(values: Readonly<Partial<Record<Target, unknown>>>, leftOut: LeftOut[]): boolean {
  const unreadable = (field: Target) =>
    leftOut.push({ field, reason: 'unreadable', detail: 'neither a flag nor a time; read as disabled' });
  const { disabled, disabled_until: until } = values;
  const flag = readFlag(disabled) ?? readTime(disabled);
  const untilMs = readTime(until);
  if (flag === undefined) unreadable('disabled');
  if (untilMs === undefined) unreadable('disabled_until');
  const byFlag = flag === undefined || flag === true || typeof flag === 'number';
  return byFlag || untilMs === undefined || (untilMs !== null && untilMs > Date.now());
}

const isWithoutZone = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?$/.test(value.trim());

function knownOf({ model, key }: UserRecord, username: unknown, email: unknown): Known {
  return {
    ...(model !== undefined && { model }),
    ...(key !== null && { pk: key }),
    ...(typeof username === 'string' && { username }),
    ...(typeof email === 'string' && { email }),
  };
}
