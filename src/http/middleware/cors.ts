/** Cross-origin requests (the Fetch standard's CORS protocol) from the origins of `ALLOWED_ORIGINS`. */
import type { MiddlewareHandler } from 'hono';
import { cors as honoCors } from 'hono/cors';
import type { AppEnv } from '../context.ts';

/** Preflights end here; any other OPTIONS request goes on and learns what the path allows. */
export function cors(): MiddlewareHandler<AppEnv> {
  return async function allowOrigins(c, next) {
    const settings = c.get('services')?.settings;
    if (!settings) return next();
    const preflight =
      c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined;
    const origin = c.req.header('Origin');
    const allowed = origin !== undefined && settings.ALLOWED_ORIGINS.includes(origin);
    if (!allowed) return next();
    const answer = honoCors({
      origin: settings.ALLOWED_ORIGINS,
      allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
      allowHeaders: ['Authorization', 'Content-Type', 'Accept-Language'],
      exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate', 'Content-Language'],
      maxAge: 600,
      credentials: settings.REFRESH_TRANSPORT === 'cookie',
    });
    if (preflight || c.req.method !== 'OPTIONS') return answer(c, next);
    await next();
    c.header('Access-Control-Allow-Origin', origin);
  };
}
