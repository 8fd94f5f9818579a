/**
 * Signing in, in three steps: authenticate, ask for a second factor if the user has one, open a session. Each sign-in
 * method brings its own first step and shares the other two. Never imports Hono, Drizzle or a binding.
 */
import { Refusal } from '../../errors.ts';
import { canonicalEmail, usernameKey } from '../../identity.ts';
import type { EndedSession, Session, User } from '../../model.ts';
import { type Call, type LogInName, seconds } from '../../ports.ts';
import type { RefusalReason } from '../../refusal-reasons.ts';
import type { AuthenticationMethod } from '../../token/authentication.ts';
import { newSession, touchRule } from '../../token/rotation.ts';
import { announce } from './announce.ts';
import type { Authentication, Opening, SignInPolicy } from './authentication.ts';
import { limitCostlyHash } from './password-check.ts';
import { cacheRevocation, type Services } from './tokens.ts';

export interface LogIn {
  email?: string | undefined;
  /** May be an e-mail address. */
  username?: string | undefined;
  password: string;
}

/** The policy of the API. The console has its own. */
export const apiPolicy = ({ settings }: Pick<Services, 'settings'>): SignInPolicy => ({
  staffOnly: false,
  maxLifetimeSeconds: settings.SESSION_MAX_LIFETIME,
  tokenLifetimeSeconds: settings.REFRESH_TOKEN_LIFETIME,
});

const refused = (reason: RefusalReason) => new Refusal('no_active_account', { reason });

/** An impossible name is looked up too, so that every log-in takes the same round trip. */
function logInName({ email, username = '' }: LogIn): LogInName {
  if (email !== undefined) return { email };
  if (!username.includes('@')) return { usernameKey: usernameKey(username) };
  return { email: canonicalEmail(username) ?? '' };
}

/**
 * The first step, with a password. 401 no_active_account, after the same work for a wrong password, an unknown or
 * inactive user and one whom the policy excludes.
 */
async function authenticatePassword(
  services: Services,
  input: LogIn,
  { staffOnly }: SignInPolicy,
  call: Call,
): Promise<Authentication> {
  const { hasher, users, limits } = services;
  const name = logInName(input);
  const typed = Object.values(name).join();
  await limits.check({ action: 'log_in', account: typed }, call);
  const user = await users.findByName(name);
  await limits.check({ action: 'guess', account: user?.id ?? typed }, call);
  if (user) await limitCostlyHash(services, user, { signedIn: false }, call);
  const { ok, rehash } = await hasher.verify(input.password, user?.passwordHash ?? null);
  if (!user) throw refused('unknown_user');
  if (!ok) throw refused('wrong_password');
  if (!user.isActive) throw refused('inactive_user');
  if (staffOnly && !user.isStaff) throw refused('not_staff');
  return { user, amr: ['pwd'], rehash: rehash ? await hasher.hash(input.password) : null };
}

/** The second step. 401 mfa_required. */
export async function requireSecondFactor(
  { secondFactor }: Pick<Services, 'secondFactor'>,
  authentication: Authentication,
  policy: SignInPolicy,
  call: Call,
): Promise<void> {
  if (authentication.amr.includes('mfa')) return;
  if (secondFactor === null) {
    // Without ENCRYPTION_KEY no code can be checked, and the password alone must not be enough.
    if (authentication.user.hasSecondFactor) {
      throw new Refusal('misconfigured', { reason: 'no_encryption_key', headers: { 'Retry-After': '60' } });
    }
    return;
  }
  await secondFactor.require(authentication, policy, call);
}

/**
 * The third step: opens a session if the user is still active and their password and staff flag are still as read. Ends
 * the oldest sessions beyond MAX_SESSIONS_PER_USER. 401 no_active_account.
 */
export async function openSession(
  services: Services,
  { user, amr, rehash = null }: Authentication,
  policy: SignInPolicy,
  call: Call,
  { open, lost }: Opening = {
    open: services.sessions.open,
    lost: () => refused('changed_meanwhile'),
  },
): Promise<{ user: User; session: Session; now: number }> {
  const { settings } = services;
  const now = seconds(services.clock);
  const session = startingSession(services, user.id, amr, policy, now, call);
  const opened = await open(session, user, {
    max: settings.MAX_SESSIONS_PER_USER,
    updateLastLogin: settings.UPDATE_LAST_LOGIN,
    rehash,
    language: call.askedLanguage === user.language ? null : call.askedLanguage,
  });
  if (opened.outcome === 'changed') throw lost();
  if (opened.crowded) call.waitUntil(services.sessions.prune(user.id, now));
  await noteSignIn(services, user, session, opened.evicted, call);
  return { user, session, now };
}

/** What follows the commit of a new session. `made`: its user was created with it, which has already been announced. */
export async function noteSignIn(
  services: Services,
  user: User,
  session: Session,
  evicted: readonly EndedSession[],
  call: Call,
  { made = false } = {},
): Promise<void> {
  await cacheRevocation(services, evicted, 'evicted', call.report);
  call.report('info', 'logged_in', { user: user.id, session: session.id, evicted: evicted.length });
  const { id, createdAt, amr } = session;
  if (!made) announce(services, call, 'user.signed_in', user.id, createdAt, { session_id: id, amr });
  await services.noticeDevice?.(user, session, call);
}

/** All three steps, with a password. 401 no_active_account, mfa_required. */
export async function signInByPassword(
  services: Services,
  input: LogIn,
  policy: SignInPolicy,
  call: Call,
): Promise<{ user: User; session: Session; now: number }> {
  const authentication = await authenticatePassword(services, input, policy, call);
  await requireSecondFactor(services, authentication, policy, call);
  return openSession(services, authentication, policy, call);
}

/** A session as a log-in or sign-up creates it. Pure: writes nothing. */
export function startingSession(
  { settings, random, clock }: Services,
  userId: string,
  amr: readonly AuthenticationMethod[],
  { maxLifetimeSeconds, tokenLifetimeSeconds }: SignInPolicy,
  now: number,
  call: Call,
): Session {
  const touch = touchRule(tokenLifetimeSeconds, settings.ACCESS_TOKEN_LIFETIME);
  return newSession(
    { userId, id: random.uuid7(clock()), amr },
    now,
    { touch, maxLifetimeSeconds },
    call.client,
  );
}
