/**
 * The console's reads from D1: counts with a limit, and lists by keyset, whose pages cost the same however many rows there
 * are. A filter without an index examines a limited number of rows for a page and reports how far it came.
 */
import { and, desc, eq, ne, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { logins, revokedTokens, sessions, users } from '../db/schema.ts';
import type { Session } from '../model.ts';
import { d1AdminHistory } from './d1-admin-history.ts';
import { d1AdminSessions } from './d1-admin-sessions.ts';
import { LOOK_MAX, listUsers } from './d1-admin-users.ts';
import { COUNT_MAX, capped, upTo } from './d1-counts.ts';
import type { AdminLists, Count, Cursor, Page } from './list-ports.ts';

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

export function d1AdminLists(d1: D1): AdminLists {
  const { run } = d1;
  return {
    ...d1AdminHistory(d1),
    ...d1AdminSessions(d1),

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
            (${upTo(sql`SELECT 1 FROM revoked_tokens WHERE reason <> 'challenge'`)}) AS revoked,
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

    idOf: ({ email, usernameKey, id }) =>
      run('admin.idOf', async (db) => {
        const [row] = await db.all<{ id: string }>(
          sql`SELECT ${logins.userId} AS id FROM ${logins} WHERE ${logins.kind} = 'email' AND ${logins.key} = ${email}
            UNION ALL SELECT ${logins.userId} FROM ${logins}
              WHERE ${logins.kind} = 'username' AND ${logins.key} = ${usernameKey}
            UNION ALL SELECT id FROM users WHERE id = ${id} LIMIT 1`,
        );
        return row?.id ?? null;
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
          // A used passkey challenge has its row here for minutes, and is no token.
          .where(
            and(
              ne(revokedTokens.reason, 'challenge'),
              after ? sql`(expires_at, jti) < (${after[0]}, ${after[1]})` : undefined,
            ),
          )
          .orderBy(desc(revokedTokens.expiresAt), desc(revokedTokens.jti))
          .limit(jti === null ? limit + 1 : LOOK_MAX);
        const cursorOf = (row: (typeof rows)[number]) => [row.expiresAt, row.jti];
        if (jti === null) return pageOf(rows, limit, cursorOf);
        const items = rows.filter((row) => row.jti === jti);
        const last = rows.at(-1);
        const done = items.length > 0 || rows.length < LOOK_MAX || !last;
        return { items, next: done ? null : cursorOf(last), looked: rows.length };
      }),
  };
}
