/**
 * Reauthentication of signed-in users, and the checks that require it (step-up, RFC 9470). Never imports Hono, Drizzle
 * or a binding.
 */
import { invalidField, Refusal } from '../../errors.ts';
import { type Call, seconds } from '../../ports.ts';
import {
  type AuthenticationMethod,
  authTimeOf,
  meetsStepUp,
  reauthenticationRequired,
  type StepUp,
} from '../../token/authentication.ts';
import { tokenEnd } from '../../token/rotation.ts';
import { sendMail } from './mailing.ts';
import { requirePassword } from './password-check.ts';
import { throwConflict } from './refusals.ts';
import type { Caller } from './session.ts';
import { bearerOf, mintAccess, type Services } from './tokens.ts';

/** One of the four proves who the user is. */
interface Proof {
  password?: string | undefined;
  code?: string | undefined;
  recovery_code?: string | undefined;
  passkey?: object | undefined;
}

/**
 * Returns a new access token whose `auth_time` is now. 400 password_incorrect; 401 code_not_valid, passkey_not_valid;
 * 429 throttled.
 */
export async function reauthenticate(
  services: Services,
  caller: Caller,
  { password, passkey, ...codes }: Proof,
  call: Call,
): Promise<{ access: string }> {
  if (passkey !== undefined) return reauthenticateByPasskey(services, caller, passkey, call);
  if (password === undefined) return reauthenticateByFactor(services, caller, codes, call);
  await requirePassword(services, caller, 'password', password, call);
  return renewAuthentication(services, caller, ['pwd'], 'password', call);
}

async function reauthenticateByFactor(
  services: Services,
  { user, session }: Caller,
  codes: Omit<Proof, 'password' | 'passkey'>,
  call: Call,
): Promise<{ access: string }> {
  if (services.secondFactor === null) throw new Refusal('code_not_valid', { reason: 'no_second_factor' });
  const proved = await services.secondFactor.proveAgain(user, session, codes, call);
  if (proved.recoveryCodeUsed) await sendMail(services, call, 'recovery_code_used', user.email);
  return renewed(services, { user, session }, proved, call);
}

async function reauthenticateByPasskey(
  services: Services,
  { user, session }: Caller,
  passkey: object,
  call: Call,
): Promise<{ access: string }> {
  if (services.passkeyProof === null) throw new Refusal('passkey_not_valid', { reason: 'passkey_unknown' });
  const proved = await services.passkeyProof.proveAgain(user, session, passkey, call);
  return renewed(services, { user, session }, proved, call);
}

/** An access token for a session that already records the reauthentication. */
async function renewed(
  services: Services,
  { user, session }: Pick<Caller, 'user' | 'session'>,
  { at: authenticatedAt, amr }: { at: number; amr: readonly AuthenticationMethod[] },
  call: Call,
): Promise<{ access: string }> {
  call.report('info', 'reauthenticated', { user: user.id, session: session.id });
  const bearer = bearerOf(user, { ...session, authenticatedAt, amr });
  return { access: await mintAccess(services, bearer, authenticatedAt, call) };
}

/**
 * Records in the session that its user has just reauthenticated. `amr` replaces the previous value: entering the
 * password again does not keep `mfa`. `field` is reported as incorrect if the password changed meanwhile.
 */
async function renewAuthentication(
  services: Services,
  { user, session }: Caller,
  amr: readonly AuthenticationMethod[],
  field: string,
  call: Call,
): Promise<{ access: string }> {
  const now = seconds(services.clock);
  const expiresAt = tokenEnd(now, services.settings.ACCESS_TOKEN_LIFETIME, session.absoluteEndAt);
  const outcome = await services.sessions.reauthenticate(session, user, { amr, now, expiresAt });
  if (outcome === 'changed') return throwConflict(services, user.id, session.id, field);
  return renewed(services, { user, session }, { at: now, amr }, call);
}

/** Authentication within REAUTH_WINDOW, with two factors if the user has a second one. */
const stepUpOf = ({ settings }: Services, { user }: Caller): StepUp => ({
  maxAgeSeconds: settings.REAUTH_WINDOW,
  mfa: user.hasSecondFactor,
});

/** `authTime` is null if the user has not reauthenticated. */
function isProven(services: Services, caller: Caller, authTime: number | null): boolean {
  if (authTime === null) return false;
  const proof = { authTime, amr: caller.session.amr };
  return meetsStepUp(proof, stepUpOf(services, caller), seconds(services.clock));
}

export const hasPassword = ({ hasher }: Services, { user }: Pick<Caller, 'user'>): boolean =>
  hasher.isUsable(user.passwordHash);

/**
 * Whether a change of password or address, or a withdrawal, needs the password in the body: it does if the user has
 * one and has not reauthenticated within REAUTH_WINDOW. A log-in alone is not enough.
 */
export const asksForPassword = (services: Services, caller: Caller): boolean =>
  hasPassword(services, caller) && !isProven(services, caller, caller.session.authenticatedAt);

/**
 * Requires the password if `asksForPassword` says so; from users without one, a log-in or reauthentication within
 * REAUTH_WINDOW. A password that is sent although it is not needed must be correct.
 * 400 required, password_incorrect under `field`; 401 reauthentication_required.
 */
export async function requireFreshProof(
  services: Services,
  caller: Caller,
  field: string,
  password: string | undefined,
  call: Call,
): Promise<void> {
  if (!hasPassword(services, caller)) return requireRecentAuthentication(services, caller, undefined, call);
  if (password !== undefined) return requirePassword(services, caller, field, password, call);
  if (asksForPassword(services, caller)) throw invalidField(field, 'required');
}

/**
 * For changes to sign-in methods (factors, passkeys, connected accounts): requires a log-in or reauthentication within
 * REAUTH_WINDOW, or the password in the body. 401 reauthentication_required; 400 password_incorrect under `password`.
 */
export async function requireRecentAuthentication(
  services: Services,
  caller: Caller,
  password: string | undefined,
  call: Call,
): Promise<void> {
  if (password !== undefined && hasPassword(services, caller)) {
    return requirePassword(services, caller, 'password', password, call);
  }
  if (isProven(services, caller, authTimeOf(caller.session))) return;
  throw reauthenticationRequired(stepUpOf(services, caller));
}
