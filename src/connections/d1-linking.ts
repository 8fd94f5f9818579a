/** A signed-in user's connections in D1: the ticket that adds one, the list, and removal. */
import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, keepsAWayIn, sessionLives, userExists } from '../db/predicates.ts';
import { connections, oneTimeTokens } from '../db/schema.ts';
import { insertToken, liveToken, voidOldest, voidTokens } from '../token/d1-one-time-tokens.ts';
import { isConnected, wasLeft } from './d1-connection-writes.ts';
import type { Connection, Connections, TicketPayload } from './ports.ts';

const PURPOSE = 'connect';
const keyOf = ({ userId, hash }: { userId: string; hash: string }) =>
  ({ subject: userId, purpose: PURPOSE, hash }) as const;

/** The codes of a user that can still be exchanged. */
const exchangeable = (userId: string, now: number): SQL =>
  sql`${oneTimeTokens.subject} = ${userId} AND ${oneTimeTokens.purpose} = 'exchange'
    AND ${oneTimeTokens.expiresAt} > ${now}`;
/** The id of the connection that the exchange of a code adds, or NULL. */
const addsId = sql`json_extract(${oneTimeTokens.payload}, '$.adds.id')`;

/** The session that requested the ticket is still live. */
const requestingSessionLives = ({ userId, hash }: { userId: string; hash: string }, now: number): SQL =>
  sql`EXISTS (SELECT 1 FROM sessions AS asker JOIN one_time_tokens AS ticket ON ticket.subject = ${userId}
    AND ticket.purpose = ${PURPOSE} AND ticket.hash = ${hash} AND asker.id = json_extract(ticket.payload, '$.sessionId')
    WHERE asker.user_id = ${userId} AND asker.revoked_at IS NULL AND asker.absolute_end_at > ${now})`;

export const d1Linking = ({
  run,
}: D1): Pick<Connections, 'startLink' | 'takeTicket' | 'offerLink' | 'list' | 'remove'> => ({
  startLink: ({ userId, sessionId }, { hash, payload, ...times }) =>
    run('connections.startLink', async (db) => {
      const may = sql`${sessionLives(userId, sessionId, times.createdAt)} AND ${userExists(userId, activeUser)}`;
      const [, left] = await db.batch([
        voidOldest(db, userId, PURPOSE, may),
        insertToken(
          db,
          { ...keyOf({ userId, hash }), payload: JSON.stringify(payload), ...times },
          sql`WHERE ${may}`,
        ),
      ]);
      return left.meta.changes > 0;
    }),

  takeTicket: (ticket, newHash, now) =>
    run('connections.takeTicket', async (db) => {
      const [taken] = await db
        .update(oneTimeTokens)
        .set({ hash: newHash, payload: sql`json_set(${oneTimeTokens.payload}, '$.taken', 1)` })
        .where(
          sql`${oneTimeTokens.subject} = ${ticket.userId} AND ${oneTimeTokens.purpose} = ${PURPOSE}
            AND ${oneTimeTokens.hash} = ${ticket.hash} AND ${oneTimeTokens.expiresAt} > ${now}
            AND json_extract(${oneTimeTokens.payload}, '$.taken') IS NULL`,
        )
        .returning({ payload: oneTimeTokens.payload });
      return taken?.payload == null ? null : (JSON.parse(taken.payload) as TicketPayload);
    }),

  offerLink: (ticket, identity, exchange, payload) =>
    run('connections.offerLink', async (db) => {
      const { userId } = ticket;
      const now = exchange.createdAt;
      const may = sql`${liveToken(keyOf(ticket), now)} AND ${requestingSessionLives(ticket, now)}
        AND ${userExists(userId, activeUser)} AND NOT ${isConnected(identity, userId)}`;
      const ofUser = (column: string): SQL =>
        sql`(SELECT ${sql.raw(column)} FROM users WHERE id = ${userId})`;
      const amr = sql`(SELECT json_extract(ticket.payload, '$.amr') FROM one_time_tokens AS ticket
        WHERE ticket.subject = ${userId} AND ticket.purpose = ${PURPOSE} AND ticket.hash = ${ticket.hash})`;
      const whole = sql`json_set(${JSON.stringify(payload)}, '$.passwordVersion', ${ofUser('password_version')},
        '$.isStaff', json(CASE ${ofUser('is_staff')} WHEN 1 THEN 'true' ELSE 'false' END), '$.amr', json(${amr}))`;
      const [left] = await db.batch([
        insertToken(
          db,
          { ...exchange.key, payload: whole, createdAt: now, expiresAt: exchange.expiresAt },
          sql`WHERE ${may}`,
        ),
        voidTokens(
          db,
          userId,
          sql`${oneTimeTokens.hash} = ${ticket.hash} AND ${wasLeft(exchange.key)}`,
          PURPOSE,
        ),
      ]);
      return left.meta.changes > 0 ? 'ok' : 'changed';
    }),

  list: (userId, now) =>
    run('connections.list', async (db) => {
      const [listed, offered] = await db.batch([
        db
          .select({
            id: connections.id,
            provider: connections.provider,
            issuer: connections.issuer,
            subject: connections.subject,
            email: connections.email,
            createdAt: connections.createdAt,
            lastUsedAt: connections.lastUsedAt,
          })
          .from(connections)
          .where(eq(connections.userId, userId))
          .orderBy(asc(connections.id)),
        db
          .select({ payload: oneTimeTokens.payload })
          .from(oneTimeTokens)
          .where(sql`${exchangeable(userId, now)} AND ${addsId} IS NOT NULL`),
      ]);
      const waiting = offered
        .map(({ payload }) => (JSON.parse(payload ?? '') as { adds: Connection }).adds)
        .filter(
          ({ issuer, subject }) => !listed.some((one) => one.issuer === issuer && one.subject === subject),
        )
        // Whoever opened the URL may be somebody else, whose address this user must not learn.
        .map((one) => ({ ...one, email: null }));
      return [...listed, ...waiting];
    }),

  remove: ({ userId, sessionId }, id, ways, now) =>
    run('connections.remove', async (db) => {
      const isThis = and(eq(connections.userId, userId), eq(connections.id, id));
      const anotherWay = userExists(userId, keepsAWayIn({ connection: id }, ways));
      const lives = sql`${sessionLives(userId, sessionId, now)} AND ${userExists(userId, activeUser)}`;
      const may = sql`${lives} AND ${anotherWay}`;
      const [stands, voided, removed] = await db.batch([
        db
          .select({
            lives: sql<number>`${lives}`.as('lives'),
            there: sql<number>`EXISTS (SELECT 1 FROM ${connections} WHERE ${isThis})`.as('there'),
          })
          .from(sql`(SELECT 1)`),
        // The code that adds this connection, or all codes, as one of them may come from a sign-in with it.
        db
          .delete(oneTimeTokens)
          .where(
            sql`${exchangeable(userId, now)} AND ((${addsId} = ${id} AND ${lives})
              OR (EXISTS (SELECT 1 FROM ${connections} WHERE ${isThis}) AND ${may}))`,
          )
          .returning({ adds: sql<string | null>`${addsId}` }),
        db.delete(connections).where(and(isThis, may)).returning({ provider: connections.provider }),
      ]);
      const [gone] = removed;
      if (gone) return { outcome: 'ok', provider: gone.provider };
      if (voided.some(({ adds }) => adds === id)) return { outcome: 'withdrawn' };
      if (!stands[0]?.lives) return { outcome: 'gone' };
      return { outcome: stands[0].there ? 'last' : 'not_found' };
    }),
});
