/** Which refusal a caller is told when it is D1 that says no. */
import { invalidField, Refusal } from '../../errors.ts';
import { seconds } from '../../ports.ts';
import { accessFault, standingFault } from '../../token/rotation.ts';
import type { Services } from './tokens.ts';

/**
 * A write lost against another, which ended the caller's session or (where the session stands) changed the
 * password that was just checked.
 */
export async function explainLoss(
  services: Services,
  userId: string,
  sessionId: string,
  passwordField: string,
): Promise<never> {
  const standing = await services.sessions.standing(userId, sessionId);
  const fault = standingFault(standing, seconds(services.clock));
  if (fault === null) throw invalidField(passwordField, 'password_incorrect');
  throw new Refusal(accessFault(fault), { reason: 'lost against another write' });
}
