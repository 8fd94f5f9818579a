/**
 * What the page after an act says beside its code: a name or a number. In a cookie for the next page alone, since a query
 * string would put it into logs and histories, and let anybody put words into the console's mouth.
 */
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { fromBase64Url, toBase64Url } from '../encoding.ts';
import { OWN_COOKIE } from './cookie.ts';
import type { AdminContext } from './env.ts';

const COOKIE = 'accounts_admin_notice';
const LIFETIME_SECONDS = 60;

/** What fills the blanks of a sentence. */
export type Notice = Readonly<Record<string, string>>;

export function leaveNotice(c: AdminContext, notice: Notice): void {
  const value = toBase64Url(new TextEncoder().encode(JSON.stringify(notice)));
  setCookie(c, COOKIE, value, { ...OWN_COOKIE, maxAge: LIFETIME_SECONDS });
}

/** Once. Null: there is none. */
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
