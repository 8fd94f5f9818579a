/**
 * The SQL that every action of the console shares. The history row comes first and decides: one INSERT … SELECT with every
 * condition of the action; each further statement of the batch requires that row. So an action and its history happen
 * together or not at all, and only while the caller is active staff with a live session.
 */
import { type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { actorMayAct, userExists } from '../db/predicates.ts';
import { adminLog, sessions } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { User } from '../model.ts';
import { LEEWAY_MAX_SECONDS } from '../token/claims.ts';
import type { AuditEntry, Outcome } from './ports.ts';

/** The action has left its history row. */
export const done = ({ logId }: AuditEntry): SQL =>
  sql`EXISTS (SELECT 1 FROM admin_log AS own WHERE own.id = ${logId})`;

/** Nothing that the console shows of the user has changed since it was read. */
export const isAsRead = (user: User): SQL =>
  userExists(
    user.id,
    sql`(email, email_verified_at, username, name, is_active, is_staff)
      IS (${user.email}, ${user.emailVerifiedAt}, ${user.username}, ${user.name}, ${Number(user.isActive)},
        ${Number(user.isStaff)})`,
  );

/** Sessions that have not ended: tokens of the others are accepted nowhere. */
export const worthEnding = (now: number): SQL => sql`${sessions.absoluteEndAt} > ${now - LEEWAY_MAX_SECONDS}`;

/** The history row. `source`: a FROM and WHERE that decide whether the action happens. */
export const write = (
  db: Db,
  entry: AuditEntry,
  row: { subjectId: string | SQL<string>; actorId?: string; detail?: string | SQL<string> },
  source: SQL,
) =>
  insertFrom(
    db,
    adminLog,
    {
      id: entry.logId,
      at: entry.now,
      actorId: row.actorId ?? entry.actorId,
      action: entry.action,
      subjectId: row.subjectId,
      detail: row.detail ?? null,
    },
    sql`${source} AND ${actorMayAct(entry)}`,
  );

/** `ok`, or the first condition that does not hold, or `otherwise`. */
export const outcome = (
  db: Db,
  entry: AuditEntry,
  demands: readonly (readonly [SQL, Outcome])[],
  otherwise: Outcome,
) => {
  const cases = [[actorMayAct(entry), 'denied'] as const, ...demands].map(
    ([condition, word]) => sql`WHEN NOT ${condition} THEN ${word}`,
  );
  return db
    .select({
      outcome:
        sql<Outcome>`CASE WHEN ${done(entry)} THEN 'ok' ${sql.join(cases, sql` `)} ELSE ${otherwise} END`.as(
          'outcome',
        ),
    })
    .from(sql`(SELECT 1)`);
};
export const outcomeOf = (rows: readonly { outcome: Outcome }[]): Outcome => rows[0]?.outcome ?? 'gone';
