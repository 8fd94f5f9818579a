/**
 * One record of `dumpdata` as a row of `users`, or the reason why it cannot be one. Pure.
 * The hash goes over as it is; no reason holds a piece of it.
 */
import * as z from 'zod';
import {
  canonicalEmail,
  canonicalUsername,
  isOwnName,
  isPlainText,
  lengthOf,
  NAME_MAX_LENGTH,
  USERNAME_MAX_LENGTH,
} from '../../src/account/identity.ts';
import { hashKind } from '../../src/password/foreign/index.ts';
import { sha256Hex } from '../../src/random.ts';

export interface ImportedUser {
  /** The same at every run: see `stableId`. */
  id: string;
  email: string | null;
  username: string | null;
  usernameKey: string | null;
  name: string | null;
  /** '' where Django's password is unusable. */
  passwordHash: string;
  isActive: boolean;
  isStaff: boolean;
  dateJoined: number;
  lastLoginAt: number | null;
}

export type RefusalReason =
  | 'malformed'
  | 'nameless'
  | 'email_invalid'
  | 'username_invalid'
  | 'username_not_own_email'
  | 'name_invalid';

/** What a record is recognised by, as it stands in the file. */
export interface Source {
  model?: string;
  pk?: string | number;
  username?: string;
  email?: string;
}

export type Reading = { source: Source } & (
  | { user: ImportedUser; mustReset: boolean; isSuperuserOnly: boolean }
  | { reason: RefusalReason; detail: string }
);

/** Django's own columns have 128 characters; nothing in a hash is longer for a reason. */
const HASH_MAX_LENGTH = 512;

/** DjangoJSONEncoder's datetimes; without a zone (USE_TZ = False) they count as UTC. */
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)(Z|[+-]\d{2}:\d{2})?$/;

/** Epoch milliseconds. */
const time = z.string().transform((text, context) => {
  const [, day, hour, zone = 'Z'] = TIME.exec(text) ?? [];
  const at = Date.parse(`${day}T${hour}${zone}`);
  if (Number.isNaN(at)) context.addIssue({ code: 'custom', message: 'Invalid time' });
  return at;
});
const text = z.string().nullish();

const fieldsOfUser = z.object({
  password: z
    .string()
    .max(HASH_MAX_LENGTH)
    .refine(isPlainText, 'Invalid characters')
    .nullable()
    .transform((hash) => hash ?? ''),
  username: text,
  email: text,
  name: text,
  first_name: text,
  last_name: text,
  is_active: z.boolean().default(true),
  is_staff: z.boolean().default(false),
  is_superuser: z.boolean().default(false),
  date_joined: time,
  last_login: time.nullish(),
});

/** `record`: `{model, pk, fields}`, or the fields alone. */
export async function readUser(record: unknown): Promise<Reading> {
  const { fields, source } = unwrap(record);
  const refused = (reason: RefusalReason, detail: string): Reading => ({ source, reason, detail });

  const parsed = fieldsOfUser.safeParse(fields);
  if (!parsed.success) return refused('malformed', parsed.error.issues.map(describe).join('; '));
  const given = parsed.data;

  const typedEmail = (given.email ?? '').trim();
  const email = typedEmail === '' ? null : canonicalEmail(typedEmail);
  if (typedEmail !== '' && email === null) return refused('email_invalid', 'not an e-mail address');

  const typedUsername = (given.username ?? '').trim();
  const username = typedUsername === '' ? null : canonicalUsername(typedUsername);
  // NFKC may be longer than what was typed.
  if (typedUsername !== '' && (username === null || lengthOf(username.username) > USERNAME_MAX_LENGTH)) {
    return refused('username_invalid', `at most ${USERNAME_MAX_LENGTH} letters, digits and @ . + - _`);
  }
  if (username !== null && !isOwnName(username.username, email)) {
    return refused('username_not_own_email', 'a username with @ must be the user’s own e-mail address');
  }
  if (email === null && username === null) return refused('nameless', 'neither e-mail nor username');

  const name = (given.name ?? '').trim() || fullName(given);
  if (!isPlainText(name) || lengthOf(name) > NAME_MAX_LENGTH) {
    return refused('name_invalid', `the name has control characters or more than ${NAME_MAX_LENGTH}`);
  }

  const user = {
    id: await stableId(given.date_joined, [source.model ?? '', source.pk ?? null, typedUsername || email]),
    email,
    username: username?.username ?? null,
    usernameKey: username?.key ?? null,
    name: name === '' ? null : name,
    passwordHash: given.password.startsWith('!') ? '' : given.password,
    isActive: given.is_active,
    isStaff: given.is_staff,
    dateJoined: Math.floor(given.date_joined / 1_000),
    lastLoginAt: given.last_login == null ? null : Math.floor(given.last_login / 1_000),
  };
  return {
    source,
    user,
    mustReset: !hashKind(given.password).verifies,
    isSuperuserOnly: given.is_superuser && !given.is_staff,
  };
}

/** Django's get_full_name. */
const fullName = (given: { first_name?: string | null | undefined; last_name?: string | null | undefined }) =>
  `${given.first_name ?? ''} ${given.last_name ?? ''}`.trim();

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unwrap(record: unknown): { fields: unknown; source: Source } {
  if (!isObject(record)) return { fields: record, source: {} };
  const fields = isObject(record.fields) ? record.fields : record;
  const pk = record.pk ?? record.id;
  return {
    fields,
    source: {
      ...(typeof record.model === 'string' && { model: record.model }),
      ...((typeof pk === 'string' || typeof pk === 'number') && { pk }),
      ...(typeof fields.username === 'string' && { username: fields.username }),
      ...(typeof fields.email === 'string' && { email: fields.email }),
    },
  };
}

/** Zod's messages name types and bounds, never a value. */
const describe = ({ path, message }: z.core.$ZodIssue): string =>
  path.length > 0 ? `${path.join('.')}: ${message}` : message;

/**
 * A UUIDv7 (RFC 9562 section 5.7) of the time somebody joined, its random bits taken from SHA-256 of what the
 * record is known by in Django: the same record has the same id at every run.
 */
export async function stableId(
  joinedAtMs: number,
  key: readonly (string | number | null)[],
): Promise<string> {
  const time = Math.max(0, joinedAtMs).toString(16).padStart(12, '0');
  const bits = await sha256Hex(JSON.stringify(key));
  const variant = (8 + (Number.parseInt(bits.charAt(3), 16) & 3)).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${bits.slice(0, 3)}`,
    variant + bits.slice(4, 7),
    bits.slice(7, 19),
  ].join('-');
}
