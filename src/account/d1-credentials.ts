/**
 * Passwords, addresses and one-time tokens in D1. Using a token is one batch: its deciding statement requires the live
 * token and its last one deletes it, so only one of two concurrent uses succeeds. Requests for an e-mail write the same
 * number of rows for known and unknown addresses, since a skipped write would answer measurably sooner (docs/adr/0007).
 */
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, sessionLives, userExists } from '../db/predicates.ts';
import { logins, oneTimeTokens, sessions, userColumns, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeToken } from '../model.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import type { Credentials } from '../ports.ts';
import {
  insertToken,
  liveToken,
  MAX_LIVE_TOKENS,
  voidOldest,
  voidTokens,
  voidVerification,
} from '../token/d1-one-time-tokens.ts';
import { endedSession } from '../token/d1-session-writes.ts';
import { addLogin, isTaken } from './d1-logins.ts';
import { dropUnprovenWays, signUpPlace } from './d1-unproven.ts';
import { insertUser, replacePassword } from './d1-user-writes.ts';

const selectTaken = (db: Db, email: string) =>
  db.select({ taken: sql<number>`${isTaken('email', email)}`.as('taken') }).from(sql`(SELECT 1)`);

export function d1Credentials({
  run,
}: D1): Omit<Credentials, 'removePassword' | 'disown' | 'changeEmail' | 'takeBackEmail' | 'passUnproven'> {
  return {
    changePassword: ({ id, passwordVersion }, sessionId, passwordHash, now) =>
      run('credentials.changePassword', async (db) => {
        const onlyIf = sql`${users.passwordVersion} = ${passwordVersion} AND ${activeUser}
          AND ${sessionLives(id, sessionId, now)}`;
        const write = replacePassword(db, id, passwordHash, now, {
          onlyIf,
          reason: 'password_changed',
          ending: sql`${sessions.id} <> ${sessionId}`,
          provesEmail: false,
        });
        const who = { userId: id, now };
        const events = recordEvent(db, 'password.changed', who, { by: 'change' }, userExists(id, onlyIf));
        const [changed, ended] = await batchWithEvents(
          db,
          [
            write.change.returning({ id: users.id }),
            write.endSessions.returning(endedSession),
            ...write.voidTokens,
          ],
          { before: events },
        );
        return changed.length > 0 ? { outcome: 'ok', endedSessions: ended } : { outcome: 'changed' };
      }),

    requestPasswordReset: ({ email, decoy }, token) =>
      run('credentials.requestPasswordReset', async (db) => {
        const live = sql`(SELECT count(*) FROM one_time_tokens AS other WHERE other.subject = ${users.id}
          AND other.purpose = ${token.purpose} AND other.expires_at > ${token.createdAt})`;
        // Always writes one row: a new one for a known address, a shared decoy for an unknown one.
        const [made] = await insertToken(
          db,
          {
            ...token,
            subject: sql`coalesce(${users.id}, ${decoy})`,
            hash: sql`CASE WHEN ${users.id} IS NULL THEN ${decoy} ELSE ${token.hash} END`,
          },
          sql`FROM (SELECT 1) LEFT JOIN ${logins} ON ${logins.kind} = 'email' AND ${logins.key} = ${email}
            LEFT JOIN ${users}
            ON ${users.id} = ${logins.userId} AND ${activeUser} AND ${live} < ${MAX_LIVE_TOKENS} WHERE 1`,
        )
          .onConflictDoUpdate({
            target: [oneTimeTokens.subject, oneTimeTokens.purpose, oneTimeTokens.hash],
            set: { createdAt: sql`excluded.created_at`, expiresAt: sql`excluded.expires_at` },
          })
          .returning({ subject: oneTimeTokens.subject });
        return made === undefined || made.subject === decoy ? null : { userId: made.subject };
      }),

    findToken: (subject, purposes, hash, now) =>
      run('credentials.findToken', async (db) => {
        const rows = await db
          .select({ token: oneTimeTokens, user: userColumns })
          .from(oneTimeTokens)
          .leftJoin(users, eq(users.id, oneTimeTokens.subject))
          .where(
            and(
              eq(oneTimeTokens.subject, subject),
              inArray(oneTimeTokens.purpose, [...purposes]),
              eq(oneTimeTokens.hash, hash),
              sql`${oneTimeTokens.expiresAt} > ${now}`,
            ),
          );
        const row = rows[0];
        return row ? { token: row.token as OneTimeToken, user: row.user } : null;
      }),

    resetPassword: (key, passwordHash, now) =>
      run('credentials.resetPassword', async (db) => {
        const onlyIf = sql`${activeUser} AND ${liveToken(key, now)}`;
        const write = replacePassword(db, key.subject, passwordHash, now, {
          onlyIf,
          reason: 'password_reset',
          provesEmail: true,
        });
        const who = { userId: key.subject, now };
        const done = userExists(key.subject, onlyIf);
        const events = [
          ...recordEvent(db, 'email.verified', who, {}, isUnverified(key.subject, onlyIf)),
          ...recordEvent(db, 'password.changed', who, { by: 'reset' }, done),
        ];
        const [, , , , , , changed, ended] = await batchWithEvents(
          db,
          [
            ...dropUnprovenWays(db, key.subject, onlyIf),
            write.change.returning({ id: users.id }),
            write.endSessions.returning(endedSession),
            ...write.voidTokens,
          ],
          { before: events },
        );
        return changed.length > 0 ? { outcome: 'ok', endedSessions: ended } : { outcome: 'used' };
      }),

    requestVerification: (token, email) =>
      run('credentials.requestVerification', async (db) => {
        const made = liveToken(token, token.createdAt);
        const [inserted] = await db.batch([
          insertToken(
            db,
            { ...token, payload: signUpPlace(token.subject) },
            sql`FROM users WHERE id = ${token.subject} AND ${activeUser} AND email = ${email}
              AND email_verified_at IS NULL`,
          ).returning({ payload: oneTimeTokens.payload }),
          voidTokens(db, token.subject, sql`hash <> ${token.hash} AND ${made}`, token.purpose),
          // Every password change before a new request leaves one.
          voidOldest(db, token.subject, 'email_disown', made),
        ]);
        return inserted[0] ?? null;
      }),

    verifyEmail: (key, now) =>
      run('credentials.verifyEmail', async (db) => {
        const live = liveToken(key, now);
        const who = { userId: key.subject, now };
        const [verified] = await batchWithEvents(
          db,
          [
            db
              .update(users)
              .set({ emailVerifiedAt: sql`coalesce(email_verified_at, ${now})` })
              .where(and(eq(users.id, key.subject), live))
              .returning({ id: users.id }),
            voidVerification(db, key.subject, live),
          ],
          { before: recordEvent(db, 'email.verified', who, {}, isUnverified(key.subject, live)) },
        );
        return verified.length > 0 ? 'ok' : 'used';
      }),

    requestEmailChange: ({ id, passwordVersion }, sessionId, newEmail, token) =>
      run('credentials.requestEmailChange', async (db) => {
        const now = token.createdAt;
        const mayAsk = sql`${userExists(id, sql`${users.passwordVersion} = ${passwordVersion} AND ${activeUser}`)}
          AND ${sessionLives(id, sessionId, now)}`;
        const results = await db.batch([
          voidTokens(db, id, mayAsk, token.purpose),
          insertToken(
            db,
            // Store nothing about an address that belongs to somebody else.
            {
              ...token,
              payload: sql`CASE WHEN ${isTaken('email', newEmail)} THEN NULL ELSE ${newEmail} END`,
            },
            sql`WHERE ${mayAsk}`,
          ),
          selectTaken(db, newEmail),
        ]);
        if (results[1].meta.changes === 0) return 'changed';
        return results[2][0]?.taken ? 'taken' : 'ok';
      }),

    createPendingSignUp: (email, token) =>
      run('credentials.createPendingSignUp', async (db) => {
        const results = await db.batch([
          voidOldest(db, token.subject, token.purpose, sql`1`),
          // Store nothing about an address that already has an account.
          insertToken(
            db,
            {
              ...token,
              payload: sql`CASE WHEN ${isTaken('email', email)} THEN NULL ELSE ${token.payload} END`,
            },
            sql``,
          ),
          selectTaken(db, email),
        ]);
        return results[2][0]?.taken ? 'taken' : 'ok';
      }),

    completeSignUp: (key, user, now) =>
      run('credentials.completeSignUp', async (db) => {
        const live = liveToken(key, now);
        const name = usernameIfFree(user.usernameKey);
        const who = { userId: user.id, now };
        const events = recordEvent(db, 'user.created', who, { email_verified: true }, userExists(user.id));
        const [tokens, created] = await batchWithEvents(
          db,
          [
            db.select({ live: sql<number>`${live}`.as('live') }).from(sql`(SELECT 1)`),
            insertUser(db, user, sql`WHERE ${live} AND NOT ${isTaken('email', user.email)}`, {
              username: name(user.username),
              usernameKey: name(user.usernameKey),
            }).returning({ id: users.id }),
            addLogin(db, user.id, 'email'),
            addLogin(db, user.id, 'username'),
            voidTokens(db, key.subject, userExists(user.id)),
          ],
          { after: events },
        );
        if (created.length > 0) return 'ok';
        return tokens[0]?.live === 1 ? 'email_taken' : 'used';
      }),
  };
}

/** The user's address is about to be verified for the first time. */
const isUnverified = (id: string, onlyIf: SQL): SQL =>
  userExists(id, sql`${users.emailVerifiedAt} IS NULL AND ${onlyIf}`);

/** If the username was taken while the sign-up was pending, the account is created without one. */
const usernameIfFree = (key: string | null) => (value: string | null) =>
  sql`CASE WHEN ${isTaken('username', key)} THEN NULL ELSE ${value} END`;
