/**
 * The one way to D1: a time limit on every call, and one refusal for everything that can go wrong there.
 * Its message may hold SQL and parameters (Drizzle's does), so only D1's own, which names tables and
 * columns but no value, reaches the log.
 */
import { drizzle } from 'drizzle-orm/d1';
import { DeadlineExceeded, unavailable, within } from '../deadlines.ts';
import { type Db, measuredBatch, type Statements, statement } from './statement.ts';

/** A D1 database behind its deadline. `what` names the call in the log: `users.create`. */
export interface D1 extends Statements {
  /** What happens to users is written into the outbox. */
  recordsEvents: boolean;
  run: <T>(what: string, work: (db: Db) => Promise<T>) => Promise<T>;
}

export function connectD1(
  binding: D1Database,
  deadlineMs: number,
  { recordsEvents = false }: { recordsEvents?: boolean } = {},
): D1 {
  const db: Db = Object.assign(drizzle(binding), { recordsEvents });
  return {
    recordsEvents,
    statement: (write) => statement(binding, db, write),
    batch: async (statements, values) => (await measuredBatch(binding, statements, values)).results,
    measuredBatch: (statements, values) => measuredBatch(binding, statements, values),
    run: async (what, work) => {
      try {
        return await within(deadlineMs, work(db));
      } catch (error) {
        throw unavailable('d1', `${what}: ${whyD1Failed(error)}`);
      }
    },
  };
}

function whyD1Failed(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof DeadlineExceeded) return 'deadline exceeded';
    if (at.message.startsWith('D1_ERROR')) return at.message.slice(0, 200);
  }
  return error instanceof Error ? error.name : 'unknown';
}
