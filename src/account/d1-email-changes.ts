/**
 * Confirming a change of address, and taking the old address back, in D1. Using a token is one batch, as in
 * d1-credentials.ts. Each change leaves its old address a token that takes it back. Using one voids only the newer
 * ones, so a thief who changes the address twice cannot void the owner's token.
 */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, userExists } from '../db/predicates.ts';
import {
  adminLog,
  logins,
  oneTimeTokens,
  recoveryCodes,
  sessions,
  totpSecrets,
  users,
} from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeToken } from '../model.ts';
import { batchWithEvents, recordDeletions, recordEvent } from '../outbox/d1-record.ts';
import type { Credentials } from '../ports.ts';
import { insertToken, liveToken, voidAllTokens, voidTokens } from '../token/d1-one-time-tokens.ts';
import { endedSession, endSessions } from '../token/d1-session-writes.ts';
import { addLogin, dropLogin, dropLogins, isTaken } from './d1-logins.ts';
import { dropPasskeysAndConnections } from './d1-unproven.ts';

const selectTrue = (db: Db, condition: SQL) =>
  db.select({ holds: sql<number>`${condition}`.as('holds') }).from(sql`(SELECT 1)`);

/** A username with @ equals the user's address, so it goes when the address changes. */
export const withoutOldName = {
  username: sql`CASE WHEN instr(username, '@') THEN NULL ELSE username END`,
  usernameKey: sql`CASE WHEN instr(username_key, '@') THEN NULL ELSE username_key END`,
};

/** Removes what pending sign-ups store about an address that now has an account. Confirming one answers "taken". */
export const emptySignUps = (db: Db, subject: string, onlyIf: SQL) =>
  db
    .update(oneTimeTokens)
    .set({ payload: null })
    .where(and(eq(oneTimeTokens.subject, subject), eq(oneTimeTokens.purpose, 'sign_up'), onlyIf));

/** The payload of a token that restores an address, with the number of its change among those of the user. */
export const numbered = ({ subject, purpose, payload }: OneTimeToken): SQL =>
  sql`json_set(${payload}, '$.nth', (SELECT 1 + coalesce(max(
    json_extract(older.payload, '$.nth')), 0) FROM one_time_tokens AS older
    WHERE older.subject = ${subject} AND older.purpose = ${purpose}))`;

