/**
 * The login directory in D1: `logins(kind, key) → user_id`, everything a user can be found by. Its primary key makes
 * addresses and usernames unique. There is no foreign key (docs/adr/0013-logins.md): code that writes `users.email` or
 * `users.username_key` writes the directory in the same batch, with these statements.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { logins, passkeys, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';

/** Kinds whose key is also a column of `users`. */
const KEY = { email: users.email, username: users.usernameKey } as const;
export type LoginKind = keyof typeof KEY;

/** A user has this key; with `but`, a user other than that one. Never true for null. */
export const isTaken = (kind: LoginKind, key: string | null | SQL, but?: string): SQL =>
  sql`EXISTS (SELECT 1 FROM ${logins} WHERE ${logins.kind} = ${kind} AND ${logins.key} = ${key}
    AND ${but === undefined ? sql`1` : sql`${logins.userId} <> ${but}`})`;

/** Adds the key in the user's row. Violates the primary key, which rolls the batch back, if another user has it. */
export const addLogin = (db: Db, userId: string, kind: LoginKind) =>
  insertFrom(
    db,
    logins,
    { kind, key: KEY[kind], userId: users.id },
    sql`FROM ${users} WHERE ${users.id} = ${userId} AND ${KEY[kind]} IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM ${logins} WHERE ${logins.kind} = ${kind} AND ${logins.key} = ${KEY[kind]}
        AND ${logins.userId} = ${users.id})`,
  );

/** To be run before the user's row is changed or deleted, as the key is read from there. */
export const dropLogin = (db: Db, userId: string, kind: LoginKind, onlyIf: SQL) =>
  db
    .delete(logins)
    .where(
      and(
        eq(logins.kind, kind),
        sql`${logins.key} = (SELECT ${KEY[kind]} FROM ${users} WHERE ${users.id} = ${userId})`,
        eq(logins.userId, userId),
        onlyIf,
      ),
    );

/** The keys of the given users, by kind. */
const KEYS_OF = {
  email: (userIds: SQL) => sql`SELECT ${users.email} FROM ${users} WHERE ${users.id} IN (${userIds})`,
  username: (userIds: SQL) =>
    sql`SELECT ${users.usernameKey} FROM ${users} WHERE ${users.id} IN (${userIds})`,
  passkey: (userIds: SQL) =>
    sql`SELECT ${passkeys.credentialId} FROM ${passkeys} WHERE ${passkeys.userId} IN (${userIds})`,
} as const;

/** Removes the keys of several users. To be run before the rows with the keys are deleted. `userIds`: SQL for an IN. */
export const dropLogins = (db: Db, kind: keyof typeof KEYS_OF, userIds: SQL, onlyIf: SQL = sql`1`) =>
  db
    .delete(logins)
    .where(sql`${logins.kind} = ${kind} AND ${logins.key} IN (${KEYS_OF[kind](userIds)}) AND ${onlyIf}`);
