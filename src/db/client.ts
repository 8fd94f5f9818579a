/**
 * The only access to D1 except a guard's (guard/d1-token-status.ts): every call has a time limit, and every failure
 * becomes the same error, 503 unavailable.
 * Drizzle's messages contain SQL and parameters, so only D1's own messages, which name tables and columns but no
 * values, reach the log.
 */
import { drizzle } from 'drizzle-orm/d1';
import { DeadlineExceeded, unavailable, within } from '../deadlines.ts';
import { type Db, measuredBatch, type Statements, statement } from './statement.ts';

/** A D1 database with a deadline. `what` names the call in the log, such as `users.create`. */
export interface D1 extends Statements {
  /** Whether events are written to the outbox. */
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
