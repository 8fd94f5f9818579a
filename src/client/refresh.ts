/** Refreshing tokens: when, by which tab, and what the response means. */
import { bodyOf, notOurs, refusalOf } from './errors.ts';
import type { Events } from './events.ts';
import type { Lock } from './lock.ts';
import type { Keeper, KeptTokens, Tokens } from './storage.ts';
import { within } from './wait.ts';

/** Codes that end the session for good. Any other 401 says nothing about the session. */
const FINAL = ['token_not_valid', 'user_inactive', 'user_not_found'];
/** In cookie mode: the request had no cookie. */
const NO_COOKIE = 'not_authenticated';

/** Claims of the access token, unverified. Missing numbers become NaN in calculations. */
function claimsOf(tokens: Tokens | null): { iat: number; exp: number; sid?: string } {
  try {
    const payload = tokens?.access.split('.')[1] ?? '';
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return {} as ReturnType<typeof claimsOf>;
  }
}

/** The id of the session, which stays the same across refreshes. */
export const sessionOf = (tokens: Tokens | null): unknown => claimsOf(tokens).sid;

/**
 * Remaining lifetime of the access token in milliseconds, from unverified claims; NaN if unknown.
 *
 * `iat` and `exp` are the server's time and this device's clock may be hours off, so it only measures the time since the
 * tokens arrived. `performance.now()` would not do: it restarts with every page, differs between tabs, and in some
 * browsers stops while the device sleeps. If the clock is changed meanwhile, that costs one refresh.
 */
export function leftOf(tokens: KeptTokens, now: number): number {
  const { iat, exp } = claimsOf(tokens);
  return (exp - iat) * 1_000 - (now - (tokens.receivedAt as number));
}

/** New tokens, the code with which the server ended the session, or an error that says nothing about the session. */
type Outcome = { tokens: Tokens } | { end: string } | { error: unknown };

export interface RefreshContext {
  cookie: boolean;
  keeper: Keeper;
  events: Events;
  lock: Lock;
  limitMs: number;
  clock: () => number;
  post: (path: string, body: object, signal?: AbortSignal) => Promise<Response>;
}

export type Refresh = ReturnType<typeof createRefresh>;

export function createRefresh({ cookie, keeper, events, lock, limitMs, clock, post }: RefreshContext) {
  /** One refresh is shared by all calls of this client that wait for it. */
  let pending: { stale: string | undefined; work: Promise<KeptTokens | null> } | undefined;

  const received = (tokens: Tokens): KeptTokens => ({
    access: tokens.access,
    refresh: tokens.refresh,
    receivedAt: clock(),
  });

  /** Throws if the session may still be valid. */
  async function read(answer: Response): Promise<Outcome> {
    const body = await bodyOf(answer);
    if (answer.ok) {
      if (typeof body?.access !== 'string') throw notOurs(answer);
      return { tokens: body as unknown as Tokens };
    }
    const refusal = refusalOf(answer, body);
    if (answer.status !== 401) throw refusal;
    if (FINAL.includes(refusal.code) || (cookie && refusal.code === NO_COOKIE)) return { end: refusal.code };
    throw notOurs(answer);
  }

  /** Retries once if the response was lost: within the grace period the server returns the same refresh token. */
  async function ask(body: object, signal: AbortSignal): Promise<Outcome> {
    try {
      const answer = await post('/token/refresh', body, signal);
      if (answer.status !== 503) return await read(answer);
    } catch (error) {
      if (signal.aborted || (error as Error).name === 'AccountsError') throw error;
    }
    return read(await post('/token/refresh', body, signal));
  }

  async function renew(stale: string | undefined): Promise<KeptTokens | null> {
    const kept = await keeper.read();
    if (kept?.access !== stale) return kept;
    if (cookie ? !kept && refresher.nobody : kept?.refresh === undefined) return null;
    const body = cookie ? {} : { refresh: kept?.refresh };
    const outcome = await within(limitMs, (signal) => ask(body, signal)).catch(
      (error: unknown): Outcome => ({ error }),
    );
    const next = 'tokens' in outcome ? received({ ...kept, ...outcome.tokens }) : null;
    const isStill = (now: KeptTokens | null) => now?.access === stale;
    const now = await ('error' in outcome ? keeper.read() : keeper.swap(next, isStill));
    // The user logged in or out meanwhile: that wins.
    if (!isStill(now)) return now;
    if ('error' in outcome) throw outcome.error;
    refresher.nobody = !next;
    if (next) events.emit({ type: kept ? 'refreshed' : 'signedIn', at: next.receivedAt });
    else if (kept) events.emit({ type: 'signedOut', reason: (outcome as { end: string }).end });
    return next;
  }

  const refresher = {
    /** Cookie mode: the server has said that there is no session. Saves a refresh before every call. */
    nobody: false,
    received,
    /** Replaces the tokens whose access token is `stale`; null if nobody is signed in. */
    refresh(stale: string | undefined): Promise<KeptTokens | null> {
      if (pending && pending.stale === stale) return pending.work;
      const work = lock(() => renew(stale)).finally(() => {
        if (pending?.work === work) pending = undefined;
      });
      pending = { stale, work };
      return work;
    },
    /** The same without the lock, for callers that hold it. */
    renew,
  };
  return refresher;
}
