/**
 * Sessions and the blacklist of refresh tokens in D1, the truth about both. Weakness of the store: no
 * transaction but a batch; so the statement that decides (a conditional INSERT, an UPDATE on what was read)
 * comes first and every later one asks what it did.
 */
import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { D1, Db } from '../db/reach.ts';
import { revokedTokens, sessions, userColumns, users } from '../db/schema.ts';
import type { RevocationReason, RevokedToken, Session, Sessions, Standing, Touch } from '../ports.ts';

/** The condition that a session lives: there, not revoked, its absolute end ahead. */
export const aliveSession = (userId: string, id: string, now: number): SQL =>
  sql`user_id = ${userId} AND id = ${id} AND revoked_at IS NULL AND absolute_end_at > ${now}`;

/** `source` is what follows the values: a FROM or WHERE that decides whether there is a row at all. */
export const insertSession = (db: Db, session: Session, source: SQL) =>
  db.insert(sessions).select(
    sql`SELECT ${session.userId}, ${session.id}, ${session.createdAt}, ${session.lastUsedAt}, ${session.expiresAt},
      ${session.absoluteEndAt}, ${session.revokedAt}, ${session.revokedReason}, ${session.userAgent}, ${session.ip},
      ${session.country} ${source}`,
  );

interface TokenKey {
  userId: string;
  sessionId: string;
  jti: string;
  expiresAt: number;
}

const touchSession = (db: Db, userId: string, id: string, now: number, touch: Touch, onlyIf: SQL) =>
  db
    .update(sessions)
    .set({
      lastUsedAt: now,
      // Never lowered: a lifetime that was made shorter is not that of the tokens already out.
      expiresAt: sql`max(expires_at, min(${now + touch.lifetimeSeconds + touch.everySeconds}, absolute_end_at))`,
    })
    .where(
      and(
        aliveSession(userId, id, now),
        // At once where the lifetime was made longer, lest the sweep take the session of a good token.
        sql`(last_used_at <= ${now - touch.everySeconds}
          OR expires_at < min(${now + touch.lifetimeSeconds}, absolute_end_at))`,
        onlyIf,
      ),
    );

const standingColumns = {
  user: { isActive: users.isActive, isStaff: users.isStaff },
  // Drizzle takes a joined row for absent where its first column is null, so one that never is comes first.
  session: {
    absoluteEndAt: sessions.absoluteEndAt,
    revokedAt: sessions.revokedAt,
    revokedReason: sessions.revokedReason,
  },
};
// Named apart from the session's: in a batch D1 answers rows as objects, where equal names become one.
const tokenColumns = {
  revokedAt: sql<number | null>`${revokedTokens.revokedAt}`.as('token_revoked_at'),
  reason: sql<string | null>`${revokedTokens.reason}`.as('token_reason'),
  successorJti: sql<string | null>`${revokedTokens.successorJti}`.as('token_successor_jti'),
};

const selectStanding = (db: Db, token: Pick<TokenKey, 'userId' | 'sessionId'>) =>
  db
    .select(standingColumns)
    .from(users)
    .leftJoin(sessions, and(eq(sessions.userId, users.id), eq(sessions.id, token.sessionId)))
    .where(eq(users.id, token.userId));

const selectTokenStanding = (db: Db, token: TokenKey) =>
  db
    .select({ ...standingColumns, token: tokenColumns })
    .from(users)
    .leftJoin(sessions, and(eq(sessions.userId, users.id), eq(sessions.id, token.sessionId)))
    .leftJoin(
      revokedTokens,
      and(eq(revokedTokens.expiresAt, token.expiresAt), eq(revokedTokens.jti, token.jti)),
    )
    .where(eq(users.id, token.userId));

interface StandingRow {
  user: { isActive: boolean; isStaff: boolean };
  session: { revokedAt: number | null; revokedReason: string | null; absoluteEndAt: number } | null;
  token?: { revokedAt: number | null; reason: string | null; successorJti: string | null };
}

/** No row: the user is gone, and the sessions with it. */
function standingOf(rows: readonly StandingRow[]): Standing & { token: RevokedToken | null } {
  const row = rows[0];
  if (!row) return { user: null, session: null, token: null };
  const { token } = row;
  return {
    user: row.user,
    session: row.session as Standing['session'],
    token: token && token.revokedAt !== null ? (token as RevokedToken) : null,
  };
}