export const d1EmailChanges = ({ run }: D1): Pick<Credentials, 'changeEmail' | 'takeBackEmail'> => ({
  changeEmail: (key, { from, to, toSubject }, takeBack, now) =>
    run('credentials.changeEmail', async (db) => {
      const id = key.subject;
      const live = liveToken(key, now);
      const mayChange = sql`${users.id} = ${id} AND ${activeUser} AND ${users.email} IS ${from} AND ${live}
        AND NOT ${isTaken('email', to)}`;
      const may = sql`EXISTS (SELECT 1 FROM ${users} WHERE ${mayChange})`;
      const changed = sql`${live} AND ${userExists(id, sql`${users.email} = ${to}`)}`;
      const events = recordEvent(db, 'email.changed', { userId: id, now }, {}, may);
      const results = await batchWithEvents(
        db,
        [
          selectTrue(db, live),
          // Without a previous address there is nothing to take back.
          insertToken(
            db,
            { ...takeBack, payload: numbered(takeBack) },
            sql`FROM ${users} WHERE ${mayChange} AND ${users.email} IS NOT NULL`,
          ),
          dropLogin(db, id, 'username', sql`instr(${logins.key}, '@') AND ${may}`),
          dropLogin(db, id, 'email', may),
          db
            .update(users)
            .set({ email: to, emailVerifiedAt: now, ...withoutOldName })
            .where(mayChange)
            .returning({ id: users.id }),
          addLogin(db, id, 'email'),
          emptySignUps(db, toSubject, changed),
          ...voidAllTokens(db, id, changed),
        ],
        { before: events },
      );
      if (results[4].length > 0) return 'ok';
      return results[0][0]?.holds === 1 ? 'email_taken' : 'used';
    }),

  takeBackEmail: (key, { email, subject, nth, changedAt }, reset, now, pseudonym) =>
    run('credentials.takeBackEmail', async (db) => {
      const id = key.subject;
      const live = liveToken(key, now);
      // Accounts that signed up with the address meanwhile without verifying it.
      const unproven = sql`SELECT other.id FROM ${logins} JOIN users AS other ON other.id = ${logins.userId}
        WHERE ${logins.kind} = 'email' AND ${logins.key} = ${email} AND other.id <> ${id}
        AND other.email_verified_at IS NULL AND other.is_staff = 0 AND ${live} AND ${userExists(id, activeUser)}`;
      const may = sql`${live} AND ${userExists(id, activeUser)} AND NOT ${isTaken('email', email, id)}`;
      // The password is emptied by this batch, so an empty one means that the update happened.
      const done = sql`${live} AND ${userExists(id, sql`${users.email} = ${email} AND ${users.passwordHash} = ''`)}`;
      // An older one protects the account against whoever reads the old mailbox (docs/adr/0021-taking-an-address-back.md).
      const isNew = sql`EXISTS (SELECT 1 FROM totp_secrets AS factor WHERE factor.user_id = ${id}
        AND factor.confirmed_at >= ${changedAt})`;
      // At the end of the batch: only this batch inserts this token.
      const happened = sql`EXISTS (SELECT 1 FROM ${oneTimeTokens} WHERE ${oneTimeTokens.subject} = ${id}
        AND ${oneTimeTokens.purpose} = ${reset.purpose} AND ${oneTimeTokens.hash} = ${reset.hash})`;
      const events = {
        before: recordDeletions(db, unproven, now),
        after: recordEvent(db, 'email.changed', { userId: id, now }, {}, happened),
      };
      const results = await batchWithEvents(
        db,
        [
          selectTrue(db, live),
          db
            .select(endedSession)
            .from(sessions)
            .where(and(sql`${sessions.userId} IN (${unproven})`, isNull(sessions.revokedAt))),
          db
            .update(adminLog)
            .set({ subjectId: pseudonym })
            .where(sql`${adminLog.subjectId} IN (${unproven})`),
          db.delete(oneTimeTokens).where(sql`${oneTimeTokens.subject} IN (${unproven})`),
          dropLogins(db, 'username', unproven),
          dropLogins(db, 'passkey', unproven),
          db.delete(users).where(sql`${users.id} IN (${unproven})`).returning({ id: users.id }),
          db.delete(logins).where(
            sql`${logins.kind} = 'email' AND ${logins.key} = ${email} AND ${live}
              AND NOT EXISTS (SELECT 1 FROM ${users} WHERE ${users.id} = ${logins.userId})`,
          ),
          dropLogin(db, id, 'username', sql`instr(${logins.key}, '@') AND ${may}`),
          dropLogin(db, id, 'email', may),
          db
            .update(users)
            .set({
              email,
              emailVerifiedAt: now,
              passwordHash: '',
              passwordVersion: sql`${users.passwordVersion} + 1`,
              passkeyCount: 0,
              ...withoutOldName,
            })
            .where(sql`${users.id} = ${id} AND ${may}`)
            .returning({ id: users.id }),
          addLogin(db, id, 'email'),
          endSessions(db, id, 'password_reset', now, done).returning(endedSession),
          emptySignUps(db, subject, done),
          insertToken(db, reset, sql`WHERE ${done}`),
          // Somebody else may have added them: from now on only the owner of the mailbox can sign in.
          ...dropPasskeysAndConnections(db, id, done),
          db
            .update(users)
            .set({ hasSecondFactor: false })
            .where(and(eq(users.id, id), done, isNew))
            .returning({ id: users.id }),
          db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, id), done, isNew)),
          db.delete(totpSecrets).where(and(eq(totpSecrets.userId, id), done, isNew)),
          voidTokens(
            db,
            id,
            sql`hash <> ${reset.hash} AND NOT (purpose = 'email_take_back'
            AND json_extract(payload, '$.nth') < ${nth}) AND ${done}`,
          ),
        ],
        events,
      );
      if (results[10].length > 0) {
        return {
          outcome: 'ok',
          endedSessions: results[12],
          endedOfOthers: results[1],
          deleted: results[6].map((user) => user.id),
          secondFactorOff: results[18].length > 0,
        };
      }
      return results[0][0]?.holds === 1 ? { outcome: 'email_taken' } : { outcome: 'used' };
    }),
});
