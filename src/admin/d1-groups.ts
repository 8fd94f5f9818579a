/**
 * Actions of staff on several users in D1: one batch, however many they are. As in d1-act.ts the history rows come first and
 * decide, one for each user. Ids are passed as JSON, since D1 allows at most 100 parameters.
 */
import { and, isNull, type SQL, sql } from 'drizzle-orm';
import { dropLogins } from '../account/d1-logins.ts';
import { ERASED_DETAIL, writeChanges } from '../audit-log.ts';
import type { D1 } from '../db/client.ts';
import { insertFrom } from '../db/insert-from.ts';
import { actorMayAct, liveSession, staffRemains } from '../db/predicates.ts';
import { adminLog, oneTimeTokens, sessions, userColumns, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { RevocationReason } from '../model.ts';
import { batchWithEvents, recordForEach } from '../outbox/d1-record.ts';
import { isRequested } from '../token/d1-one-time-tokens.ts';
import { endedSession } from '../token/d1-session-writes.ts';
import { outcome, outcomeOf, worthEnding, write } from './d1-act.ts';
import type { GroupAct, UserGroups } from './ports.ts';

/** How many session rows are examined: ended ones stay until the sweep, and must not make the page expensive. */
const LOOK_MAX = 2_000;

const listed = (ids: readonly string[]): SQL => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/** The action is allowed for the row of `users`, together with the others of `ids`. */
function mayHappen(act: GroupAct, { actorId, now }: { actorId: string; now: number }, ids: SQL): SQL {
  const may = {
    activate: sql`is_active = 0 AND NOT (is_staff = 1 AND email_verified_at IS NULL)`,
    deactivate: sql`is_active = 1 AND ${staffRemains(ids)}`,
    'end-sessions': sql`EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id
      AND sessions.revoked_at IS NULL AND ${worthEnding(now)})`,
    delete: staffRemains(ids),
  } satisfies Record<GroupAct, SQL>;
  return sql`users.id <> ${actorId} AND ${may[act]}`;
}

const ENDS: Record<GroupAct, RevocationReason | null> = {
  activate: null,
  deactivate: 'deactivated',
  'end-sessions': 'ended',
  delete: 'withdrawn',
};

const setActive = (db: Db, isActive: boolean, ids: SQL) =>
  db.update(users).set({ isActive }).where(sql`${users.id} IN (${ids})`);
const voidTokens = (db: Db, subjects: SQL, onlyIf?: SQL) =>
  db.delete(oneTimeTokens).where(and(sql`${oneTimeTokens.subject} IN (${subjects})`, onlyIf));

/** Deletes users with everything that belongs to them: `eraseTraces` (account/d1-user-writes.ts) for many. */
const deletion = (db: Db, gone: SQL) => {
  const ids = sql`SELECT id FROM (${gone})`;
  const pseudonymOf = (column: 'actor_id' | 'subject_id') =>
    sql`coalesce((SELECT pseudonym FROM (${gone}) WHERE id = ${sql.raw(column)}), ${sql.raw(column)})`;
  return [
    dropLogins(db, 'email', ids),
    dropLogins(db, 'username', ids),
    dropLogins(db, 'passkey', ids),
    db.delete(users).where(sql`${users.id} IN (${ids})`),
    voidTokens(
      db,
      sql`${ids} UNION SELECT email_subject FROM (${gone}) UNION
        SELECT json_extract(old.payload, '$.subject') FROM one_time_tokens AS old
        WHERE old.subject IN (${ids}) AND old.purpose = 'email_take_back'`,
    ),
    db
      .update(adminLog)
      .set({
        actorId: pseudonymOf('actor_id'),
        subjectId: pseudonymOf('subject_id'),
        detail: sql`CASE WHEN subject_id IN (${ids}) THEN ${sql.raw(ERASED_DETAIL)} ELSE detail END`,
      })
      .where(sql`actor_id IN (${ids}) OR subject_id IN (${ids})`),
  ];
};

export const d1Groups = ({ run }: D1): UserGroups => ({
  liveSessions: (ids, now) =>
    run('admin.liveSessions', async (db) => {
      const [row] = await db.all<{ live: number; looked: number }>(
        sql`SELECT count(*) AS looked, coalesce(sum(live), 0) AS live FROM (
          SELECT ${liveSession(now)} AS live FROM ${sessions}
          WHERE ${sessions.userId} IN ${listed(ids)} LIMIT ${LOOK_MAX})`,
      );
      return { count: row?.live ?? 0, more: row?.looked === LOOK_MAX };
    }),

  noteExport: (entry, changes) =>
    run('admin.noteExport', async (db) => {
      const results = await db.batch([
        write(db, entry, { subjectId: entry.actorId, detail: writeChanges(changes) }, sql`WHERE 1`),
        outcome(db, entry, [], 'denied'),
      ]);
      return outcomeOf(results[1]);
    }),

  look: (act, caller, ids) =>
    run('admin.lookAtGroup', async (db) => {
      // The caller is excluded, and so remains.
      const others = listed(ids.filter((id) => id !== caller.actorId));
      const rows = await db
        .select({ ...userColumns, may: sql<number>`${mayHappen(act, caller, others)}`.as('may') })
        .from(users)
        .where(sql`${users.id} IN ${listed(ids)}`)
        .orderBy(users.id);
      return rows.map(({ may, ...user }) => ({ ...user, may: may === 1 }));
    }),

  act: (act, entry, members) =>
    run('admin.groupAct', async (db) => {
      const { now } = entry;
      const each = JSON.stringify(
        members.map(({ id, logId, email, emailSubject, pseudonym }) => [
          id,
          logId,
          email,
          emailSubject,
          pseudonym,
        ]),
      );
      const all = sql`(SELECT value ->> 0 FROM json_each(${each}))`;
      /** The users for whom it happened. */
      const done = sql`SELECT member.value ->> 0 AS id, member.value ->> 3 AS email_subject,
        member.value ->> 4 AS pseudonym FROM json_each(${each}) AS member
        JOIN admin_log AS own ON own.id = member.value ->> 1`;
      const ids = sql`SELECT id FROM (${done})`;
      const active = act === 'activate';
      const changes = writeChanges({ is_active: [!active, active] });
      const reason = ENDS[act];
      const written = {
        activate: () => [setActive(db, true, ids)],
        deactivate: () => [setActive(db, false, ids), voidTokens(db, ids)],
        'end-sessions': () => [voidTokens(db, ids, isRequested)],
        delete: () => deletion(db, done),
      } satisfies Record<GroupAct, () => unknown[]>;
      const events = {
        activate: () => recordForEach(db, 'user.updated', { ids, now }, { changed: ['is_active'] }),
        deactivate: () => recordForEach(db, 'user.updated', { ids, now }, { changed: ['is_active'] }),
        'end-sessions': () => [],
        delete: () => recordForEach(db, 'user.deleted', { ids, now }, {}),
      } satisfies Record<GroupAct, () => unknown[]>;
      const results = await batchWithEvents(
        db,
        [
          insertFrom(
            db,
            adminLog,
            {
              id: sql`member.value ->> 1`,
              at: now,
              actorId: entry.actorId,
              action: entry.action,
              subjectId: act === 'delete' ? sql`member.value ->> 4` : users.id,
              detail: act === 'activate' || act === 'deactivate' ? changes : null,
            },
            sql`FROM json_each(${each}) AS member CROSS JOIN users ON users.id = member.value ->> 0
              WHERE users.email IS member.value ->> 2 AND ${mayHappen(act, entry, all)} AND ${actorMayAct(entry)}`,
          ),
          db.select({ id: sql<string>`id`.as('id') }).from(sql`(${done})`),
          db.select({ may: sql<number>`${actorMayAct(entry)}`.as('may') }).from(sql`(SELECT 1)`),
          db
            .update(sessions)
            .set({ revokedAt: now, revokedReason: reason })
            .where(
              and(
                sql`${sessions.userId} IN (${ids})`,
                isNull(sessions.revokedAt),
                reason === null ? sql`0` : worthEnding(now),
              ),
            )
            .returning({ ...endedSession, userId: sessions.userId }),
          ...written[act](),
        ],
        { after: events[act]() },
      );
      return {
        outcome: results[2][0]?.may === 1 ? 'ok' : 'denied',
        done: results[1].map(({ id }) => id),
        ended: results[3],
      };
    }),
});
