/** Removal of a password in D1: one batch, in which every statement checks the same condition. */
import { and, eq, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, keepsAWayIn, sessionLives, userExists } from '../db/predicates.ts';
import { sessions, users } from '../db/schema.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import type { Credentials } from '../ports.ts';
import { voidByPassword } from '../token/d1-one-time-tokens.ts';
import { endedSession, endSessions } from '../token/d1-session-writes.ts';

export const d1PasswordRemoval = ({ run }: D1): Pick<Credentials, 'removePassword'> => ({
  removePassword: ({ id, passwordVersion }, sessionId, ways, now) =>
    run('credentials.removePassword', async (db) => {
      const asRead = sql`${users.passwordVersion} = ${passwordVersion} AND ${users.passwordHash} <> ''
        AND ${activeUser} AND ${sessionLives(id, sessionId, now)}`;
      const mayGo = sql`${asRead} AND ${keepsAWayIn('password', ways)}`;
      const isGoing = userExists(id, mayGo);
      const [found, ended, , , removed] = await batchWithEvents(
        db,
        [
          db
            .select({ id: users.id })
            .from(users)
            .where(and(eq(users.id, id), asRead)),
          endSessions(
            db,
            id,
            'password_changed',
            now,
            sql`${sessions.id} <> ${sessionId} AND ${isGoing}`,
          ).returning(endedSession),
          ...voidByPassword(db, id, isGoing),
          // Last: the condition of the others needs the password that this removes.
          db
            .update(users)
            .set({ passwordHash: '', passwordVersion: sql`${users.passwordVersion} + 1` })
            .where(and(eq(users.id, id), mayGo))
            .returning({ id: users.id }),
        ],
        { before: recordEvent(db, 'password.changed', { userId: id, now }, { by: 'removal' }, isGoing) },
      );
      if (removed.length > 0) return { outcome: 'ok', endedSessions: ended };
      return { outcome: found.length > 0 ? 'last' : 'changed' };
    }),
});
