/** Sessions of everybody in D1. No index leads to those that are live, or from a session to its user: both look at so many rows. */
import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { sessions, users } from '../db/schema.ts';
import type { Session } from '../model.ts';
import { LOOK_MAX } from './d1-admin-users.ts';
import type { AdminLists } from './list-ports.ts';

/** Rows among which the owners of sessions are looked for. */
const OWNERS_LOOK_MAX = 10_000;

export const d1AdminSessions = ({ run }: D1): Pick<AdminLists, 'liveSessions' | 'ownersOf'> => ({
  liveSessions: (now, { after, limit }) =>
    run('admin.liveSessions', async (db) => {
      const { userId, id, revokedAt, absoluteEndAt } = sessions;
      const seen = db
        .select({ userId, id, revokedAt, absoluteEndAt })
        .from(sessions)
        .where(after ? sql`(user_id, id) < (${after[0]}, ${after[1]})` : undefined)
        .orderBy(desc(sessions.userId), desc(sessions.id))
        .limit(LOOK_MAX)
        .as('seen');
      const [rows, [end]] = await db.batch([
        db
          .select({ session: sessions, email: users.email, username: users.username })
          .from(seen)
          .innerJoin(sessions, and(eq(sessions.userId, seen.userId), eq(sessions.id, seen.id)))
          .innerJoin(users, eq(users.id, seen.userId))
          .where(and(isNull(seen.revokedAt), gt(seen.absoluteEndAt, now)))
          .orderBy(desc(seen.userId), desc(seen.id))
          .limit(limit + 1),
        db
          .select({
            looked: sql<number>`count(*)`.as('looked'),
            // Ids are of one length.
            last: sql<string | null>`min(${seen.userId} || ' ' || ${seen.id})`.as('last'),
          })
          .from(seen),
      ]);
      const items = rows.slice(0, limit).map(({ session, email, username }) => ({
        ...(session as Session),
        user: { id: session.userId, email, username },
      }));
      const last = items.at(-1);
      if (rows.length > limit && last) return { items, next: [last.userId, last.id], looked: null };
      const { looked = 0, last: end_ = null } = end ?? {};
      const goesOn = looked === LOOK_MAX && end_ !== null;
      // All were looked at: nothing to say of it.
      return { items, next: goesOn ? end_.split(' ') : null, looked: after || goesOn ? looked : null };
    }),

  ownersOf: (sessionIds) =>
    run('admin.ownersOf', async (db) => {
      if (sessionIds.length === 0) return new Map();
      const seen = db
        .select({ userId: sessions.userId, id: sessions.id })
        .from(sessions)
        .orderBy(desc(sessions.userId), desc(sessions.id))
        .limit(OWNERS_LOOK_MAX)
        .as('seen');
      const rows = await db
        .select({ sessionId: seen.id, userId: seen.userId, email: users.email, username: users.username })
        .from(seen)
        .innerJoin(users, eq(users.id, seen.userId))
        .where(sql`${seen.id} IN (SELECT value FROM json_each(${JSON.stringify(sessionIds)}))`);
      return new Map(
        rows.map(({ sessionId, userId, email, username }) => [sessionId, { id: userId, email, username }]),
      );
    }),
});
