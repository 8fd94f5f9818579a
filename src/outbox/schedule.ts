/** How often and how long delivery is tried. Pure. */

export const OUTBOX = {
  /** Longer than an attempt takes, including its writes. */
  leaseSeconds: 60,
  attemptMs: 10_000,
  /** A run starts no new attempt after this, as `waitUntil` ends 30 s after the response. */
  runMs: 15_000,
  /** The same for the cron, which runs every five minutes. */
  cronMs: 240_000,
  /** Users at the same time: a Worker has six connections. */
  parallel: 5,
  firstRetrySeconds: 30,
  retryAtMostSeconds: 3_600,
  /** From the event to its last attempt. */
  giveUpSeconds: 86_400,
  /** How long dead letters are stored. */
  deadForSeconds: 30 * 86_400,
} as const;

/** 30 s, 1 min, 2, 4, … and then every hour; a receiver may ask for more, up to an hour. */
export const retryDelay = (attempts: number, retryAfter = 0): number =>
  Math.min(Math.max(OUTBOX.firstRetrySeconds * 2 ** (attempts - 1), retryAfter), OUTBOX.retryAtMostSeconds);
