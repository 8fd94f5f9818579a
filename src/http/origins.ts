/**
 * The public URL of the service, and the origins that may call it, for CORS, cookie mode and the console. If PUBLIC_URL
 * is set, nothing else decides, so that a gateway or service binding in front need not rewrite anything.
 */
import type { Settings } from '../settings.ts';
import type { AppContext } from './context.ts';
import { isLocalhostOrigin } from './localhost-origins.ts';
import { reporter } from './report.ts';

/** Without a trailing slash. */
export const publicUrl = (c: AppContext): string =>
  c.var.services.settings.PUBLIC_URL ?? new URL(c.req.url).origin;

/** The display name of the site. */
export const siteName = (c: AppContext): string =>
  c.var.services.settings.SITE_NAME ?? new URL(publicUrl(c)).host;

/** The path prefix of the service: `/id` if it is at https://example.com/id, otherwise empty. */
export const publicPath = ({ PUBLIC_URL = '' }: Pick<Settings, 'PUBLIC_URL'>): string =>
  PUBLIC_URL.replace(/^https?:\/\/[^/]+/, '');

/** Hostnames under which a developer's browser reaches the same local server. */
const LOOPBACK = ['localhost', '127.0.0.1'];

export function isOwnOrigin(c: AppContext, origin: string): boolean {
  const own = new URL(publicUrl(c));
  if (origin === own.origin) return true;
  if (c.var.services.settings.ENVIRONMENT !== 'development' || !LOOPBACK.includes(own.hostname)) return false;
  const port = own.port && `:${own.port}`;
  return LOOPBACK.some((hostname) => origin === `${own.protocol}//${hostname}${port}`);
}

/** By ALLOWED_ORIGINS or the host's own function. */
export const isAllowedOrigin = (c: AppContext, origin: string): boolean =>
  c.var.services.isAllowedOrigin(origin);

/** Whether CORS lets pages of this origin read responses. Our own pages need no CORS. */
export const mayRead = (c: AppContext, origin: string): boolean =>
  isAllowedOrigin(c, origin) ||
  (!isOwnOrigin(c, origin) && isLocalhostOrigin(origin, c.var.services.settings, reporter(c.var.requestId)));
