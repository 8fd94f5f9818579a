/** `return_to` of a request: whether it may be gone to by what this deployment allows. */
import { invalidField } from '../errors.ts';
import type { AppContext } from '../http/context.ts';
import { isOwnOrigin, mayRead } from '../http/origins.ts';
import { returnUrl } from './return-to.ts';

export const returnUrlOf = (c: AppContext, text: string): URL | null =>
  returnUrl(text, (origin) => isOwnOrigin(c, origin) || mayRead(c, origin));

/** 400 invalid, and nothing is redirected. */
export function requireReturnUrl(c: AppContext, text: string): URL {
  const url = returnUrlOf(c, text);
  if (!url) throw invalidField('return_to', 'invalid');
  return url;
}
