/** Dead letters in D1: listing them, and sending one again. */
import { and, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { accountEvents as events } from '../db/schema.ts';
import { endOfQueue } from '../outbox/d1-record.ts';
import { done, outcome, outcomeOf, write } from './d1-act.ts';
import { pageOf } from './d1-admin-lists.ts';
import type { DeadLetter, Person } from './list-ports.ts';
import type { DeadLetterStore } from './ports.ts';

type Row = Omit<DeadLetter, 'user'> & Omit<Person, 'id'> & { userId: string };

export const d1DeadLetters = ({ run, recordsEvents }: D1): DeadLetterStore => ({
  canRetry: recordsEvents,

  list: ({ after, limit }) =>
    run('admin.deadLetters', async (db) => {
      const rows = await db.all<Row>(
        sql`SELECT letter.user_id AS userId, letter.seq, letter.id, letter.type, letter.created_at AS createdAt,
          letter.dead_at AS deadAt, letter.attempts, letter.failure, users.email, users.username
          FROM account_events AS letter LEFT JOIN users ON users.id = letter.user_id
          WHERE letter.dead_at > 0
          AND ${after ? sql`(letter.dead_at, letter.user_id, letter.seq) < (${after[0]}, ${after[1]}, ${after[2]})` : sql`1`}
          ORDER BY letter.dead_at DESC, letter.user_id DESC, letter.seq DESC LIMIT ${limit + 1}`,
      );
      const letters = rows.map(
        ({ userId, email, username, ...letter }): DeadLetter => ({
          ...letter,
          user: { id: userId, email, username },
        }),
      );
      return pageOf(letters, limit, ({ deadAt, user, seq }) => [deadAt, user.id, seq]);
    }),

  retry: (entry, { userId, seq }, pseudonym) =>
    run('admin.retryDeadLetter', async (db) => {
      const isLetter: SQL = sql`${events.userId} = ${userId} AND ${events.seq} = ${seq} AND ${events.deadAt} IS NOT NULL`;
      const subjectId = sql<string>`coalesce((SELECT id FROM users WHERE id = ${userId}), ${pseudonym})`;
      const results = await db.batch([
        write(db, entry, { subjectId }, sql`WHERE EXISTS (SELECT 1 FROM ${events} WHERE ${isLetter})`),
        outcome(db, entry, [], 'gone'),
        db
          .update(events)
          .set({ ...endOfQueue(userId, entry.now), attempts: 0, deadAt: null, failure: null })
          .where(and(isLetter, done(entry))),
      ]);
      return outcomeOf(results[1]);
    }),
});
