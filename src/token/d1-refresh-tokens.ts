/**
 * Refresh tokens in D1: consuming them, detecting replays, blacklisting, and the state of a token's user and session. D1
 * has no interactive transactions, only batches: the deciding statement (a conditional INSERT) comes first, and later
 * ones check what it did.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { insertFrom } from '../db/insert-from.ts';
import { activeUser, isReplay, isSession, liveSession, successorUsed, userExists } from '../db/predicates.ts';
import { revokedTokens, sessions, users } from '../db/schema.ts';
import type { Params } from '../db/statement.ts';
import type { RefreshStatus, RevocationReason, RevokedToken, TokenStatus, Touch } from '../model.ts';
import type { Sessions } from '../ports.ts';
import { endedSession, endSessions } from './d1-session-writes.ts';

interface SessionKey {
  userId: string;
  sessionId: string;
}
interface TokenKey extends SessionKey {
  jti: string;
  expiresAt: number;
}
interface Now {
  now: number;
}
interface RefreshLifetime {
  refreshLifetimeSeconds: number;
}

type Touching = SessionKey & Now & Touch;

/** The columns that using a session updates. */
const moved = ({ now, lifetimeSeconds, everySeconds }: Params<Touching>) => ({
  lastUsedAt: sql`${now}`,
  // Never lowered: shortening a lifetime does not affect tokens that were issued before.
  expiresAt: sql`max(expires_at, min(${now} + ${lifetimeSeconds} + ${everySeconds}, absolute_end_at))`,
});

/** Also due if the lifetime was lengthened, so that the sweep does not delete the session of a valid token. */
const due = ({ now, lifetimeSeconds, everySeconds }: Params<Touching>) =>
  sql`(last_used_at <= ${now} - ${everySeconds} OR expires_at < min(${now} + ${lifetimeSeconds}, absolute_end_at))`;

const tokenStatusColumns = {
  user: {
    isActive: users.isActive,
    isStaff: users.isStaff,
    emailVerifiedAt: users.emailVerifiedAt,
    email: users.email,
    username: users.username,
    name: users.name,
    dateJoined: users.dateJoined,
  },
  // Drizzle treats a joined row as absent if its first column is null, so a column that is never null comes first.
  session: {
    absoluteEndAt: sessions.absoluteEndAt,
    expiresAt: sessions.expiresAt,
    revokedAt: sessions.revokedAt,
    revokedReason: sessions.revokedReason,
    createdAt: sessions.createdAt,
    authenticatedAt: sessions.authenticatedAt,
    amr: sessions.amr,
  },
};
// With names that differ from the session's: in a batch D1 returns rows as objects, where equal names would collide.
const tokenColumns = ({ refreshLifetimeSeconds }: Params<RefreshLifetime>) => ({
  revokedAt: sql<number | null>`${revokedTokens.revokedAt}`.as('token_revoked_at'),
  reason: sql<string | null>`${revokedTokens.reason}`.as('token_reason'),
  successorJti: sql<string | null>`${revokedTokens.successorJti}`.as('token_successor_jti'),
  successorUsed: sql<number>`${successorUsed(refreshLifetimeSeconds)}`
    .mapWith(Boolean)
    .as('token_successor_used'),
});

interface TokenStatusRow {
  user: NonNullable<RefreshStatus['user']>;
  session:
    | (Omit<NonNullable<TokenStatus['session']>, 'revokedReason'> & { revokedReason: string | null })
    | null;
  token?: {
    revokedAt: number | null;
    reason: string | null;
    successorJti: string | null;
    successorUsed: boolean;
  };
}

/** No row means that the user is deleted, and so are the sessions. */
function toTokenStatus(rows: readonly TokenStatusRow[]): RefreshStatus & { token: RevokedToken | null } {
  const row = rows[0];
  if (!row) return { user: null, session: null, token: null };
  const { token } = row;
  return {
    user: row.user,
    session: row.session as TokenStatus['session'],
    token: token && token.revokedAt !== null ? (token as RevokedToken) : null,
  };
}

