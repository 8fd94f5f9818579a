/**
 * Sign-up, log-in, log-out and withdrawal: the service layer of the account app. Knows the rules and the
 * ports; never Hono, Drizzle or a binding.
 */
import { invalidField, Refusal } from '../../errors.ts';
import { type Call, type LogInName, seconds, type User } from '../../ports.ts';
import { newSession, reasonOf, standingFault, touchRule } from '../../token/rotation.ts';
import { canonicalEmail, isOwnName, usernameKey } from '../identity.ts';
import {
  demandGoodPassword,
  mintFirstPair,
  type Services,
  spreadRevocation,
  type TokenPair,
} from './tokens.ts';

export interface SignUp {
  /** Canonical. */
  email: string;
  password: string;
  name?: string | null | undefined;
  username?: { username: string; key: string } | null | undefined;
}

/** 403 sign_up_closed; 400 invalid; 409 email_taken, username_taken. */
export async function signUp(
  services: Services,
  wish: SignUp,
  call: Call,
): Promise<{ user: User } & Required<TokenPair>> {
  const { settings, clock, random, hasher, users } = services;
  if (settings.SIGN_UP === 'closed') throw new Refusal('sign_up_closed');
  const person = {
    email: wish.email,
    username: wish.username?.username ?? null,
    name: wish.name ?? null,
  };
  if (person.username !== null && !isOwnName(person.username, person.email)) {
    throw invalidField('username', 'username');
  }
  demandGoodPassword(services, 'password', wish.password, person);

  const passwordHash = await hasher.hash(wish.password);
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
  const outcome = await users.create({ ...user, usernameKey: wish.username?.key ?? null }, session, null);
  if (outcome !== 'ok') throw new Refusal(outcome);
  call.report('info', 'signed_up', { user: user.id, session: session.id });
  return { user, ...(await mintFirstPair(services, { userId: user.id, isStaff: false, session }, now)) };
}

export interface LogIn {
  email?: string | undefined;
  /** May be an e-mail address. */
  username?: string | undefined;
  password: string;
}

/** Null: a name that nobody can have. */
function logInName({ email, username }: LogIn): LogInName | null {
  if (email !== undefined) return { email };
  if (username === undefined) return null;
  if (!username.includes('@')) return { usernameKey: usernameKey(username) };
  const address = canonicalEmail(username);
  return address === null ? null : { email: address };
}

/**
 * 401 no_active_account, after the same work for a wrong password, an unknown user and an inactive one.
 */
export async function logIn(services: Services, given: LogIn, call: Call): Promise<Required<TokenPair>> {
  const { settings, clock, hasher, users, sessions } = services;
  const refused = (reason: string) => new Refusal('no_active_account', { reason });
  // A name that nobody can have is looked up all the same: the same round trip for all.
  const user = await users.findByName(logInName(given) ?? { usernameKey: '' });
  const { ok, rehash } = await hasher.verify(given.password, user?.passwordHash ?? null);
  if (!user) throw refused('unknown user');
  if (!ok) throw refused('wrong password');
  if (!user.isActive) throw refused('inactive user');

  const now = seconds(clock);
  const session = openingSession(services, user.id, now, call);
  const opened = await sessions.open(session, user, {
    max: settings.MAX_SESSIONS_PER_USER,
    updateLastLogin: settings.UPDATE_LAST_LOGIN,
    rehash: rehash ? await hasher.hash(given.password) : null,
  });
  if (opened.outcome === 'changed') throw refused('password or user changed meanwhile');
  await spreadRevocation(services, opened.evicted, 'evicted', call.report);
  call.report('info', 'logged_in', { user: user.id, session: session.id, evicted: opened.evicted.length });
  return mintFirstPair(services, { userId: user.id, isStaff: user.isStaff, session }, now);
}

/**
 * Ends the session. A token that has expired or whose session has ended is content: what the caller wants is
 * so. 401 refresh_token_not_valid for one that this server did not sign.
 */
export async function logOut(services: Services, refresh: string, call: Call): Promise<void> {
  const { codec, clock, sessions } = services;
  const now = seconds(clock);
  const verdict = await codec.verify(refresh, now);
  const claims = verdict.claims;
  if (claims?.token_type !== 'refresh') {
    throw new Refusal('refresh_token_not_valid', { reason: verdict.ok ? 'token_type' : verdict.fault });
  }
  const standing = await sessions.logOut(
    { userId: claims.sub, sessionId: claims.sid, jti: claims.jti, expiresAt: claims.exp },
    now,
  );
  await spreadRevocation(services, [claims.sid], reasonOf(standing), call.report);
  call.report('info', 'logged_out', { user: claims.sub, session: claims.sid });
}

/**
 * Withdrawal: the user's row and all that hangs from it are gone, every token is dead.
 * 400 password_incorrect; 403 for the last active staff member.
 */
export async function withdraw(
  services: Services,
  who: { user: User; sessionId: string },
  password: string,
  call: Call,
): Promise<void> {
  const { clock, hasher, users, random } = services;
  const { user } = who;
  const { ok } = await hasher.verify(password, user.passwordHash);
  if (!ok) throw invalidField('password', 'password_incorrect');
  const result = await users.withdraw(
    { id: user.id, passwordVersion: user.passwordVersion, emailSubject: null },
    who.sessionId,
    seconds(clock),
    random.uuid4(),
  );
  if (result.outcome !== 'ok') {
    if (result.outcome === 'last_staff') throw new Refusal('last_staff');
    return explainLoss(services, user.id, who.sessionId, 'password');
  }
  await spreadRevocation(services, result.endedSessions, 'withdrawn', call.report);
  call.report('info', 'withdrawn', { sessions: result.endedSessions.length });
}

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

/** An access token is never told "blacklisted": it has one sentence for every fault of its own. */
export const accessFault = (fault: 'user_not_found' | 'user_inactive' | 'token_blacklisted') =>
  fault === 'token_blacklisted' ? 'access_token_not_valid' : fault;

function openingSession(services: Services, userId: string, now: number, call: Call) {
  const { settings, random, clock } = services;
  return newSession(
    { userId, id: random.uuid7(clock()) },
    now,
    {
      touch: touchRule(settings.REFRESH_TOKEN_LIFETIME),
      maxLifetimeSeconds: settings.SESSION_MAX_LIFETIME,
    },
    call.client,
  );
}
