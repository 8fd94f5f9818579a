/** The guard of the account app's own paths: reads D1, so that a revocation holds here at once. */
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { bearerToken } from '../guard/bearer.ts';
import type { AppEnv } from '../http/context.ts';
import { authenticate } from './application/session.ts';

export const signedIn = createMiddleware<AppEnv>(async function signedIn(c, next) {
  const { services } = c.var;
  const token = bearerToken(c.req.header('Authorization'), services.settings.AUTH_HEADER_TYPES);
  if (token === null) throw new Refusal('not_authenticated');
  c.set('caller', await authenticate(services, token));
  return next();
});
