/** Time limits for every call to a store. A timeout is 503, never 401. */
import { Refusal } from './errors.ts';
import type { RefusalReason } from './refusal-reasons.ts';

type UnavailableReason = Extract<RefusalReason, 'd1' | 'kv' | 'jwks' | 'limiter' | 'contended'>;

/** Milliseconds. */
export interface Deadlines {
  d1: number;
  kv: number;
  /** For all requests to a provider within one incoming request (connections/). */
  provider?: number;
}
export const DEADLINES: Required<Deadlines> = { d1: 3_000, kv: 500, provider: 10_000 };

export class DeadlineExceeded extends Error {}

/**
 * A deadline is many short timers, not a long one. While an isolate is busy hashing, both timers and responses are
 * delivered late, and a single timer could fire before a response that has already arrived is handled.
 */
const WAITS = 30;

/** Rejects with DeadlineExceeded after `ms` of running event loop. The work itself may still take effect. */
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

/**
 * Looks every `everyMs` until `isDone`, for `ms` at most: in Workers a request cannot wait for the I/O of another. With
 * this request's own timers, as the other one may have been cancelled.
 */
export async function lookUntil(isDone: () => boolean, ms: number, everyMs: number): Promise<void> {
  for (let waited = 0; !isDone() && waited < ms; waited += everyMs) {
    await new Promise((done) => setTimeout(done, everyMs));
  }
}

/** 503 unavailable; the client may retry. Writes are never retried here. */
export const unavailable = (reason: UnavailableReason, call?: string): Refusal =>
  new Refusal('unavailable', { reason, ...(call && { call }), headers: { 'Retry-After': '1' } });
