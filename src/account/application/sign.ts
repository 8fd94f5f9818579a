/**
 * Sign-up, log-in, log-out and withdrawal: the service layer of the account app. Knows the rules and the ports; never
 * imports Hono, Drizzle or a binding.
 */

import { sha256Hex } from '../../encoding.ts';
import { invalid, Refusal } from '../../errors.ts';
import { isOwnName } from '../../identity.ts';
import type { Session, User } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import type { Claims } from '../../token/claims.ts';
import { refuseSentToken } from '../../token/refuse-token.ts';
import { reasonOf, statusFault } from '../../token/rotation.ts';
import { newUser } from '../new-user.ts';
import { announce } from './announce.ts';
import type { SignInPolicy } from './authentication.ts';
import { newOneTimeToken, placePayload, sendMail } from './mailing.ts';
import { createPendingSignUp } from './pending-sign-up.ts';
import { requireFreshProof } from './reauthentication.ts';
import { throwConflict } from './refusals.ts';
import { type Caller, endedSessionOf } from './session.ts';
import { apiPolicy, type LogIn, signInByPassword, startingSession } from './sign-in.ts';
import {
  bearerOf,
  cacheRevocation,
  mintFirstPair,
  newPasswordFaults,
  requireGoodPassword,
  type Services,
  type TokenPair,
} from './tokens.ts';

export interface SignUp {
  /** Canonical. */
  email: string;
  password: string;
  name?: string | null | undefined;
  username?: { username: string; key: string } | null | undefined;
}

/** Throws 403 sign_up_closed if SIGN_UP=closed. */
export function requireOpenSignUp({ settings }: Pick<Services, 'settings'>): void {
  if (settings.SIGN_UP === 'closed') throw new Refusal('sign_up_closed');
}

/**
 * Creates an account and its first session. In `verify` mode it returns a claim instead: the account is created once
 * the address is confirmed with that claim. 403 sign_up_closed; 400 invalid; in `open` mode 409 email_taken,
 * username_taken.
 */
export async function signUp(
  services: Services,
  input: SignUp,
  call: Call,
): Promise<({ user: User } & Required<TokenPair>) | { claim: string }> {
  const made = await register(services, input, apiPolicy(services), call);
  if ('claim' in made) return made;
  const { user, session, now } = made;
  return { user, ...(await mintFirstPair(services, bearerOf(user, session), now, call)) };
}

/** Creates an account, with a session according to `policy`, or without one. Throws the same errors as `signUp`. */
export async function register<P extends SignInPolicy | null>(
  services: Services,
  input: SignUp,
  policy: P,
  call: Call,
): Promise<{ user: User; session: P extends null ? null : Session; now: number } | { claim: string }> {
  const { settings, clock, random, hasher, users, limits } = services;
  requireOpenSignUp(services);
  const person = {
    email: input.email,
    username: input.username?.username ?? null,
    name: input.name ?? null,
  };
  if (person.username !== null && !isOwnName(person.username, person.email)) {
    const faults = newPasswordFaults(services, 'password', input.password, person);
    throw invalid({ ...faults, username: [{ fault: 'username_address' }] });
  }
  await limits.check({ action: 'sign_up' }, call);
  await requireGoodPassword(services, 'password', input.password, person, call);
  if (services.mailer) await limits.check({ action: 'mail', address: person.email }, call);

  const passwordHash = await hasher.hash(input.password);
  const usernameKey = input.username?.key ?? null;
  if (settings.SIGN_UP === 'verify') {
    return { claim: await createPendingSignUp(services, { ...person, usernameKey, passwordHash }, call) };
  }
  const now = seconds(clock);
  const user = newUser({ ...person, usernameKey, id: random.uuid7(clock()), passwordHash }, now, {
    lastLoginAt: policy && settings.UPDATE_LAST_LOGIN ? now : null,
    language: call.askedLanguage,
  });
  const session = policy && startingSession(services, user.id, ['pwd'], policy, now, call);
  const mail = services.addressesCanBeProven
    ? await newOneTimeToken(services, 'email_verify', now, placePayload(call.client))
    : null;
  const outcome = await users.create(user, session, mail && { ...mail.row, subject: user.id });
  if (outcome !== 'ok') throw new Refusal(outcome);
  call.report('info', 'signed_up', { user: user.id, session: session?.id ?? null });
  announce(services, call, 'user.created', user.id, now, { email_verified: false });
  if (session) await services.noticeDevice?.(user, session, call);
  if (mail) {
    await sendMail(services, call, 'verify_email', person.email, {
      subject: user.id,
      purpose: 'email_verify',
      secret: mail.secret,
      made: { at: now, by: call.client },
    });
  }
  return { user, session: session as P extends null ? null : Session, now };
}

