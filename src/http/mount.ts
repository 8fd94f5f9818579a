/** What an app has to know of the host that it is mounted in. `.route()` takes the handlers over, and nothing else. */
import { type Context, Hono } from 'hono';
import { routePath } from 'hono/route';
import type { AppContext, AppEnv } from './context.ts';

/** Of a handler for `*`: what stands before the star. */
export const mountOf = (c: Context) => routePath(c).replace(/\/?\*$/, '');

/** Outside a Worker there is none, and Hono throws. */
function executionContextOf(c: AppContext) {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}

/**
 * The app, whose paths answer with a slash at the end too, though the host is one to whom `/x/` is not `/x`, as it is
 * by default: what comes with one is routed anew, by a host of our own.
 */
export function inAnyHost(app: Hono<AppEnv>): Hono<AppEnv> {
  const hosts = new Map<string, Hono<AppEnv>>();
  return new Hono<AppEnv>({ strict: false })
    .use(async function takeSlash(c, next) {
      if (!c.req.path.endsWith('/')) return next();
      const mount = mountOf(c);
      const host = hosts.get(mount) ?? new Hono<AppEnv>({ strict: false }).route(mount || '/', app);
      hosts.set(mount, host);
      const answer = await host.fetch(c.req.raw, c.env, executionContextOf(c));
      // Through the context, so that headers that the host has set go with it.
      return c.newResponse(answer.body, answer);
    })
    .route('/', app);
}
