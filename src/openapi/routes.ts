/**
 * `/openapi.json` and `/docs`. The template is built with the assets (scripts/openapi/); here it is resolved for this
 * deployment, once per isolate, on the first request.
 */

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { isOwnOrigin, publicPath, publicUrl } from '../http/origins.ts';
import { serveTheme } from '../http/site.ts';
import type { Settings } from '../settings.ts';
import { type Node, resolveTemplate } from './resolve-template.ts';

const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const withDocs = createMiddleware<AppEnv>(async function withDocs(c, next) {
  if (!c.var.services.settings.DOCS) throw new Refusal('not_found');
  return next();
});

const resolved = new WeakMap<Settings, Node>();

async function documentOf(c: AppContext): Promise<Node> {
  const { settings } = c.var.services;
  const known = resolved.get(settings);
  if (known) return known;
  const template = await c.env.ASSETS?.fetch(new URL('/docs/openapi/template.json', c.req.url));
  if (!template?.ok) throw new Refusal('not_found');
  const made = resolveTemplate(await template.json(), settings);
  resolved.set(settings, made);
  return made;
}

/** Prefixes the page's links if the service is reached below a path. */
const below = (base: string, page: Response): Response =>
  new HTMLRewriter()
    .on('[href^="/"], [src^="/"]', {
      element: (element) => {
        for (const name of ['href', 'src']) {
          const path = element.getAttribute(name);
          if (path !== null) element.setAttribute(name, base + path);
        }
      },
    })
    .transform(page);

export const openapiRoutes = () =>
  new Hono<AppEnv>({ strict: false })
    .get('/openapi.json', withDocs, async (c) => {
      const document = await documentOf(c);
      const url = publicUrl(c);
      const { origin } = new URL(c.req.url);
      // Swagger UI can only call the page's own origin, and in development that may be localhost or 127.0.0.1.
      const pageUrl = isOwnOrigin(c, origin) ? origin + publicPath(c.var.services.settings) : url;
      c.header('Cache-Control', 'public, max-age=300');
      return c.json({
        ...document,
        info: { ...(document.info as Node), title: `Accounts at ${new URL(url).host}` },
        servers: [...new Set([url, pageUrl])].map((url) => ({ url })),
      });
    })
    .get('/docs', withDocs, async (c) => {
      const page = await serveAsset(c, '/docs/');
      page.headers.set('Content-Security-Policy', DOCS_CSP);
      const base = publicPath(c.var.services.settings);
      return base === '' ? page : below(base, page);
    })
    .get('/docs/theme.css', withDocs, (c) => serveTheme(c))
    .get('/docs/:file', withDocs, (c) => serveAsset(c))
    .get('/docs/swagger-ui/:file', withDocs, (c) => serveAsset(c));
