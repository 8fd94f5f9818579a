/** `?return_to=` and `?code_challenge=` of a page: where it leads back to when it is done. */
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

/** One parameter twice is none: who reads which of them, nobody knows. Undefined where there is none. */
function only(c: AppContext, name: string): string | undefined {
  const values = c.req.queries(name);
  return values?.length === 1 ? values[0] : values && '';
}

/**
 * Nothing is redirected to an origin that is not allowed. Another origin needs a challenge where it gets a session by a
 * code; a page of our own origin shares the session.
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
