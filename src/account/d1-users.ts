/**
 * Users in D1. D1 has no interactive transactions, only batches. What must happen exactly once is one conditional
 * statement, and the statements after it in the batch check whether it happened.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, notTheLastStaff, sessionLives, userExists } from '../db/predicates.ts';
import { logins, sessions, userColumns, users } from '../db/schema.ts';
import type { Params } from '../db/statement.ts';
import type { Session } from '../model.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import type { Users } from '../ports.ts';
import { insertToken } from '../token/d1-one-time-tokens.ts';
import { endedSession, insertSession } from '../token/d1-session-writes.ts';
import { addLogin, dropLogin, isTaken, type LoginKind } from './d1-logins.ts';
import { deleteUser, eraseTraces, insertUser } from './d1-user-writes.ts';
import { changedFields } from './event.ts';

export function d1Users({ run, statement }: D1): Users {
  // Joined to a constant row, so that known and unknown names both return one row.
  const findByLogin = statement((db, { kind, key }: Params<{ kind: LoginKind; key: string }>) =>
    db
      .select({ user: userColumns })
      .from(sql`(SELECT 1)`)
      .leftJoin(logins, and(eq(logins.kind, kind), eq(logins.key, key)))
      .leftJoin(users, eq(users.id, logins.userId)),
  );
  const findWithSession = statement(
    (db, { userId, sessionId }: Params<{ userId: string; sessionId: string }>) =>
      db
        .select({ user: userColumns, session: sessions })
        .from(users)
        .leftJoin(sessions, and(eq(sessions.userId, users.id), eq(sessions.id, sessionId)))
        .where(eq(users.id, userId)),
  );

  return {
    create: (user, session, mail) =>
      run('users.create', async (db) => {
        const made = userExists(user.id);
        const emailTaken = isTaken('email', user.email);
        const usernameTaken = isTaken('username', user.usernameKey);
        const events = recordEvent(
          db,
          'user.created',
          { userId: user.id, now: user.dateJoined },
          { email_verified: user.emailVerifiedAt !== null },
          made,
        );
        const results = await batchWithEvents(
          db,
          [
            db
              .select({
                email: sql<number>`${emailTaken}`.as('email_taken'),
                username: sql<number>`${usernameTaken}`.as('username_taken'),
              })
              .from(sql`(SELECT 1)`),
            insertUser(db, user, sql`WHERE NOT ${emailTaken} AND NOT ${usernameTaken}`),
            addLogin(db, user.id, 'email'),
            ...(user.usernameKey === null ? [] : [addLogin(db, user.id, 'username')]),
            ...(session ? [insertSession(db, session, sql`WHERE ${made}`)] : []),
            ...(mail ? [insertToken(db, mail, sql`WHERE ${made}`)] : []),
          ],
          { after: events },
        );
        const taken = results[0][0];
        if (taken?.email) return 'email_taken';
        return taken?.username ? 'username_taken' : 'ok';
      }),

    findByName: (name) =>
      run('users.findByName', async () => {
        const [row] = await findByLogin.run(
          'email' in name ? { kind: 'email', key: name.email } : { kind: 'username', key: name.usernameKey },
        );
        return row?.user ?? null;
      }),

    findWithSession: (userId, sessionId) =>
      run('users.findWithSession', async () => {
        const [row] = await findWithSession.run({ userId, sessionId });
        return row ? { user: row.user, session: row.session as Session | null } : null;
      }),

    update: (read, sessionId, now, change) =>
      run('users.update', async (db) => {
        const { id: userId, email } = read;
        const key = change.usernameKey;
        const taken = isTaken('username', key ?? null, userId);
        const moved = key === undefined ? sql`0` : userExists(userId, sql`${users.email} IS NOT ${email}`);
        const mayChange = sql`${userExists(userId, activeUser)} AND ${sessionLives(userId, sessionId, now)}
          AND NOT ${taken} AND NOT ${moved}`;
        const changed = changedFields(read, change);
        const events =
          changed.length === 0
            ? []
            : recordEvent(db, 'user.updated', { userId, now }, { changed }, mayChange);
        const results = await batchWithEvents(
          db,
          [
            db
              .select({ taken: sql<number>`${taken}`.as('taken'), moved: sql<number>`${moved}`.as('moved') })
              .from(sql`(SELECT 1)`),
            dropLogin(
              db,
              userId,
              'username',
              key === undefined ? sql`0` : sql`${logins.key} IS NOT ${key} AND ${mayChange}`,
            ),
            db
              .update(users)
              .set(change)
              .where(and(eq(users.id, userId), mayChange))
              .returning(userColumns),
            ...(key == null ? [] : [addLogin(db, userId, 'username')]),
          ],
          { before: events },
        );
        const [user] = results[2];
        if (user) return { outcome: 'ok', user };
        if (results[0][0]?.taken) return { outcome: 'username_taken' };
        return { outcome: results[0][0]?.moved ? 'changed' : 'gone' };
      }),

    withdraw: ({ id, passwordVersion, emailSubject }, sessionId, now, pseudonym) =>
      run('users.withdraw', async (db) => {
        const mayGo = sql`${users.passwordVersion} = ${passwordVersion} AND ${sessionLives(id, sessionId, now)}
          AND ${notTheLastStaff}`;
        const gone = sql`NOT ${userExists(id)}`;
        const events = recordEvent(db, 'user.deleted', { userId: id, now }, {}, userExists(id, mayGo));
        const results = await batchWithEvents(
          db,
          [
            db
              .select(endedSession)
              .from(sessions)
              .where(and(eq(sessions.userId, id), sql`revoked_at IS NULL`)),
            ...deleteUser(db, id, mayGo),
            ...eraseTraces(db, id, { emailSubject, pseudonym }, gone),
            db
              .select({ passwordVersion: users.passwordVersion })
              .from(users)
              .where(and(eq(users.id, id), sql`NOT ${notTheLastStaff}`)),
          ],
          { before: events },
        );
        if (results[4].length > 0) {
          return { outcome: 'ok', endedSessions: results[0] };
        }
        return { outcome: results[7][0]?.passwordVersion === passwordVersion ? 'last_staff' : 'changed' };
      }),
  };
}
