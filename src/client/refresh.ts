/** New tokens for old ones: when it is time, who asks, and what the answer means. */
import { bodyOf, notOurs, refusalOf } from './errors.ts';
import type { Events } from './events.ts';
import type { Lock } from './lock.ts';
import type { Keeper, KeptTokens, Tokens } from './storage.ts';
import { within } from './wait.ts';

/** Refusals after which the session cannot come back. Any other 401 says nothing about the session. */
const FINAL = ['token_not_valid', 'user_inactive', 'user_not_found'];
/** In cookie mode: there is no cookie. */
const NO_COOKIE = 'not_authenticated';

/** Of the access token, unchecked. What is not there is NaN where it is reckoned with. */
function claimsOf(tokens: Tokens | null): { iat: number; exp: number; sid?: string } {
  try {
    const payload = tokens?.access.split('.')[1] ?? '';
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return {} as ReturnType<typeof claimsOf>;
  }
}

/** Which log-in these tokens come from; it stays the same when they are refreshed. */
export const sessionOf = (tokens: Tokens | null): unknown => claimsOf(tokens).sid;

/**
 * How long the access token is still good, unchecked, in milliseconds; NaN if that cannot be told.
 *
 * `iat` and `exp` are the server's time, and this device's clock may be hours away from it: only the time since the
 * tokens arrived is measured with it. Not with `performance.now()`: it begins anew with every page, differs between
 * tabs, and in some browsers stands still while the device sleeps. A clock that is set meanwhile costs one refresh.
 */
export function leftOf(tokens: KeptTokens, now: number): number {
  const { iat, exp } = claimsOf(tokens);
  return (exp - iat) * 1_000 - (now - (tokens.receivedAt as number));
}

/** New tokens; or the code with which the server ended the session; or what says nothing about the session. */
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
  /** One refresh for all calls of this client that wait for the same. */
  let pending: { stale: string | undefined; work: Promise<KeptTokens | null> } | undefined;

  const received = (tokens: Tokens): KeptTokens => ({
    access: tokens.access,
    refresh: tokens.refresh,
    receivedAt: clock(),
  });

  /** Throws if the session may well go on. */
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

  /** A second try where the answer was lost: within the grace period the server returns the same tokens. */
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
    // Somebody logged in or out meanwhile: that stands.
    if (!isStill(now)) return now;
    if ('error' in outcome) throw outcome.error;
    refresher.nobody = !next;
    if (next) events.emit({ type: kept ? 'refreshed' : 'signedIn', at: next.receivedAt });
    else if (kept) events.emit({ type: 'signedOut', reason: (outcome as { end: string }).end });
    return next;
  }

  const refresher = {
    /** Cookie mode: no session stands behind the cookie, if there is one. Not asked again before every call. */
    nobody: false,
    received,
    /** New tokens in place of those whose access token is `stale`; null if nobody is signed in. */
    refresh(stale: string | undefined): Promise<KeptTokens | null> {
      if (pending && pending.stale === stale) return pending.work;
      const work = lock(() => renew(stale)).finally(() => {
        if (pending?.work === work) pending = undefined;
      });
      pending = { stale, work };
      return work;
    },
    /** Without the lock, for who has it. */
    renew,
  };
  return refresher;
}
