/** Removal of the password (docs/adr/0022-removing-a-password.md). Never Hono, Drizzle or a binding. */
import { Refusal } from '../../errors.ts';
import { type Call, seconds } from '../../ports.ts';
import { announce } from './announce.ts';
import { sendMail } from './mailing.ts';
import { hasPassword, requireFreshProof } from './reauthentication.ts';
import { throwConflict } from './refusals.ts';
import type { Caller } from './session.ts';
import { cacheRevocation, openWays, type Services } from './tokens.ts';

/**
 * Ends all other sessions and voids pending e-mail tokens. 404 not_found without a password; 400 required,
 * password_incorrect; 401 reauthentication_required; 409 last_sign_in_method.
 */
export async function removePassword(
  services: Services,
  caller: Caller,
  password: string | undefined,
  call: Call,
): Promise<void> {
  const { user, sessionId } = caller;
  if (!hasPassword(services, caller)) throw new Refusal('not_found');
  await requireFreshProof(services, caller, 'password', password, call);
  const now = seconds(services.clock);
  const result = await services.credentials.removePassword(user, sessionId, openWays(services), now);
  if (result.outcome === 'last') throw new Refusal('last_sign_in_method');
  if (result.outcome !== 'ok') return throwConflict(services, user.id, sessionId, 'password');
  await cacheRevocation(services, result.endedSessions, 'password_changed', call.report);
  call.report('info', 'password_removed', { user: user.id, ended: result.endedSessions.length });
  announce(services, call, 'password.changed', user.id, now, { by: 'removal' });
  await sendMail(services, call, 'own_password_removed', user.email);
}
