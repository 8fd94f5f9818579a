/**
 * Hands an account with an unverified address to the proven owner of the mailbox, in D1
 * (docs/adr/0018-unproven-accounts.md). Deletes the user and inserts a new one, so that everything that refers to the
 * old id is deleted with it.
 */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, userExists } from '../db/predicates.ts';
import { connections, passkeys, recoveryCodes, sessions, totpSecrets, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { UserRow } from '../model.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import type { Credentials } from '../ports.ts';
import { liveToken, voidTokens } from '../token/d1-one-time-tokens.ts';
import { endedSession } from '../token/d1-session-writes.ts';
import { addLogin, dropLogins } from './d1-logins.ts';
import { deleteUser, insertUser } from './d1-user-writes.ts';

/**
 * The row of `users` is active and its address is unverified. Staff are excluded: whoever promoted them vouched for
 * them.
 */
export const unproven: SQL = sql`${users.emailVerifiedAt} IS NULL AND ${users.isStaff} = 0 AND ${activeUser}`;

/**
 * Where the account was created from (`placePayload`), which its verification tokens record. Null for imported accounts,
 * those created by staff, and once an address has been verified.
 */
export const signUpPlace = (userId: string | SQL): SQL =>
  sql`(SELECT made.payload FROM one_time_tokens AS made WHERE made.subject = ${userId}
    AND made.purpose IN ('email_verify', 'email_disown') AND made.payload IS NOT NULL LIMIT 1)`;

/** The account was created by a sign-up, and no address of it has been verified. */
export const signedUp = (userId: string | SQL): SQL => sql`(${signUpPlace(userId)} IS NOT NULL)`;

/** The row of `users` is an account that passes to the proven owner of the mailbox. */
export const signedUpUnproven: SQL = sql`${unproven} AND ${signedUp(sql`${users.id}`)}`;

/**
 * Statements that replace the account `id` by `user`, on the condition `live` (the owner's token is unused). `passed` is
 * the condition for later statements of the batch. `voided` must come last: `passed` depends on tokens of the old id.
 */
export function passToOwner(db: Db, id: string, user: UserRow & { email: string }, live: SQL) {
  // Every other deletion of a user also deletes their tokens: a token without its user means that this batch deleted it.
  const passed = sql`${live} AND NOT ${userExists(id)}`;
  const unproven = sql`${users.email} = ${user.email} AND ${signedUpUnproven} AND ${live}`;
  return {
    passed,
    /** The same condition for statements that run first. */
    mayPass: userExists(id, unproven),
    ended: db
      .select(endedSession)
      .from(sessions)
      .where(and(eq(sessions.userId, id), isNull(sessions.revokedAt))),
    deleted: deleteUser(db, id, unproven),
    made: [insertUser(db, user, sql`WHERE ${passed}`), addLogin(db, user.id, 'email')] as const,
    voided: voidTokens(db, id, passed),
  };
}

/** Ways to sign in that somebody else may have added. */
export const dropPasskeysAndConnections = (db: Db, id: string, onlyIf: SQL) =>
  [
    dropLogins(db, 'passkey', sql`${id}`, onlyIf),
    db.delete(passkeys).where(and(eq(passkeys.userId, id), onlyIf)),
    db.delete(connections).where(and(eq(connections.userId, id), onlyIf)),
  ] as const;

/**
 * Statements for an account that keeps its id when its address is proven: whoever added its factors, passkeys and
 * connections had not proven it. To be run before the address is verified.
 */
export function dropUnprovenWays(db: Db, id: string, onlyIf: SQL) {
  const isUnproven = sql`${unproven} AND ${onlyIf}`;
  const may = userExists(id, isUnproven);
  return [
    ...dropPasskeysAndConnections(db, id, may),
    db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, id), may)),
    db.delete(totpSecrets).where(and(eq(totpSecrets.userId, id), may)),
    db
      .update(users)
      .set({ hasSecondFactor: false, passkeyCount: 0 })
      .where(and(eq(users.id, id), isUnproven, sql`(has_second_factor OR passkey_count > 0)`)),
  ] as const;
}

export const recordPassing = (db: Db, from: string, to: string, now: number, onlyIf: SQL) => [
  ...recordEvent(db, 'user.deleted', { userId: from, now }, {}, onlyIf),
  ...recordEvent(db, 'user.created', { userId: to, now }, { email_verified: true }, onlyIf),
];

export const d1Unproven = ({ run }: D1): Pick<Credentials, 'passUnproven'> => ({
  passUnproven: (key, user, now) =>
    run('credentials.passUnproven', async (db) => {
      const pass = passToOwner(db, key.subject, user, liveToken(key, now));
      const [ended, , , , deleted] = await batchWithEvents(
        db,
        [pass.ended, ...pass.deleted, ...pass.made, pass.voided],
        { before: recordPassing(db, key.subject, user.id, now, pass.mayPass) },
      );
      return deleted.length > 0 ? { outcome: 'ok', endedSessions: ended } : { outcome: 'proven' };
    }),
});
