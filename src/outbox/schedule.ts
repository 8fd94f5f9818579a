/** How long events are tried, and how often. Pure. */

export const OUTBOX = {
  /** Longer than any attempt takes, the writes beside it included. */
  leaseSeconds: 60,
  attemptMs: 10_000,
  /** A run begins nothing new after this: what a request leaves behind has 30 s in all. */
  runMs: 15_000,
  /** Of a cron, which comes again after five minutes. */
  cronMs: 240_000,
  /** Users at once: a Worker has six connections. */
  parallel: 5,
  firstRetrySeconds: 30,
  retryAtMostSeconds: 3_600,
  /** From the event to its last attempt. */
  giveUpSeconds: 86_400,
  /** Dead letters are kept so long. */
  deadForSeconds: 30 * 86_400,
} as const;

/** 30 s, 1 min, 2, 4, … and then every hour; a receiver may ask for more, up to an hour. */
export const retryDelay = (attempts: number, retryAfter = 0): number =>
  Math.min(Math.max(OUTBOX.firstRetrySeconds * 2 ** (attempts - 1), retryAfter), OUTBOX.retryAtMostSeconds);
