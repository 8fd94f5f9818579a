/** Cross-origin requests (the Fetch standard's CORS protocol) from the origins of `ALLOWED_ORIGINS`, and in development of localhost. */
import type { MiddlewareHandler } from 'hono';
import { cors as honoCors } from 'hono/cors';
import type { AppEnv } from '../context.ts';
import { isLocalhostOrigin } from '../localhost-origins.ts';
import { reporter } from '../report.ts';

/** Preflights end here; any other OPTIONS request goes on and learns what the path allows. */
export function cors(): MiddlewareHandler<AppEnv> {
  return async function allowOrigins(c, next) {
    const settings = c.get('services')?.settings;
    if (!settings) return next();
    const preflight =
      c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined;
    const origin = c.req.header('Origin');
    if (origin === undefined) return next();
    const isOwn = origin === new URL(c.req.url).origin;
    const allowed =
      settings.ALLOWED_ORIGINS.includes(origin) ||
      (!isOwn && isLocalhostOrigin(origin, settings, reporter(c.var.requestId)));
    if (!allowed) return next();
    const answer = honoCors({
      origin: [origin],
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
