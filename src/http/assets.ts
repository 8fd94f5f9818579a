/** The Worker's own static files: they pass through the Worker, so that they have its headers. */
import { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import type { AppEnv } from './context.ts';

export const assetRoutes = () =>
  new Hono<AppEnv>({ strict: false }).get('/static/:file', async (c) => {
    const answer = await c.env.ASSETS?.fetch(c.req.raw);
    if (!answer || answer.status === 404) throw new Refusal('not_found');
    const response = new Response(answer.body, answer);
    if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'public, max-age=3600');
    return response;
  });
