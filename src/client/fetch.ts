/** `fetch` with the access token, for trusted origins. */
import { absoluteOrigin, originOf, ownOrigin, resolve } from './origin.ts';
import { leftOf, type Refresh } from './refresh.ts';
import type { Keeper } from './storage.ts';
import { type MaybeSignal, throwIfAborted, unlessAborted } from './wait.ts';

/** An access token that expires within this time is refreshed before it is sent. */
const REFRESH_AHEAD_MS = 30_000;

export type Send = (input: string | Request, init?: RequestInit) => Promise<Response>;

export const initOf = (method: string, body?: object, signal?: MaybeSignal): RequestInit => ({
  method,
  ...(signal && { signal }),
  ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
});

/** Requests stay as they are, URLs become strings. Avoids `instanceof`, as frames and polyfills have their own classes. */
function toInput(input: unknown): string | Request {
  if (typeof input === 'string') return input;
  const { href, clone } = Object(input) as { href?: unknown; clone?: unknown };
  if (href !== undefined && String(input) === href) return href;
  if (clone && (input as Request).method) return input as Request;
  throw new TypeError('not a URL or Request');
}

export interface FetchContext {
  url: string;
  origins: readonly string[];
  cookie: boolean;
  keeper: Keeper;
  refresher: Refresh;
  clock: () => number;
  send: Send;
}

export function createFetch({ url, origins, cookie, keeper, refresher, clock, send }: FetchContext) {
  const accountsOrigin = originOf(url);
  if (accountsOrigin === undefined) throw new TypeError('url must be http(s) or a path');
  const trusted = [accountsOrigin, ownOrigin(), ...origins.map(absoluteOrigin)];

  /** Only for the account app's paths: the cookie is useless elsewhere, and CORS may refuse credentials. */
  const credentialsOf = (to: string, has?: string): { credentials?: 'include' } =>
    cookie && has !== 'omit' && resolve(to).startsWith(resolve(`${url}/`)) ? { credentials: 'include' } : {};
  /** Other 401s of the account app are about the body, such as a wrong code, and must not be retried. */
  const isOfToken = (to: string, { headers }: Response) =>
    !to.startsWith(`${url}/`) || /invalid_t/.test(headers.get('WWW-Authenticate') ?? '');

  /** Tokens that should be valid, or null if nobody is signed in. `asked`: a refresh was tried just now. */
  async function fresh(signal?: MaybeSignal, refresh = refresher.refresh) {
    const kept = await keeper.read();
    // After a reload the tokens may be gone while the cookie is still there.
    const left = kept ? leftOf(kept, clock()) : cookie && !refresher.nobody ? 0 : Number.NaN;
    if (!(left < REFRESH_AHEAD_MS)) return { tokens: kept, asked: false };
    const tokens = await unlessAborted(signal, refresh(kept?.access)).catch((error: unknown) => {
      throwIfAborted(signal);
      if (left > 0) return kept;
      throw error;
    });
    return { tokens, asked: true };
  }

  async function authorized(
    given: string | URL | Request,
    init: RequestInit = {},
    refresh = refresher.refresh,
  ): Promise<Response> {
    const input = toInput(given);
    const to = typeof input === 'string' ? input : input.url;
    const origin = originOf(to);
    if (origin === undefined || !trusted.includes(origin)) return send(input, init);

    const request = typeof input === 'string' ? undefined : new Request(input, init);
    const signal = request ? request.signal : init.signal;
    throwIfAborted(signal);
    const call = (access: string | undefined) => {
      const headers = new Headers(request ? request.headers : init.headers);
      if (access !== undefined) headers.set('Authorization', `Bearer ${access}`);
      if (!request) return send(to, { ...credentialsOf(to), ...init, headers });
      // A clone, so that the body can be sent again.
      return send(
        new Request(request.clone(), {
          ...credentialsOf(to, (request as { credentials?: string }).credentials),
          headers,
        }),
      );
    };

    const { tokens, asked } = await fresh(signal, refresh);
    const answer = await call(tokens?.access);
    if (answer.status !== 401 || (tokens ? !isOfToken(to, answer) : asked || !cookie)) return answer;
    // The user may have logged in since, in another tab.
    if (!tokens) refresher.nobody = false;
    const renewed = await unlessAborted(signal, refresh(tokens?.access));
    // A bare stream was consumed by the first try. Avoids `instanceof`: React Native has no ReadableStream.
    const again = request || !(init.body as { getReader?: unknown } | null | undefined)?.getReader;
    return renewed && again ? call(renewed.access) : answer;
  }

  return { fetch: authorized, fresh };
}
