/**
 * The tables for Drizzle. `migrations/` is authoritative (plain SQL with STRICT, WITHOUT ROWID and partial indexes,
 * which Drizzle cannot express); a test compares the two column by column. Times are epoch seconds, ids are UUIDv7 text.
 */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { User } from '../model.ts';

export const users = sqliteTable('users', {
  id: text('id').primaryKey().notNull(),
  email: text('email'),
  username: text('username'),
  usernameKey: text('username_key'),
  name: text('name'),
  passwordHash: text('password_hash').notNull(),
  passwordVersion: integer('password_version').notNull().default(1),
  isActive: integer('is_active', { mode: 'boolean' }).notNull().default(true),
  isStaff: integer('is_staff', { mode: 'boolean' }).notNull().default(false),
  emailVerifiedAt: integer('email_verified_at'),
  dateJoined: integer('date_joined').notNull(),
  lastLoginAt: integer('last_login_at'),
  hasSecondFactor: integer('has_second_factor', { mode: 'boolean' }).notNull().default(false),
  language: text('language'),
  passkeyCount: integer('passkey_count').notNull().default(0),
});

/** The columns of `User` in the model: all except `username_key`. */
export const userColumns = {
  id: users.id,
  email: users.email,
  username: users.username,
  name: users.name,
  passwordHash: users.passwordHash,
  passwordVersion: users.passwordVersion,
  isActive: users.isActive,
  isStaff: users.isStaff,
  emailVerifiedAt: users.emailVerifiedAt,
  dateJoined: users.dateJoined,
  lastLoginAt: users.lastLoginAt,
  hasSecondFactor: users.hasSecondFactor,
  language: users.language,
  passkeyCount: users.passkeyCount,
} satisfies Record<keyof User, unknown>;

export const logins = sqliteTable(
  'logins',
  {
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    userId: text('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

export const nameWords = sqliteTable(
  'name_words',
  { word: text('word').notNull(), userId: text('user_id').notNull() },
  (table) => [primaryKey({ columns: [table.word, table.userId] })],
);

export const sessions = sqliteTable(
  'sessions',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    absoluteEndAt: integer('absolute_end_at').notNull(),
    revokedAt: integer('revoked_at'),
    revokedReason: text('revoked_reason'),
    userAgent: text('user_agent'),
    ip: text('ip'),
    country: text('country'),
    authenticatedAt: integer('authenticated_at'),
    amr: text('amr', { mode: 'json' }).$type<readonly string[]>().notNull().default(['pwd']),
    city: text('city'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.id] })],
);

export const revokedTokens = sqliteTable(
  'revoked_tokens',
  {
    expiresAt: integer('expires_at').notNull(),
    jti: text('jti').notNull(),
    sessionId: text('session_id').notNull(),
    revokedAt: integer('revoked_at').notNull(),
    reason: text('reason').notNull(),
    successorJti: text('successor_jti'),
  },
  (table) => [primaryKey({ columns: [table.expiresAt, table.jti] })],
);

export const oneTimeTokens = sqliteTable(
  'one_time_tokens',
  {
    subject: text('subject').notNull(),
    purpose: text('purpose').notNull(),
    hash: text('hash').notNull(),
    payload: text('payload'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.subject, table.purpose, table.hash] })],
);

export const totpSecrets = sqliteTable('totp_secrets', {
  userId: text('user_id')
    .primaryKey()
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  secret: text('secret'),
  confirmedAt: integer('confirmed_at'),
  pendingSecret: text('pending_secret'),
  usedStep: integer('used_step'),
  usedBy: text('used_by'),
  tries: integer('tries').notNull().default(0),
  triesFrom: integer('tries_from').notNull().default(0),
});

export const recoveryCodes = sqliteTable(
  'recovery_codes',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    hash: text('hash').notNull(),
    usedAt: integer('used_at'),
    usedBy: text('used_by'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.hash] })],
);

/** While NEW_DEVICE_MAIL is on. */
export const knownDevices = sqliteTable(
  'known_devices',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    hash: text('hash').notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.hash] })],
);

export const connections = sqliteTable(
  'connections',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    provider: text('provider').notNull(),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    email: text('email'),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.id] })],
);

export const passkeys = sqliteTable(
  'passkeys',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    credentialId: text('credential_id').notNull(),
    publicKey: text('public_key').notNull(),
    counter: integer('counter').notNull(),
    multiDevice: integer('multi_device', { mode: 'boolean' }).notNull(),
    backedUp: integer('backed_up', { mode: 'boolean' }).notNull(),
    transports: text('transports', { mode: 'json' }).$type<readonly string[]>().notNull(),
    name: text('name').notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.id] })],
);

export const accountEvents = sqliteTable(
  'account_events',
  {
    userId: text('user_id').notNull(),
    seq: integer('seq').notNull(),
    id: text('id').notNull(),
    type: text('type').notNull(),
    data: text('data').notNull(),
    createdAt: integer('created_at').notNull(),
    giveUpAt: integer('give_up_at').notNull(),
    dueAt: integer('due_at'),
    attempts: integer('attempts').notNull().default(0),
    deadAt: integer('dead_at'),
    failure: text('failure'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.seq] })],
);

export const adminLog = sqliteTable('admin_log', {
  id: text('id').primaryKey().notNull(),
  at: integer('at').notNull(),
  actorId: text('actor_id').notNull(),
  action: text('action').notNull(),
  subjectId: text('subject_id').notNull(),
  /** JSON: audit-log.ts. */
  detail: text('detail'),
});

export const sweepProgress = sqliteTable('sweep_progress', {
  walk: text('walk').primaryKey().notNull(),
  cursor: text('cursor'),
  startedAt: integer('started_at').notNull(),
});
