/**
 * What several stores (and scripts/) write to `users`, and what goes with it. Each takes the condition that decides
 * whether it happens; the statements of one function belong into one batch, in their order.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { ERASED_DETAIL } from '../audit-log.ts';
import { insertFrom } from '../db/insert-from.ts';
import { userExists } from '../db/predicates.ts';
import { adminLog, oneTimeTokens, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { RevocationReason, UserRow } from '../model.ts';
import { voidAllTokens, voidAsked, voidByPassword } from '../token/d1-one-time-tokens.ts';
import { endSessions } from '../token/d1-session-writes.ts';
import { dropLogins } from './d1-logins.ts';

/** `source`: a WHERE that decides whether there is a row at all. `name`: what is kept in place of the username and its key. */
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
 * A new password: the version rises, sessions end, and whatever was sent by mail is void. One that proves the address
 * (the other is proven by the password before) also voids what disowns the account.
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
    /** The address counts as verified from now on. */
    provesEmail: boolean;
  },
) {
  // No two hashes are equal: each has a salt of its own.
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
 * What becoming staff ends: the sessions, since whoever has them may not be meant, and a change of address that was
 * asked for before. To be run before the flag is set.
 */
export const onPromotion = (db: Db, userId: string, now: number, onlyIf: SQL) =>
  [endSessions(db, userId, 'promoted', now, onlyIf), voidAsked(db, userId, onlyIf)] as const;

/** The row of the user and what it is found by; the foreign keys take sessions and passkeys along. The last answers the row. */
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

/** What is left of a user whose row goes: nothing but a pseudonym in the audit log. */
export const eraseTraces = (
  db: Db,
  userId: string,
  { emailSubject, pseudonym }: { emailSubject: string | null; pseudonym: string },
  onlyIf: SQL,
) =>
  [
    // Under the addresses that the user had before lies what waits for those.
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
        // The names of the fields stay, the values go.
        detail: sql`CASE subject_id WHEN ${userId} THEN ${sql.raw(ERASED_DETAIL)} ELSE detail END`,
      })
      .where(and(sql`(actor_id = ${userId} OR subject_id = ${userId})`, onlyIf)),
  ] as const;
