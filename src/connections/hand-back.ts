/**
 * Returns from the pages to the app that sent the user there: a code in the URL, which the app exchanges for a session
 * of its own. Requires the refresh token. An access token is not enough: it is sent to other servers, which must not be
 * able to turn it into a session that outlives it.
 */

import { Refusal } from '../errors.ts';
import { type Call, seconds } from '../ports.ts';
import { refuseSentToken } from '../token/refuse-token.ts';
import { newExchange } from './exchange-code.ts';
import { withOutcome } from './return-to.ts';
import type { WithConnections } from './services.ts';

/** Returns the app's URL with `?code=`. 401 token_not_valid. */
export async function handBack(
  services: WithConnections,
  refresh: string,
  to: { url: URL; challenge: string },
  call: Call,
): Promise<{ url: string }> {
  await services.limits.check({ action: 'anonymous', endpoint: 'hand_back' }, call);
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(refresh, 'refresh', now);
  if (!verdict.ok) throw refuseSentToken(verdict.fault);
  const { sub: userId, sid: sessionId, jti, exp: expiresAt } = verdict.claims;
  const { code, exchange } = await newExchange(services, userId);
  const key = { userId, sessionId, jti, expiresAt };
  if (!(await services.connections.handBack.leave(key, exchange, to.challenge, now))) {
    throw new Refusal('token_blacklisted', { reason: 'session_ended_meanwhile' });
  }
  call.report('info', 'handed_back', { user: userId, session: sessionId });
  return { url: withOutcome(to.url, { code }) };
}
