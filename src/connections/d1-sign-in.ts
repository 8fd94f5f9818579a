/** The outcomes of a sign-in with a provider, in D1: known identity, new user, new connection, account handed over. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import { addLogin, isTaken } from '../account/d1-logins.ts';
import { recordPassing, signedUp, unproven } from '../account/d1-unproven.ts';
import { deleteUser, insertUser } from '../account/d1-user-writes.ts';
import type { D1 } from '../db/client.ts';
import { activeUser, addressAsRead, userExists } from '../db/predicates.ts';
import { connections, logins, sessions, userColumns, users } from '../db/schema.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import { insertToken, voidTokens } from '../token/d1-one-time-tokens.ts';
import { endedSession } from '../token/d1-session-writes.ts';
import { insertConnection, isConnected, kindOf, leaveExchange, wasLeft } from './d1-connection-writes.ts';
import type { Connections } from './ports.ts';

export const d1ProviderSignIn = ({
  run,
}: D1): Pick<Connections, 'find' | 'use' | 'create' | 'link' | 'pass'> => ({
  find: ({ issuer, subject, email }) =>
    run('connections.find', async (db) => {
      const [byIdentity, byEmail] = await db.batch([
        db
          .select(userColumns)
          .from(logins)
          .innerJoin(users, eq(users.id, logins.userId))
          .where(and(eq(logins.kind, kindOf(issuer)), eq(logins.key, subject))),
        db
          .select({ user: userColumns, signedUp: sql<number>`${signedUp(sql`${users.id}`)}`.as('signed_up') })
          .from(logins)
          .innerJoin(users, eq(users.id, logins.userId))
          .where(and(eq(logins.kind, 'email'), eq(logins.key, email ?? ''))),
      ]);
      const owner = byEmail[0];
      return {
        byIdentity: byIdentity[0] ?? null,
        byEmail: owner ? { ...owner.user, signedUp: owner.signedUp === 1 } : null,
      };
    }),

  use: (user, identity, exchange, payload) =>
    run('connections.use', async (db) => {
      const { issuer, subject, email } = identity;
      const [left] = await db.batch([
        leaveExchange(
          db,
          exchange,
          payload,
          sql`WHERE ${userExists(user.id, activeUser)} AND ${isConnected(identity)}
            AND NOT ${isConnected(identity, user.id)}`,
        ),
        db
          .update(connections)
          // Not every answer has the address.
          .set({ lastUsedAt: exchange.createdAt, ...(email !== null && { email }) })
          .where(
            and(
              eq(connections.userId, user.id),
              eq(connections.issuer, issuer),
              eq(connections.subject, subject),
              wasLeft(exchange.key),
            ),
          ),
      ]);
      return left.meta.changes > 0 ? 'ok' : 'changed';
    }),

  create: (user, connection, exchange, payload, verification) =>
    run('connections.create', async (db) => {
      const made = wasLeft(exchange.key);
      const who = { userId: user.id, now: exchange.createdAt };
      const verified = { email_verified: user.emailVerifiedAt !== null };
      const [left] = await batchWithEvents(
        db,
        [
          leaveExchange(
            db,
            exchange,
            payload,
            sql`WHERE NOT ${isTaken('email', user.email)} AND NOT ${isConnected(connection)}`,
          ),
          insertUser(db, user, sql`WHERE ${made}`),
          addLogin(db, user.id, 'email'),
          ...insertConnection(db, user.id, connection, made),
          ...(verification
            ? [
                insertToken(
                  db,
                  {
                    subject: user.id,
                    purpose: 'email_verify',
                    createdAt: exchange.createdAt,
                    ...verification,
                  },
                  sql`WHERE ${made}`,
                ),
              ]
            : []),
        ],
        { after: recordEvent(db, 'user.created', who, verified, made) },
      );
      return left.meta.changes > 0 ? 'ok' : 'changed';
    }),

  link: (user, connection, exchange, payload) =>
    run('connections.link', async (db) => {
      const [left] = await db.batch([
        leaveExchange(
          db,
          exchange,
          payload,
          sql`WHERE ${userExists(user.id, sql`${activeUser} AND ${addressAsRead(user)}`)}
            AND NOT ${isConnected(connection)}`,
        ),
        ...insertConnection(db, user.id, connection, wasLeft(exchange.key)),
      ]);
      return left.meta.changes > 0 ? 'ok' : 'changed';
    }),

  pass: (from, to, connection, exchange, payload) =>
    run('connections.pass', async (db) => {
      const passed = wasLeft(exchange.key);
      const now = exchange.createdAt;
      const events =
        from.id === to.id
          ? recordEvent(db, 'email.verified', { userId: to.id, now }, {}, passed)
          : recordPassing(db, from.id, to.id, now, passed);
      const [ended, left] = await batchWithEvents(
        db,
        [
          db
            .select(endedSession)
            .from(sessions)
            .where(and(eq(sessions.userId, from.id), isNull(sessions.revokedAt))),
          leaveExchange(
            db,
            exchange,
            payload,
            // Still as read, since that decided whether the account keeps its id.
            sql`WHERE ${userExists(
              from.id,
              sql`${unproven} AND ${users.email} = ${from.email}
              AND ${users.passwordVersion} = ${from.passwordVersion}
              AND ${from.signedUp ? sql`` : sql`NOT`} ${signedUp(from.id)}`,
            )} AND NOT ${isConnected(connection)}`,
          ),
          // Deletes the row and inserts a new one, so that everything that refers to it is deleted too, in every room.
          ...deleteUser(db, from.id, passed),
          voidTokens(db, from.id, sql`hash <> ${exchange.key.hash} AND ${passed}`),
          insertUser(db, to, sql`WHERE ${passed}`),
          addLogin(db, to.id, 'email'),
          addLogin(db, to.id, 'username'),
          ...insertConnection(db, to.id, connection, passed),
        ],
        { after: events },
      );
      return left.meta.changes > 0 ? { outcome: 'ok', endedSessions: ended } : { outcome: 'changed' };
    }),
});
