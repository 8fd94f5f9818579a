/** Every call to a store has a time limit; what it refuses is told as 503, never as a 401. */
import { Refusal } from './errors.ts';
import type { RefusalReason } from './refusal-reasons.ts';

type UnavailableReason = Extract<RefusalReason, 'd1' | 'kv' | 'jwks' | 'limiter' | 'contended'>;

/** Milliseconds. */
export interface Deadlines {
  d1: number;
  kv: number;
  /** For all that one request asks of a provider (connections/). */
  provider?: number;
}
export const DEADLINES: Required<Deadlines> = { d1: 3_000, kv: 500, provider: 10_000 };

export class DeadlineExceeded extends Error {}

/**
 * A deadline is a row of short waits, not one long one: an isolate that is busy hashing hears of its timers and
 * of its answers late, and one timer would go off before the answer that lies beside it is heard.
 */
const WAITS = 30;

/** Rejects with DeadlineExceeded after `ms` of a loop that turns; what was asked may still happen. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const deadline = new Promise<never>((_, reject) => {
    const wait = (left: number) => {
      timer = setTimeout(() => {
        if (left > 1) wait(left - 1);
        else reject(new DeadlineExceeded('deadline exceeded'));
      }, ms / WAITS);
    };
    wait(WAITS);
  });
  return Promise.race([work, deadline]).finally(() => {
    if (timer !== null) clearTimeout(timer);
  });
}

/** 503; the client may try again at once. Writes are never retried here. */
export const unavailable = (reason: UnavailableReason, call?: string): Refusal =>
  new Refusal('unavailable', { reason, ...(call && { call }), headers: { 'Retry-After': '1' } });
