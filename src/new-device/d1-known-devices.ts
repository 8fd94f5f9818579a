/** The known devices of a user in D1. They outlive sessions, whose rows are swept soon after their tokens expire. */
import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { insertFrom } from '../db/insert-from.ts';
import { knownDevices, sessions, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { KnownDevices } from './ports.ts';

/** Per user, the newest. More browsers and countries are those of a program that invents them. */
const KEPT = 50;
const SESSIONS_LOOKED_AT = 100;

/** Adds nothing if it is known, or the user has been deleted. */
const add = (db: Db, userId: string, hash: string, firstSeenAt: number) =>
  insertFrom(
    db,
    knownDevices,
    { userId, hash, firstSeenAt },
    sql`FROM ${users} WHERE ${users.id} = ${userId}`,
  ).onConflictDoNothing();

export const d1KnownDevices = ({ run }: D1): KnownDevices => ({
  add: (userId, hash, now) =>
    run('knownDevices.add', async (db) => {
      const isTheirs = eq(knownDevices.userId, userId);
      const [added, others] = await db.batch([
        add(db, userId, hash, now),
        db
          .select({ hash: knownDevices.hash })
          .from(knownDevices)
          .where(and(isTheirs, sql`${knownDevices.hash} <> ${hash}`))
          .limit(1),
        db.delete(knownDevices).where(
          and(
            isTheirs,
            sql`${knownDevices.hash} IN (SELECT newest.hash FROM known_devices AS newest
              WHERE newest.user_id = ${userId} ORDER BY newest.first_seen_at DESC, newest.hash
              LIMIT -1 OFFSET ${KEPT})`,
          ),
        ),
      ]);
      return { isAdded: added.meta.changes > 0, isOnly: others.length === 0 };
    }),

  addAll: (userId, hashes, now) =>
    run('knownDevices.addAll', async (db) => {
      const [first, ...rest] = hashes.map((hash) => add(db, userId, hash, now));
      if (first) await db.batch([first, ...rest]);
    }),

  ofSessions: ({ userId, id }) =>
    run('knownDevices.ofSessions', (db) =>
      db
        .select({ userAgent: sessions.userAgent, country: sessions.country })
        .from(sessions)
        .where(and(eq(sessions.userId, userId), lt(sessions.id, id)))
        .orderBy(desc(sessions.id))
        .limit(SESSIONS_LOOKED_AT),
    ),
});
