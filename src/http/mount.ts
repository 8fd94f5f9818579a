/** Makes an app independent of the host it is mounted in, as `.route()` takes over only its handlers. */
import { type Context, Hono } from 'hono';
import { routePath } from 'hono/route';
import type { AppContext, AppEnv } from './context.ts';

/** In a handler for `*`: the path before the star. */
export const mountOf = (c: Context) => routePath(c).replace(/\/?\*$/, '');

/** Undefined outside a Worker, where Hono throws. */
function executionContextOf(c: AppContext) {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}

/**
 * Makes the app answer paths with a trailing slash too, even if the host is strict, which is Hono's default: such requests
 * are routed again by a host of our own.
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
      // Through the context, so that headers set by the host are kept.
      return c.newResponse(answer.body, answer);
    })
    .route('/', app);
}
