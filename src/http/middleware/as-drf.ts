/**
 * For the paths of clients of Django REST Framework: forms are read, and errors are `application/json` (such clients
 * compare the type exactly) with DRF's own sentences and the faults of fields at the top level too. Mounted before what
 * can fail.
 */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';

export const asDrf: MiddlewareHandler<AppEnv> = (c, next) => {
  c.set('asDrf', true);
  return next();
};
