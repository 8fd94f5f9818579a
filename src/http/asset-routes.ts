/** `/static`, at the root of the Worker. */
import { Hono } from 'hono';
import { serveAsset } from './assets.ts';
import type { AppEnv } from './context.ts';
import { serveTheme } from './site.ts';

export const assetRoutes = () =>
  new Hono<AppEnv>({ strict: false })
    .get('/static/theme.css', (c) => serveTheme(c))
    .get('/static/:file', (c) => serveAsset(c));
