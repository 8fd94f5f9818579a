/** Passkeys of staff, for the console's own log-in. */
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import type { PasskeyServices } from '../passkeys/ports.ts';
import type { AdminContext, AdminEnv } from './env.ts';

/** 404 with PASSKEYS=off. */
export const withPasskeys = createMiddleware<AdminEnv>(async function withPasskeys(c, next) {
  if (!c.var.services.passkeys) throw new Refusal('not_found');
  return next();
});
/** Behind `withPasskeys`. */
export const passkeysOf = (c: AdminContext) => c.var.services.passkeys as PasskeyServices;
