/** Checks the `return_to` of a request against the origins that this deployment allows. */

import { invalidField } from '../errors.ts';
import type { FurtherFaults } from '../http/body.ts';
import type { AppContext } from '../http/context.ts';
import { isAllowedOrigin, isOwnOrigin, mayRead } from '../http/origins.ts';
import { returnUrl } from './return-to.ts';

/** In development without ALLOWED_ORIGINS, every port of localhost is allowed, as for CORS. */
const mayReturnTo = (c: AppContext, origin: string): boolean =>
  isOwnOrigin(c, origin) ||
  (c.var.services.settings.ALLOWED_ORIGINS.length > 0 ? isAllowedOrigin(c, origin) : mayRead(c, origin));

export const returnUrlOf = (c: AppContext, text: string): URL | null =>
  returnUrl(text, (origin) => mayReturnTo(c, origin));

/** 400 invalid under `return_to`, without any redirect. */
export function requireReturnUrl(c: AppContext, text: string): URL {
  const url = returnUrlOf(c, text);
  if (!url) throw invalidField('return_to', 'invalid');
  return url;
}

/** For a body of which another field is refused: one response reports all faults. */
export const returnFaultToo: FurtherFaults = (c, { return_to }) =>
  typeof return_to === 'string' && !returnUrlOf(c, return_to) ? { return_to: [{ fault: 'invalid' }] } : {};
