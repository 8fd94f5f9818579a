/**
 * Refreshing and verifying tokens, authenticating callers, listing and ending sessions: everything that asks whether a
 * token's session is live. Knows the rules and the ports; never imports Hono, Drizzle or a binding.
 */
import { Refusal } from '../../errors.ts';
import type { EndedSession, RefreshStatus, Session, TokenStatus, User } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import type { AccessClaims, Claims } from '../../token/claims.ts';
import { refuseAccessToken, refuseSentToken } from '../../token/refuse-token.ts';
import {
  accessFault,
  isReplay,
  judgeRotation,
  reasonFault,
  reasonOf,
  type StatusFault,
  statusFault,
  touchRule,
} from '../../token/rotation.ts';
import { lostSession } from './refusals.ts';
import {
  bearerOf,
  cacheRevocation,
  freshRefresh,
  mintAccess,
  mintRefresh,
  type Services,
  type TokenPair,
} from './tokens.ts';

const tokenKey = (claims: Claims) => ({
  userId: claims.sub,
  sessionId: claims.sid,
  jti: claims.jti,
  expiresAt: claims.exp,
});

/** What KV stores about a token's session; if its row is gone, derived from the token itself. */
export const endedSessionOf = (claims: Claims, { session }: TokenStatus): EndedSession => ({
  id: claims.sid,
  expiresAt: session?.expiresAt ?? claims.exp,
});

/**
 * Rotates a refresh token. Of N concurrent calls with one token, one consumes it. Within the grace period the others
 * get the same successor, as long as that has not been used; after that they are replays and end the session.
 * 401 refresh_token_not_valid, token_blacklisted, user_not_found, user_inactive.
 */
export async function refresh(services: Services, token: string, call: Call): Promise<TokenPair> {
  const { settings, codec, clock, random, sessions, blacklist, limits } = services;
  await limits.check({ action: 'refresh' }, call);
  const now = seconds(clock);
  const verdict = await codec.verify(token, 'refresh', now);
  if (!verdict.ok) throw refuseSentToken(verdict.fault);
  const { claims } = verdict;

  const known = await blacklist.find(claims.sid, call.report);
  if (known !== null && known !== 'unknown') throw new Refusal(reasonFault(known), { reason: known });

  const touch = touchRule(settings.REFRESH_TOKEN_LIFETIME, settings.ACCESS_TOKEN_LIFETIME);
  const bearerNow = ({ user, session }: RefreshStatus) => {
    if (!user || !session) throw new TypeError('an accepted token has no user or session');
    return bearerOf({ ...user, id: claims.sub }, { ...session, id: claims.sid });
  };
  const refuse = (fault: StatusFault, tokenStatus: TokenStatus) => {
    if (known === null && statusFault(tokenStatus, now) !== null) {
      call.waitUntil(
        blacklist.add([endedSessionOf(claims, tokenStatus)], reasonOf(tokenStatus), call.report),
      );
    }
    return new Refusal(fault, { reason: reasonOf(tokenStatus) });
  };

  if (!settings.ROTATE_REFRESH_TOKENS || !settings.BLACKLIST_AFTER_ROTATION) {
    const tokenStatus = await sessions.use(tokenKey(claims), now, touch);
    const fault = statusFault(tokenStatus, now);
    if (fault) throw refuse(fault, tokenStatus);
    const bearer = bearerNow(tokenStatus);
    const access = await mintAccess(services, bearer, now, call);
    if (!settings.ROTATE_REFRESH_TOKENS) return { access };
    return { access, refresh: await mintRefresh(services, bearer, freshRefresh(services, bearer, now)) };
  }

  const offeredJti = random.uuid4();
  const rules = {
    graceSeconds: settings.REFRESH_REUSE_GRACE,
    refreshLifetimeSeconds: settings.REFRESH_TOKEN_LIFETIME,
  };
  const tokenStatus = await sessions.consume(tokenKey(claims), offeredJti, now, { ...rules, touch });
  if (tokenStatus.replayed) {
    call.report('warn', 'refresh_token_replayed', { user: claims.sub, session: claims.sid });
    await blacklist.add([endedSessionOf(claims, tokenStatus)], 'replayed', call.report);
  }
  const rotation = judgeRotation(tokenStatus, offeredJti, now, rules);
  if (rotation.fault) {
    throw tokenStatus.replayed
      ? new Refusal(rotation.fault, { reason: 'replayed' })
      : refuse(rotation.fault, tokenStatus);
  }
  const bearer = bearerNow(tokenStatus);
  const [access, successor] = await Promise.all([
    mintAccess(services, bearer, now, call),
    mintRefresh(services, bearer, rotation.successor),
  ]);
  return { access, refresh: successor };
}

