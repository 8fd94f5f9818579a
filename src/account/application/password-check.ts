/** Checks of a password that is there already. Never Hono, Drizzle or a binding. */
import { invalidField } from '../../errors.ts';
import type { User } from '../../model.ts';
import type { Call } from '../../ports.ts';
import type { Caller } from './session.ts';
import type { Services } from './tokens.ts';

/** The caller proves the password anew; as limited as a log-in, by counters of its own. 400 password_incorrect under `field`. */
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
 * Counts a guess that takes long: at an imported hash that costs more than one of ours. By the user's id, so that a
 * second name is no second counter. 429 throttled.
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
