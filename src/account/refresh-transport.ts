/**
 * How refresh tokens are sent: in the body, or (REFRESH_TRANSPORT=cookie) in a cookie that scripts cannot read and
 * other sites cannot send. In cookie mode `Origin` is checked on every unsafe method, as SameSite distinguishes sites,
 * not origins.
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

/** In cookie mode, 403 origin_not_allowed for an unsafe method without an `Origin` that is allowed or our own. */
export const requireOrigin = createMiddleware<AccountEnv>(async function requireOrigin(c, next) {
  if (inCookie(c) && !SAFE.includes(c.req.method)) {
    const origin = c.req.header('Origin');
    if (origin === undefined) throw new Refusal('origin_not_allowed');
    if (!isOwnOrigin(c, origin)) {
      if (!isAllowedOrigin(c, origin)) throw new Refusal('origin_not_allowed');
      warnAboutCrossSite(c, origin);
    }
  }
  return next();
});

const warned = new WeakSet<Settings>();

/** Logs once per isolate that a page of another site calls: its browser silently drops the cookie. */
function warnAboutCrossSite(c: AccountContext, origin: string): void {
  const { settings } = c.var.services;
  const fromBrowser = c.req.header('Sec-Fetch-Site');
  const crosses = fromBrowser ? fromBrowser === 'cross-site' : !isSameSite(origin, publicUrl(c));
  if (!crosses || warned.has(settings)) return;
  warned.add(settings);
  reporter(c.var.requestId)('warn', 'cookie_of_another_site', {
    origin,
    hint: 'browsers do not send the refresh cookie from another site: serve the front end and this service from the same site (one registrable domain), or set REFRESH_TRANSPORT=body',
  });
}

/** Validates the body of refresh and log-out: `{refresh}`, or nothing in cookie mode. */
export const refreshInput: ReturnType<typeof body<typeof refreshBody>> = (() => {
  const withToken = body(refreshBody);
  const without = body(noBody);
  const handler: MiddlewareHandler<AccountEnv> = (c, next) =>
    inCookie(c) ? without(c as never, next) : withToken(c as never, next);
  return handler as never;
})();

/**
 * The refresh token of the request; null in cookie mode without a cookie. Two cookies of that name are both cleared and
 * refused: a page of a sibling host can plant one, and nothing shows which is ours. 401 not_authenticated.
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

/** The tokens for the response body; in cookie mode sets the cookie and leaves the refresh token out. */
export function sendTokens<P extends TokenPair>(c: AccountContext, pair: P): P | { access: string } {
  if (!inCookie(c)) return pair;
  if (pair.refresh !== undefined) {
    // An upper bound: the token itself has the exact expiry.
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

/** Clears our cookie and any that a sibling host can have planted, for every domain and path that reaches us. */
function clearPlanted(c: AccountContext): void {
  const labels = new URL(publicUrl(c)).hostname.split('.');
  const domains = labels.slice(0, -1).map((_, from) => labels.slice(from).join('.'));
  for (const path of new Set(['/', attributes(c).path])) {
    deleteCookie(c, COOKIE, { ...attributes(c), path });
    for (const domain of domains) deleteCookie(c, COOKIE, { ...attributes(c), path, domain });
  }
}

/**
 * Clears the cookie if the token is refused for good. After a 503 it stays: without it, a second try at a log-out would
 * not end the session.
 */
export async function clearIfRefused<T>(c: AccountContext, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && error.isFinal) clearRefresh(c);
    throw error;
  }
}
