/**
 * Sessions in D1, the truth about them: opened, listed, ended. Weakness of the store: no transaction but a batch; so the
 * statement that decides (a conditional INSERT, an UPDATE on what was read) comes first and every later one asks what
 * it did. Their refresh tokens: d1-refresh-tokens.ts.
 */
import { and, desc, eq, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, isSession, liveSession, type Of, sessionLives, userExists } from '../db/predicates.ts';
import { sessions, userColumns, users } from '../db/schema.ts';
import type { Params } from '../db/statement.ts';
import type { Session } from '../model.ts';
import type { Sessions } from '../ports.ts';
import { voidTokens } from './d1-one-time-tokens.ts';
import { d1RefreshTokens } from './d1-refresh-tokens.ts';
import { endedSession, endSessions, insertSession } from './d1-session-writes.ts';

/** Of a user's rows so many stay, live or dead; of dead ones before them a few go at each log-in (docs/adr/0014). */
const KEPT = 200;
const PRUNED_AT_ONCE = 20;
/** At most 100 sessions live (MAX_SESSIONS_PER_USER), so that the rest of these are dead. */
const PRUNE_LOOKS_AT = 100 + PRUNED_AT_ONCE;
/** More rows than KEPT + PRUNE_LOOKS_AT no user has for long, so that all live ones are among these. */
const LOOKED_AT = 400;

const oldestLookedAt = (userId: Of<string>): SQL =>
  sql`coalesce((SELECT id FROM sessions WHERE user_id = ${userId} ORDER BY id DESC LIMIT 1 OFFSET ${LOOKED_AT}), '')`;

const isThere = (userId: Placeholder, id: Placeholder) =>
  sql`EXISTS (SELECT 1 FROM sessions WHERE user_id = ${userId} AND id = ${id})`;

/** Written once: what is asked most. */
const statementsOf = ({ statement }: D1) => ({
  open: statement((db, session: Params<Session & { passwordVersion: number; isStaff: number }>) =>
    insertSession(
      db,
      session,
      sql`FROM users WHERE id = ${session.userId} AND password_version = ${session.passwordVersion}
        AND ${activeUser} AND is_staff = ${session.isStaff}`,
    ),
  ),

  reauthenticate: statement(
    (
      db,
      {
        userId,
        id,
        passwordVersion,
        amr,
        now,
      }: Params<Pick<Session, 'userId' | 'id' | 'amr'> & { passwordVersion: number; now: number }>,
    ) =>
      db
        .update(sessions)
        .set({ authenticatedAt: sql`${now}`, amr: sql`${sql.param(amr, sessions.amr)}` })
        .where(
          sql`${isSession(userId, id)} AND ${liveSession(now)}
            AND ${userExists(userId, sql`${activeUser} AND password_version = ${passwordVersion}`)}`,
        ),
  ),

  evict: statement((db, { userId, id, createdAt: now, others }: Params<Session & { others: number }>) =>
    endSessions(
      db,
      userId,
      'evicted',
      now,
      sql`${isThere(userId, id)} AND id IN (SELECT id FROM sessions
        WHERE user_id = ${userId} AND id >= ${oldestLookedAt(userId)} AND id <> ${id} AND ${liveSession(now)}
        ORDER BY id DESC LIMIT -1 OFFSET ${others})`,
    ).returning(endedSession),
  ),

  /** Deletes a few of the oldest dead ones. The user's newest rows, live or dead, stay until the sweep. */
  prune: statement((db, { userId, createdAt: now }: Params<Session>) =>
    db.delete(sessions).where(
      sql`user_id = ${userId} AND id IN (SELECT id FROM sessions WHERE user_id = ${userId}
        AND id < (SELECT id FROM sessions WHERE user_id = ${userId} ORDER BY id DESC LIMIT 1 OFFSET ${KEPT})
        AND id < (SELECT id FROM sessions WHERE user_id = ${userId} ORDER BY id LIMIT 1 OFFSET ${PRUNE_LOOKS_AT})
        AND (revoked_at IS NOT NULL OR absolute_end_at <= ${now}) ORDER BY id LIMIT ${PRUNED_AT_ONCE})`,
    ),
  ),

  /** A null leaves what stands there. */
  noteLogIn: statement(
    (
      db,
      {
        userId,
        id,
        lastLoginAt,
        passwordHash,
        rehash,
      }: Params<Session & { lastLoginAt: number | null; passwordHash: string; rehash: string | null }>,
    ) =>
      db
        .update(users)
        .set({
          lastLoginAt: sql`coalesce(${lastLoginAt}, last_login_at)`,
          passwordHash: sql`CASE password_hash WHEN ${passwordHash} THEN coalesce(${rehash}, password_hash)
            ELSE password_hash END`,
        })
        .where(sql`id = ${userId} AND ${isThere(userId, id)}`),
  ),
});

export function d1Sessions(d1: D1): Sessions {
  const { run, batch } = d1;
  const statements = statementsOf(d1);
  return {
    ...d1RefreshTokens(d1),

    open: (session, { passwordVersion, passwordHash, isStaff }, { max, updateLastLogin, rehash }) =>
      run('sessions.open', async () => {
        const changes = updateLastLogin || rehash !== null;
        const [opened, evicted] = await batch(
          [statements.open, statements.evict, statements.prune, ...(changes ? [statements.noteLogIn] : [])],
          {
            ...session,
            passwordVersion,
            passwordHash,
            isStaff: Number(isStaff),
            others: max - 1,
            lastLoginAt: updateLastLogin ? session.createdAt : null,
            rehash,
          },
        );
        if (opened.meta.changes === 0) return { outcome: 'changed' };
        return { outcome: 'ok', evicted };
      }),

    list: (userId, sessionId, now) =>
      run('sessions.list', async (db) => {
        const [callers, own, all] = await db.batch([
          db.select(userColumns).from(users).where(eq(users.id, userId)),
          db.select().from(sessions).where(isSession(userId, sessionId)),
          db
            .select()
            .from(sessions)
            .where(
              sql`user_id = ${userId} AND id >= ${oldestLookedAt(userId)}
                AND revoked_at IS NULL AND absolute_end_at > ${now} AND (expires_at > ${now} OR id = ${sessionId})`,
            )
            .orderBy(desc(sessions.id)),
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

    reauthenticate: ({ userId, id }, { passwordVersion }, amr, now) =>
      run('sessions.reauthenticate', async () => {
        const done = await statements.reauthenticate.run({ userId, id, passwordVersion, amr, now });
        return done.meta.changes > 0 ? 'ok' : 'changed';
      }),

    endAll: ({ userId, sessionId }, now) =>
      run('sessions.endAll', async (db) => {
        const which = sessionLives(userId, sessionId, now);
        const [, ended] = await db.batch([
          // Whoever was in may have asked for another address; who logs everybody out wants that undone too.
          voidTokens(db, userId, which, 'email_change'),
          endSessions(db, userId, 'ended', now, which).returning(endedSession),
        ]);
        return ended;
      }),
  };
}
