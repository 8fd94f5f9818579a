/** Authenticates callers of the account app. Reads D1, so that a revocation takes effect at once. */
import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import type * as z from 'zod/mini';
import { Refusal } from '../errors.ts';
import { bearerToken } from '../guard/bearer.ts';
import { body, type FurtherFaults } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { asksForPassword } from './application/reauthentication.ts';
import { authenticate, type Caller } from './application/session.ts';
import type { AccountContext, AccountEnv } from './env.ts';

/** Returns the access token of the request. 401 not_authenticated, bad_authorization_header. */
export function sentAccess(c: AccountContext): string {
  const token = bearerToken(c.req.header('Authorization'), c.var.services.settings.AUTH_HEADER_TYPES);
  if (token === null) throw new Refusal('not_authenticated');
  return token;
}

export const signedIn = createMiddleware<AccountEnv>(async function signedIn(c, next) {
  c.set('caller', await authenticate(c.var.services, sentAccess(c)));
  return next();
});

/** The caller of a request that changes the account, with a rate limit per user. 401; 429 throttled. */
export async function callerToChange(c: AccountContext): Promise<Caller> {
  const { services } = c.var;
  const caller = await authenticate(services, sentAccess(c));
  await services.limits.check({ action: 'change', userId: caller.user.id }, callOf(c));
  return caller;
}

export const signedInToChange = createMiddleware<AccountEnv>(async function signedInToChange(c, next) {
  c.set('caller', await callerToChange(c));
  return next();
});

/**
 * Validates a body that must contain the password (`strict`), unless the caller has reauthenticated (`proven`). Either
 * way one schema is applied, so that one response lists every fault.
 */
export function bodyWithProof<Proven extends z.ZodMiniObject>(
  strict: z.ZodMiniObject,
  proven: Proven,
  furtherFaults?: FurtherFaults,
): ReturnType<typeof body<Proven>> {
  const [withPassword, without] = [body(strict, furtherFaults), body(proven, furtherFaults)];
  const handler: MiddlewareHandler<AccountEnv> = (c, next) =>
    asksForPassword(c.var.services, c.var.caller)
      ? withPassword(c as never, next)
      : without(c as never, next);
  return handler as never;
}
