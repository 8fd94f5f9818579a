/** "This wasn't me" in D1: deletes an account with an unverified address, with the token e-mailed to that address. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, notTheLastStaff, userExists } from '../db/predicates.ts';
import { sessions, users } from '../db/schema.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import type { Credentials } from '../ports.ts';
import { liveToken } from '../token/d1-one-time-tokens.ts';
import { endedSession } from '../token/d1-session-writes.ts';
import { deleteUser, eraseTraces } from './d1-user-writes.ts';

export const d1Disown = ({ run }: D1): Pick<Credentials, 'disown'> => ({
  disown: (key, { email, emailSubject }, now, pseudonym) =>
    run('credentials.disown', async (db) => {
      const id = key.subject;
      const live = liveToken(key, now);
      const mayDisown = sql`${users.id} = ${id} AND ${users.email} = ${email}
        AND ${users.emailVerifiedAt} IS NULL AND ${activeUser} AND ${live}`;
      // Every other deletion of a user also deletes their tokens: a token without its user means that this batch deleted it.
      const [eraseTokens, eraseLog] = eraseTraces(
        db,
        id,
        { emailSubject, pseudonym },
        sql`${live} AND NOT ${userExists(id)}`,
      );
      const mayGo = sql`${mayDisown} AND ${notTheLastStaff}`;
      const events = recordEvent(db, 'user.deleted', { userId: id, now }, {}, userExists(id, mayGo));
      const [ended, possible, , , , deleted] = await batchWithEvents(
        db,
        [
          db
            .select(endedSession)
            .from(sessions)
            .where(and(eq(sessions.userId, id), isNull(sessions.revokedAt))),
          db.select({ id: users.id }).from(users).where(mayDisown),
          ...deleteUser(db, id, mayGo),
          eraseLog,
          eraseTokens,
        ],
        { before: events },
      );
      if (deleted.length > 0) return { outcome: 'ok', endedSessions: ended };
      return possible.length > 0 ? { outcome: 'last_staff' } : { outcome: 'used' };
    }),
});
