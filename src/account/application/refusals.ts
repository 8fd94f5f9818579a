/** The error for a caller whose conditional write in D1 did not happen. */
import { invalidField, Refusal } from '../../errors.ts';
import { seconds } from '../../ports.ts';
import { accessFault, statusFault } from '../../token/rotation.ts';
import type { Services } from './tokens.ts';

/** The caller's session ended during the request. */
export const lostSession = () => new Refusal('access_token_not_valid', { reason: 'session_ended_meanwhile' });

/**
 * Another write came first: it ended the caller's session, or (if the session is still live) changed the password that
 * was just checked.
 */
export async function throwConflict(
  services: Services,
  userId: string,
  sessionId: string,
  passwordField: string,
): Promise<never> {
  const tokenStatus = await services.sessions.tokenStatus(userId, sessionId);
  const fault = statusFault(tokenStatus, seconds(services.clock));
  if (fault === null) throw invalidField(passwordField, 'password_incorrect');
  throw new Refusal(accessFault(fault), { reason: 'lost_to_another_write' });
}
