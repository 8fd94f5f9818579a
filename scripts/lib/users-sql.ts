/**
 * The SQL statements of the import and the export, as text, since `wrangler d1 execute` binds no values. Pure.
 */
import type { LoginKind } from '../../src/account/d1-logins.ts';
import { ERASED_DETAIL } from '../../src/audit-log.ts';
import type { UserRow } from '../../src/model.ts';
import { insertStatements, literal, statements, type Value } from './sql.ts';

const COLUMNS = [
  ...['id', 'email', 'username', 'username_key', 'name', 'password_hash'],
  ...['is_active', 'is_staff', 'email_verified_at', 'date_joined', 'last_login_at'],
].join(', ');

const valuesOf = (user: UserRow): Value[] => [
  ...[user.id, user.email, user.username, user.usernameKey, user.name, user.passwordHash],
  ...[user.isActive, user.isStaff, user.emailVerifiedAt, user.dateJoined, user.lastLoginAt],
];

const loginsOf = ({ id, email, usernameKey }: UserRow): [LoginKind, string, string][] => [
  ...(email === null ? [] : ([['email', email, id]] satisfies [LoginKind, string, string][])),
  ...(usernameKey === null ? [] : ([['username', usernameKey, id]] satisfies [LoginKind, string, string][])),
];

const holds = (kind: LoginKind, column: string) =>
  `NOT EXISTS (SELECT 1 FROM logins WHERE kind = '${kind}' AND key = row.${column} AND user_id <> row.id)`;

/**
 * Inserts users in order and skips one whose id, address or username is taken: first claims every address and username
 * in `logins`, then inserts the users who hold all of theirs, then releases the claims of the others.
 */
export const insertUsers = (users: readonly UserRow[]): string[] => [
  ...insertStatements('logins', ['kind', 'key', 'user_id'], users.flatMap(loginsOf)),
  ...statements(
    `WITH row (${COLUMNS}) AS (VALUES `,
    users.map((user) => `(${valuesOf(user).map(literal).join(',')})`),
    `) INSERT INTO users (${COLUMNS}) SELECT * FROM row
      WHERE ${holds('email', 'email')} AND ${holds('username', 'username_key')} ON CONFLICT DO NOTHING`,
  ),
  ...statements(
    'DELETE FROM logins WHERE (kind, key) IN (VALUES ',
    users.flatMap(loginsOf).map(([kind, key]) => `(${literal(kind)},${literal(key)})`),
    `) AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = user_id
      AND key = CASE kind WHEN 'email' THEN users.email ELSE users.username_key END)`,
  ),
];

export interface ConnectionRow {
  userId: string;
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
  createdAt: number;
  lastUsedAt: number | null;
}

const CONNECTION_COLUMNS = 'user_id, id, provider, issuer, subject, email, created_at, last_used_at';

/** The kind in `logins`; the trigger in migrations/0007 writes the same. */
export const connectionKind = (issuer: string): string => `oidc:${issuer}`;

/** Inserts the connections of users who exist, and skips one that another user has. */
export function insertConnections(connections: readonly ConnectionRow[]): string[] {
  const rows = connections.map(({ userId, id, provider, issuer, subject, email, createdAt, lastUsedAt }) => {
    const values = [userId, id, provider, issuer, subject, email, createdAt, lastUsedAt];
    return `(${values.map(literal).join(',')})`;
  });
  const insert = (rest: string) =>
    statements(`WITH row (${CONNECTION_COLUMNS}) AS (VALUES `, rows, `) ${rest} ON CONFLICT DO NOTHING`);
  return [
    ...insert(`INSERT INTO logins (kind, key, user_id) SELECT 'oidc:' || issuer, subject, user_id FROM row
      WHERE EXISTS (SELECT 1 FROM users WHERE users.id = row.user_id)`),
    ...insert(`INSERT INTO connections (${CONNECTION_COLUMNS}) SELECT * FROM row
      WHERE EXISTS (SELECT 1 FROM logins
        WHERE kind = 'oidc:' || row.issuer AND key = row.subject AND logins.user_id = row.user_id)`),
  ];
}

