/** The console's actions on users in D1 (d1-act.ts). Its reads: d1-admin-lists.ts. */
import { and, eq, sql } from 'drizzle-orm';
import { addLogin, dropLogin, isTaken } from '../account/d1-logins.ts';
import { deleteUser, eraseTraces, insertUser } from '../account/d1-user-writes.ts';
import { changedFields } from '../account/event.ts';
import { writeChanges } from '../audit-log.ts';
import type { D1 } from '../db/client.ts';
import { notTheLastStaff, userExists } from '../db/predicates.ts';
import { logins, recoveryCodes, sessions, totpSecrets, userColumns, users } from '../db/schema.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import { insertToken, voidOldest, voidRequested, voidTokens } from '../token/d1-one-time-tokens.ts';
import { endedSession, endSessions } from '../token/d1-session-writes.ts';
import { done, isAsRead, outcome, outcomeOf, worthEnding, write } from './d1-act.ts';
import { d1AdminLists } from './d1-admin-lists.ts';
import { d1SignInMethods } from './d1-sign-in-methods.ts';
import type { AdminStore } from './ports.ts';

export function d1Admin(d1: D1): AdminStore {
  const { run } = d1;
  return {
    ...d1AdminLists(d1),
    ...d1SignInMethods(d1),

    add: (entry, user, invitation) =>
      run('admin.add', async (db) => {
        const emailFree = sql`NOT ${isTaken('email', user.email)}`;
        const who = { userId: user.id, now: entry.now };
        const events = recordEvent(db, 'user.created', who, { email_verified: false }, done(entry));
        const results = await batchWithEvents(
          db,
          [
            write(
              db,
              entry,
              {
                subjectId: user.id,
                ...(invitation && { detail: writeChanges({ invited: [false, true] }) }),
              },
              sql`WHERE ${emailFree} AND NOT ${isTaken('username', user.usernameKey)}`,
            ),
            outcome(db, entry, [[emailFree, 'email_taken']], 'username_taken'),
            insertUser(db, user, sql`WHERE ${done(entry)}`),
            addLogin(db, user.id, 'email'),
            addLogin(db, user.id, 'username'),
            ...(invitation ? [insertToken(db, invitation, sql`WHERE ${done(entry)}`)] : []),
          ],
          { after: events },
        );
        return outcomeOf(results[1]);
      }),

    change: (entry, user, { set, changes, ends }) =>
      run('admin.change', async (db) => {
        const { id } = user;
        const asRead = isAsRead(user);
        const key = set.usernameKey;
        const usernameFree = sql`NOT ${isTaken('username', key ?? null, id)}`;
        const changed = changedFields(user, set);
        const who = { userId: id, now: entry.now };
        const results = await batchWithEvents(
          db,
          [
            write(
              db,
              entry,
              { subjectId: id, detail: writeChanges(changes) },
              sql`FROM users WHERE id = ${id} AND ${asRead} AND ${usernameFree}
              AND ${ends === 'deactivated' || ends === 'demoted' ? notTheLastStaff : sql`1`}`,
            ),
            endSessions(
              db,
              id,
              ends ?? 'ended',
              entry.now,
              sql`${ends ? worthEnding(entry.now) : sql`0`} AND ${done(entry)}`,
            ).returning(endedSession),
            dropLogin(
              db,
              id,
              'username',
              key === undefined ? sql`0` : sql`${logins.key} IS NOT ${key} AND ${done(entry)}`,
            ),
            db
              .update(users)
              .set(set)
              .where(and(eq(users.id, id), done(entry))),
            addLogin(db, id, 'username'),
            outcome(
              db,
              entry,
              [
                [userExists(id), 'gone'],
                [asRead, 'changed'],
                [usernameFree, 'username_taken'],
              ],
              'last_staff',
            ),
            db.select(userColumns).from(users).where(eq(users.id, id)),
            ...(ends ? [(ends === 'deactivated' ? voidTokens : voidRequested)(db, id, done(entry))] : []),
          ],
          { after: recordEvent(db, 'user.updated', who, { changed }, done(entry)) },
        );
        return { outcome: outcomeOf(results[5]), user: results[6][0] ?? null, ended: results[1] };
      }),

    remove: (entry, user, { emailSubject, pseudonym }) =>
      run('admin.remove', async (db) => {
        const { id } = user;
        const asRead = isAsRead(user);
        const who = { userId: id, now: entry.now };
        const results = await batchWithEvents(
          db,
          [
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
                [userExists(id), 'gone'],
                [asRead, 'changed'],
              ],
              'last_staff',
            ),
            endSessions(
              db,
              id,
              'withdrawn',
              entry.now,
              sql`${worthEnding(entry.now)} AND ${done(entry)}`,
            ).returning(endedSession),
            ...deleteUser(db, id, done(entry)),
            ...eraseTraces(db, id, { emailSubject, pseudonym }, done(entry)),
          ],
          { after: recordEvent(db, 'user.deleted', who, {}, done(entry)) },
        );
        return { outcome: outcomeOf(results[1]), ended: results[2] };
      }),

    endSessions: (entry, userId, id) =>
      run('admin.endSessions', async (db) => {
        const which = id === null ? sql`1` : sql`${sessions.id} = ${id}`;
        const ending = sql`${worthEnding(entry.now)} AND ${which}`;
        const known =
          id === null
            ? userExists(userId)
            : sql`EXISTS (SELECT 1 FROM sessions WHERE user_id = ${userId} AND ${which})`;
        const results = await db.batch([
          write(
            db,
            entry,
            { subjectId: userId },
            sql`WHERE EXISTS (SELECT 1 FROM sessions
              WHERE user_id = ${userId} AND revoked_at IS NULL AND ${ending})`,
          ),
          outcome(db, entry, [[known, 'gone']], 'ok'),
          endSessions(db, userId, 'ended', entry.now, sql`${ending} AND ${done(entry)}`).returning(
            endedSession,
          ),
          // As when users log out everywhere themselves.
          ...(id === null ? [voidRequested(db, userId, done(entry))] : []),
        ]);
        return { outcome: outcomeOf(results[1]), ended: results[2] };
      }),

    removeFactor: (entry, userId) =>
      run('admin.removeFactor', async (db) => {
        const isOn = userExists(userId, sql`${users.hasSecondFactor} = 1`);
        const results = await db.batch([
          write(db, entry, { subjectId: userId }, sql`WHERE ${isOn}`),
          outcome(db, entry, [], 'gone'),
          db.delete(totpSecrets).where(and(eq(totpSecrets.userId, userId), done(entry))),
          db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, userId), done(entry))),
          db
            .update(users)
            .set({ hasSecondFactor: false })
            .where(and(eq(users.id, userId), done(entry))),
          voidTokens(db, userId, done(entry), 'second_factor'),
        ]);
        return outcomeOf(results[1]);
      }),

    leaveReset: (entry, user, token) =>
      run('admin.leaveReset', async (db) => {
        const { subject, purpose } = token;
        const asRead = isAsRead(user);
        const results = await db.batch([
          write(db, entry, { subjectId: subject }, sql`WHERE ${asRead}`),
          voidOldest(db, subject, purpose, done(entry)),
          insertToken(db, token, sql`WHERE ${done(entry)}`),
          outcome(db, entry, [[userExists(subject), 'gone']], 'changed'),
        ]);
        return outcomeOf(results[3]);
      }),
  };
}
