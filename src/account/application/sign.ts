/**
 * Sign-up, log-in, log-out and withdrawal: the service layer of the account app. Knows the rules and the
 * ports; never Hono, Drizzle or a binding.
 */
import { invalidField, Refusal } from '../../errors.ts';
import { type Call, type LogInName, type Session, seconds, type User } from '../../ports.ts';
import { sha256Hex } from '../../random.ts';
import type { Claims } from '../../token/claims.ts';
import { refuseSentToken } from '../../token/refuse-token.ts';
import { newSession, reasonOf, statusFault, touchRule } from '../../token/rotation.ts';
import { canonicalEmail, isOwnName, usernameKey } from '../identity.ts';
import { newOneTimeToken, placePayload, sendMail } from './mailing.ts';
import { limitCostlyHash, requirePassword } from './password.ts';
import { createPendingSignUp } from './pending-sign-up.ts';
import { throwConflict } from './refusals.ts';
import { type Caller, endedSessionOf } from './session.ts';
import {
  bearerOf,
  cacheRevocation,
  mintFirstPair,
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

/** 403 sign_up_closed. */
export function requireOpenSignUp({ settings }: Pick<Services, 'settings'>): void {
  if (settings.SIGN_UP === 'closed') throw new Refusal('sign_up_closed');
}

/**
 * A claim in `verify` mode: the account exists once its mail is confirmed, by whoever has the claim, whoever may have
 * the address.
 * 403 sign_up_closed; 400 invalid; 409 email_taken, username_taken (in `open` mode).
 */
export async function signUp(
  services: Services,
  input: SignUp,
  call: Call,
): Promise<({ user: User } & Required<TokenPair>) | { claim: string }> {
  const { settings, clock, random, hasher, users, limits } = services;
  requireOpenSignUp(services);
  const person = {
    email: input.email,
    username: input.username?.username ?? null,
    name: input.name ?? null,
  };
  if (person.username !== null && !isOwnName(person.username, person.email)) {
    throw invalidField('username', 'username');
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
  const user: User = {
    ...person,
    id: random.uuid7(clock()),
    passwordHash,
    passwordVersion: 1,
    isActive: true,
    isStaff: false,
    emailVerifiedAt: null,
    dateJoined: now,
    lastLoginAt: settings.UPDATE_LAST_LOGIN ? now : null,
  };
  const session = openingSession(services, user.id, now, call);
  const mail = services.mailer
    ? await newOneTimeToken(services, 'email_verify', now, placePayload(call.client))
    : null;
  const outcome = await users.create(
    { ...user, usernameKey },
    session,
    mail && { ...mail.row, subject: user.id },
  );
  if (outcome !== 'ok') throw new Refusal(outcome);
  call.report('info', 'signed_up', { user: user.id, session: session.id });
  if (mail) {
    await sendMail(services, call, 'verify_email', person.email, {
      subject: user.id,
      purpose: 'email_verify',
      secret: mail.secret,
      made: { at: now, by: call.client },
    });
  }
  return { user, ...(await mintFirstPair(services, bearerOf(user, session), now)) };
}

export interface LogIn {
  email?: string | undefined;
  /** May be an e-mail address. */
  username?: string | undefined;
  password: string;
}

/** A name that nobody can have is looked up all the same: the same round trip for all. */
function logInName({ email, username = '' }: LogIn): LogInName {
  if (email !== undefined) return { email };
  if (!username.includes('@')) return { usernameKey: usernameKey(username) };
  return { email: canonicalEmail(username) ?? '' };
}

/** What a door demands beyond the password, and how long a session opened there may last. */
interface Entrance {
  staffOnly: boolean;
  maxLifetimeSeconds: number;
  /** Of the longest-lived token of the session. */
  tokenLifetimeSeconds?: number;
}

/**
 * The way in of every door: the limits, the password, a new session.
 * 401 no_active_account, after the same work for a wrong password, an unknown user, an inactive one and (where
 * the door is for staff) one who is not.
 */
export async function enter(
  services: Services,
  input: LogIn,
  call: Call,
  { staffOnly, ...lifetimes }: Entrance,
): Promise<{ user: User; session: Session; now: number }> {
  const { settings, clock, hasher, users, sessions, limits } = services;
  const name = logInName(input);
  await limits.check({ action: 'log_in', account: Object.values(name).join() }, call);
  const refused = (reason: string) => new Refusal('no_active_account', { reason });
  const user = await users.findByName(name);
  if (user) await limitCostlyHash(services, user, { signedIn: false }, call);
  const { ok, rehash } = await hasher.verify(input.password, user?.passwordHash ?? null);
  if (!user) throw refused('unknown user');
  if (!ok) throw refused('wrong password');
  if (!user.isActive) throw refused('inactive user');
  if (staffOnly && !user.isStaff) throw refused('not staff');

  const now = seconds(clock);
  const session = openingSession(services, user.id, now, call, lifetimes);
  const opened = await sessions.open(session, user, {
    max: settings.MAX_SESSIONS_PER_USER,
    updateLastLogin: settings.UPDATE_LAST_LOGIN,
    rehash: rehash ? await hasher.hash(input.password) : null,
  });
  if (opened.outcome === 'changed') throw refused('password or user changed meanwhile');
  await cacheRevocation(services, opened.evicted, 'evicted', call.report);
  call.report('info', 'logged_in', { user: user.id, session: session.id, evicted: opened.evicted.length });
  return { user, session, now };
}

/** 401 no_active_account. */
export async function logIn(services: Services, input: LogIn, call: Call): Promise<Required<TokenPair>> {
  const { user, session, now } = await enter(services, input, call, {
    staffOnly: false,
    maxLifetimeSeconds: services.settings.SESSION_MAX_LIFETIME,
  });
  return mintFirstPair(services, bearerOf(user, session), now);
}

/**
 * Ends the session. A token that has expired or whose session has ended is content: what the caller wants is
 * so. 401 refresh_token_not_valid for one that this server did not sign.
 */
export async function logOut(services: Services, refresh: string, call: Call): Promise<void> {
  await services.limits.check({ action: 'anonymous', endpoint: 'log_out' }, call);
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(refresh, 'refresh', now);
  if (!verdict.ok && verdict.fault !== 'expired') throw refuseSentToken(verdict.fault);
  await endSessionOf(services, verdict.claims, now, call);
}

/**
 * simplejwt's blacklist view: as log-out, but a token that is dead already is refused, as it is there.
 * 401 refresh_token_not_valid, token_blacklisted, user_not_found, user_inactive.
 */
export async function blacklistToken(services: Services, refresh: string, call: Call): Promise<void> {
  await services.limits.check({ action: 'anonymous', endpoint: 'log_out' }, call);
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(refresh, 'refresh', now);
  if (!verdict.ok) throw refuseSentToken(verdict.fault);
  const { tokenStatus, ended } = await endSessionOf(services, verdict.claims, now, call);
  if (!ended)
    throw new Refusal(statusFault(tokenStatus, now) ?? 'token_blacklisted', { reason: 'second call' });
}

/** Of a token that this server signed, whatever its kind. A session that has ended costs no write and no line in the log. */
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
 * Withdrawal: the user's row and all that hangs from it are gone, every token is dead.
 * 400 password_incorrect; 403 for the last active staff member.
 */
export async function withdraw(
  services: Services,
  caller: Caller,
  password: string,
  call: Call,
): Promise<void> {
  const { clock, users, random } = services;
  const { user, sessionId } = caller;
  await requirePassword(services, caller, 'password', password, call);
  const result = await users.withdraw(
    {
      id: user.id,
      passwordVersion: user.passwordVersion,
      emailSubject: user.email === null ? null : await sha256Hex(user.email),
    },
    sessionId,
    seconds(clock),
    random.uuid4(),
  );
  if (result.outcome !== 'ok') {
    if (result.outcome === 'last_staff') throw new Refusal('last_staff');
    return throwConflict(services, user.id, sessionId, 'password');
  }
  await cacheRevocation(services, result.endedSessions, 'withdrawn', call.report);
  call.report('info', 'withdrawn', { sessions: result.endedSessions.length });
}

function openingSession(
  { settings, random, clock }: Services,
  userId: string,
  now: number,
  call: Call,
  {
    maxLifetimeSeconds = settings.SESSION_MAX_LIFETIME,
    tokenLifetimeSeconds = settings.REFRESH_TOKEN_LIFETIME,
  } = {},
) {
  return newSession(
    { userId, id: random.uuid7(clock()) },
    now,
    {
      touch: touchRule(tokenLifetimeSeconds, settings.ACCESS_TOKEN_LIFETIME),
      maxLifetimeSeconds,
    },
    call.client,
  );
}
