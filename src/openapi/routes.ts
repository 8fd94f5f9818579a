/**
 * `/openapi.json` and `/docs`. The document was made when the assets were built (document.ts); here it is settled
 * for this deployment, once an isolate, when it is first asked for.
 */

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { isOwnOrigin, publicPath, publicUrl } from '../http/origins.ts';
import type { Settings } from '../settings.ts';
import { type Node, resolveTemplate } from './resolve-template.ts';

const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const withDocs = createMiddleware<AppEnv>(async function withDocs(c, next) {
  if (!c.var.services.settings.DOCS) throw new Refusal('not_found');
  return next();
});

const settled = new WeakMap<Settings, Node>();

async function documentOf(c: AppContext): Promise<Node> {
  const { settings } = c.var.services;
  const known = settled.get(settings);
  if (known) return known;
  const template = await c.env.ASSETS?.fetch(new URL('/docs/openapi/template.json', c.req.url));
  if (!template?.ok) throw new Refusal('not_found');
  const made = resolveTemplate(await template.json(), settings);
  settled.set(settings, made);
  return made;
}

/** The page as it is where the service is reached below a path: its files are there too. */
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
      // Swagger UI may call no other origin than the page's, and this machine has two names.
      const asked = isOwnOrigin(c, origin) ? origin + publicPath(c.var.services.settings) : url;
      c.header('Cache-Control', 'public, max-age=300');
      return c.json({
        ...document,
        info: { ...(document.info as Node), title: `Accounts at ${new URL(url).host}` },
        servers: [...new Set([url, asked])].map((url) => ({ url })),
      });
    })
    .get('/docs', withDocs, async (c) => {
      const page = await serveAsset(c, '/docs/');
      page.headers.set('Content-Security-Policy', DOCS_CSP);
      const base = publicPath(c.var.services.settings);
      return base === '' ? page : below(base, page);
    })
    .get('/docs/:file', withDocs, (c) => serveAsset(c))
    .get('/docs/swagger-ui/:file', withDocs, (c) => serveAsset(c));
