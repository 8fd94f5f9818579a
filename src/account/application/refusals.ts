/** Which refusal a caller is told when it is D1 that says no. */
import { invalidField, Refusal } from '../../errors.ts';
import { seconds } from '../../ports.ts';
import { accessFault, statusFault } from '../../token/rotation.ts';
import type { Services } from './tokens.ts';

/**
 * A write lost against another, which ended the caller's session or (where the session stands) changed the
 * password that was just checked.
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