/** Accepts valid access and refresh tokens; changes nothing. Throws the same errors as `refresh`. */
export async function verify(services: Services, token: string, call: Call): Promise<void> {
  const { settings, codec, clock, sessions, blacklist, limits } = services;
  await limits.check({ action: 'anonymous', endpoint: 'verify' }, call);
  const now = seconds(clock);
  const verdict = await codec.verify(token, ['access', 'refresh'], now);
  if (!verdict.ok) throw refuseSentToken(verdict.fault, verdict.claims?.token_type ?? 'access');
  const { claims } = verdict;

  const known = await blacklist.find(claims.sid, call.report);
  if (known !== null && known !== 'unknown') throw new Refusal(reasonFault(known), { reason: known });
  if (claims.token_type === 'access' && known === null) return;

  const tokenStatus =
    claims.token_type === 'access'
      ? { ...(await sessions.tokenStatus(claims.sub, claims.sid)), token: null }
      : await sessions.inspect(tokenKey(claims), settings.REFRESH_TOKEN_LIFETIME);
  const fault = statusFault(tokenStatus, now);
  if (fault) {
    if (known === null) {
      call.waitUntil(
        blacklist.add([endedSessionOf(claims, tokenStatus)], reasonOf(tokenStatus), call.report),
      );
    }
    throw new Refusal(fault, { reason: reasonOf(tokenStatus) });
  }
  if (
    tokenStatus.token &&
    settings.ROTATE_REFRESH_TOKENS &&
    settings.BLACKLIST_AFTER_ROTATION &&
    isReplay(tokenStatus.token, now, settings.REFRESH_REUSE_GRACE)
  ) {
    throw new Refusal('token_blacklisted', { reason: 'consumed' });
  }
}

/** The user and session of an access token, as D1 has them now. */
export interface Caller {
  user: User;
  session: Session;
  sessionId: string;
}

/** Returns the claims of an access token. 401 access_token_not_valid, access_token_expired. */
async function requireAccess({ codec, clock }: Services, token: string): Promise<AccessClaims> {
  const verdict = await codec.verify(token, 'access', seconds(clock));
  if (!verdict.ok) throw refuseAccessToken(verdict.fault);
  return verdict.claims;
}

const callerOf = ({ user, session }: { user: User; session: Session }): Caller => ({
  user,
  session,
  sessionId: session.id,
});

function requireLiveSession<F extends { user: User; session: Session | null }>(
  { clock }: Services,
  found: F | null,
): F & { session: Session } {
  const tokenStatus = { user: found?.user ?? null, session: found?.session ?? null };
  const fault = statusFault(tokenStatus, seconds(clock));
  if (fault || !found?.session)
    throw new Refusal(accessFault(fault ?? 'user_not_found'), { reason: reasonOf(tokenStatus) });
  return { ...found, session: found.session };
}

/**
 * Reads the owner of an access token from D1, so that a revoked session, a withdrawn or an inactive user is refused at
 * once. 401 access_token_not_valid, user_not_found, user_inactive.
 */
export async function authenticate(services: Services, token: string): Promise<Caller> {
  const claims = await requireAccess(services, token);
  const found = await services.users.findWithSession(claims.sub, claims.sid);
  return callerOf(requireLiveSession(services, found));
}

/**
 * The caller and all their live sessions, newest first, in a single round trip. Throws the same errors as
 * `authenticate`.
 */
export async function listSessions(
  services: Services,
  token: string,
): Promise<{ caller: Caller; sessions: Session[] }> {
  const claims = await requireAccess(services, token);
  const found = await services.sessions.list(claims.sub, claims.sid, seconds(services.clock));
  const live = requireLiveSession(services, found);
  return { caller: callerOf(live), sessions: live.all };
}

/**
 * Ends one of the caller's sessions. Ending one that has already ended writes and logs nothing.
 * 404 not_found if it is unknown or another user's.
 */
export async function endSession(services: Services, caller: Caller, id: string, call: Call): Promise<void> {
  const result = await services.sessions.endOne(
    { userId: caller.user.id, sessionId: caller.sessionId },
    id,
    seconds(services.clock),
  );
  if (result.outcome === 'gone') throw lostSession();
  if (result.outcome === 'not_found') throw new Refusal('not_found');
  if (result.ended.length === 0) return;
  await cacheRevocation(services, result.ended, 'ended', call.report);
  call.report('info', 'session_ended', { user: caller.user.id, session: id });
}

/** Logs out everywhere: ends all sessions, including the caller's. */
export async function endAllSessions(services: Services, caller: Caller, call: Call): Promise<void> {
  const ended = await services.sessions.endAll(
    { userId: caller.user.id, sessionId: caller.sessionId },
    seconds(services.clock),
  );
  if (ended.length === 0) throw lostSession();
  await cacheRevocation(services, ended, 'ended', call.report);
  call.report('info', 'sessions_ended', { user: caller.user.id, ended: ended.length });
}
