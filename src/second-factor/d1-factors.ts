/**
 * Authenticators and recovery codes in D1. A code is consumed by one conditional statement, which records the session it
 * was used for; later statements of the batch check for that. Of several concurrent calls with one code, one succeeds.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { insertFrom } from '../db/insert-from.ts';
import { activeUser, sessionLives, userExists } from '../db/predicates.ts';
import { oneTimeTokens, recoveryCodes, sessions, totpSecrets, userColumns, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeKey } from '../model.ts';
import { insertToken, liveToken, voidOldest, voidTokens } from '../token/d1-one-time-tokens.ts';
import { openingStatements } from '../token/d1-opening.ts';
import { giveTryBack, use, wasUsed } from './d1-proof.ts';
import { TRIES_PER_ACCOUNT, TRIES_PER_CHALLENGE, TRIES_WITHIN_SECONDS } from './limits.ts';
import type { Challenge, Factors } from './ports.ts';

const totpColumns = {
  secret: totpSecrets.secret,
  confirmedAt: totpSecrets.confirmedAt,
  pendingSecret: totpSecrets.pendingSecret,
  usedStep: totpSecrets.usedStep,
};

const isOn: SQL = sql`${totpSecrets.secret} IS NOT NULL`;

/** The row of `one_time_tokens` is this token and has not expired. */
const isOpen = ({ subject, purpose, hash }: OneTimeKey, now: number): SQL =>
  sql`${oneTimeTokens.subject} = ${subject} AND ${oneTimeTokens.purpose} = ${purpose}
    AND ${oneTimeTokens.hash} = ${hash} AND ${oneTimeTokens.expiresAt} > ${now}`;

const mayStillTry: SQL = sql`json_extract(${oneTimeTokens.payload}, '$.tries') < ${TRIES_PER_CHALLENGE}`;

const replaceCodes = (db: Db, userId: string, digests: readonly string[], onlyIf: SQL) =>
  [
    db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, userId), onlyIf)),
    ...digests.map((hash) =>
      insertFrom(db, recoveryCodes, { userId, hash, usedAt: null, usedBy: null }, sql`WHERE ${onlyIf}`),
    ),
  ] as const;

