/** CORS (Fetch standard). http/origins.ts decides which origins are allowed. */
import type { MiddlewareHandler } from 'hono';
import { cors as honoCors } from 'hono/cors';
import { Refusal } from '../../errors.ts';
import type { AppContext, AppEnv } from '../context.ts';
import { mayRead } from '../origins.ts';

/** For preflights of unknown paths, so that the client can read the 404. */
const ANY_METHOD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

const allow = (origin: string, allowMethods: string[] = []) =>
  honoCors({
    origin: [origin],
    allowMethods,
    // Empty allows whatever headers a preflight asks for (tracing, X-CSRFToken, …). None of them has an effect here.
    allowHeaders: [],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate', 'Content-Language'],
    maxAge: 600,
    // In body mode too: many clients always send `credentials: 'include'`, and browsers then require this header.
    credentials: true,
  });

/** Preflights get the methods of their path. Other OPTIONS requests get the path's own response with `Allow`. */
export function cors<E extends AppEnv>(): MiddlewareHandler<E> {
  return async function allowOrigins(context, next) {
    const c = context as unknown as AppContext;
    const origin = c.req.header('Origin');
    // Paths that answer without settings have no services, and so no allowed origins.
    if (origin === undefined || !c.get('services') || !mayRead(c, origin)) return next();
    if (c.req.method !== 'OPTIONS') return allow(origin)(context, next);
    if (c.req.header('Access-Control-Request-Method') === undefined) {
      await next();
      c.header('Access-Control-Allow-Origin', origin);
      c.header('Access-Control-Allow-Credentials', 'true');
      return;
    }
    try {
      await next();
    } catch (error) {
      // Thrown if nothing is mounted at the path; otherwise it has become a response already.
      if (!(error instanceof Refusal && error.kind === 'not_found')) throw error;
    }
    const methods = c.res.headers.get('Allow')?.split(', ') ?? ANY_METHOD;
    // Replaces the path's response, including its headers.
    context.res = undefined;
    const answer = await allow(origin, methods)(context, next);
    context.res = undefined;
    if (answer) context.res = answer;
  };
}
