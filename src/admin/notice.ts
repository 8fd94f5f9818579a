/**
 * The values in the message after an action: a name or a number. They are in a cookie for the next page only, since a query
 * string would put them into logs and browser histories, and let a link show forged messages.
 */
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { fromBase64Url, toBase64Url } from '../encoding.ts';
import { OWN_COOKIE } from './cookie.ts';
import type { AdminContext } from './env.ts';

const COOKIE = 'accounts_admin_notice';
const LIFETIME_SECONDS = 60;

/** The values of a message's placeholders. */
export type Notice = Readonly<Record<string, string>>;

export function leaveNotice(c: AdminContext, notice: Notice): void {
  const value = toBase64Url(new TextEncoder().encode(JSON.stringify(notice)));
  setCookie(c, COOKIE, value, { ...OWN_COOKIE, maxAge: LIFETIME_SECONDS });
}

/** Reads and deletes it. null: there is none. */
export function takeNotice(c: AdminContext): Notice | null {
  const value = getCookie(c, COOKIE, 'host');
  if (value === undefined) return null;
  deleteCookie(c, COOKIE, OWN_COOKIE);
  try {
    return JSON.parse(new TextDecoder().decode(fromBase64Url(value))) as Notice;
  } catch {
    return null;
  }
}
