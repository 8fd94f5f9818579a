/** The branding of the pages: name, logo and color. */
import { accentCss } from '../site-color.ts';
import { serveAsset } from './assets.ts';
import type { AppContext } from './context.ts';
import { siteName } from './origins.ts';

export interface Site {
  name: string;
  logo: string | undefined;
}

export const siteOf = (c: AppContext): Site => ({
  name: siteName(c),
  logo: c.var.services.settings.SITE_LOGO,
});

/** For `img-src` of a page's Content-Security-Policy. `data:` is for QR codes. */
export function imageSources(c: AppContext): string {
  const { SITE_LOGO } = c.var.services.settings;
  return SITE_LOGO === undefined || SITE_LOGO.startsWith('/')
    ? "'self' data:"
    : `'self' data: ${new URL(SITE_LOGO).origin}`;
}

/** theme.css, with SITE_COLOR if set. */
export async function serveTheme(c: AppContext): Promise<Response> {
  const { SITE_COLOR } = c.var.services.settings;
  if (SITE_COLOR === undefined) return serveAsset(c, '/static/theme.css');
  const theme = await serveAsset(c, '/static/theme.css', { whole: true });
  const headers = { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' };
  return new Response((await theme.text()) + accentCss(SITE_COLOR), { headers });
}
