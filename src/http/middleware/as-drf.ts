/**
 * Marks paths for clients of Django REST Framework: bodies may be forms, and errors are `application/json` (such clients
 * compare the type exactly) with DRF's own messages and field errors at the top level too. Must be mounted before
 * anything that can fail.
 */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';

export const asDrf: MiddlewareHandler<AppEnv> = (c, next) => {
  c.set('asDrf', true);
  return next();
};
