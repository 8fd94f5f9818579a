/** Cross-origin requests (the Fetch standard's CORS protocol). Which origins: http/origins.ts. */
import type { MiddlewareHandler } from 'hono';
import { cors as honoCors } from 'hono/cors';
import { Refusal } from '../../errors.ts';
import type { AppContext, AppEnv } from '../context.ts';
import { mayRead } from '../origins.ts';

/** Told of a path that is not there, so that the client can read its 404. */
const ANY_METHOD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

const allow = (origin: string, allowMethods: string[] = []) =>
  honoCors({
    origin: [origin],
    allowMethods,
    // Empty: a preflight is told the headers that it asks for (tracing, X-CSRFToken, …). None of them means anything here.
    allowHeaders: [],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate', 'Content-Language'],
    maxAge: 600,
    // In both transports: many clients always send `credentials: 'include'`, and a browser refuses them without it.
    credentials: true,
  });

/** A preflight is told the methods of its path; any other OPTIONS request learns what the path allows. */
export function cors<E extends AppEnv>(): MiddlewareHandler<E> {
  return async function allowOrigins(context, next) {
    const c = context as unknown as AppContext;
    const origin = c.req.header('Origin');
    // No services: a path that answers without settings knows no origins.
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
      // Of a path that nothing is mounted at; elsewhere it is an answer by now.
      if (!(error instanceof Refusal && error.kind === 'not_found')) throw error;
    }
    const methods = c.res.headers.get('Allow')?.split(', ') ?? ANY_METHOD;
    // In place of what the path answered, its headers included.
    context.res = undefined;
    const answer = await allow(origin, methods)(context, next);
    context.res = undefined;
    if (answer) context.res = answer;
  };
}
