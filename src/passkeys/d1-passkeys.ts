/**
 * Passkeys in D1. Credential ids are entries of kind 'passkey' in `logins`, whose primary key makes them unique. A used
 * challenge is a row of `revoked_tokens`, like a consumed refresh token: its primary key decides which of several
 * concurrent calls with one challenge is the first, and later statements of the batch check whose row it is.
 */
import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { insertFrom } from '../db/insert-from.ts';
import { activeUser, keepsAWayIn, sessionLives, userExists } from '../db/predicates.ts';
import {
  logins,
  oneTimeTokens,
  passkeys,
  revokedTokens,
  sessions,
  userColumns,
  users,
} from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeKey } from '../model.ts';
import { liveToken, voidTokens } from '../token/d1-one-time-tokens.ts';
import { openingStatements } from '../token/d1-opening.ts';
import { type Challenge, signedChallenges } from './challenge.ts';
import { PASSKEYS_PER_USER } from './limits.ts';
import type { PasskeyServices, Passkeys, PasskeyUse } from './ports.ts';

const isPasskey = (userId: string, id: string): SQL =>
  sql`${passkeys.userId} = ${userId} AND ${passkeys.id} = ${id}`;

const isRegistered = (credentialId: string): SQL =>
  sql`EXISTS (SELECT 1 FROM ${logins} WHERE ${logins.kind} = 'passkey' AND ${logins.key} = ${credentialId})`;

const mayChange = ({ userId, sessionId }: { userId: string; sessionId: string }, now: number): SQL =>
  sql`${sessionLives(userId, sessionId, now)} AND ${userExists(userId, activeUser)}`;

const countOf = (userId: string): SQL =>
  sql`(SELECT count(*) FROM ${passkeys} WHERE ${passkeys.userId} = ${userId})`;

/** Updates `users.passkey_count`. To be run after every change. */
const recount = (db: Db, userId: string, onlyIf: SQL) =>
  db
    .update(users)
    .set({ passkeyCount: countOf(userId) })
    .where(and(eq(users.id, userId), onlyIf));

/** Deletes the passkey and its directory entry. The second statement returns the deleted row. */
export const deletePasskey = (db: Db, userId: string, id: string, onlyIf: SQL) =>
  [
    db.delete(logins).where(
      sql`${logins.kind} = 'passkey' AND ${logins.key} = (SELECT ${passkeys.credentialId} FROM ${passkeys}
          WHERE ${isPasskey(userId, id)}) AND ${onlyIf}`,
    ),
    db
      .delete(passkeys)
      .where(sql`${isPasskey(userId, id)} AND ${onlyIf}`)
      .returning({ id: passkeys.id }),
    recount(db, userId, sql`${users.passkeyCount} <> ${countOf(userId)}`),
  ] as const;

/** Cannot clash with refresh tokens, whose `jti` is a UUID. */
const jtiOf = ({ nonce }: Challenge): string => `challenge:${nonce}`;

/** Consumes the challenge for `by`, an id that later statements check. */
const useChallenge = (db: Db, challenge: Challenge, by: string, now: number, onlyIf: SQL) =>
  insertFrom(
    db,
    revokedTokens,
    {
      expiresAt: challenge.expiresAt,
      jti: jtiOf(challenge),
      sessionId: by,
      revokedAt: now,
      reason: 'challenge',
      successorJti: null,
    },
    sql`WHERE ${onlyIf}`,
  ).onConflictDoNothing();

const wasUsed = (challenge: Challenge, by: SQL = sql`1`): SQL =>
  sql`EXISTS (SELECT 1 FROM ${revokedTokens} WHERE ${revokedTokens.expiresAt} = ${challenge.expiresAt}
    AND ${revokedTokens.jti} = ${jtiOf(challenge)} AND ${by})`;

const wasUsedBy = (challenge: Challenge, by: string): SQL =>
  wasUsed(challenge, sql`${revokedTokens.sessionId} = ${by}`);

/** Twin: `countsOn` (passkeys/webauthn.ts). */
const countsOn = (counter: number): SQL =>
  sql`((${passkeys.counter} = 0 AND ${counter} = 0) OR ${passkeys.counter} < ${counter})`;

/** The passkey still exists, and its counter is still lower. */
const isUsable = ({ userId, id, counter }: PasskeyUse): SQL =>
  sql`EXISTS (SELECT 1 FROM ${passkeys} WHERE ${isPasskey(userId, id)} AND ${countsOn(counter)})`;

const noteUse = (db: Db, { userId, id, counter, backedUp }: PasskeyUse, now: number, onlyIf: SQL) =>
  db
    .update(passkeys)
    .set({ counter, backedUp, lastUsedAt: now })
    .where(sql`${isPasskey(userId, id)} AND ${onlyIf}`);

