/**
 * The one way to D1: a time limit on every call, and one refusal for everything that can go wrong there.
 * Its message may hold SQL and parameters (Drizzle's does), so only D1's own, which names tables and
 * columns but no value, reaches the log.
 */
import { drizzle } from 'drizzle-orm/d1';
import { Refusal } from '../errors.ts';

/** Milliseconds. */
export interface Deadlines {
  d1: number;
  kv: number;
}
export const DEADLINES: Deadlines = { d1: 3_000, kv: 500 };

export class DeadlineExceeded extends Error {}

/** Rejects with DeadlineExceeded after `ms`; what was asked may still happen. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded('deadline exceeded')), ms);
  });
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}

export type Db = ReturnType<typeof drizzle>;

/** A D1 database behind its deadline. `what` names the call in the log: `users.create`. */
export interface D1 {
  db: Db;
  ask: <T>(what: string, work: (db: Db) => Promise<T>) => Promise<T>;
}

export function reachD1(binding: D1Database, deadlineMs: number): D1 {
  const db = drizzle(binding);
  return {
    db,
    ask: async (what, work) => {
      try {
        return await within(deadlineMs, work(db));
      } catch (error) {
        throw unavailable(`d1 ${what}: ${whyD1Failed(error)}`);
      }
    },
  };
}

/** 503; the client may try again at once. Writes are never retried here. */
export const unavailable = (reason: string): Refusal =>
  new Refusal('unavailable', { reason, headers: { 'Retry-After': '1' } });

function whyD1Failed(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof DeadlineExceeded) return 'deadline exceeded';
    if (at.message.startsWith('D1_ERROR')) return at.message.slice(0, 200);
  }
  return error instanceof Error ? error.name : 'unknown';
}
