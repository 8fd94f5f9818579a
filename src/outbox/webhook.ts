/**
 * Sends events by HTTP, signed according to Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA-256 of id, time
 * and body. Uses Web Crypto; the tests verify with the library.
 */
import { fromBase64, utf8 } from '../encoding.ts';
import type { Delivery, Message, Send } from './ports.ts';
import { OUTBOX } from './schedule.ts';

const RETRY_AFTER = /^\d{1,6}$/;

/** Signs with each of `secrets`, so that a receiver may know either the old or the new one. */
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
  const body = JSON.stringify(message);
  const signatures = await Promise.all(secrets.map((secret) => sign(secret, `${id}.${now}.${body}`)));
  return fetchIt(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'hono-accounts',
      'webhook-id': id,
      'webhook-timestamp': String(now),
      'webhook-signature': signatures.join(' '),
    },
    body,
    // A redirect would send the event to a URL that is not configured.
    redirect: 'manual',
    signal: AbortSignal.timeout(OUTBOX.attemptMs),
  });
}

async function sign(secret: string, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const bytes = fromBase64(secret.replace(/^whsec_/, ''));
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text)));
  return `v1,${btoa(String.fromCharCode(...mac))}`;
}

/** Only the status and Retry-After are read, not the body. */
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
