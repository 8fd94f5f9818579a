/** The Worker's static files. Served by the Worker itself, so that they have its headers. */
import { Refusal } from '../errors.ts';
import type { AppContext } from './context.ts';

/** 404 not_found, also if a host has no assets. `whole` ignores the conditional headers of the request. */
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
