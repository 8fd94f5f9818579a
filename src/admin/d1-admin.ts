/**
 * What the console does, in D1. The row of the history comes first and decides: one INSERT … SELECT with every
 * condition of the act, and whatever follows in its batch asks whether that row is there. So an act and its
 * history happen together or not at all, and only while whoever acts is active staff with a live session.
 * What the console reads: d1-admin-lists.ts.
 */
import { and, eq, or, type SQL, sql } from 'drizzle-orm';
import { insertToken, voidTokens } from '../account/d1-credentials.ts';
import { notTheLastStaff } from '../account/d1-users.ts';
import type { D1, Db } from '../db/client.ts';
import { adminLog, oneTimeTokens, sessions, userColumns, users } from '../db/schema.ts';
import type { RevocationReason, User } from '../ports.ts';
import { d1AdminLists } from './d1-admin-lists.ts';
import type { AdminStore, AuditEntry, Outcome } from './ports.ts';

/** The largest LEEWAY: no token of a session that ended earlier than this is accepted anywhere. */
const LEEWAY_MAX_SECONDS = 300;

const mayAct = ({ actorId, sessionId, now }: AuditEntry): SQL =>
  sql`EXISTS (SELECT 1 FROM users AS actor JOIN sessions AS own ON own.user_id = actor.id
    WHERE actor.id = ${actorId} AND actor.is_active = 1 AND actor.is_staff = 1
    AND own.id = ${sessionId} AND own.revoked_at IS NULL AND own.absolute_end_at > ${now})`;

/** The act has left its row. */
const done = ({ logId }: AuditEntry): SQL =>
  sql`EXISTS (SELECT 1 FROM admin_log AS own WHERE own.id = ${logId})`;

const isThere = (userId: string): SQL => sql`EXISTS (SELECT 1 FROM users WHERE id = ${userId})`;

const isAsRead = (user: User): SQL =>
  sql`EXISTS (SELECT 1 FROM users WHERE id = ${user.id} AND (email, username, name, is_active, is_staff)
    IS (${user.email}, ${user.username}, ${user.name}, ${Number(user.isActive)}, ${Number(user.isStaff)}))`;

/** The row of the history. `source`: a FROM and WHERE that decide whether it happens. */
const write = (
  db: Db,
  entry: AuditEntry,
  row: { subjectId: string; actorId?: string; detail?: string },
  source: SQL,
) =>
  db.insert(adminLog).select(
    sql`SELECT ${entry.logId}, ${entry.now}, ${row.actorId ?? entry.actorId}, ${entry.action}, ${row.subjectId},
      ${row.detail ?? null} ${source} AND ${mayAct(entry)}`,
  );

