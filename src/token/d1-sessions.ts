/**
 * Sessions in D1, which is authoritative for them: opening, listing and ending. D1 has no interactive transactions, only
 * batches: the deciding statement (a conditional INSERT or UPDATE) comes first, and later ones check what it did. Refresh
 * tokens are in d1-refresh-tokens.ts.
 */
import { and, desc, eq, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, isSession, liveSession, sessionLives, userExists } from '../db/predicates.ts';
import { sessions, userColumns, users } from '../db/schema.ts';
import type { Params } from '../db/statement.ts';
import type { Session } from '../model.ts';
import type { Sessions } from '../ports.ts';
import { voidRequested } from './d1-one-time-tokens.ts';
import {
  CROWDED,
  evictOldest,
  LOOKED_AT,
  noteLogIn,
  openingValues,
  pruneDead,
  recordSignIn,
  writeSession,
} from './d1-opening.ts';
import { d1RefreshTokens } from './d1-refresh-tokens.ts';
import { endedSession, endSessions } from './d1-session-writes.ts';

/** Prepared, as these are the most frequent statements. */
const statementsOf = ({ statement }: D1) => ({
  open: statement(writeSession),

  reauthenticate: statement(
    (
      db,
      {
        userId,
        id,
        passwordVersion,
        amr,
        now,
        expiresAt,
      }: Params<
        Pick<Session, 'userId' | 'id' | 'amr' | 'expiresAt'> & { passwordVersion: number; now: number }
      >,
    ) =>
      db
        .update(sessions)
        .set({
          authenticatedAt: sql`${now}`,
          amr: sql`${sql.param(amr, sessions.amr)}`,
          expiresAt: sql`max(expires_at, ${expiresAt})`,
        })
        .where(
          sql`${isSession(userId, id)} AND ${liveSession(now)}
            AND ${userExists(userId, sql`${activeUser} AND password_version = ${passwordVersion}`)}`,
        ),
  ),

  evict: statement(evictOldest),

  prune: statement(pruneDead),

  noteLogIn: statement(noteLogIn),

  recordSignIn: statement(recordSignIn),
});

export function d1Sessions(d1: D1): Sessions {
  const { run, measuredBatch } = d1;
  const statements = statementsOf(d1);
  return {
    ...d1RefreshTokens(d1),

    open: (session, as, options) =>
      run('sessions.open', async () => {
        const changes = options.updateLastLogin || options.rehash !== null || options.language !== null;
        const { results, rowsRead } = await measuredBatch(
          [
            statements.open,
            statements.evict,
            ...(changes ? [statements.noteLogIn] : []),
            ...(d1.recordsEvents ? [statements.recordSignIn] : []),
          ],
          openingValues(session, as, options),
        );
        const [opened, evicted] = results;
        if (opened.meta.changes === 0) return { outcome: 'changed' };
        return { outcome: 'ok', evicted, crowded: rowsRead[1] > CROWDED };
      }),

    prune: (userId, now) =>
      run('sessions.prune', async () => {
        await statements.prune.run({ userId, createdAt: now });
      }),

    list: (userId, sessionId, now) =>
      run('sessions.list', async (db) => {
        const newest = db
          .select()
          .from(sessions)
          .where(eq(sessions.userId, userId))
          .orderBy(desc(sessions.id))
          .limit(LOOKED_AT)
          .as('newest');
        const [callers, own, all] = await db.batch([
          db.select(userColumns).from(users).where(eq(users.id, userId)),
          db.select().from(sessions).where(isSession(userId, sessionId)),
          db
            .select()
            .from(newest)
            .where(sql`${liveSession(now, newest)} AND (expires_at > ${now} OR id = ${sessionId})`)
            .orderBy(desc(newest.id)),
        ]);
        const user = callers[0];
        if (!user) return null;
        return { user, session: (own[0] as Session | undefined) ?? null, all: all as Session[] };
      }),

    endOne: ({ userId, sessionId }, id, now) =>
      run('sessions.endOne', async (db) => {
        const [callers, found, ended] = await db.batch([
          db
            .select({ id: sessions.id })
            .from(sessions)
            .where(sql`${isSession(userId, sessionId)} AND ${liveSession(now)}`),
          db
            .select({ id: sessions.id })
            .from(sessions)
            .where(and(eq(sessions.userId, userId), eq(sessions.id, id))),
          endSessions(
            db,
            userId,
            'ended',
            now,
            sql`${sessions.id} = ${id} AND ${sessionLives(userId, sessionId, now)}`,
          ).returning(endedSession),
        ]);
        if (callers.length === 0) return { outcome: 'gone' };
        return found.length > 0 ? { outcome: 'ok', ended } : { outcome: 'not_found' };
      }),

    reauthenticate: ({ userId, id }, { passwordVersion }, { amr, now, expiresAt }) =>
      run('sessions.reauthenticate', async () => {
        const done = await statements.reauthenticate.run({
          userId,
          id,
          passwordVersion,
          amr,
          now,
          expiresAt,
        });
        return done.meta.changes > 0 ? 'ok' : 'changed';
      }),

    endAll: ({ userId, sessionId }, now) =>
      run('sessions.endAll', async (db) => {
        const which = sessionLives(userId, sessionId, now);
        const [, ended] = await db.batch([
          // An intruder may have requested a change of address, which logging out everywhere undoes too.
          voidRequested(db, userId, which),
          endSessions(db, userId, 'ended', now, which).returning(endedSession),
        ]);
        return ended;
      }),
  };
}
