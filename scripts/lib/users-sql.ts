/**
 * What the import and the export say to D1 of users: every statement of theirs is here. As text, since `wrangler d1
 * execute` binds no values. Pure.
 */
import { insertStatements, literal, statements, type Value } from './sql.ts';

export interface UserRow {
  id: string;
  email: string | null;
  username: string | null;
  usernameKey: string | null;
  name: string | null;
  passwordHash: string;
  isActive: boolean;
  isStaff: boolean;
  emailVerifiedAt: number | null;
  dateJoined: number;
  lastLoginAt: number | null;
}

/** Rows go in in their order, and one whose id, address or username is taken stays out. */
export const insertUsers = (users: readonly UserRow[]): string[] =>
  insertStatements(
    'users',
    [
      ...['id', 'email', 'username', 'username_key', 'name', 'password_hash'],
      ...['is_active', 'is_staff', 'email_verified_at', 'date_joined', 'last_login_at'],
    ],
    users.map((user): Value[] => [
      ...[user.id, user.email, user.username, user.usernameKey, user.name, user.passwordHash],
      ...[user.isActive, user.isStaff, user.emailVerifiedAt, user.dateJoined, user.lastLoginAt],
    ]),
  );

const many = (head: string, values: readonly string[], tail: string, maxBytes: number) =>
  statements(head, values.map(literal), tail, maxBytes);

export interface Present {
  id: string;
  email: string | null;
  username_key: string | null;
  date_joined: number;
}

/** Which of these users are there. */
export const selectPresent = (ids: readonly string[], maxBytes: number): string[] =>
  many('SELECT id, email, username_key, date_joined FROM users WHERE id IN (', ids, ')', maxBytes);

export interface Holder {
  id: string;
  taken: string;
}

/** Who has these addresses, and who these usernames. */
export const selectHoldersOfEmails = (emails: readonly string[], maxBytes: number): string[] =>
  many('SELECT id, email AS taken FROM users WHERE email IN (', emails, ')', maxBytes);
export const selectHoldersOfUsernames = (keys: readonly string[], maxBytes: number): string[] =>
  many('SELECT id, username_key AS taken FROM users WHERE username_key IN (', keys, ')', maxBytes);

/** `importedAt`: whatever was done later was done by somebody else than the import. */
const unusedSince = (importedAt: number) => `(password_version = 1
  AND coalesce(last_login_at, 0) <= ${literal(importedAt)} AND coalesce(email_verified_at, 0) <= ${literal(importedAt)}
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id))`;

/** Which of these users nobody has used since. */
export const selectUnused = (ids: readonly string[], importedAt: number, maxBytes: number): string[] =>
  many('SELECT id FROM users WHERE id IN (', ids, `) AND ${unusedSince(importedAt)}`, maxBytes);

/** The unused of these users, and all that hangs from them. */
export function deleteUnused(ids: readonly string[], importedAt: number, maxBytes: number): string[] {
  const gone = (column: string) => `) AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = ${column})`;
  return [
    ...many('DELETE FROM users WHERE id IN (', ids, `) AND ${unusedSince(importedAt)}`, maxBytes),
    ...many('DELETE FROM one_time_tokens WHERE subject IN (', ids, gone('subject'), maxBytes),
    ...many(
      "UPDATE admin_log SET subject_id = 'undone-' || lower(hex(randomblob(8))) WHERE subject_id IN (",
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
}

export const selectUsersAfter = (id: string, limit: number, hashes: boolean): string =>
  `SELECT id, email, username, name,${hashes ? ' password_hash,' : ''} is_active, is_staff, email_verified_at,
    date_joined, last_login_at FROM users WHERE id > ${literal(id)} ORDER BY id LIMIT ${literal(limit)}`;