export function d1Sessions({ ask }: D1): Sessions {
  return {
    open: (session, as, { max, updateLastLogin, rehash }) =>
      ask('sessions.open', async (db) => {
        const { userId, id, createdAt: now } = session;
        const opened = sql`EXISTS (SELECT 1 FROM sessions WHERE user_id = ${userId} AND id = ${id})`;
        const change = {
          ...(updateLastLogin && { lastLoginAt: now }),
          ...(rehash !== null && {
            passwordHash: sql`CASE password_hash WHEN ${as.passwordHash} THEN ${rehash} ELSE password_hash END`,
          }),
        };
        const results = await db.batch([
          insertSession(
            db,
            session,
            sql`FROM users WHERE id = ${userId} AND password_version = ${as.passwordVersion} AND is_active = 1`,
          ),
          db
            .update(sessions)
            .set({ revokedAt: now, revokedReason: 'evicted' satisfies RevocationReason })
            .where(sql`user_id = ${userId} AND ${opened} AND id IN (
              SELECT id FROM sessions
              WHERE user_id = ${userId} AND id <> ${id} AND revoked_at IS NULL AND absolute_end_at > ${now}
              ORDER BY id DESC LIMIT -1 OFFSET ${max - 1})`)
            .returning({ id: sessions.id }),
          ...(Object.keys(change).length > 0
            ? [
                db
                  .update(users)
                  .set(change)
                  .where(and(eq(users.id, userId), opened)),
              ]
            : []),
        ]);
        if (results[0].meta.changes === 0) return { outcome: 'changed' };
        return { outcome: 'ok', evicted: results[1].map((row) => row.id) };
      }),

    consume: (token, successorJti, now, { graceSeconds, touch }) =>
      ask('sessions.consume', async (db) => {
        const { userId, sessionId, jti, expiresAt } = token;
        const row = sql`SELECT 1 FROM revoked_tokens WHERE expires_at = ${expiresAt} AND jti = ${jti}`;
        const results = await db.batch([
          db
            .insert(revokedTokens)
            .select(sql`SELECT ${expiresAt}, ${jti}, s.id, ${now}, 'rotated', ${successorJti}
              FROM sessions AS s JOIN users AS u ON u.id = s.user_id
              WHERE s.user_id = ${userId} AND s.id = ${sessionId} AND s.revoked_at IS NULL
                AND s.absolute_end_at > ${now} AND u.is_active = 1`)
            .onConflictDoNothing(),
          db
            .update(sessions)
            .set({ revokedAt: now, revokedReason: 'replayed' satisfies RevocationReason })
            .where(sql`user_id = ${userId} AND id = ${sessionId} AND revoked_at IS NULL AND EXISTS (${row}
              AND reason = 'rotated' AND successor_jti <> ${successorJti}
              AND NOT (${graceSeconds} > 0 AND ${now} - revoked_tokens.revoked_at <= ${graceSeconds}))`),
          touchSession(db, userId, sessionId, now, touch, sql`EXISTS (${row})`),
          selectTokenStanding(db, token),
        ]);
        return { ...standingOf(results[3]), replayed: results[1].meta.changes > 0 };
      }),

    use: (token, now, touch) =>
      ask('sessions.use', async (db) => {
        const active = sql`EXISTS (SELECT 1 FROM users WHERE id = ${token.userId} AND is_active = 1)`;
        const results = await db.batch([
          touchSession(db, token.userId, token.sessionId, now, touch, active),
          selectStanding(db, token),
        ]);
        return standingOf(results[1]);
      }),

    inspect: (token) =>
      ask('sessions.inspect', async (db) => standingOf(await selectTokenStanding(db, token))),

    standing: (userId, sessionId) =>
      ask('sessions.standing', async (db) => standingOf(await selectStanding(db, { userId, sessionId }))),

    logOut: (token, now) =>
      ask('sessions.logOut', async (db) => {
        const { userId, sessionId, jti, expiresAt } = token;
        const results = await db.batch([
          db
            .update(sessions)
            .set({ revokedAt: now, revokedReason: 'logged_out' satisfies RevocationReason })
            .where(sql`user_id = ${userId} AND id = ${sessionId} AND revoked_at IS NULL`),
          db
            .insert(revokedTokens)
            .select(sql`SELECT ${expiresAt}, ${jti}, id, ${now}, 'logged_out', NULL FROM sessions
              WHERE user_id = ${userId} AND id = ${sessionId}`)
            .onConflictDoNothing(),
          selectStanding(db, token),
        ]);
        return { ...standingOf(results[2]), ended: results[0].meta.changes > 0 };
      }),

    list: (userId, sessionId, now) =>
      ask('sessions.list', async (db) => {
        const [callers, all] = await db.batch([
          db.select(userColumns).from(users).where(eq(users.id, userId)),
          db
            .select()
            .from(sessions)
            .where(
              sql`user_id = ${userId} AND (id = ${sessionId} OR (revoked_at IS NULL
                AND absolute_end_at > ${now} AND expires_at > ${now}))`,
            )
            .orderBy(desc(sessions.id)),
        ]);
        const user = callers[0];
        if (!user) return null;
        const rows = all as Session[];
        return {
          user,
          session: rows.find((row) => row.id === sessionId) ?? null,
          all: rows.filter((row) => row.revokedAt === null),
        };
      }),

    endOne: ({ userId, sessionId }, id, now) =>
      ask('sessions.endOne', async (db) => {
        const [callers, found] = await db.batch([
          db
            .select({ id: sessions.id })
            .from(sessions)
            .where(aliveSession(userId, sessionId, now)),
          db
            .select({ id: sessions.id })
            .from(sessions)
            .where(and(eq(sessions.userId, userId), eq(sessions.id, id))),
          db
            .update(sessions)
            .set({ revokedAt: now, revokedReason: 'ended' satisfies RevocationReason })
            .where(
              and(
                eq(sessions.userId, userId),
                eq(sessions.id, id),
                isNull(sessions.revokedAt),
                sql`EXISTS (SELECT 1 FROM sessions AS caller WHERE caller.user_id = ${userId}
                  AND caller.id = ${sessionId} AND caller.revoked_at IS NULL AND caller.absolute_end_at > ${now})`,
              ),
            ),
        ]);
        if (callers.length === 0) return 'gone';
        return found.length > 0 ? 'ok' : 'not_found';
      }),

    endAll: ({ userId, sessionId }, now) =>
      ask('sessions.endAll', async (db) => {
        const rows = await db
          .update(sessions)
          .set({ revokedAt: now, revokedReason: 'ended' satisfies RevocationReason })
          .where(
            and(
              eq(sessions.userId, userId),
              isNull(sessions.revokedAt),
              sql`EXISTS (SELECT 1 FROM sessions AS caller WHERE caller.user_id = ${userId}
                AND caller.id = ${sessionId} AND caller.revoked_at IS NULL AND caller.absolute_end_at > ${now})`,
            ),
          )
          .returning({ id: sessions.id });
        return rows.map((row) => row.id);
      }),
  };
}
