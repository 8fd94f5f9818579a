/**
 * `/openapi.json` and `/docs`. The document was made when the assets were built (document.ts); here it is settled
 * for this deployment, once an isolate, when it is first asked for.
 */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
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

export const openapiRoutes = () =>
  new Hono<AppEnv>({ strict: false })
    .get('/openapi.json', withDocs, async (c) => {
      const document = await documentOf(c);
      const { origin } = new URL(c.req.url);
      const url = c.var.services.settings.PUBLIC_URL ?? origin;
      c.header('Cache-Control', 'public, max-age=300');
      return c.json({
        ...document,
        info: { ...(document.info as Node), title: `Accounts at ${new URL(url).host}` },
        // Where this was asked for, too: Swagger UI may call no other origin than the page's.
        servers: [...new Set([url, origin])].map((url) => ({ url })),
      });
    })
    .get('/docs', withDocs, async (c) => {
      const page = await serveAsset(c, '/docs/');
      page.headers.set('Content-Security-Policy', DOCS_CSP);
      return page;
    })
    .get('/docs/:file', withDocs, (c) => serveAsset(c))
    .get('/docs/swagger-ui/:file', withDocs, (c) => serveAsset(c));
