/** `?return_to=` and `?code_challenge=` of a page: where it returns to when it is done. */
import { returnUrlOf } from '../connections/allowed-return.ts';
import { CHALLENGE } from '../connections/schemas.ts';
import type { FieldFaults } from '../errors.ts';
import type { AppContext } from '../http/context.ts';
import { isOwnOrigin } from '../http/origins.ts';
import type { ReturnTo } from './parts.tsx';

export interface BadReturn {
  faults: FieldFaults;
}
export const isBad = (read: ReturnTo | BadReturn | null): read is BadReturn =>
  read !== null && 'faults' in read;

/** A query parameter. A repeated one is read as '', which is invalid; undefined if absent. */
function only(c: AppContext, name: string): string | undefined {
  const values = c.req.queries(name);
  return values?.length === 1 ? values[0] : values && '';
}

/**
 * Null without `return_to`. The origin must be allowed. If the page ends with a session (`needsCode`), another origin
 * must give a challenge, as it receives a code; a page of our own origin shares the session.
 */
export function readReturn(c: AppContext, needsCode: boolean): ReturnTo | BadReturn | null {
  const to = only(c, 'return_to');
  const challenge = only(c, 'code_challenge');
  if (to === undefined) return null;
  const url = returnUrlOf(c, to);
  if (!url) return { faults: { return_to: [{ fault: 'invalid' }] } };
  if (challenge !== undefined && !CHALLENGE.test(challenge)) {
    return { faults: { code_challenge: [{ fault: 'invalid' }] } };
  }
  if (challenge === undefined && needsCode && !isOwnOrigin(c, url.origin)) {
    return { faults: { code_challenge: [{ fault: 'required' }] } };
  }
  return { url: url.href, challenge: challenge ?? null };
}

/** For the links between the pages. */
export function queryOf(to: ReturnTo | null): string {
  if (!to) return '';
  const query = new URLSearchParams({ return_to: to.url });
  if (to.challenge !== null) query.set('code_challenge', to.challenge);
  return `?${query}`;
}