export function d1Factors(d1: D1): Factors {
  const { run } = d1;
  return {
    find: (userId) =>
      run('factors.find', async (db) => {
        const [row] = await db
          .select({
            ...totpColumns,
            left: sql<number>`(SELECT count(*) FROM recovery_codes AS code
              WHERE code.user_id = ${userId} AND code.used_at IS NULL)`,
          })
          .from(totpSecrets)
          .where(eq(totpSecrets.userId, userId));
        if (!row) return null;
        const { left, ...totp } = row;
        return { totp, recoveryCodesLeft: left };
      }),

    start: ({ userId, sessionId }, pendingSecret, now) =>
      run('factors.start', async (db) => {
        const result = await insertFrom(
          db,
          totpSecrets,
          {
            userId,
            secret: null,
            confirmedAt: null,
            pendingSecret,
            usedStep: null,
            usedBy: null,
            tries: 0,
            triesFrom: 0,
          },
          sql`WHERE ${sessionLives(userId, sessionId, now)} AND ${userExists(userId, activeUser)}`,
        ).onConflictDoUpdate({ target: totpSecrets.userId, set: { pendingSecret } });
        return result.meta.changes > 0;
      }),

    confirm: ({ userId, sessionId }, { pendingSecret, step }, tryId, digests, now) =>
      run('factors.confirm', async (db) => {
        const won = sql`EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${totpSecrets.userId} = ${userId}
          AND ${totpSecrets.secret} = ${pendingSecret} AND ${totpSecrets.usedBy} = ${tryId})`;
        const [confirmed] = await db.batch([
          db
            .update(totpSecrets)
            .set({
              secret: sql`${totpSecrets.pendingSecret}`,
              pendingSecret: null,
              confirmedAt: now,
              usedStep: step,
              usedBy: tryId,
            })
            .where(
              and(
                eq(totpSecrets.userId, userId),
                eq(totpSecrets.pendingSecret, pendingSecret),
                sessionLives(userId, sessionId, now),
                userExists(userId, activeUser),
              ),
            ),
          db
            .update(users)
            .set({ hasSecondFactor: true })
            .where(and(eq(users.id, userId), won)),
          ...replaceCodes(db, userId, digests, won),
        ]);
        return confirmed.meta.changes > 0;
      }),

    remove: ({ userId, sessionId }, now) =>
      run('factors.remove', async (db) => {
        const may = sql`${sessionLives(userId, sessionId, now)} AND ${userExists(userId, activeUser)}`;
        const [removed] = await db.batch([
          db.delete(totpSecrets).where(and(eq(totpSecrets.userId, userId), isOn, may)),
          db
            .update(users)
            .set({ hasSecondFactor: false })
            .where(and(eq(users.id, userId), eq(users.hasSecondFactor, true), may)),
          db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, userId), may)),
        ]);
        return removed.meta.changes > 0;
      }),

    replaceRecoveryCodes: ({ userId, sessionId }, digests, now) =>
      run('factors.replaceRecoveryCodes', async (db) => {
        const may = sql`${sessionLives(userId, sessionId, now)}
          AND EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${totpSecrets.userId} = ${userId} AND ${isOn})`;
        const results: readonly D1Result[] = await db.batch(replaceCodes(db, userId, digests, may));
        return results.slice(1).some(({ meta }) => meta.changes > 0);
      }),

    reseal: (userId, read, sealed) =>
      run('factors.reseal', async (db) => {
        await db
          .update(totpSecrets)
          .set({ secret: sealed })
          .where(and(eq(totpSecrets.userId, userId), eq(totpSecrets.secret, read)));
      }),

    challenge: (key, { passwordVersion }, payload, times) =>
      run('factors.challenge', async (db) => {
        const stands = userExists(
          key.subject,
          sql`${activeUser} AND ${users.passwordVersion} = ${passwordVersion}`,
        );
        await db.batch([
          voidOldest(db, key.subject, key.purpose, stands),
          insertToken(db, { ...key, payload: JSON.stringify(payload), ...times }, sql`WHERE ${stands}`),
        ]);
      }),

    takeTry: (userId, challenge, tryId, now) =>
      run('factors.takeTry', async (db) => {
        const since = now - TRIES_WITHIN_SECONDS;
        // A right code gives its try back, so it does not start the period.
        const fresh = sql`(${totpSecrets.triesFrom} <= ${since} OR ${totpSecrets.tries} = 0)`;
        const mayTry = sql`${isOn} AND (${fresh} OR ${totpSecrets.tries} < ${TRIES_PER_ACCOUNT})`;
        const waits = challenge === null ? sql`0` : isOpen(challenge, now);
        const marked = sql`EXISTS (SELECT 1 FROM ${oneTimeTokens} WHERE ${waits}
          AND json_extract(${oneTimeTokens.payload}, '$.by') = ${tryId})`;
        const [waiting, taken, found] = await db.batch([
          db
            .update(oneTimeTokens)
            .set({
              payload: sql`json_set(${oneTimeTokens.payload}, '$.by', ${tryId}, '$.tries',
                json_extract(${oneTimeTokens.payload}, '$.tries') + 1)`,
            })
            .where(
              sql`${waits} AND ${mayStillTry}
                AND EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${totpSecrets.userId} = ${userId} AND ${mayTry})`,
            )
            .returning({ payload: oneTimeTokens.payload }),
          db
            .update(totpSecrets)
            .set({
              tries: sql`CASE WHEN ${fresh} THEN 1 ELSE ${totpSecrets.tries} + 1 END`,
              triesFrom: sql`CASE WHEN ${fresh} THEN ${now} ELSE ${totpSecrets.triesFrom} END`,
            })
            .where(and(eq(totpSecrets.userId, userId), mayTry, challenge === null ? undefined : marked))
            .returning({ tries: totpSecrets.tries }),
          db
            .select({
              user: userColumns,
              totp: totpColumns,
              triesFrom: totpSecrets.triesFrom,
              open: sql<number>`EXISTS (SELECT 1 FROM ${oneTimeTokens} WHERE ${waits} AND ${mayStillTry})`.as(
                'open',
              ),
            })
            .from(users)
            .innerJoin(totpSecrets, eq(totpSecrets.userId, users.id))
            .where(and(eq(users.id, userId), activeUser)),
        ]);
        const row = found[0];
        if (!row || row.totp.secret === null) return { outcome: 'gone' };
        if (taken.length === 0) {
          // Without a valid challenge, do not reveal the state of the account.
          if (challenge !== null && row.open === 0) return { outcome: 'gone' };
          return {
            outcome: 'exhausted',
            retryAfter: Math.max(1, row.triesFrom + TRIES_WITHIN_SECONDS - now),
          };
        }
        const payload = waiting[0]?.payload;
        return {
          outcome: 'ok',
          user: row.user,
          totp: row.totp,
          challenge: payload == null ? null : (JSON.parse(payload) as Challenge),
        };
      }),

    waiting: (key, now) =>
      run('factors.waiting', async (db) => {
        const [found] = await db
          .select({ user: userColumns, payload: oneTimeTokens.payload })
          .from(oneTimeTokens)
          .innerJoin(users, eq(users.id, oneTimeTokens.subject))
          .where(sql`${isOpen(key, now)} AND ${mayStillTry} AND ${activeUser}`);
        if (found?.payload == null) return null;
        return { user: found.user, challenge: JSON.parse(found.payload) as Challenge };
      }),

    open: (challenge, proof, ...opening) =>
      run('factors.open', async (db) => {
        const [session] = opening;
        const { subject: userId } = challenge;
        const won = wasUsed(userId, proof, session.id);
        const [open, evict, ...rest] = openingStatements(db, opening, won);
        const [, opened, evicted] = await db.batch([
          use(db, userId, proof, session.id, session.createdAt, liveToken(challenge, session.createdAt)),
          open,
          evict,
          ...rest,
          giveTryBack(db, userId, won),
          voidTokens(
            db,
            userId,
            sql`${oneTimeTokens.hash} = ${challenge.hash} AND ${won}`,
            challenge.purpose,
          ),
        ]);
        if (opened.meta.changes === 0) return { outcome: 'changed' };
        return { outcome: 'ok', evicted };
      }),

    reauthenticate: ({ userId, id }, proof, by, { amr, now, expiresAt }) =>
      run('factors.reauthenticate', async (db) => {
        const won = wasUsed(userId, proof, by);
        const [, noted] = await db.batch([
          use(
            db,
            userId,
            proof,
            by,
            now,
            sql`${sessionLives(userId, id, now)} AND ${userExists(userId, activeUser)}`,
          ),
          db
            .update(sessions)
            .set({ authenticatedAt: now, amr, expiresAt: sql`max(${sessions.expiresAt}, ${expiresAt})` })
            .where(and(eq(sessions.userId, userId), eq(sessions.id, id), won)),
          giveTryBack(db, userId, won),
        ]);
        return noted.meta.changes > 0 ? 'ok' : 'changed';
      }),
  };
}
