/**
 * Where the service is, as clients see it, and which origins may call it: CORS, cookie mode and the console ask here.
 * Nothing but PUBLIC_URL says so where it is set, so that a gateway or a service binding in front needs to rewrite
 * nothing.
 */
import type { Settings } from '../settings.ts';
import type { AppContext } from './context.ts';
import { isLocalhostOrigin } from './localhost-origins.ts';
import { reporter } from './report.ts';

/** Without a slash at its end. */
export const publicUrl = (c: AppContext): string =>
  c.var.services.settings.PUBLIC_URL ?? new URL(c.req.url).origin;

/** What people know the service by. */
export const siteName = (c: AppContext): string =>
  c.var.services.settings.SITE_NAME ?? new URL(publicUrl(c)).host;

/** What stands before every path of ours: `/id` where the service is at https://example.com/id, else nothing. */
export const publicPath = ({ PUBLIC_URL = '' }: Pick<Settings, 'PUBLIC_URL'>): string =>
  PUBLIC_URL.replace(/^https?:\/\/[^/]+/, '');

/** The names of this machine that a developer's browser shows for one and the same server. */
const LOOPBACK = ['localhost', '127.0.0.1'];

export function isOwnOrigin(c: AppContext, origin: string): boolean {
  const own = new URL(publicUrl(c));
  if (origin === own.origin) return true;
  if (c.var.services.settings.ENVIRONMENT !== 'development' || !LOOPBACK.includes(own.hostname)) return false;
  const port = own.port && `:${own.port}`;
  return LOOPBACK.some((hostname) => origin === `${own.protocol}//${hostname}${port}`);
}

/** By ALLOWED_ORIGINS, or by the host's own function. */
export const isAllowedOrigin = (c: AppContext, origin: string): boolean =>
  c.var.services.isAllowedOrigin(origin);

/** Whether CORS lets a page of this origin read answers. Our own pages need no CORS. */
export const mayRead = (c: AppContext, origin: string): boolean =>
  isAllowedOrigin(c, origin) ||
  (!isOwnOrigin(c, origin) && isLocalhostOrigin(origin, c.var.services.settings, reporter(c.var.requestId)));
