/**
 * Requests to providers: one time limit for all requests of a sign-in, responses of at most 64 KiB, no redirects.
 * Failures are ProviderFailures, which never contain any of the response.
 */
import { ANSWER_MAX_BYTES } from './limits.ts';
import { ProviderFailure } from './ports.ts';

export type ProviderFetch = (url: string, init?: RequestInit) => Promise<Response>;

/** One per incoming request: the time limit starts when it is created. */
export function boundedFetch(fetcher: typeof fetch, deadlineMs: number): ProviderFetch {
  const signal = AbortSignal.timeout(deadlineMs);
  return async (url, init = {}) => {
    let answer: Response;
    let body: Uint8Array<ArrayBuffer> | null;
    try {
      const headers = new Headers(init.headers);
      // GitHub refuses requests without one, and Workers do not send one by default.
      headers.set('User-Agent', 'hono-accounts');
      answer = await abortable(fetcher(url, { ...init, headers, redirect: 'manual', signal }), signal);
      body = await abortable(readBounded(answer), signal);
    } catch (error) {
      throw error instanceof ProviderFailure ? error : new ProviderFailure('away');
    }
    if (answer.status >= 500 || answer.status === 429) throw new ProviderFailure('away');
    // Redirects are not followed, as an attacker could choose the target.
    if (answer.status >= 300 && answer.status < 400) throw new ProviderFailure('malformed');
    if (answer.status < 200) throw new ProviderFailure('malformed');
    return new Response(body, { status: answer.status, headers: answer.headers });
  };
}

/** Rejects when the time is over, even if the fetch ignores the signal. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new ProviderFailure('away'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function readBounded(answer: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (answer.body === null) return null;
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > ANSWER_MAX_BYTES) {
      // Not awaited.
      reader.cancel().catch(() => {});
      throw new ProviderFailure('too_large');
    }
    pieces.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return length === 0 ? null : whole;
}

/** Fetches a profile: a JSON object or array. */
export async function getJson(
  fetcher: ProviderFetch,
  url: string,
  accessToken: string,
): Promise<Record<string, unknown> | unknown[]> {
  const answer = await fetcher(url, {
    headers: { Accept: 'application/json', Authorization: `Bearer ${accessToken}` },
  });
  if (!answer.ok) throw new ProviderFailure('refused');
  let value: unknown;
  try {
    value = await answer.json();
  } catch {
    throw new ProviderFailure('malformed');
  }
  if (typeof value !== 'object' || value === null) throw new ProviderFailure('malformed');
  return value as Record<string, unknown> | unknown[];
}
