/**
 * The console's reads from D1: counts with a limit, and lists by keyset, whose pages cost the same however many rows there
 * are. A filter without an index examines a limited number of rows for a page and reports how far it came.
 */
import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import { readChanges } from '../audit-log.ts';
import type { D1 } from '../db/client.ts';
import { type adminLog, revokedTokens, sessions, users } from '../db/schema.ts';
import type { Session } from '../model.ts';
import { LOOK_MAX, listUsers } from './d1-admin-users.ts';
import type { AdminStore, Count, Cursor, HistoryRow, Page } from './ports.ts';

/** Where a count stops. */
const COUNT_MAX = 10_000;

const upTo = (rows: SQL): SQL => sql`SELECT count(*) FROM (${rows} LIMIT ${COUNT_MAX + 1})`;
const capped = (found: number): Count => ({ count: Math.min(found, COUNT_MAX), more: found > COUNT_MAX });

/** Counts the distinct users of the first rows of a table, so as not to read all of it. */
const usersOf = (table: 'passkeys' | 'connections'): SQL =>
  sql`(SELECT count(DISTINCT user_id) AS found, count(*) AS looked
    FROM (SELECT user_id FROM ${sql.identifier(table)} LIMIT ${COUNT_MAX + 1}))`;
const ofFirst = (found: number, looked: number): Count => ({
  count: Math.min(found, COUNT_MAX),
  more: looked > COUNT_MAX,
});

/** One row more than a page, which shows that there is another page. */
export function pageOf<T>(rows: T[], limit: number, cursorOf: (row: T) => Cursor): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last) : null, looked: null };
}

type Name = 'actorEmail' | 'actorName' | 'subjectEmail' | 'subjectName';

type Lists = Pick<AdminStore, 'counts' | 'users' | 'user' | 'sessions' | 'revokedTokens' | 'history'>;

export function d1AdminLists({ run }: D1): Lists {
  return {
    counts: (now, weekAgoId) =>
      run('admin.counts', async (db) => {
        // Counts the live ones among a limited number of rows, so as not to read all ended sessions.
        const [row] = await db.all<
          Record<
            | 'users'
            | 'fresh'
            | 'live'
            | 'looked'
            | 'revoked'
            | 'factors'
            | 'dead'
            | 'byPasskey'
            | 'ofPasskeys'
            | 'byConnection'
            | 'ofConnections',
            number
          >
        >(
          sql`SELECT (${upTo(sql`SELECT 1 FROM users`)}) AS users,
            (${upTo(sql`SELECT 1 FROM users WHERE id >= ${weekAgoId}`)}) AS fresh,
            (${upTo(sql`SELECT 1 FROM revoked_tokens`)}) AS revoked,
            (${upTo(sql`SELECT 1 FROM totp_secrets WHERE secret IS NOT NULL`)}) AS factors,
            (${upTo(sql`SELECT 1 FROM account_events WHERE dead_at > 0`)}) AS dead,
            seen.live, seen.looked, passkeys.found AS byPasskey, passkeys.looked AS ofPasskeys,
            connections.found AS byConnection, connections.looked AS ofConnections
            FROM ${usersOf('passkeys')} AS passkeys, ${usersOf('connections')} AS connections,
            (SELECT count(*) AS looked, coalesce(sum(revoked_at IS NULL AND absolute_end_at > ${now}), 0) AS live
              FROM (SELECT revoked_at, absolute_end_at FROM sessions LIMIT ${2 * COUNT_MAX})) AS seen`,
        );
        const { users = 0, fresh = 0, live = 0, looked = 0, revoked = 0, factors = 0, dead = 0 } = row ?? {};
        const { byPasskey = 0, ofPasskeys = 0, byConnection = 0, ofConnections = 0 } = row ?? {};
        return {
          users: capped(users),
          newThisWeek: capped(fresh),
          liveSessions: {
            count: Math.min(live, COUNT_MAX),
            more: looked === 2 * COUNT_MAX || live > COUNT_MAX,
          },
          revokedTokens: capped(revoked),
          withSecondFactor: capped(factors),
          deadLetters: capped(dead),
          withPasskey: ofFirst(byPasskey, ofPasskeys),
          withConnection: ofFirst(byConnection, ofConnections),
        };
      }),

    users: (query) => run('admin.users', (db) => listUsers(db, query)),

    user: (id) =>
      run('admin.user', async (db) => {
        const [row] = await db.select().from(users).where(eq(users.id, id));
        return row ?? null;
      }),

    sessions: (userId, { id, after, limit }) =>
      run('admin.sessions', async (db) => {
        const rows = await db
          .select()
          .from(sessions)
          .where(
            and(
              eq(sessions.userId, userId),
              id === null ? undefined : eq(sessions.id, id),
              after ? sql`${sessions.id} < ${after[0]}` : undefined,
            ),
          )
          .orderBy(desc(sessions.id))
          .limit(limit + 1);
        return pageOf(rows as Session[], limit, (row) => [row.id]);
      }),

    revokedTokens: ({ jti, after, limit }) =>
      run('admin.revokedTokens', async (db) => {
        const rows = await db
          .select()
          .from(revokedTokens)
          .where(after ? sql`(expires_at, jti) < (${after[0]}, ${after[1]})` : undefined)
          .orderBy(desc(revokedTokens.expiresAt), desc(revokedTokens.jti))
          .limit(jti === null ? limit + 1 : LOOK_MAX);
        const cursorOf = (row: (typeof rows)[number]) => [row.expiresAt, row.jti];
        if (jti === null) return pageOf(rows, limit, cursorOf);
        const items = rows.filter((row) => row.jti === jti);
        const last = rows.at(-1);
        const done = items.length > 0 || rows.length < LOOK_MAX || !last;
        return { items, next: done ? null : cursorOf(last), looked: rows.length };
      }),

    history: ({ subjectId, after, limit }) =>
      run('admin.history', async (db) => {
        const rows = await db.all<Record<keyof typeof adminLog.$inferSelect | Name, string | null>>(
          sql`SELECT log.id, at, action, detail, actor_id AS actorId, subject_id AS subjectId, actor.email AS actorEmail,
            actor.username AS actorName, subject.email AS subjectEmail, subject.username AS subjectName
            FROM admin_log AS log LEFT JOIN users AS actor ON actor.id = actor_id
            LEFT JOIN users AS subject ON subject.id = subject_id
            WHERE ${subjectId === null ? sql`1` : sql`subject_id = ${subjectId}`}
            AND ${after ? sql`log.id < ${after[0]}` : sql`1`} ORDER BY log.id DESC LIMIT ${limit + 1}`,
        );
        const history = rows.map(
          (row): HistoryRow => ({
            id: row.id as string,
            at: Number(row.at),
            action: row.action as string,
            changes: readChanges(row.detail),
            actor: { id: row.actorId as string, email: row.actorEmail, username: row.actorName },
            subject: { id: row.subjectId as string, email: row.subjectEmail, username: row.subjectName },
          }),
        );
        return pageOf(history, limit, (row) => [row.id]);
      }),
  };
}
