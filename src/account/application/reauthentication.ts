/**
 * Fresh proof of a user who is signed in: `reauthenticate`, and what asks for it (RFC 9470). Never Hono, Drizzle or a
 * binding.
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

/** What a user shows to prove who they are: one of them. */
interface Shown {
  password?: string | undefined;
  code?: string | undefined;
  recovery_code?: string | undefined;
  passkey?: object | undefined;
}

/**
 * A new access token whose `auth_time` is now. 400 password_incorrect; 401 code_not_valid, passkey_not_valid;
 * 429 throttled.
 */
export async function reauthenticate(
  services: Services,
  caller: Caller,
  { password, passkey, ...shown }: Shown,
  call: Call,
): Promise<{ access: string }> {
  if (passkey !== undefined) return reauthenticateByPasskey(services, caller, passkey, call);
  if (password === undefined) return reauthenticateByFactor(services, caller, shown, call);
  await requirePassword(services, caller, 'password', password, call);
  return renewAuthentication(services, caller, ['pwd'], 'password', call);
}

async function reauthenticateByFactor(
  services: Services,
  { user, session }: Caller,
  shown: Omit<Shown, 'password' | 'passkey'>,
  call: Call,
): Promise<{ access: string }> {
  if (services.secondFactor === null) throw new Refusal('code_not_valid', { reason: 'no_second_factor' });
  const proved = await services.secondFactor.proveAgain(user, session, shown, call);
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

/** The token of a session in which the proof is noted. */
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
 * Notes in the session that its user has just proved who they are, for every way to do so. `amr` replaces the one of
 * before: the same password again does not keep `mfa`. `field`: what is at fault where the password changed meanwhile.
 */
export async function renewAuthentication(
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
  call.report('info', 'reauthenticated', { user: user.id, session: session.id });
  const bearer = bearerOf(user, { ...session, authenticatedAt: now, amr });
  return { access: await mintAccess(services, bearer, now, call) };
}

/** A proof within REAUTH_WINDOW; by more than one factor where the user has a second one. */
const stepUpOf = ({ settings }: Services, { user }: Caller): StepUp => ({
  maxAgeSeconds: settings.REAUTH_WINDOW,
  mfa: user.hasSecondFactor,
});

/** Null: there was no proof. */
function isProven(services: Services, caller: Caller, authTime: number | null): boolean {
  if (authTime === null) return false;
  const proof = { authTime, amr: caller.session.amr };
  return meetsStepUp(proof, stepUpOf(services, caller), seconds(services.clock));
}

const hasPassword = ({ hasher }: Services, { user }: Caller): boolean => hasher.isUsable(user.passwordHash);

/**
 * Whether a change of password or e-mail address, or a withdrawal, asks for the password: of who has one, unless they
 * have reauthenticated within REAUTH_WINDOW. A log-in alone is not enough.
 */
export const asksForPassword = async (services: Services, caller: Caller): Promise<boolean> =>
  hasPassword(services, caller) && !isProven(services, caller, caller.session.authenticatedAt);

/**
 * The password where `asksForPassword` says so; of who has none, a log-in or reauthentication within REAUTH_WINDOW. A
 * password that is sent all the same has to be right. 400 required, password_incorrect under `field`;
 * 401 reauthentication_required.
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
  if (await asksForPassword(services, caller)) throw invalidField(field, 'required');
}

/**
 * For changes of how one signs in (factors, passkeys, connected accounts): a proof within REAUTH_WINDOW, the log-in's
 * own counts, or the password in the body. 401 reauthentication_required; 400 password_incorrect under `password`.
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