function d1Passkeys({ run }: D1): Passkeys {
  return {
    list: (userId) =>
      run('passkeys.list', (db) =>
        db
          .select()
          .from(passkeys)
          .where(eq(passkeys.userId, userId))
          .orderBy(asc(passkeys.id))
          .limit(PASSKEYS_PER_USER),
      ),

    add: (sessionId, passkey, challenge, now) =>
      run('passkeys.add', async (db) => {
        const { userId, id, credentialId } = passkey;
        const may = sql`${mayChange({ userId, sessionId }, now)} AND NOT ${isRegistered(credentialId)}
          AND ${countOf(userId)} < ${PASSKEYS_PER_USER}`;
        const won = wasUsedBy(challenge, id);
        const [before, , added] = await db.batch([
          db
            .select({
              taken: sql<number>`${isRegistered(credentialId)}`.as('taken'),
              full: sql<number>`${countOf(userId)} >= ${PASSKEYS_PER_USER}`.as('full'),
              live: sql<number>`${mayChange({ userId, sessionId }, now)}`.as('live'),
            })
            .from(sql`(SELECT 1)`),
          useChallenge(db, challenge, id, now, may),
          insertFrom(db, passkeys, passkey, sql`WHERE ${won}`),
          insertFrom(db, logins, { kind: 'passkey', key: credentialId, userId }, sql`WHERE ${won}`),
          recount(db, userId, won),
        ]);
        if (added.meta.changes > 0) return 'ok';
        if (!before[0]?.live) return 'gone';
        if (before[0].taken) return 'taken';
        return before[0].full ? 'full' : 'used';
      }),

    rename: (caller, id, name, now) =>
      run('passkeys.rename', async (db) => {
        const [[found], [renamed]] = await db.batch([
          db
            .select({ live: sql<number>`${mayChange(caller, now)}`.as('live') })
            .from(passkeys)
            .where(isPasskey(caller.userId, id)),
          db
            .update(passkeys)
            .set({ name })
            .where(sql`${isPasskey(caller.userId, id)} AND ${mayChange(caller, now)}`)
            .returning(),
        ]);
        return renamed ?? (found && !found.live ? 'gone' : 'not_found');
      }),

    remove: (caller, id, ways, now) =>
      run('passkeys.remove', async (db) => {
        const { userId } = caller;
        const may = sql`${mayChange(caller, now)} AND ${userExists(userId, keepsAWayIn('passkey', ways))}`;
        const [found, , removed] = await db.batch([
          db
            .select({ live: sql<number>`${mayChange(caller, now)}`.as('live') })
            .from(passkeys)
            .where(isPasskey(userId, id)),
          ...deletePasskey(db, userId, id, may),
        ]);
        if (removed.length > 0) return 'ok';
        if (found.length === 0) return 'not_found';
        return found[0]?.live ? 'last' : 'gone';
      }),

    find: (credentialId, challenge) =>
      run('passkeys.find', async (db) => {
        const [found] = await db
          .select({
            user: userColumns,
            passkey: passkeys,
            isUsed: sql<number>`${wasUsed(challenge)}`.as('is_used'),
          })
          .from(logins)
          .innerJoin(users, eq(users.id, logins.userId))
          .innerJoin(passkeys, and(eq(passkeys.userId, users.id), eq(passkeys.credentialId, credentialId)))
          .where(and(eq(logins.kind, 'passkey'), eq(logins.key, credentialId)));
        return found ? { ...found, isUsed: found.isUsed === 1 } : null;
      }),

    open: (use, ...opening) =>
      run('passkeys.open', async (db) => {
        const [session] = opening;
        const now = session.createdAt;
        const { waiting } = use;
        const may = waiting ? sql`${isUsable(use)} AND ${liveToken(waiting, now)}` : isUsable(use);
        const won = wasUsedBy(use.challenge, session.id);
        const [open, evict, ...rest] = openingStatements(db, opening, won);
        const ofWaiting = ({ subject, purpose, hash }: OneTimeKey) =>
          voidTokens(db, subject, sql`${oneTimeTokens.hash} = ${hash} AND ${won}`, purpose);
        const [, , opened, evicted] = await db.batch([
          useChallenge(db, use.challenge, session.id, now, may),
          noteUse(db, use, now, won),
          open,
          evict,
          ...rest,
          ...(waiting ? [ofWaiting(waiting)] : []),
        ]);
        return opened.meta.changes > 0 ? { outcome: 'ok', evicted } : { outcome: 'changed' };
      }),

    reauthenticate: ({ userId, id }, use, tryId, { amr, now, expiresAt }) =>
      run('passkeys.reauthenticate', async (db) => {
        const won = wasUsedBy(use.challenge, tryId);
        const may = sql`${isUsable(use)} AND ${mayChange({ userId, sessionId: id }, now)}`;
        const [, , noted] = await db.batch([
          useChallenge(db, use.challenge, tryId, now, may),
          noteUse(db, use, now, won),
          db
            .update(sessions)
            .set({ authenticatedAt: now, amr, expiresAt: sql`max(${sessions.expiresAt}, ${expiresAt})` })
            .where(and(eq(sessions.userId, userId), eq(sessions.id, id), won)),
        ]);
        return noted.meta.changes > 0 ? 'ok' : 'changed';
      }),
  };
}

/** `secret`: the key that signs challenges is derived from it. */
export const d1PasskeyServices = (d1: D1, secret: string): PasskeyServices => ({
  store: d1Passkeys(d1),
  challenges: signedChallenges(secret),
});
