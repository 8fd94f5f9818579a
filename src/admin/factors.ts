/**
 * Second factors in the console: those of users, which staff see and switch off, and those of staff. No Hono, Drizzle or
 * bindings.
 */
import { sendMail } from '../account/application/mailing.ts';
import type { Caller } from '../account/application/session.ts';
import { Refusal } from '../errors.ts';
import type { User } from '../model.ts';
import type { Call } from '../ports.ts';
import { listFactors } from '../second-factor/enrolment.ts';
import type { FactorList } from '../second-factor/ports.ts';
import { type AdminServices, actOnUser, auditEntry } from './acting.ts';

const NONE = { totp: null, recoveryCodesLeft: 0 };

/** The second factor of a user that was read before. */
export const factorsOf = async ({ factors }: AdminServices, user: User): Promise<FactorList> =>
  factors === null ? { ...NONE, passkeys: user.passkeyCount } : listFactors(factors, { user });

/** Switches the user's second factor off and notifies them. 403 permission_denied; 404 not_found, also if it is off. */
export async function removeFactor(
  services: AdminServices,
  caller: Caller,
  id: string,
  call: Call,
): Promise<void> {
  await actOnUser(services, id, call, async (user) => {
    const entry = auditEntry(services, caller, 'user.second_factor_removed');
    const outcome = await services.admin.store.removeFactor(entry, id);
    const notify = async (theirs: Call) => {
      call.report('info', 'second_factor_off', { user: id });
      await sendMail(services, theirs, 'second_factor_off', user.email);
    };
    return { entry, outcome, notify };
  });
}

/**
 * With STAFF_MFA=required, a staff member without a second factor may only set one up. A passkey with user verification
 * counts as both factors.
 */
export const mustSetUpFactor = (
  { settings }: Pick<AdminServices, 'settings'>,
  { user, session }: Pick<Caller, 'user' | 'session'>,
): boolean => settings.STAFF_MFA === 'required' && !user.hasSecondFactor && !session.amr.includes('mfa');

/** For the admin API. 403 permission_denied. */
export function requireFactor(services: Pick<AdminServices, 'settings'>, caller: Caller): void {
  if (mustSetUpFactor(services, caller)) {
    throw new Refusal('permission_denied', { reason: 'second_factor_missing' });
  }
}
