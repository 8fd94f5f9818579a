/**
 * Writes to `users` that several stores (and scripts/) share. Each takes the condition that decides whether it happens.
 * The statements of one function belong in one batch, in their order.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { ERASED_DETAIL } from '../audit-log.ts';
import { insertFrom } from '../db/insert-from.ts';
import { userExists } from '../db/predicates.ts';
import { adminLog, oneTimeTokens, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { RevocationReason, UserRow } from '../model.ts';
import { voidAllTokens, voidByPassword, voidRequested } from '../token/d1-one-time-tokens.ts';
import { endSessions } from '../token/d1-session-writes.ts';
import { dropLogins } from './d1-logins.ts';

/** `source`: a WHERE that decides whether the row is inserted. `name`: replaces the username and its key. */
export const insertUser = (
  db: Db,
  user: UserRow,
  source: SQL,
  name: { username: string | null | SQL; usernameKey: string | null | SQL } = user,
) =>
  insertFrom(
    db,
    users,
    {
      id: user.id,
      email: user.email,
      username: name.username,
      usernameKey: name.usernameKey,
      name: user.name,
      passwordHash: user.passwordHash,
      passwordVersion: user.passwordVersion,
      isActive: user.isActive,
      isStaff: user.isStaff,
      emailVerifiedAt: user.emailVerifiedAt,
      dateJoined: user.dateJoined,
      lastLoginAt: user.lastLoginAt,
      hasSecondFactor: user.hasSecondFactor,
      language: user.language,
      passkeyCount: user.passkeyCount,
    },
    source,
  );

/**
 * Sets a new password, raises its version, ends sessions and voids e-mailed tokens. With `provesEmail` it also voids
 * the tokens that disown the account.
 */
export function replacePassword(
  db: Db,
  userId: string,
  passwordHash: string,
  now: number,
  {
    onlyIf,
    reason,
    ending = sql`1`,
    provesEmail,
  }: {
    onlyIf: SQL;
    reason: RevocationReason;
    /** Which of the sessions end. */
    ending?: SQL;
    /** Marks the address as verified. */
    provesEmail: boolean;
  },
) {
  // Each hash has its own salt, so an equal hash means that this update happened.
  const done = userExists(userId, sql`${users.passwordHash} = ${passwordHash}`);
  return {
    change: db
      .update(users)
      .set({
        passwordHash,
        passwordVersion: sql`${users.passwordVersion} + 1`,
        ...(provesEmail && { emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${now})` }),
      })
      .where(and(eq(users.id, userId), onlyIf)),
    endSessions: endSessions(db, userId, reason, now, sql`${ending} AND ${done}`),
    voidTokens: provesEmail ? voidAllTokens(db, userId, done) : voidByPassword(db, userId, done),
  };
}

/**
 * Ends the sessions of a user who becomes staff, as somebody else may hold them, and voids a pending change of address.
 * To be run before the flag is set.
 */
export const onPromotion = (db: Db, userId: string, now: number, onlyIf: SQL) =>
  [endSessions(db, userId, 'promoted', now, onlyIf), voidRequested(db, userId, onlyIf)] as const;

/**
 * Deletes the user's row and directory entries; foreign keys cascade to sessions, passkeys and so on. The last
 * statement returns the deleted row.
 */
export const deleteUser = (db: Db, userId: string, onlyIf: SQL) =>
  [
    dropLogins(db, 'email', sql`${userId}`, userExists(userId, onlyIf)),
    dropLogins(db, 'username', sql`${userId}`, userExists(userId, onlyIf)),
    dropLogins(db, 'passkey', sql`${userId}`, userExists(userId, onlyIf)),
    db
      .delete(users)
      .where(and(eq(users.id, userId), onlyIf))
      .returning({ id: users.id }),
  ] as const;

/** Erases a deleted user from the remaining tables; the audit log keeps a pseudonym. */
export const eraseTraces = (
  db: Db,
  userId: string,
  { emailSubject, pseudonym }: { emailSubject: string | null; pseudonym: string },
  onlyIf: SQL,
) =>
  [
    // Pending sign-ups for addresses that the user had before are stored under those.
    db.delete(oneTimeTokens).where(
      and(
        sql`(subject IN (${userId}, ${emailSubject}) OR subject IN (
          SELECT json_extract(old.payload, '$.subject') FROM one_time_tokens AS old
          WHERE old.subject = ${userId} AND old.purpose = 'email_take_back'))`,
        onlyIf,
      ),
    ),
    db
      .update(adminLog)
      .set({
        actorId: sql`CASE actor_id WHEN ${userId} THEN ${pseudonym} ELSE actor_id END`,
        subjectId: sql`CASE subject_id WHEN ${userId} THEN ${pseudonym} ELSE subject_id END`,
        // Keeps the names of the changed fields, erases their values.
        detail: sql`CASE subject_id WHEN ${userId} THEN ${sql.raw(ERASED_DETAIL)} ELSE detail END`,
      })
      .where(and(sql`(actor_id = ${userId} OR subject_id = ${userId})`, onlyIf)),
  ] as const;
