/** Checks of a user's current password. Never imports Hono, Drizzle or a binding. */
import { invalidField } from '../../errors.ts';
import type { User } from '../../model.ts';
import type { Call } from '../../ports.ts';
import type { Caller } from './session.ts';
import type { Services } from './tokens.ts';

/**
 * Checks the current password of a signed-in caller, with the same limits as a log-in but separate counters.
 * 400 password_incorrect under `field`; 429 throttled.
 */
export async function requirePassword(
  services: Services,
  { user }: Caller,
  field: string,
  password: string,
  call: Call,
): Promise<void> {
  await services.limits.check({ action: 'password_check', userId: user.id }, call);
  await limitCostlyHash(services, user, { signedIn: true }, call);
  const { ok } = await services.hasher.verify(password, user.passwordHash);
  if (ok) return;
  call.report('warn', 'password_incorrect', { user: user.id });
  throw invalidField(field, 'password_incorrect');
}

/**
 * Limits guesses at imported hashes that cost more than our own. Counted by the user's id, so that the e-mail address
 * and the username share one counter. 429 throttled.
 */
export async function limitCostlyHash(
  { hasher, limits }: Services,
  user: Pick<User, 'id' | 'passwordHash'>,
  { signedIn }: { signedIn: boolean },
  call: Call,
): Promise<void> {
  if (!hasher.isCostly(user.passwordHash)) return;
  await limits.check({ action: 'imported_hash', userId: user.id, signedIn }, call);
}
