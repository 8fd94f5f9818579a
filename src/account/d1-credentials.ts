/**
 * Passwords, addresses and one-time tokens in D1. Every use of a token is one batch whose deciding statement
 * asks for the live token, and whose last one deletes it: of two uses at once one finds it. Whoever asks for a mail
 * costs the same rows, known or not: a write that does not happen is answered sooner (docs/adr/0007).
 */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { D1, Db } from '../db/client.ts';
import { oneTimeTokens, sessions, userColumns, users } from '../db/schema.ts';
import type { Credentials, OneTimeKey, OneTimeToken, RevocationReason } from '../ports.ts';
import { sessionLives } from '../token/d1-sessions.ts';

const liveToken = ({ subject, purpose, hash }: OneTimeKey, now: number): SQL =>
  sql`EXISTS (SELECT 1 FROM one_time_tokens AS token WHERE token.subject = ${subject}
    AND token.purpose = ${purpose} AND token.hash = ${hash} AND token.expires_at > ${now})`;

export const voidTokens = (db: Db, subject: string | SQL, onlyIf: SQL, purpose?: OneTimeToken['purpose']) =>
  db
    .delete(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.subject, subject),
        purpose === undefined ? undefined : eq(oneTimeTokens.purpose, purpose),
        onlyIf,
      ),
    );

/** `source`: a FROM and WHERE that decide whether it is left. */
export const insertToken = (
  db: Db,
  token: Omit<OneTimeToken, 'subject' | 'payload'> & { subject: string | SQL; payload: string | null | SQL },
  source: SQL,
) =>
  db.insert(oneTimeTokens).select(
    sql`SELECT ${token.subject}, ${token.purpose}, ${token.hash}, ${token.payload}, ${token.createdAt},
        ${token.expiresAt} ${source}`,
  );

const endSessions = (db: Db, userId: string, reason: RevocationReason, now: number, onlyIf: SQL) =>
  db
    .update(sessions)
    .set({ revokedAt: now, revokedReason: reason })
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt), onlyIf))
    .returning({ id: sessions.id });

const idsOf = (rows: readonly { id: string }[]) => rows.map((row) => row.id);

const hasOwner = (email: string): SQL =>
  sql`EXISTS (SELECT 1 FROM users AS owner WHERE owner.email = ${email})`;

const selectTaken = (db: Db, email: string) =>
  db.select({ taken: sql<number>`${hasOwner(email)}`.as('taken') }).from(sql`(SELECT 1)`);

