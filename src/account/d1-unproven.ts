/**
 * An account whose address nobody has verified passes to whoever shows the mailbox, in D1 (docs/adr/0014-unproven.md).
 * The row goes and another comes, so that whatever hangs from the old id goes with it.
 */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, userExists } from '../db/predicates.ts';
import { sessions, users } from '../db/schema.ts';
import type { Credentials } from '../ports.ts';
import { liveToken, voidTokens } from '../token/d1-one-time-tokens.ts';
import { endedSession } from '../token/d1-session-writes.ts';
import { addLogin } from './d1-logins.ts';
import { deleteUser, insertUser } from './d1-user-writes.ts';

export const d1Unproven = ({ run }: D1): Pick<Credentials, 'passUnproven'> => ({
  passUnproven: (key, user, now) =>
    run('credentials.passUnproven', async (db) => {
      const id = key.subject;
      const live = liveToken(key, now);
      // A sign-up says in its verification where it came from; nobody signed up for an imported account, or one that
      // staff made. Staff rights were given by somebody who vouched for the person.
      const signedUp = sql`EXISTS (SELECT 1 FROM one_time_tokens AS made WHERE made.subject = ${id}
        AND made.purpose IN ('email_verify', 'email_disown') AND made.payload IS NOT NULL)`;
      const unproven = sql`${users.emailVerifiedAt} IS NULL AND ${users.email} = ${user.email} AND ${users.isStaff} = 0
        AND ${activeUser} AND ${signedUp} AND ${live}`;
      // Whatever else deletes a user deletes the tokens too: one that is left says that it was this batch.
      const gone = sql`${live} AND NOT ${userExists(id)}`;
      const [ended, , , deleted] = await db.batch([
        db
          .select(endedSession)
          .from(sessions)
          .where(and(eq(sessions.userId, id), isNull(sessions.revokedAt))),
        ...deleteUser(db, id, unproven),
        insertUser(db, user, sql`WHERE ${gone}`),
        addLogin(db, user.id, 'email'),
        voidTokens(db, id, gone),
      ]);
      return deleted.length > 0 ? { outcome: 'ok', endedSessions: ended } : { outcome: 'proven' };
    }),
});
