/**
 * The cron: deletes expired rows in bounded batches and delivers pending events. An interrupted run is continued by the
 * next one: the blacklist from its low end, the walks from their stored cursor.
 */

import { connectD1, type D1 } from './db/client.ts';
import { d1Sweeper } from './db/d1-sweep.ts';
import { Refusal } from './errors.ts';
import { delivery, eventSender } from './events-out.ts';
import type { Bindings } from './http/context.ts';
import { reportMisconfigured } from './http/misconfigured.ts';
import { reporter } from './http/report.ts';
import { sweepEvents } from './outbox/d1-outbox.ts';
import { OUTBOX } from './outbox/schedule.ts';
import { type Clock, type Report, seconds } from './ports.ts';
import { eventFaults, parseSettings } from './settings.ts';
import type { Sweeper, Walk } from './sweeper.ts';

const DAY_SECONDS = 86_400;

export const SWEEP = {
  /** Rows of JWTs are kept this long after expiry, longer than any clock difference or leeway could accept a token. */
  marginSeconds: DAY_SECONDS,
  batchRows: 1_000,
  /** In 288 runs a day: 5.7 million rows. */
  batchesPerRun: 20,
  pageRows: 5_000,
  /** In 288 runs a day: 7.2 million rows per walk. */
  pagesPerRun: 5,
  /** Time limit of one batch or page. A cron may take minutes, unlike a request. */
  deadlineMs: 25_000,
} as const;

const WALKS: readonly Walk[] = ['sessions', 'one_time_tokens'];

export interface Swept {
  revokedTokens: number;
  sessions: number;
  oneTimeTokens: number;
}

/** One run. `now` in epoch seconds. */
export async function sweepOnce(sweeper: Sweeper, now: number): Promise<Swept> {
  const before = now - SWEEP.marginSeconds;
  let revokedTokens = 0;
  for (let batch = 0; batch < SWEEP.batchesPerRun; batch++) {
    const deleted = await sweeper.revokedTokens(before, SWEEP.batchRows);
    revokedTokens += deleted;
    if (deleted < SWEEP.batchRows) break;
  }
  const walked: number[] = [];
  for (const walk of WALKS) {
    // One-time tokens may contain an address, and no leeway applies to them: they have no margin.
    walked.push(await walkOn(sweeper, walk, walk === 'one_time_tokens' ? now : before, now));
  }
  return { revokedTokens, sessions: walked[0] ?? 0, oneTimeTokens: walked[1] ?? 0 };
}

/** A walk begins once a day and continues where the last run stopped. */
async function walkOn(sweeper: Sweeper, walk: Walk, before: number, now: number): Promise<number> {
  const known = await sweeper.progress(walk);
  const resting = known?.cursor === null;
  if (known && resting && known.startedAt > now - DAY_SECONDS) return 0;
  const startedAt = known && !resting ? known.startedAt : now;
  let cursor = known?.cursor ?? [];
  let deleted = 0;
  for (let page = 0; page < SWEEP.pagesPerRun; page++) {
    const result = await sweeper.page(walk, cursor, before, SWEEP.pageRows, startedAt);
    deleted += result.deleted;
    if (result.cursor === null) break;
    cursor = result.cursor;
  }
  return deleted;
}

/** Delivers events that requests did not deliver. With invalid settings they wait: none is sent unsigned. */
async function deliverEvents(
  env: Readonly<Record<string, unknown>>,
  d1: D1,
  clock: Clock,
  report: Report,
  fetchIt: typeof fetch | undefined,
): Promise<void> {
  const { values, faults } = parseSettings(env, ['EVENTS_URL', 'EVENTS_SECRET']);
  faults.push(...eventFaults(values, env));
  if (faults.length > 0) {
    reportMisconfigured(faults, report);
    return;
  }
  const send = eventSender(values, env, fetchIt);
  if (!send) return;
  const { delivered, failed } = await delivery(d1, send, clock, OUTBOX.cronMs)(null, report);
  if (delivered + failed > 0) report('info', 'events_delivered', { delivered, failed });
}

/**
 * Run by the cron trigger: deletes expired rows and delivers pending events. Throws if D1 is unavailable, so that the
 * platform shows the run as failed.
 */
export async function sweep(
  env: Pick<Bindings, 'DB'>,
  clock: Clock = Date.now,
  report: Report = reporter('cron'),
  { fetch: fetchIt }: { fetch?: typeof fetch } = {},
): Promise<Swept> {
  try {
    const d1 = connectD1(env.DB, SWEEP.deadlineMs);
    const swept = await sweepOnce(d1Sweeper(d1), seconds(clock));
    await sweepEvents(d1, seconds(clock) - OUTBOX.deadForSeconds, SWEEP.batchRows);
    report('info', 'swept', { ...swept });
    await deliverEvents(env as Readonly<Record<string, unknown>>, d1, clock, report, fetchIt);
    return swept;
  } catch (error) {
    report(
      'error',
      'sweep_failed',
      error instanceof Refusal ? { reason: error.reason, call: error.call } : { reason: 'internal' },
    );
    throw new Error('sweep failed');
  }
}
