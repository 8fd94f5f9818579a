/** Events by HTTP, signed as Standard Webhooks says (https://www.standardwebhooks.com). The library is loaded when needed. */
import type { Delivery, Message, Send } from './ports.ts';
import { OUTBOX } from './schedule.ts';

const RETRY_AFTER = /^\d{1,6}$/;

/** `secrets`: each signs, so that a receiver may know the old one or the new one. */
export const webhook =
  (url: string, secrets: readonly string[], fetchIt: typeof fetch = fetch): Send =>
  async (message, now) => {
    try {
      return outcomeOf(await post(url, secrets, message, now, fetchIt));
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      return { ok: false, failure: /Timeout|Abort/.test(name) ? 'timeout' : 'network' };
    }
  };

async function post(
  url: string,
  secrets: readonly string[],
  { id, ...message }: Message,
  now: number,
  fetchIt: typeof fetch,
): Promise<Response> {
  const { Webhook } = await import('standardwebhooks');
  const body = JSON.stringify(message);
  const sentAt = new Date(now * 1_000);
  return fetchIt(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'hono-accounts',
      'webhook-id': id,
      'webhook-timestamp': String(now),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(' '),
    },
    body,
    // A redirect would take the event somewhere that nobody configured.
    redirect: 'manual',
    signal: AbortSignal.timeout(OUTBOX.attemptMs),
  });
}

/** What the receiver says beyond its status is not read. */
function outcomeOf(answer: Response): Delivery {
  answer.body?.cancel().catch(() => undefined);
  if (answer.ok) return { ok: true };
  const retryAfter = answer.headers.get('Retry-After') ?? '';
  return {
    ok: false,
    failure: `status_${answer.status}`,
    ...(RETRY_AFTER.test(retryAfter) && { retryAfter: Number(retryAfter) }),
  };
}
