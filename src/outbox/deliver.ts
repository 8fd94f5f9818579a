/**
 * Delivers events from the outbox: at least once, and in order per user. An event is claimed before it is sent and deleted
 * afterwards, so that it is sent again if the Worker dies in between. Never imports Hono, Drizzle or a binding.
 */
import { timestamp } from '../encoding.ts';
import { type Clock, type Report, seconds } from '../ports.ts';
import type { DeliverEvents, Message, Outbox, OutboxEvent, Send } from './ports.ts';
import { OUTBOX, retryDelay } from './schedule.ts';

export const messageOf = ({ id, type, data, createdAt }: OutboxEvent): Message => ({
  id,
  type,
  timestamp: timestamp(createdAt),
  data: JSON.parse(data) as Message['data'],
});

export const createDelivery =
  ({
    outbox,
    send,
    clock,
    runMs = OUTBOX.runMs,
  }: {
    outbox: Outbox;
    send: Send;
    clock: Clock;
    runMs?: number;
  }): DeliverEvents =>
  async (userId, report) => {
    const startedAt = clock();
    const isOver = () => clock() - startedAt >= runMs;
    const { leaseSeconds, parallel } = OUTBOX;
    let delivered = 0;
    let failed = 0;

    /** Sends the events of one user, one after another, until one fails. */
    const drain = async (first: OutboxEvent): Promise<void> => {
      let event: OutboxEvent | null = first;
      while (event) {
        if (isOver()) return outbox.release(event, seconds(clock));
        const result = await send(messageOf(event), seconds(clock));
        const now = seconds(clock);
        if (result.ok) {
          delivered += 1;
          event = await outbox.delivered(event, now, leaseSeconds);
        } else {
          failed += 1;
          await fail(event, result, now);
          return;
        }
      }
    };

    const fail = async (
      event: OutboxEvent,
      { failure, retryAfter }: { failure: string; retryAfter?: number },
      now: number,
    ) => {
      const isLast = now >= event.giveUpAt;
      const dueAt = isLast ? null : now + retryDelay(event.attempts, retryAfter);
      await outbox.failed(event, { failure, dueAt, now });
      noteFailure(report, event, failure, isLast);
    };

    while (!isOver()) {
      const claimed = await outbox.claim({ userId, limit: parallel, now: seconds(clock), leaseSeconds });
      if (claimed.length === 0) break;
      const before = delivered;
      await Promise.all(claimed.map(drain));
      // If the receiver accepted nothing, stop instead of trying every user.
      if (delivered === before) break;
    }
    return { delivered, failed };
  };

const noteFailure = (report: Report, event: OutboxEvent, failure: string, isLast: boolean) =>
  report(isLast ? 'error' : 'warn', isLast ? 'event_dead' : 'event_failed', {
    id: event.id,
    type: event.type,
    user: event.userId,
    attempts: event.attempts,
    failure,
  });
