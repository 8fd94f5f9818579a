/**
 * Users in D1. Weakness of the store: no transaction but a batch, so whatever must happen exactly once is
 * one conditional statement, and what follows in its batch asks whether it happened.
 */
import { and, eq, or, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, notTheLastStaff, sessionLives, userExists } from '../db/predicates.ts';
import { sessions, userColumns, users } from '../db/schema.ts';
import type { Db, Params } from '../db/statement.ts';
import type { Session, Users } from '../ports.ts';
import { endedSession, insertSession } from '../token/d1-session-writes.ts';
import { insertToken } from './d1-one-time-tokens.ts';
import { eraseTraces } from './d1-user-writes.ts';

export function d1Users({ run, statement }: D1): Users {
  // Joined to a row that is always there, so that nobody known and somebody known are answered alike.
  const findBy = (db: Db, key: SQL) =>
    db.select({ user: userColumns }).from(sql`(SELECT 1)`).leftJoin(users, key);
  const findByEmail = statement((db, { email }: Params<{ email: string }>) =>
    findBy(db, eq(users.email, email)),
  );
  const findByUsername = statement((db, { usernameKey }: Params<{ usernameKey: string }>) =>
    findBy(db, eq(users.usernameKey, usernameKey)),
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
        const results = await db.batch([
          db
            .select({ id: users.id, email: users.email })
            .from(users)
            .where(
              or(
                eq(users.id, user.id),
                user.email === null ? undefined : eq(users.email, user.email),
                user.usernameKey === null ? undefined : eq(users.usernameKey, user.usernameKey),
              ),
            ),
          db.insert(users).values(user).onConflictDoNothing(),
          ...(session ? [insertSession(db, session, sql`WHERE ${made}`)] : []),
          ...(mail ? [insertToken(db, mail, sql`WHERE ${made}`)] : []),
        ]);
        const taken = results[0];
        if (taken.length === 0) return 'ok';
        return taken.some((row) => row.email === user.email && user.email !== null)
          ? 'email_taken'
          : 'username_taken';
      }),

    findByName: (name) =>
      run('users.findByName', async () => {
        const rows = await ('email' in name ? findByEmail.run(name) : findByUsername.run(name));
        return rows[0]?.user ?? null;
      }),

    findWithSession: (userId, sessionId) =>
      run('users.findWithSession', async () => {
        const [row] = await findWithSession.run({ userId, sessionId });
        return row ? { user: row.user, session: row.session as Session | null } : null;
      }),

    update: ({ id: userId, email }, sessionId, now, change) =>
      run('users.update', async (db) => {
        const key = change.usernameKey;
        const results = await db.batch([
          db
            .update(users)
            .set(change)
            .where(
              and(
                eq(users.id, userId),
                activeUser,
                sessionLives(userId, sessionId, now),
                key === undefined ? undefined : sql`${users.email} IS ${email}`,
                key == null
                  ? undefined
                  : sql`NOT EXISTS (SELECT 1 FROM users AS other WHERE other.username_key = ${key}
                      AND other.id <> ${userId})`,
              ),
            )
            .returning(userColumns),
          db
            .select({ id: users.id, email: users.email })
            .from(users)
            .where(or(eq(users.id, userId), key == null ? undefined : eq(users.usernameKey, key))),
        ]);
        const [user] = results[0];
        if (user) return { outcome: 'ok', user };
        if (results[1].some((row) => row.id !== userId)) return { outcome: 'username_taken' };
        const moved = key !== undefined && results[1].some((row) => row.email !== email);
        return { outcome: moved ? 'changed' : 'gone' };
      }),

    withdraw: ({ id, passwordVersion, emailSubject }, sessionId, now, pseudonym) =>
      run('users.withdraw', async (db) => {
        const gone = sql`NOT ${userExists(id)}`;
        const results = await db.batch([
          db
            .select(endedSession)
            .from(sessions)
            .where(and(eq(sessions.userId, id), sql`revoked_at IS NULL`)),
          db
            .delete(users)
            .where(
              and(
                eq(users.id, id),
                eq(users.passwordVersion, passwordVersion),
                sessionLives(id, sessionId, now),
                notTheLastStaff,
              ),
            )
            .returning({ id: users.id }),
          ...eraseTraces(db, id, { emailSubject, pseudonym }, gone),
          db
            .select({ passwordVersion: users.passwordVersion })
            .from(users)
            .where(and(eq(users.id, id), sql`NOT ${notTheLastStaff}`)),
        ]);
        if (results[1].length > 0) {
          return { outcome: 'ok', endedSessions: results[0] };
        }
        return { outcome: results[4][0]?.passwordVersion === passwordVersion ? 'last_staff' : 'changed' };
      }),
  };
}