/** Done, or the first condition that does not hold, or `otherwise`. */
const outcome = (
  db: Db,
  entry: AuditEntry,
  demands: readonly (readonly [SQL, Outcome])[],
  otherwise: Outcome,
) => {
  const cases = [[mayAct(entry), 'denied'] as const, ...demands].map(
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
const outcomeOf = (rows: readonly { outcome: Outcome }[]): Outcome => rows[0]?.outcome ?? 'gone';

const liveSessions = (userId: string, now: number): SQL =>
  sql`user_id = ${userId} AND revoked_at IS NULL AND absolute_end_at > ${now - LEEWAY_MAX_SECONDS}`;

/** `reason`: null where none ends. */
const endSessions = (db: Db, entry: AuditEntry, which: SQL, reason: RevocationReason | null) =>
  db
    .update(sessions)
    .set({ revokedAt: entry.now, revokedReason: reason })
    .where(and(reason === null ? sql`0` : which, done(entry)))
    .returning({ id: sessions.id });
const idsOf = (rows: readonly { id: string }[]) => rows.map((row) => row.id);

export function d1Admin(d1: D1): AdminStore {
  const { run } = d1;
  return {
    ...d1AdminLists(d1),

    add: (entry, user) =>
      run('admin.add', async (db) => {
        const emailFree = sql`NOT EXISTS (SELECT 1 FROM users WHERE email = ${user.email})`;
        const results = await db.batch([
          write(
            db,
            entry,
            { subjectId: user.id },
            sql`WHERE ${emailFree}
              AND NOT EXISTS (SELECT 1 FROM users WHERE username_key = ${user.usernameKey})`,
          ),
          db.insert(users).select(
            sql`SELECT ${user.id}, ${user.email}, ${user.username}, ${user.usernameKey}, ${user.name},
              ${user.passwordHash}, ${user.passwordVersion}, ${Number(user.isActive)}, ${Number(user.isStaff)},
              ${user.emailVerifiedAt}, ${user.dateJoined}, ${user.lastLoginAt} WHERE ${done(entry)}`,
          ),
          outcome(db, entry, [[emailFree, 'email_taken']], 'username_taken'),
        ]);
        return outcomeOf(results[2]);
      }),

    change: (entry, user, { set, fields, ends }) =>
      run('admin.change', async (db) => {
        const { id } = user;
        const asRead = isAsRead(user);
        const usernameFree = sql`NOT EXISTS (SELECT 1 FROM users AS other
          WHERE other.username_key = ${set.usernameKey ?? null} AND other.id <> ${id})`;
        const results = await db.batch([
          write(
            db,
            entry,
            { subjectId: id, detail: fields.join(', ') },
            sql`FROM users WHERE id = ${id} AND ${asRead} AND ${usernameFree}
              AND ${ends ? notTheLastStaff : sql`1`}`,
          ),
          endSessions(db, entry, liveSessions(id, entry.now), ends),
          db
            .update(users)
            .set(set)
            .where(and(eq(users.id, id), done(entry))),
          outcome(
            db,
            entry,
            [
              [isThere(id), 'gone'],
              [asRead, 'changed'],
              [usernameFree, 'username_taken'],
            ],
            'last_staff',
          ),
          db.select(userColumns).from(users).where(eq(users.id, id)),
        ]);
        return { outcome: outcomeOf(results[3]), user: results[4][0] ?? null, ended: idsOf(results[1]) };
      }),

    remove: (entry, user, { emailSubject, pseudonym }) =>
      run('admin.remove', async (db) => {
        const { id } = user;
        const asRead = isAsRead(user);
        const results = await db.batch([
          write(
            db,
            entry,
            {
              subjectId: pseudonym,
              actorId: entry.actorId === id ? pseudonym : entry.actorId,
            },
            sql`FROM users WHERE id = ${id} AND ${asRead} AND ${notTheLastStaff}`,
          ),
          outcome(
            db,
            entry,
            [
              [isThere(id), 'gone'],
              [asRead, 'changed'],
            ],
            'last_staff',
          ),
          endSessions(db, entry, liveSessions(id, entry.now), 'withdrawn'),
          db.delete(users).where(and(eq(users.id, id), done(entry))),
          db.delete(oneTimeTokens).where(and(sql`subject IN (${id}, ${emailSubject})`, done(entry))),
          db
            .update(adminLog)
            .set({
              actorId: sql`CASE actor_id WHEN ${id} THEN ${pseudonym} ELSE actor_id END`,
              subjectId: sql`CASE subject_id WHEN ${id} THEN ${pseudonym} ELSE subject_id END`,
            })
            .where(and(or(eq(adminLog.actorId, id), eq(adminLog.subjectId, id)), done(entry))),
        ]);
        return { outcome: outcomeOf(results[1]), ended: idsOf(results[2]) };
      }),

    endSessions: (entry, userId, id) =>
      run('admin.endSessions', async (db) => {
        const which = id === null ? sql`1` : sql`id = ${id}`;
        const ending = sql`${liveSessions(userId, entry.now)} AND ${which}`;
        const known =
          id === null
            ? isThere(userId)
            : sql`EXISTS (SELECT 1 FROM sessions WHERE user_id = ${userId} AND ${which})`;
        const results = await db.batch([
          write(db, entry, { subjectId: userId }, sql`WHERE EXISTS (SELECT 1 FROM sessions WHERE ${ending})`),
          outcome(db, entry, [[known, 'gone']], 'ok'),
          endSessions(db, entry, ending, 'ended'),
        ]);
        return { outcome: outcomeOf(results[1]), ended: idsOf(results[2]) };
      }),

    leaveReset: (entry, user, token) =>
      run('admin.leaveReset', async (db) => {
        const { subject, purpose } = token;
        const asRead = isAsRead(user);
        const results = await db.batch([
          write(db, entry, { subjectId: subject }, sql`WHERE ${asRead}`),
          voidTokens(db, subject, done(entry), purpose),
          insertToken(db, token, sql`WHERE ${done(entry)}`),
          outcome(db, entry, [[isThere(subject), 'gone']], 'changed'),
        ]);
        return outcomeOf(results[3]);
      }),
  };
}
