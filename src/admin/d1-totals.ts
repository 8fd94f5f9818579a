/** How many rows each list of the console has, counted along a key and no further than `COUNT_MAX`. */
import { type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import type { Db } from '../db/statement.ts';
import { countUsers, LOOK_MAX } from './d1-admin-users.ts';
import { capped, upTo } from './d1-counts.ts';
import type { Count, ListTotals } from './list-ports.ts';

async function count(db: Db, rows: SQL): Promise<Count> {
  const [found] = await db.all<{ n: number }>(upTo(rows));
  return capped(found?.n ?? 0);
}

export const d1Totals = ({ run }: D1): ListTotals => ({
  users: (query) => run('admin.countUsers', (db) => countUsers(db, query)),

  sessions: (userId) =>
    run('admin.countSessions', (db) => count(db, sql`SELECT 1 FROM sessions WHERE user_id = ${userId}`)),

  // No index leads to those that are live, and only a list that looks at all of them has full pages.
  liveSessions: (now) =>
    run('admin.countLiveSessions', async (db) => {
      const [found] = await db.all<{ looked: number; live: number }>(
        sql`SELECT count(*) AS looked, coalesce(sum(revoked_at IS NULL AND absolute_end_at > ${now}), 0) AS live
          FROM (SELECT revoked_at, absolute_end_at FROM sessions LIMIT ${LOOK_MAX})`,
      );
      return found && found.looked < LOOK_MAX ? { count: found.live, more: false } : null;
    }),

  revokedTokens: () =>
    run('admin.countRevokedTokens', (db) =>
      count(db, sql`SELECT 1 FROM revoked_tokens WHERE reason <> 'challenge'`),
    ),

  history: ({ subjectId, actorId, action }) => {
    if (action !== null || (subjectId !== null && actorId !== null)) return Promise.resolve(null);
    const of = subjectId !== null ? sql`subject_id = ${subjectId}` : actorId && sql`actor_id = ${actorId}`;
    return run('admin.countHistory', (db) => count(db, sql`SELECT 1 FROM admin_log WHERE ${of ?? sql`1`}`));
  },

  deadLetters: () =>
    run('admin.countDeadLetters', (db) => count(db, sql`SELECT 1 FROM account_events WHERE dead_at > 0`)),
});
