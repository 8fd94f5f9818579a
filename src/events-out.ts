/** Delivery of events to a webhook or queue, built from settings and bindings, for requests and the cron. */
import type { D1 } from './db/client.ts';
import type { Announce } from './events.ts';
import { d1Outbox } from './outbox/d1-outbox.ts';
import { createDelivery } from './outbox/deliver.ts';
import type { DeliverEvents, Send } from './outbox/ports.ts';
import { queue, queueOf } from './outbox/queue.ts';
import { webhook } from './outbox/webhook.ts';
import type { Clock } from './ports.ts';
import type { Settings } from './settings.ts';

/** Null if neither a queue nor a webhook is configured. */
export function eventSender(
  { EVENTS_URL, EVENTS_SECRET }: Pick<Settings, 'EVENTS_URL' | 'EVENTS_SECRET'>,
  env: Readonly<Record<string, unknown>>,
  fetchIt?: typeof fetch,
): Send | null {
  const binding = queueOf(env.EVENTS);
  if (binding) return queue(binding);
  return EVENTS_URL === undefined ? null : webhook(EVENTS_URL, EVENTS_SECRET, fetchIt);
}

export const delivery = (d1: D1, send: Send, clock: Clock, runMs?: number): DeliverEvents =>
  createDelivery({ outbox: d1Outbox(d1), send, clock, ...(runMs !== undefined && { runMs }) });

/** Delivers right after the request; the cron retries what fails. */
export function announceOut(d1: D1, send: Send | null, clock: Clock): Announce | null {
  if (!send) return null;
  const deliver = delivery(d1, send, clock);
  return ({ data }, { waitUntil, report }) => waitUntil(deliver(data.user_id, report));
}

/** Combines listeners; null if there are none. */
export function announceAll(...listeners: readonly (Announce | null)[]): Announce | null {
  const all = listeners.filter((one) => one !== null);
  if (all.length === 0) return null;
  return (event, call) => {
    for (const tell of all) tell(event, call);
  };
}
