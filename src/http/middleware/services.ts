/** The services built from settings and bindings, for every request behind it. */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv, Composer } from '../context.ts';
import { misconfigured } from '../misconfigured.ts';
import { reporter } from '../report.ts';

/** 503 misconfigured, with all faults in one log line, where settings or bindings are wrong. */
export function services(compose: Composer, exempt: readonly string[] = []): MiddlewareHandler<AppEnv> {
  return async function provideServices(c, next) {
    if (exempt.includes(c.req.path)) return next();
    const composed = await compose(c.env);
    if (!composed.ok) throw misconfigured(composed.faults, c.env, reporter(c.var.requestId));
    c.set('services', composed.services);
    return next();
  };
}
