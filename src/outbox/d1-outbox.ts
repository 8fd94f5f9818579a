/**
 * The outbox in D1. At most one event per user is due, the head of the user's queue; all others have `due_at` null. One
 * UPDATE that moves `due_at` ahead claims an event, and `attempts` identifies the claim. Weakness: a claim is a lease, so
 * an event is sent twice if the first sender is stuck for longer than that.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { accountEvents as events } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { Outbox, OutboxEvent } from './ports.ts';

const claimed = {
  userId: events.userId,
  seq: events.seq,
  id: events.id,
  type: events.type,
  data: events.data,
  createdAt: events.createdAt,
  giveUpAt: events.giveUpAt,
  attempts: events.attempts,
};

/** Still as claimed: nobody else has claimed it since. */
const isClaimed = ({ userId, seq, attempts }: OutboxEvent): SQL =>
  sql`${events.userId} = ${userId} AND ${events.seq} = ${seq} AND ${events.attempts} = ${attempts}
    AND ${events.deadAt} IS NULL`;

/** Makes the head of the user's queue due, unless it already is, because the previous event is still there. */
const promoteNext = (db: Db, userId: string, dueAt: number, attempts: 0 | 1) =>
  db
    .update(events)
    .set({ dueAt, attempts: sql`${events.attempts} + ${attempts}` })
    .where(
      sql`${events.userId} = ${userId} AND ${events.dueAt} IS NULL AND ${events.seq} = (SELECT min(head.seq)
        FROM account_events AS head WHERE head.user_id = ${userId} AND head.dead_at IS NULL)`,
    )
    .returning(claimed);

export function d1Outbox({ run }: D1): Outbox {
  return {
    claim: ({ userId, limit, now, leaseSeconds }) =>
      run('outbox.claim', (db) => {
        const due =
          userId === null ? sql`due.due_at <= ${now}` : sql`due.user_id = ${userId} AND due.due_at <= ${now}`;
        return db
          .update(events)
          .set({ dueAt: now + leaseSeconds, attempts: sql`${events.attempts} + 1` })
          .where(
            sql`(${events.userId}, ${events.seq}) IN (SELECT due.user_id, due.seq FROM account_events AS due
              WHERE ${due} ORDER BY due.due_at LIMIT ${limit})`,
          )
          .returning(claimed);
      }),

    delivered: (event, now, leaseSeconds) =>
      run('outbox.delivered', async (db) => {
        const [, next] = await db.batch([
          db.delete(events).where(isClaimed(event)),
          promoteNext(db, event.userId, now + leaseSeconds, 1),
        ]);
        return next[0] ?? null;
      }),

    failed: (event, { failure, dueAt, now }) =>
      run('outbox.failed', async (db) => {
        const settled = db
          .update(events)
          .set({ dueAt, failure, deadAt: dueAt === null ? now : null })
          .where(isClaimed(event));
        if (dueAt === null) await db.batch([settled, promoteNext(db, event.userId, now, 0)]);
        else await settled;
      }),

    release: (event, now) =>
      run('outbox.release', async (db) => {
        await db
          .update(events)
          .set({ dueAt: now, attempts: sql`${events.attempts} - 1` })
          .where(isClaimed(event));
      }),
  };
}

/** Deletes expired dead letters, and old events that were left when events were turned off. */
export const sweepEvents = ({ run }: D1, before: number, limit: number): Promise<number> =>
  run('sweep.events', async (db) => {
    const results = await db.batch([
      db.delete(events).where(
        sql`(${events.userId}, ${events.seq}) IN (SELECT dead.user_id, dead.seq FROM account_events AS dead
          WHERE dead.dead_at < ${before} ORDER BY dead.dead_at LIMIT ${limit})`,
      ),
      db.delete(events).where(
        sql`${events.createdAt} < ${before} AND ${events.userId} IN (SELECT due.user_id FROM account_events AS due
          WHERE due.due_at < ${before} ORDER BY due.due_at LIMIT ${limit})`,
      ),
    ]);
    return results.reduce((sum, { meta }) => sum + meta.changes, 0);
  });
