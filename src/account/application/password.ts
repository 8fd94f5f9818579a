/** Password change, and reset by e-mail. Never imports Hono, Drizzle or a binding. */

import { sha256Hex } from '../../encoding.ts';
import { invalid, invalidField, Refusal } from '../../errors.ts';
import type { OneTimeToken, User } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import { newUser } from '../new-user.ts';
import { announce } from './announce.ts';
import { newOneTimeToken, parseOneTimeToken, sendMail } from './mailing.ts';
import { requireFreshProof } from './reauthentication.ts';
import { throwConflict } from './refusals.ts';
import type { Caller } from './session.ts';
import { cacheRevocation, newPasswordFaults, requireGoodPassword, type Services } from './tokens.ts';

/**
 * Ends all other sessions and voids all e-mailed tokens. 400 required, password_incorrect, password_too_…, the faults of
 * both passwords at once; 401 reauthentication_required.
 */
export async function changePassword(
  services: Services,
  caller: Caller,
  input: { current_password?: string | undefined; new_password: string },
  call: Call,
): Promise<void> {
  const { hasher, credentials, clock } = services;
  const { user, sessionId } = caller;
  try {
    await requireFreshProof(services, caller, 'current_password', input.current_password, call);
  } catch (error) {
    if (!(error instanceof Refusal && error.faults)) throw error;
    throw invalid({
      ...error.faults,
      ...newPasswordFaults(services, 'new_password', input.new_password, user),
    });
  }
  await requireGoodPassword(services, 'new_password', input.new_password, user, call);
  const passwordHash = await hasher.hash(input.new_password);
  const now = seconds(clock);
  const result = await credentials.changePassword(user, sessionId, passwordHash, now);
  if (result.outcome !== 'ok') return throwConflict(services, user.id, sessionId, 'current_password');
  await cacheRevocation(services, result.endedSessions, 'password_changed', call.report);
  call.report('info', 'password_changed', { user: user.id, ended: result.endedSessions.length });
  announce(services, call, 'password.changed', user.id, now, { by: 'change' });
  await sendMail(services, call, 'password_changed', user.email);
}

/** One of 256 subjects shared by all unknown addresses, so that requests for them cannot fill the database. */
const decoySubject = async (email: string): Promise<string> =>
  (await sha256Hex(email)).slice(0, 2).padEnd(64, '0');

/**
 * Sends a reset link if the account exists, is active and has fewer than five live links. Known and unknown addresses
 * take the same round trip and write the same number of rows.
 */
export async function requestPasswordReset(services: Services, email: string, call: Call): Promise<void> {
  await services.limits.check({ action: 'mail', address: email }, call);
  const { secret, row } = await newOneTimeToken(services, 'password_reset', seconds(services.clock));
  const decoy = await decoySubject(email);
  const asked = await services.credentials.requestPasswordReset({ email, decoy }, row);
  // Unknown addresses are logged too: skipping the line would be measurable.
  call.report('info', 'password_reset_asked', { user: asked?.userId ?? null });
  await sendMail(services, call, 'password_reset', asked ? email : null, {
    subject: asked?.userId ?? decoy,
    purpose: 'password_reset',
    secret,
  });
}

/** A live reset token and its user. 400 token_not_valid for a used, expired or unknown one. */
async function findReset({ credentials, clock }: Services, token: string) {
  const key = await parseOneTimeToken(token);
  const found =
    key && (await credentials.findToken(key.subject, ['password_reset'], key.hash, seconds(clock)));
  if (!found?.user?.isActive) throw invalidField('token', 'token_not_valid');
  return { token: found.token, user: found.user };
}

/** The user whose password a reset token changes; does not use the token up. 400 token_not_valid. */
export async function checkReset(services: Services, token: string, call: Call): Promise<User> {
  await services.limits.check({ action: 'anonymous', endpoint: 'reset_check' }, call);
  return (await findReset(services, token)).user;
}

/** Single use; ends every session. 400 token_not_valid for a used, expired or unknown token. */
export async function confirmReset(
  services: Services,
  input: { token: string; new_password: string },
  call: Call,
): Promise<void> {
  const { credentials, clock, hasher, limits } = services;
  await limits.check({ action: 'anonymous', endpoint: 'reset_confirm' }, call);
  const { user, token } = await findReset(services, input.token);
  await requireGoodPassword(services, 'new_password', input.new_password, user, call);
  const passwordHash = await hasher.hash(input.new_password);
  const passed = await passToOwner(services, token, user, passwordHash, call);
  if (!passed) {
    const now = seconds(clock);
    const result = await credentials.resetPassword(token, passwordHash, now);
    if (result.outcome !== 'ok') throw invalidField('token', 'token_not_valid');
    await cacheRevocation(services, result.endedSessions, 'password_reset', call.report);
    call.report('info', 'password_reset', { user: user.id, ended: result.endedSessions.length });
    if (user.emailVerifiedAt === null) announce(services, call, 'email.verified', user.id, now, {});
    announce(services, call, 'password.changed', user.id, now, { by: 'reset' });
  }
  await sendMail(services, call, 'password_changed', user.email);
}

/**
 * Protects against account pre-hijacking: somebody may have signed up with this address without owning the mailbox.
 * Replaces such an account with a new one for the owner, so that nothing the other person set or was given refers to
 * it any more. Returns false if this is not such an account.
 */
async function passToOwner(
  services: Services,
  token: OneTimeToken,
  { id, email, emailVerifiedAt, isStaff }: User,
  passwordHash: string,
  call: Call,
): Promise<boolean> {
  const { credentials, clock, random } = services;
  if (email === null || emailVerifiedAt !== null || isStaff) return false;
  const own = { email, username: null, usernameKey: null, name: null };
  const now = seconds(clock);
  const user = newUser({ ...own, id: random.uuid7(clock()), passwordHash }, now, {
    emailVerifiedAt: now,
    language: call.askedLanguage,
  });
  const result = await credentials.passUnproven(token, { ...user, email }, now);
  if (result.outcome !== 'ok') return false;
  await cacheRevocation(services, result.endedSessions, 'withdrawn', call.report);
  call.report('info', 'account_passed', { user: user.id, from: id, ended: result.endedSessions.length });
  announce(services, call, 'user.deleted', id, now, {});
  announce(services, call, 'user.created', user.id, now, { email_verified: true });
  return true;
}
