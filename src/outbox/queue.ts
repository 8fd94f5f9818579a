/** Sends events to a queue (https://developers.cloudflare.com/queues/), as the body of a webhook with the event's id. */
import { DeadlineExceeded, within } from '../deadlines.ts';
import type { Send } from './ports.ts';
import { OUTBOX } from './schedule.ts';

export const queue =
  (binding: Pick<Queue, 'send'>): Send =>
  async (message) => {
    try {
      await within(OUTBOX.attemptMs, binding.send(message, { contentType: 'json' }));
      return { ok: true };
    } catch (error) {
      return { ok: false, failure: error instanceof DeadlineExceeded ? 'timeout' : 'queue' };
    }
  };

/** Null for any other value, which belongs to the host. */
export const queueOf = (binding: unknown): Pick<Queue, 'send'> | null =>
  typeof binding === 'object' && binding !== null && typeof (binding as Partial<Queue>).send === 'function'
    ? (binding as Queue)
    : null;
