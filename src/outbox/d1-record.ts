/**
 * Statements that write an event to the outbox, in the same batch as the change itself. If events are off there are no
 * statements, and so no costs.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch';
import { insertFrom } from '../db/insert-from.ts';
import type { Of } from '../db/predicates.ts';
import { accountEvents as events } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { EventDetails, EventType } from '../events.ts';
import { OUTBOX } from './schedule.ts';

type Statement = BatchItem<'sqlite'>;

/** The end of the user's queue; due at once if the queue is empty. Dead letters are not part of the queue. */
export const endOfQueue = (userId: Of<string> | SQL<string>, now: Of<number>) => ({
  // Based on milliseconds, so that an event never gets the number of one that was delivered and deleted.
  seq: sql<number>`(SELECT max(${now} * 1000, 1 + coalesce(max(last.seq), 0)) FROM account_events AS last
    WHERE last.user_id = ${userId})`,
  giveUpAt: sql<number>`${now} + ${sql.raw(String(OUTBOX.giveUpSeconds))}`,
  dueAt: sql<number>`CASE WHEN EXISTS (SELECT 1 FROM account_events AS waiting
    WHERE waiting.user_id = ${userId} AND waiting.dead_at IS NULL) THEN NULL ELSE ${now} END`,
});

/** `source`: a WHERE, or a FROM with one, that decides whether it is inserted. `data`: JSON. */
const insertEvent = (
  db: Db,
  type: EventType,
  {
    userId,
    now,
    data,
  }: { userId: Of<string> | SQL<string>; now: Of<number>; data: Of<string> | SQL<string> },
  source: SQL,
) =>
  insertFrom(
    db,
    events,
    {
      userId,
      ...endOfQueue(userId, now),
      id: sql<string>`'evt_' || lower(hex(randomblob(16)))`,
      type,
      data,
      createdAt: now,
      attempts: 0,
      deadAt: null,
      failure: null,
    },
    source,
  );

/** Empty if events are off. `onlyIf`: whether the change happens, or has happened, in this batch. */
export const recordEvent = <T extends EventType>(
  db: Db,
  type: T,
  { userId, now }: { userId: string; now: number },
  details: EventDetails[T],
  onlyIf: SQL,
): Statement[] =>
  db.recordsEvents
    ? [
        insertEvent(
          db,
          type,
          { userId, now, data: JSON.stringify({ user_id: userId, ...details }) },
          sql`WHERE ${onlyIf}`,
        ),
      ]
    : [];

/** A `user.deleted` event for each id of a subquery. */
export const recordDeletions = (db: Db, ids: SQL, now: number): Statement[] =>
  db.recordsEvents
    ? [
        insertEvent(
          db,
          'user.deleted',
          { userId: sql<string>`gone.id`, now, data: sql<string>`json_object('user_id', gone.id)` },
          sql`FROM users AS gone WHERE gone.id IN (${ids})`,
        ),
      ]
    : [];

/** The same of each user whom a subquery finds: `ids` has one column, `id`. */
export const recordForEach = <T extends EventType>(
  db: Db,
  type: T,
  { ids, now }: { ids: SQL; now: number },
  details: EventDetails[T],
): Statement[] => {
  const userId = sql<string>`each.id`;
  const data = sql<string>`json_set(${JSON.stringify({ user_id: '', ...details })}, '$.user_id', each.id)`;
  return db.recordsEvents
    ? [insertEvent(db, type, { userId, now, data }, sql`FROM (${ids}) AS each WHERE 1`)]
    : [];
};

/** `recordEvent` for prepared statements, with placeholders. */
export const recordPrepared = (
  db: Db,
  type: EventType,
  values: { userId: Of<string>; now: Of<number>; data: Of<string> | SQL<string> },
  onlyIf: SQL,
) => insertEvent(db, type, values, sql`WHERE ${onlyIf}`);

/**
 * Runs a batch with event statements. `before`: those whose condition is about the state before the batch; `after`: about
 * the state after it. Returns the results of the other statements.
 */
export async function batchWithEvents<U extends Statement, T extends Readonly<[U, ...U[]]>>(
  db: Db,
  batch: T,
  { before = [], after = [] }: { before?: Statement[]; after?: Statement[] },
): Promise<BatchResponse<T>> {
  if (before.length + after.length === 0) return db.batch(batch);
  const all = [...before, ...batch, ...after] as unknown as [Statement, ...Statement[]];
  const results: readonly unknown[] = await db.batch(all);
  return results.slice(before.length, before.length + batch.length) as BatchResponse<T>;
}
