/** Provides the services built from settings and bindings. */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv, Composer } from '../context.ts';
import { misconfigured } from '../misconfigured.ts';
import { reporter } from '../report.ts';

/** 503 misconfigured, with one log line for all faults, if settings or bindings are invalid. */
export function services(compose: Composer, exempt: readonly string[] = []): MiddlewareHandler<AppEnv> {
  return async function provideServices(c, next) {
    if (exempt.includes(c.req.path)) return next();
    const composed = await compose(c.env);
    if (!composed.ok) throw misconfigured(composed.faults, c.env, reporter(c.var.requestId));
    c.set('services', composed.services);
    return next();
  };
}
