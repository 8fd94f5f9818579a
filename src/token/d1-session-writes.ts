/** Statements on `sessions` that several stores share: inserting and ending sessions. */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import type { Of } from '../db/predicates.ts';
import { sessions } from '../db/schema.ts';
import type { Db, Params } from '../db/statement.ts';
import type { RevocationReason, Session } from '../model.ts';

/** `source`: a FROM or WHERE that decides whether the row is inserted. */
export const insertSession = (db: Db, session: Session | Params<Session>, source: SQL) =>
  insertFrom(
    db,
    sessions,
    {
      userId: session.userId,
      id: session.id,
      createdAt: session.createdAt,
      lastUsedAt: session.lastUsedAt,
      expiresAt: session.expiresAt,
      absoluteEndAt: session.absoluteEndAt,
      revokedAt: session.revokedAt,
      revokedReason: session.revokedReason,
      userAgent: session.userAgent,
      ip: session.ip,
      country: session.country,
      authenticatedAt: session.authenticatedAt,
      amr: session.amr,
      city: session.city,
    },
    source,
  );

/** Ends the user's sessions that meet `which` and have not ended yet. */
export const endSessions = (
  db: Db,
  userId: Of<string>,
  reason: RevocationReason,
  now: Of<number>,
  which: SQL,
) =>
  db
    .update(sessions)
    .set({ revokedAt: sql`${now}`, revokedReason: reason })
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt), which));

/** Columns for `endSessions(…).returning(…)`: EndedSession. */
export const endedSession = { id: sessions.id, expiresAt: sessions.expiresAt };
