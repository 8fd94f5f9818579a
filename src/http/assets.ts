/** The Worker's own static files: they pass through the Worker, so that they have its headers. */
import { Refusal } from '../errors.ts';
import type { AppContext } from './context.ts';

/** 404 not_found, also where a host has no assets. `whole`: whatever copy of it the client already has. */
export async function serveAsset(
  c: AppContext,
  path = c.req.path,
  { whole = false } = {},
): Promise<Response> {
  const answer = await c.env.ASSETS?.fetch(
    new Request(new URL(path, c.req.url), whole ? undefined : c.req.raw),
  );
  if (!answer || answer.status === 404) throw new Refusal('not_found');
  const response = new Response(answer.body, answer);
  if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'public, max-age=3600');
  return response;
}