export function d1Credentials({ run }: D1): Credentials {
  return {
    changePassword: ({ id, passwordVersion }, sessionId, passwordHash, now) =>
      run('credentials.changePassword', async (db) => {
        const won = sql`EXISTS (SELECT 1 FROM users WHERE id = ${id} AND password_hash = ${passwordHash})`;
        const [changed, ended] = await db.batch([
          db
            .update(users)
            .set({ passwordHash, passwordVersion: passwordVersion + 1 })
            .where(
              and(
                eq(users.id, id),
                eq(users.passwordVersion, passwordVersion),
                eq(users.isActive, true),
                sessionLives(id, sessionId, now),
              ),
            )
            .returning({ id: users.id }),
          endSessions(db, id, 'password_changed', now, sql`id <> ${sessionId} AND ${won}`),
          voidTokens(db, id, won),
        ]);
        return changed.length > 0 ? { outcome: 'ok', endedSessions: idsOf(ended) } : { outcome: 'changed' };
      }),

    requestPasswordReset: ({ email, emailSubject }, token) =>
      run('credentials.requestPasswordReset', async (db) => {
        const subject = sql`coalesce((SELECT id FROM users WHERE email = ${email} AND is_active = 1),
          ${emailSubject})`;
        const results = await db.batch([
          voidTokens(db, subject, sql`1`, token.purpose),
          insertToken(db, { ...token, subject }, sql``).returning({ subject: oneTimeTokens.subject }),
        ]);
        const made = results[1][0]?.subject;
        return made === undefined || made === emailSubject ? null : { userId: made };
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
        const live = liveToken(key, now);
        const won = sql`EXISTS (SELECT 1 FROM users WHERE id = ${key.subject} AND password_hash = ${passwordHash})`;
        const [changed, ended] = await db.batch([
          db
            .update(users)
            .set({
              passwordHash,
              passwordVersion: sql`password_version + 1`,
              emailVerifiedAt: sql`coalesce(email_verified_at, ${now})`,
            })
            .where(and(eq(users.id, key.subject), eq(users.isActive, true), live))
            .returning({ id: users.id }),
          endSessions(db, key.subject, 'password_reset', now, won),
          voidTokens(db, key.subject, won),
        ]);
        return changed.length > 0 ? { outcome: 'ok', endedSessions: idsOf(ended) } : { outcome: 'used' };
      }),

    requestVerification: (token) =>
      run('credentials.requestVerification', async (db) => {
        const results = await db.batch([
          voidTokens(db, token.subject, sql`1`, token.purpose),
          insertToken(
            db,
            token,
            sql`FROM users WHERE id = ${token.subject} AND is_active = 1 AND email IS NOT NULL
              AND email_verified_at IS NULL`,
          ),
        ]);
        return results[1].meta.changes > 0;
      }),

    verifyEmail: (key, now) =>
      run('credentials.verifyEmail', async (db) => {
        const [verified] = await db.batch([
          db
            .update(users)
            .set({ emailVerifiedAt: sql`coalesce(email_verified_at, ${now})` })
            .where(and(eq(users.id, key.subject), liveToken(key, now)))
            .returning({ id: users.id }),
          voidTokens(db, key.subject, liveToken(key, now), key.purpose),
        ]);
        return verified.length > 0 ? 'ok' : 'used';
      }),

    requestEmailChange: ({ id, passwordVersion }, sessionId, newEmail, token) =>
      run('credentials.requestEmailChange', async (db) => {
        const now = token.createdAt;
        const mayAsk = sql`EXISTS (SELECT 1 FROM users WHERE id = ${id} AND password_version = ${passwordVersion}
          AND is_active = 1) AND ${sessionLives(id, sessionId, now)}`;
        const results = await db.batch([
          voidTokens(db, id, mayAsk, token.purpose),
          insertToken(
            db,
            // Of an address that is another's nothing is kept.
            { ...token, payload: sql`CASE WHEN ${hasOwner(newEmail)} THEN NULL ELSE ${newEmail} END` },
            sql`WHERE ${mayAsk}`,
          ),
          selectTaken(db, newEmail),
        ]);
        if (results[1].meta.changes === 0) return 'changed';
        return results[2][0]?.taken ? 'taken' : 'ok';
      }),

    changeEmail: (key, newEmail, now) =>
      run('credentials.changeEmail', async (db) => {
        const live = liveToken(key, now);
        const [tokens, changed] = await db.batch([
          db.select({ live: sql<number>`${live}`.as('live') }).from(sql`(SELECT 1)`),
          db
            .update(users)
            .set({
              email: newEmail,
              emailVerifiedAt: now,
              // A username with @ is the user's own address, and that is another one now.
              username: sql`CASE WHEN instr(username, '@') THEN NULL ELSE username END`,
              usernameKey: sql`CASE WHEN instr(username_key, '@') THEN NULL ELSE username_key END`,
            })
            .where(
              and(eq(users.id, key.subject), eq(users.isActive, true), live, sql`NOT ${hasOwner(newEmail)}`),
            )
            .returning({ id: users.id }),
          voidTokens(
            db,
            key.subject,
            sql`${live} AND EXISTS (SELECT 1 FROM users WHERE id = ${key.subject} AND email = ${newEmail})`,
          ),
        ]);
        if (changed.length > 0) return 'ok';
        return tokens[0]?.live === 1 ? 'email_taken' : 'used';
      }),

    createPendingSignUp: (email, token) =>
      run('credentials.createPendingSignUp', async (db) => {
        const results = await db.batch([insertToken(db, token, sql``), selectTaken(db, email)]);
        return results[1][0]?.taken ? 'taken' : 'ok';
      }),

    completeSignUp: (key, user, now) =>
      run('credentials.completeSignUp', async (db) => {
        const live = liveToken(key, now);
        const made = sql`EXISTS (SELECT 1 FROM users WHERE id = ${user.id})`;
        const name = usernameIfFree(user.username, user.usernameKey);
        const [tokens, created] = await db.batch([
          db.select({ live: sql<number>`${live}`.as('live') }).from(sql`(SELECT 1)`),
          db
            .insert(users)
            .select(
              sql`SELECT ${user.id}, ${user.email}, ${name(user.username)}, ${name(user.usernameKey)}, ${user.name},
                ${user.passwordHash}, ${user.passwordVersion}, 1, 0, ${user.emailVerifiedAt}, ${user.dateJoined},
                ${user.lastLoginAt} WHERE ${live}`,
            )
            .onConflictDoNothing()
            .returning({ id: users.id }),
          voidTokens(db, key.subject, made),
        ]);
        if (created.length > 0) return 'ok';
        return tokens[0]?.live === 1 ? 'email_taken' : 'used';
      }),
  };
}

/** Whoever took the username while the mail waited has it; the account is made without. */
const usernameIfFree = (username: string | null, key: string | null) => (value: string | null) =>
  username === null
    ? sql`NULL`
    : sql`CASE WHEN EXISTS (SELECT 1 FROM users AS other WHERE other.username_key = ${key}) THEN NULL
        ELSE ${value} END`;
