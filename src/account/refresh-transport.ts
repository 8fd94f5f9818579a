/**
 * How a refresh token travels: in the body, or (REFRESH_TRANSPORT=cookie) in a cookie that no script reads and
 * no other site sends. Origin is checked on every unsafe method then: SameSite alone is about sites, not
 * origins.
 */

import type { MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { isAllowedOrigin, isOwnOrigin, publicUrl } from '../http/origins.ts';
import { reporter } from '../http/report.ts';
import { isSameSite } from '../origins.ts';
import type { Settings } from '../settings.ts';
import type { TokenPair } from './application/tokens.ts';
import type { AccountContext, AccountEnv } from './env.ts';
import { noBody, refreshBody } from './schemas.ts';

const COOKIE = 'refresh';
/** Browsers keep no cookie longer, and hono/cookie refuses more (RFC 6265bis section 5.5). */
const COOKIE_MAX_AGE_SECONDS = 400 * 86_400;

const inCookie = (c: AccountContext) => c.var.services.settings.REFRESH_TRANSPORT === 'cookie';
const attributes = (c: AccountContext) =>
  ({ prefix: 'secure', path: c.var.mount || '/', httpOnly: true, secure: true, sameSite: 'Strict' }) as const;

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/** 403 origin_not_allowed: an unsafe method from no origin, or one that is neither allowed nor our own. */
export const requireOrigin = createMiddleware<AccountEnv>(async function requireOrigin(c, next) {
  if (inCookie(c) && !SAFE.includes(c.req.method)) {
    const origin = c.req.header('Origin');
    if (origin === undefined) throw new Refusal('origin_not_allowed');
    if (!isOwnOrigin(c, origin)) {
      if (!isAllowedOrigin(c, origin)) throw new Refusal('origin_not_allowed');
      warnOfOtherSite(c, origin);
    }
  }
  return next();
});

const warned = new WeakSet<Settings>();

/** Once an isolate: the browser of such a page keeps no cookie of ours, and says nothing of it. */
function warnOfOtherSite(c: AccountContext, origin: string): void {
  const { settings } = c.var.services;
  const fromBrowser = c.req.header('Sec-Fetch-Site');
  const crosses = fromBrowser ? fromBrowser === 'cross-site' : !isSameSite(origin, publicUrl(c));
  if (!crosses || warned.has(settings)) return;
  warned.add(settings);
  reporter(c.var.requestId)('warn', 'cookie_of_another_site', {
    origin,
    hint: 'browsers do not send the refresh cookie from another site: put the front end and this service below one domain, or set REFRESH_TRANSPORT=body',
  });
}

/** The body of refresh and log-out: `{refresh}`, or nothing where the cookie has it. */
export const refreshInput: ReturnType<typeof body<typeof refreshBody>> = (() => {
  const withToken = body(refreshBody);
  const without = body(noBody);
  const handler: MiddlewareHandler<AccountEnv> = (c, next) =>
    inCookie(c) ? without(c as never, next) : withToken(c as never, next);
  return handler as never;
})();

/**
 * The token a refresh or log-out is about; null where there is no cookie. Two cookies of that name count as none and
 * both are cleared: a page of another host below the same domain can plant one, and nothing tells which is ours.
 */
export function sentRefresh(c: AccountContext, validated: { refresh?: string }): string | null {
  if (!inCookie(c)) return validated.refresh ?? null;
  const sent = (c.req.header('Cookie') ?? '')
    .split(';')
    .filter((pair) => pair.trim().startsWith(`__Secure-${COOKIE}=`));
  if (sent.length <= 1) return getCookie(c, COOKIE, 'secure') ?? null;
  clearPlanted(c);
  throw new Refusal('not_authenticated', { reason: 'two_cookies' });
}

/** What of a pair goes into the body; in cookie mode the refresh token goes into the cookie instead. */
export function sendTokens<P extends TokenPair>(c: AccountContext, pair: P): P | { access: string } {
  if (!inCookie(c)) return pair;
  if (pair.refresh !== undefined) {
    // An upper bound: the token itself says when it is over.
    const maxAge = c.var.services.settings.REFRESH_TOKEN_LIFETIME;
    setCookie(c, COOKIE, pair.refresh, {
      ...attributes(c),
      maxAge: Math.min(maxAge, COOKIE_MAX_AGE_SECONDS),
    });
  }
  return { access: pair.access };
}

export function clearRefresh(c: AccountContext): void {
  if (inCookie(c)) deleteCookie(c, COOKIE, attributes(c));
}

/** Ours, and those that a page of a host below the same domain can have set, at the paths where they reach us. */
function clearPlanted(c: AccountContext): void {
  const labels = new URL(publicUrl(c)).hostname.split('.');
  const domains = labels.slice(0, -1).map((_, from) => labels.slice(from).join('.'));
  for (const path of new Set(['/', attributes(c).path])) {
    deleteCookie(c, COOKIE, { ...attributes(c), path });
    for (const domain of domains) deleteCookie(c, COOKIE, { ...attributes(c), path, domain });
  }
}

/**
 * A token that is refused for good takes its cookie with it. Where the server could not tell (503) the cookie
 * stays: without it a second try at a log-out would end nothing.
 */
export async function clearWhereFinal<T>(c: AccountContext, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && error.isFinal) clearRefresh(c);
    throw error;
  }
}
