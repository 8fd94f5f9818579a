/** Events by a queue (https://developers.cloudflare.com/queues/): a message is what a webhook gets, with its id. */
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

/** Another variable of that name is the host's. */
export const queueOf = (binding: unknown): Pick<Queue, 'send'> | null =>
  typeof binding === 'object' && binding !== null && typeof (binding as Partial<Queue>).send === 'function'
    ? (binding as Queue)
    : null;