/** Prepared, as these are the most frequent statements. */
const statementsOf = ({ statement }: D1) => ({
  tokenStatus: statement((db, { userId, sessionId }: Params<SessionKey>) =>
    db
      .select(tokenStatusColumns)
      .from(users)
      .leftJoin(sessions, and(eq(sessions.userId, users.id), eq(sessions.id, sessionId)))
      .where(eq(users.id, userId)),
  ),

  refreshTokenStatus: statement((db, params: Params<TokenKey & RefreshLifetime>) => {
    const { userId, sessionId, jti, expiresAt } = params;
    return db
      .select({ ...tokenStatusColumns, token: tokenColumns(params) })
      .from(users)
      .leftJoin(sessions, and(eq(sessions.userId, users.id), eq(sessions.id, sessionId)))
      .leftJoin(revokedTokens, and(eq(revokedTokens.expiresAt, expiresAt), eq(revokedTokens.jti, jti)))
      .where(eq(users.id, userId));
  }),

  /** The deciding statement: the call whose successor is in the row was the first. */
  consume: statement((db, params: Params<TokenKey & Now & { successorJti: string }>) => {
    const { userId, sessionId, jti, expiresAt, successorJti, now } = params;
    return insertFrom(
      db,
      revokedTokens,
      { expiresAt, jti, sessionId: sessions.id, revokedAt: now, reason: 'rotated', successorJti },
      sql`FROM ${sessions} JOIN ${users} ON ${users.id} = ${sessions.userId}
        WHERE ${isSession(userId, sessionId)} AND ${liveSession(now)} AND ${activeUser}`,
    ).onConflictDoNothing();
  }),

  /** Ends the session of a replayed token, otherwise updates its last use if that is due. */
  punishOrTouch: statement(
    (
      db,
      params: Params<Touching & TokenKey & RefreshLifetime & { successorJti: string; graceSeconds: number }>,
    ) => {
      const { userId, sessionId, jti, expiresAt, successorJti, now } = params;
      const isReplayed = isReplay(now, params.graceSeconds, params.refreshLifetimeSeconds);
      const token = sql`SELECT 1 FROM revoked_tokens WHERE expires_at = ${expiresAt} AND jti = ${jti}`;
      // A logged-out token has no successor, and its session has ended anyway.
      const replayed = sql`EXISTS (${token} AND successor_jti <> ${successorJti} AND ${isReplayed})`;
      return db
        .update(sessions)
        .set({
          ...moved(params),
          revokedAt: sql`CASE WHEN ${replayed} THEN ${now} END`,
          revokedReason: sql`CASE WHEN ${replayed} THEN ${'replayed' satisfies RevocationReason} END`,
        })
        .where(
          sql`${isSession(userId, sessionId)} AND ${liveSession(now)}
            AND (${replayed} OR (${due(params)} AND EXISTS (${token})))`,
        )
        .returning({ endedAt: sessions.revokedAt });
    },
  ),

  touch: statement((db, params: Params<Touching>) =>
    db
      .update(sessions)
      .set(moved(params))
      .where(
        sql`${isSession(params.userId, params.sessionId)} AND ${liveSession(params.now)} AND ${due(params)}
          AND ${userExists(params.userId, activeUser)}`,
      ),
  ),

  end: statement((db, { userId, sessionId, now }: Params<SessionKey & Now>) =>
    endSessions(db, userId, 'logged_out', now, eq(sessions.id, sessionId)).returning(endedSession),
  ),

  /** Must run before the session is ended: writes no row for a session that has already ended. */
  blacklist: statement((db, { userId, sessionId, jti, expiresAt, now }: Params<TokenKey & Now>) =>
    insertFrom(
      db,
      revokedTokens,
      { expiresAt, jti, sessionId: sessions.id, revokedAt: now, reason: 'logged_out', successorJti: null },
      sql`FROM ${sessions} WHERE ${isSession(userId, sessionId)} AND ${sessions.revokedAt} IS NULL`,
    ).onConflictDoNothing(),
  ),
});

type RefreshTokens = Pick<Sessions, 'consume' | 'use' | 'inspect' | 'tokenStatus' | 'logOut'>;

export function d1RefreshTokens(d1: D1): RefreshTokens {
  const { run, batch } = d1;
  const statements = statementsOf(d1);
  return {
    consume: (token, successorJti, now, { touch, ...rules }) =>
      run('sessions.consume', async () => {
        const [, touched, tokenStatus] = await batch(
          [statements.consume, statements.punishOrTouch, statements.refreshTokenStatus],
          {
            ...token,
            successorJti,
            now,
            ...rules,
            ...touch,
          },
        );
        return { ...toTokenStatus(tokenStatus), replayed: touched.some(({ endedAt }) => endedAt !== null) };
      }),

    use: (token, now, touch) =>
      run('sessions.use', async () => {
        const [, tokenStatus] = await batch([statements.touch, statements.tokenStatus], {
          ...token,
          now,
          ...touch,
        });
        return toTokenStatus(tokenStatus);
      }),

    inspect: (token, refreshLifetimeSeconds) =>
      run('sessions.inspect', async () =>
        toTokenStatus(await statements.refreshTokenStatus.run({ ...token, refreshLifetimeSeconds })),
      ),

    tokenStatus: (userId, sessionId) =>
      run('sessions.tokenStatus', async () =>
        toTokenStatus(await statements.tokenStatus.run({ userId, sessionId })),
      ),

    logOut: (token, now) =>
      run('sessions.logOut', async () => {
        const [, ended, tokenStatus] = await batch(
          [statements.blacklist, statements.end, statements.tokenStatus],
          { ...token, now },
        );
        return { ...toTokenStatus(tokenStatus), ended: ended.length > 0 };
      }),
  };
}
