/** The Worker's own static files: they pass through the Worker, so that they have its headers. */
import { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import type { AppContext, AppEnv } from './context.ts';

/** 404 not_found, also where a host has no assets. */
export async function serveAsset(c: AppContext, path = c.req.path): Promise<Response> {
  const answer = await c.env.ASSETS?.fetch(new Request(new URL(path, c.req.url), c.req.raw));
  if (!answer || answer.status === 404) throw new Refusal('not_found');
  const response = new Response(answer.body, answer);
  if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'public, max-age=3600');
  return response;
}

export const assetRoutes = () =>
  new Hono<AppEnv>({ strict: false }).get('/static/:file', (c) => serveAsset(c));
