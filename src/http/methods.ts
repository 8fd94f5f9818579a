/** The response if no handler matches: 404, 405 with Allow, or 204 with Allow for OPTIONS. */
import type { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import type { AppContext } from './context.ts';

const matches = (pattern: string, path: string): boolean => {
  const want = pattern.split('/');
  const have = path.split('/');
  return (
    want.length === have.length &&
    want.every((segment, i) => (segment.startsWith(':') ? have[i] !== '' : segment === have[i]))
  );
};

/** `base`: the part of the path before the routes of `app`. */
export function answerOther(app: Pick<Hono, 'routes'>, c: AppContext, base = ''): Response {
  // One trailing slash has already been removed by Hono (`strict: false`), of createApp or of inAnyHost.
  const path = c.req.path.slice(base.length);
  // `/` is the base itself. With another slash it would be a different path.
  const patternOf = (route: string) => (base !== '' && route === '/' ? '' : route);
  const found = new Set(
    app.routes
      .filter((route) => route.method !== 'ALL' && matches(patternOf(route.path), path))
      .map((route) => route.method),
  );
  if (found.size === 0) throw new Refusal('not_found');
  if (found.has('GET')) found.add('HEAD');
  const allow = [...found, 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') return c.body(null, 204, { Allow: allow });
  throw new Refusal('method_not_allowed', { headers: { Allow: allow } });
}
