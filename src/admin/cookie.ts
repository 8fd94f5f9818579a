/**
 * The console's cookie, and the two guards of its pages. Browsers keep a `Secure` cookie from http://localhost, as
 * development has it, in Chromium and Firefox; Safari does not, and needs https there too.
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
/** `__Host-` (RFC 6265bis section 4.1.3.2): of this very host, for all its paths, over a secure connection. */
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
 * SameSite is about sites, this is about origins: another host of the same site may not post either. 403 where
 * `Origin` is absent, as it never is in the POST of a browser.
 */
export const ownOrigin = createMiddleware<AdminEnv>(async function ownOrigin(c, next) {
  const origin = c.req.header('Origin');
  if (origin === undefined || !isOwnOrigin(c, origin)) {
    throw new Refusal('origin_not_allowed', { reason: 'console' });
  }
  return next();
});

/** Staff by the cookie, as D1 has it now, or what sends everybody else to the log-in page. */
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

/** Staff; who has to set up a second factor first goes to the page for that. */
export const requireStaffSession = createMiddleware<AdminEnv>(async function requireStaffSession(c, next) {
  const caller = await staffCaller(c);
  if (caller instanceof Response) return caller;
  if (mustSetUpFactor(c.var.services, caller)) return c.redirect(`${c.var.mount}/second-factor`, 303);
  c.set('caller', caller);
  return next();
});

/** Staff, with a second factor or without. */
export const requireStaffToSetUp = createMiddleware<AdminEnv>(async function requireStaffToSetUp(c, next) {
  const caller = await staffCaller(c);
  if (caller instanceof Response) return caller;
  c.set('caller', caller);
  return next();
});

/** Any host will do: what is sent is a path, so that the browser stays at the name it came to. */
const ANY_HOST = 'https://console.invalid';

/** Where a log-in goes on: a page of the console, whatever `next` says. */
export function afterLogIn(c: AdminContext, next: string): string {
  const { mount } = c.var;
  const to = URL.canParse(mount + next, ANY_HOST) ? new URL(mount + next, ANY_HOST) : null;
  // `//` would be another host to the browser.
  const stays =
    to?.origin === ANY_HOST && to.pathname.startsWith(`${mount}/`) && !to.pathname.startsWith('//');
  return stays ? to.pathname + to.search : mount || '/';
}