const many = (head: string, values: readonly string[], tail: string, maxBytes: number) =>
  statements(head, values.map(literal), tail, maxBytes);

export interface Present {
  id: string;
  email: string | null;
  username_key: string | null;
  date_joined: number;
}

/** Those of these users who exist. */
export const selectPresent = (ids: readonly string[], maxBytes: number): string[] =>
  many('SELECT id, email, username_key, date_joined FROM users WHERE id IN (', ids, ')', maxBytes);

export interface Holder {
  id: string;
  taken: string;
}

/** The users who have these addresses, usernames or subjects at a provider. */
export const selectHolders = (kind: string, keys: readonly string[], maxBytes: number): string[] =>
  many(
    `SELECT user_id AS id, key AS taken FROM logins WHERE kind = ${literal(kind)} AND key IN (`,
    keys,
    ')',
    maxBytes,
  );

/** `importedAt`: anything later was not done by the import. */
const unusedSince = (importedAt: number) => `(password_version = 1
  AND coalesce(last_login_at, 0) <= ${literal(importedAt)} AND coalesce(email_verified_at, 0) <= ${literal(importedAt)}
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id)
  AND NOT EXISTS (SELECT 1 FROM connections AS c WHERE c.user_id = users.id
    AND max(c.created_at, coalesce(c.last_used_at, 0)) > ${literal(importedAt)}))`;

/** Those of these users whose account was not used since the import. */
export const selectUnused = (ids: readonly string[], importedAt: number, maxBytes: number): string[] =>
  many('SELECT id FROM users WHERE id IN (', ids, `) AND ${unusedSince(importedAt)}`, maxBytes);

/** Deletes those users, with their log-in names and one-time tokens; their entries in the audit log become anonymous. */
export function deleteUnused(ids: readonly string[], importedAt: number, maxBytes: number): string[] {
  const gone = (column: string) => `) AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = ${column})`;
  const unused = (kind: LoginKind, column: string) =>
    many(
      `DELETE FROM logins WHERE kind = '${kind}' AND key IN (SELECT ${column} FROM users WHERE id IN (`,
      ids,
      `) AND ${unusedSince(importedAt)})`,
      maxBytes,
    );
  return [
    ...unused('email', 'email'),
    ...unused('username', 'username_key'),
    ...many('DELETE FROM users WHERE id IN (', ids, `) AND ${unusedSince(importedAt)}`, maxBytes),
    ...many('DELETE FROM one_time_tokens WHERE subject IN (', ids, gone('subject'), maxBytes),
    ...many(
      `UPDATE admin_log SET subject_id = 'undone-' || lower(hex(randomblob(8))), detail = ${ERASED_DETAIL} WHERE subject_id IN (`,
      ids,
      gone('subject_id'),
      maxBytes,
    ),
  ];
}

export interface ExportRow {
  id: string;
  email: string | null;
  username: string | null;
  name: string | null;
  password_hash?: string;
  is_active: number;
  is_staff: number;
  email_verified_at: number | null;
  date_joined: number;
  last_login_at: number | null;
  /** JSON: an array of ExportedConnection. */
  connections: string;
}

export interface ExportedConnection {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
  created_at: number;
  last_used_at: number | null;
}

export const selectUsersAfter = (id: string, limit: number, hashes: boolean): string =>
  `SELECT id, email, username, name,${hashes ? ' password_hash,' : ''} is_active, is_staff, email_verified_at,
    date_joined, last_login_at, (SELECT json_group_array(json_object('id', id, 'provider', provider, 'issuer', issuer,
      'subject', subject, 'email', email, 'created_at', created_at, 'last_used_at', last_used_at))
      FROM (SELECT * FROM connections WHERE user_id = users.id ORDER BY id)) AS connections
    FROM users WHERE id > ${literal(id)} ORDER BY id LIMIT ${literal(limit)}`;
