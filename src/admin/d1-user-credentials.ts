/** A user's address and password set by staff, in D1 (d1-act.ts). */
import { and, eq, sql } from 'drizzle-orm';
import { emptySignUps, numbered, withoutOldName } from '../account/d1-email-changes.ts';
import { addLogin, dropLogin, isTaken } from '../account/d1-logins.ts';
import { signUpPlace } from '../account/d1-unproven.ts';
import { writeChanges } from '../audit-log.ts';
import type { D1 } from '../db/client.ts';
import { userExists } from '../db/predicates.ts';
import { logins, users } from '../db/schema.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import { insertToken, voidByPassword, voidTokens, voidVerification } from '../token/d1-one-time-tokens.ts';
import { endedSession, endSessions } from '../token/d1-session-writes.ts';
import { done, isAsRead, outcome, outcomeOf, worthEnding, write } from './d1-act.ts';
import { mayLose } from './d1-sign-in-methods.ts';
import type { UserCredentials } from './ports.ts';

export const d1UserCredentials = ({ run }: D1): UserCredentials => ({
  changeEmail: (entry, user, { to, toSubject, verified, takeBack, confirmation }) =>
    run('admin.changeEmail', async (db) => {
      const { id } = user;
      const asRead = isAsRead(user);
      const acted = done(entry);
      const wasVerified = user.emailVerifiedAt !== null;
      const detail = writeChanges({
        email: [user.email, to],
        ...(verified !== wasVerified && { email_verified: [wasVerified, verified] }),
      });
      // An account whose owner has never proven a mailbox stays unproven (docs/adr/0018).
      const payload = signUpPlace(id);
      const results = await batchWithEvents(
        db,
        [
          write(
            db,
            entry,
            { subjectId: id, detail },
            sql`FROM users WHERE id = ${id} AND ${asRead} AND NOT ${isTaken('email', to)}`,
          ),
          outcome(
            db,
            entry,
            [
              [userExists(id), 'gone'],
              [asRead, 'changed'],
            ],
            'email_taken',
          ),
          dropLogin(db, id, 'username', sql`instr(${logins.key}, '@') AND ${acted}`),
          dropLogin(db, id, 'email', acted),
          db
            .update(users)
            .set({ email: to, emailVerifiedAt: verified ? entry.now : null, ...withoutOldName })
            .where(and(eq(users.id, id), acted)),
          addLogin(db, id, 'email'),
          emptySignUps(db, toSubject, acted),
          ...(confirmation ? [insertToken(db, { ...confirmation, payload }, sql`WHERE ${acted}`)] : []),
          voidTokens(
            db,
            id,
            sql`purpose <> 'email_take_back' AND hash <> ${confirmation?.hash ?? ''} AND ${acted}`,
          ),
          ...(takeBack
            ? [insertToken(db, { ...takeBack, payload: numbered(takeBack) }, sql`WHERE ${acted}`)]
            : []),
        ],
        { after: recordEvent(db, 'email.changed', { userId: id, now: entry.now }, {}, acted) },
      );
      return outcomeOf(results[1]);
    }),

  verifyEmail: (entry, user) =>
    run('admin.verifyEmail', async (db) => {
      const { id } = user;
      const acted = done(entry);
      const results = await batchWithEvents(
        db,
        [
          write(
            db,
            entry,
            { subjectId: id, detail: writeChanges({ email_verified: [false, true] }) },
            sql`FROM users WHERE id = ${id} AND email IS ${user.email} AND email IS NOT NULL
              AND email_verified_at IS NULL`,
          ),
          outcome(db, entry, [[userExists(id), 'gone']], 'changed'),
          db
            .update(users)
            .set({ emailVerifiedAt: entry.now })
            .where(and(eq(users.id, id), acted)),
          voidVerification(db, id, acted),
        ],
        { after: recordEvent(db, 'email.verified', { userId: id, now: entry.now }, {}, acted) },
      );
      return outcomeOf(results[1]);
    }),

  setPassword: (entry, { id, passwordVersion }, passwordHash) =>
    run('admin.setPassword', async (db) => {
      const acted = done(entry);
      const asRead = sql`${users.passwordVersion} = ${passwordVersion}`;
      const may = passwordHash === '' ? mayLose('password') : sql`1`;
      const who = { userId: id, now: entry.now };
      const results = await batchWithEvents(
        db,
        [
          write(db, entry, { subjectId: id }, sql`FROM users WHERE id = ${id} AND ${asRead} AND ${may}`),
          outcome(
            db,
            entry,
            [
              [userExists(id), 'gone'],
              [userExists(id, asRead), 'changed'],
            ],
            'last_staff',
          ),
          endSessions(
            db,
            id,
            'password_reset',
            entry.now,
            sql`${worthEnding(entry.now)} AND ${acted}`,
          ).returning(endedSession),
          db
            .update(users)
            .set({ passwordHash, passwordVersion: sql`${users.passwordVersion} + 1` })
            .where(and(eq(users.id, id), acted)),
          ...voidByPassword(db, id, acted),
        ],
        { after: recordEvent(db, 'password.changed', who, { by: 'staff' }, acted) },
      );
      return { outcome: outcomeOf(results[1]), ended: results[2] };
    }),
});