/** 401 no_active_account, mfa_required. */
export async function logIn(services: Services, input: LogIn, call: Call): Promise<Required<TokenPair>> {
  const { user, session, now } = await signInByPassword(services, input, apiPolicy(services), call);
  return mintFirstPair(services, bearerOf(user, session), now, call);
}

/**
 * Ends the session of a refresh token. Idempotent: an expired or revoked token is accepted.
 * 401 refresh_token_not_valid for a token that this server did not sign.
 */
export async function logOut(services: Services, refresh: string, call: Call): Promise<void> {
  await services.limits.check({ action: 'anonymous', endpoint: 'log_out' }, call);
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(refresh, 'refresh', now);
  if (!verdict.ok && verdict.fault !== 'expired') throw refuseSentToken(verdict.fault);
  await endSessionOf(services, verdict.claims, now, call);
}

/**
 * simplejwt's blacklist view: like `logOut`, but an expired or revoked token is refused, as in simplejwt.
 * 401 refresh_token_not_valid, token_blacklisted, user_not_found, user_inactive.
 */
export async function blacklistToken(services: Services, refresh: string, call: Call): Promise<void> {
  await services.limits.check({ action: 'anonymous', endpoint: 'log_out' }, call);
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(refresh, 'refresh', now);
  if (!verdict.ok) throw refuseSentToken(verdict.fault);
  const { tokenStatus, ended } = await endSessionOf(services, verdict.claims, now, call);
  if (!ended)
    throw new Refusal(statusFault(tokenStatus, now) ?? 'token_blacklisted', { reason: 'already_revoked' });
}

/** Ends the session of a token of any type that this server signed. Writes and logs nothing if it has already ended. */
export async function endSessionOf(services: Services, claims: Claims, now: number, call: Call) {
  const { ended, ...tokenStatus } = await services.sessions.logOut(
    { userId: claims.sub, sessionId: claims.sid, jti: claims.jti, expiresAt: claims.exp },
    now,
  );
  if (ended) {
    await cacheRevocation(
      services,
      [endedSessionOf(claims, tokenStatus)],
      reasonOf(tokenStatus),
      call.report,
    );
    call.report('info', 'logged_out', { user: claims.sub, session: claims.sid });
  }
  return { tokenStatus, ended };
}

/**
 * Withdrawal: deletes the user and everything that belongs to them; all their tokens stop working.
 * 400 required, password_incorrect; 401 reauthentication_required; 403 last_staff for the last active staff member.
 */
export async function withdraw(
  services: Services,
  caller: Caller,
  password: string | undefined,
  call: Call,
): Promise<void> {
  const { clock, users, random } = services;
  const { user, sessionId } = caller;
  await requireFreshProof(services, caller, 'password', password, call);
  const now = seconds(clock);
  const result = await users.withdraw(
    {
      id: user.id,
      passwordVersion: user.passwordVersion,
      emailSubject: user.email === null ? null : await sha256Hex(user.email),
    },
    sessionId,
    now,
    random.uuid4(),
  );
  if (result.outcome !== 'ok') {
    if (result.outcome === 'last_staff') throw new Refusal('last_staff');
    return throwConflict(services, user.id, sessionId, 'password');
  }
  await cacheRevocation(services, result.endedSessions, 'withdrawn', call.report);
  call.report('info', 'withdrawn', { sessions: result.endedSessions.length });
  announce(services, call, 'user.deleted', user.id, now, {});
  await sendMail(services, call, 'account_deleted', user.email);
}
