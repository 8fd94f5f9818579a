/**
 * The directory in D1: `logins(kind, key) → user_id`, everything that a user is found by. Its primary key is what makes
 * addresses and usernames unique. There is no foreign key (docs/adr/0013-logins.md): whoever writes `users.email` or
 * `users.username_key` writes the directory in the same batch, with the statements here.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { logins, passkeys, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';

/** The kinds whose key is kept in the row of the user too. */
const KEY = { email: users.email, username: users.usernameKey } as const;
export type LoginKind = keyof typeof KEY;

/** Somebody has it; with `but`, somebody else. Never true of null. */
export const isTaken = (kind: LoginKind, key: string | null | SQL, but?: string): SQL =>
  sql`EXISTS (SELECT 1 FROM ${logins} WHERE ${logins.kind} = ${kind} AND ${logins.key} = ${key}
    AND ${but === undefined ? sql`1` : sql`${logins.userId} <> ${but}`})`;

/** Enters what the row of the user says. Violates the primary key, and so undoes the batch, where another has it. */
export const addLogin = (db: Db, userId: string, kind: LoginKind) =>
  insertFrom(
    db,
    logins,
    { kind, key: KEY[kind], userId: users.id },
    sql`FROM ${users} WHERE ${users.id} = ${userId} AND ${KEY[kind]} IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM ${logins} WHERE ${logins.kind} = ${kind} AND ${logins.key} = ${KEY[kind]}
        AND ${logins.userId} = ${users.id})`,
  );

/** Before the row of the user changes or goes: afterwards nothing says what the key was. */
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

/** The keys of users, by kind. */
const KEYS_OF = {
  email: (userIds: SQL) => sql`SELECT ${users.email} FROM ${users} WHERE ${users.id} IN (${userIds})`,
  username: (userIds: SQL) =>
    sql`SELECT ${users.usernameKey} FROM ${users} WHERE ${users.id} IN (${userIds})`,
  passkey: (userIds: SQL) =>
    sql`SELECT ${passkeys.credentialId} FROM ${passkeys} WHERE ${passkeys.userId} IN (${userIds})`,
} as const;

/** Of users who are deleted, or of what is, before the rows that have the keys. `userIds`: what stands in an IN. */
export const dropLogins = (db: Db, kind: keyof typeof KEYS_OF, userIds: SQL, onlyIf: SQL = sql`1`) =>
  db
    .delete(logins)
    .where(sql`${logins.kind} = ${kind} AND ${logins.key} IN (${KEYS_OF[kind](userIds)}) AND ${onlyIf}`);
