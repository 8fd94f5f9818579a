/**
 * The console's cookie, and the two guards of its pages. Chromium and Firefox accept a `Secure` cookie from
 * http://localhost in development; Safari does not and needs https there.
 */

import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import type { Caller } from '../account/application/session.ts';
import { Refusal } from '../errors.ts';
import { isOwnOrigin } from '../http/origins.ts';
import { consoleCaller } from './console-session.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { mustSetUpFactor } from './factors.ts';

const COOKIE = 'accounts_admin';
/** `__Host-` (RFC 6265bis section 4.1.3.2): for this host only, all its paths, over a secure connection. */
export const OWN_COOKIE = {
  prefix: 'host',
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'Strict',
} as const;

export const readCookie = (c: AdminContext): string | null => getCookie(c, COOKIE, 'host') ?? null;
export const writeCookie = (c: AdminContext, token: string, maxAge: number): void =>
  setCookie(c, COOKIE, token, { ...OWN_COOKIE, maxAge });
export const clearCookie = (c: AdminContext): void => {
  deleteCookie(c, COOKIE, OWN_COOKIE);
};

/**
 * SameSite compares sites, this compares origins: another host of the same site may not post either. 403 also without
 * `Origin`, which every browser sends with a POST.
 */
export const ownOrigin = createMiddleware<AdminEnv>(async function ownOrigin(c, next) {
  const origin = c.req.header('Origin');
  if (origin === undefined || !isOwnOrigin(c, origin)) {
    throw new Refusal('origin_not_allowed', { reason: 'console' });
  }
  return next();
});

/** The staff member of the cookie, read from D1, or a redirect to the log-in page. */
async function staffCaller(c: AdminContext): Promise<Caller | Response> {
  const token = readCookie(c);
  const caller = token === null ? null : await consoleCaller(c.var.services, token);
  if (!caller) {
    if (token !== null) clearCookie(c);
    const { pathname, search } = new URL(c.req.url);
    const wanted = c.req.method === 'GET' ? pathname.slice(c.var.routedAt.length) + search : '';
    const next = wanted.length > 1 ? `?${new URLSearchParams({ next: wanted })}` : '';
    return c.redirect(`${c.var.mount}/login${next}`, 303);
  }
  return caller;
}

/** Requires staff; a staff member who must set up a second factor first is redirected to the page for that. */
export const requireStaffSession = createMiddleware<AdminEnv>(async function requireStaffSession(c, next) {
  const caller = await staffCaller(c);
  if (caller instanceof Response) return caller;
  if (mustSetUpFactor(c.var.services, caller)) return c.redirect(`${c.var.mount}/second-factor`, 303);
  c.set('caller', caller);
  return next();
});

/** Requires staff, with or without a second factor. */
export const requireStaffToSetUp = createMiddleware<AdminEnv>(async function requireStaffToSetUp(c, next) {
  const caller = await staffCaller(c);
  if (caller instanceof Response) return caller;
  c.set('caller', caller);
  return next();
});

/** The host does not matter: only the path is sent, so that the browser keeps its origin. */
const ANY_HOST = 'https://console.invalid';

/** The page after a log-in: one of the console, whatever `next` says. */
export function afterLogIn(c: AdminContext, next: string): string {
  const { mount } = c.var;
  const to = URL.canParse(mount + next, ANY_HOST) ? new URL(mount + next, ANY_HOST) : null;
  // To a browser, `//` starts another host.
  const stays =
    to?.origin === ANY_HOST && to.pathname.startsWith(`${mount}/`) && !to.pathname.startsWith('//');
  return stays ? to.pathname + to.search : mount || '/';
}
