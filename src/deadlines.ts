/** Every call to a store has a time limit; what it refuses is told as 503, never as a 401. */
import { Refusal } from './errors.ts';

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

/** 503; the client may try again at once. Writes are never retried here. */
export const unavailable = (reason: string): Refusal =>
  new Refusal('unavailable', { reason, headers: { 'Retry-After': '1' } });
