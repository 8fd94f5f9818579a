/** The history in D1: of all, of one person, of one staff member, of one kind of act. */
import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { readChanges } from '../audit-log.ts';
import type { D1 } from '../db/client.ts';
import { adminLog, users } from '../db/schema.ts';
import { LOOK_MAX } from './d1-admin-users.ts';
import type { AdminLists, HistoryRow } from './list-ports.ts';

const actors = alias(users, 'actor');
const subjects = alias(users, 'subject');

/**
 * Along the index of whom it is about, of who did it, or all. What no index serves looks at so many rows a page and says
 * how far it came.
 */
export const d1AdminHistory = ({ run }: D1): Pick<AdminLists, 'history'> => ({
  history: ({ subjectId, actorId, action, after, limit }) =>
    run('admin.history', async (db) => {
      const of = (column: typeof adminLog.subjectId | typeof adminLog.actorId, id: string | null) =>
        id === null ? [] : [sql`${column} = ${id}`];
      const [along, ...others] = [...of(adminLog.subjectId, subjectId), ...of(adminLog.actorId, actorId)];
      const seen = (most: number) =>
        db
          .select()
          .from(adminLog)
          .where(and(along, after ? sql`${adminLog.id} < ${after[0]}` : undefined))
          .orderBy(desc(adminLog.id))
          .limit(most)
          .as('seen');
      type Seen = ReturnType<typeof seen>;
      const rowsOf = (log: Seen, wanted: SQL | undefined) =>
        db
          .select({
            id: log.id,
            at: log.at,
            action: log.action,
            detail: log.detail,
            actorId: log.actorId,
            subjectId: log.subjectId,
            actorEmail: sql<string | null>`${actors.email}`.as('actor_email'),
            actorName: sql<string | null>`${actors.username}`.as('actor_name'),
            subjectEmail: sql<string | null>`${subjects.email}`.as('subject_email'),
            subjectName: sql<string | null>`${subjects.username}`.as('subject_name'),
          })
          .from(log)
          .leftJoin(actors, eq(actors.id, log.actorId))
          .leftJoin(subjects, eq(subjects.id, log.subjectId))
          .where(wanted)
          .orderBy(desc(log.id))
          .limit(limit + 1);
      const pageOf = (rows: Awaited<ReturnType<typeof rowsOf>>) => {
        const items = rows.slice(0, limit).map(
          (row): HistoryRow => ({
            id: row.id,
            at: row.at,
            action: row.action,
            changes: readChanges(row.detail),
            actor: { id: row.actorId, email: row.actorEmail, username: row.actorName },
            subject: { id: row.subjectId, email: row.subjectEmail, username: row.subjectName },
          }),
        );
        const last = items.at(-1);
        return { items, next: rows.length > limit && last ? [last.id] : null, looked: null };
      };
      if (others.length === 0 && action === null) return pageOf(await rowsOf(seen(limit + 1), undefined));

      const log = seen(LOOK_MAX);
      const wanted = and(
        // What is left of the two once one of them led the way.
        subjectId !== null && actorId !== null ? eq(log.actorId, actorId) : undefined,
        action === null ? undefined : eq(log.action, action),
      );
      const [rows, [end]] = await db.batch([
        rowsOf(log, wanted),
        db
          .select({
            looked: sql<number>`count(*)`.as('looked'),
            id: sql<string | null>`min(${log.id})`.as('id'),
          })
          .from(log),
      ]);
      const page = pageOf(rows);
      if (page.next) return page;
      const { looked = 0, id = null } = end ?? {};
      return { items: page.items, next: looked === LOOK_MAX && id !== null ? [id] : null, looked };
    }),
});
