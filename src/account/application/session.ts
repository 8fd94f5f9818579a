/**
 * Refresh and verify, and who calls: everything that asks whether a token's session stands.
 * Knows the rules and the ports; never Hono, Drizzle or a binding.
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

/** What KV is told of a token's session. Where the row is gone, of the token at hand. */
export const endedSessionOf = (claims: Claims, { session }: TokenStatus): EndedSession => ({
  id: claims.sid,
  expiresAt: session?.expiresAt ?? claims.exp,
});

/**
 * Rotation. Of N calls with one token one consumes it; the others get the same successor within the grace, as long as
 * it has not been used itself, and end the session after that. 401 refresh_token_not_valid, token_blacklisted, user_not_found, user_inactive.
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
    if (!user || !session) throw new TypeError('a token whose user and session are there was refused');
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

/** Good access and refresh tokens pass; nothing is touched. Refusals as `refresh`. */
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

/** Who calls, as D1 has it now. */
export interface Caller {
  user: User;
  session: Session;
  sessionId: string;
}

/** The claims of an access token. 401 access_token_not_valid, access_token_expired. */
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
 * The owner of an access token, by a read of D1: a revoked session, a withdrawn or inactive user is refused
 * at once. 401 access_token_not_valid, user_not_found, user_inactive.
 */
export async function authenticate(services: Services, token: string): Promise<Caller> {
  const claims = await requireAccess(services, token);
  const found = await services.users.findWithSession(claims.sub, claims.sid);
  return callerOf(requireLiveSession(services, found));
}

/** Who calls and all live sessions of that user, newest first, in the one round trip. Refuses as `authenticate`. */
export async function listSessions(
  services: Services,
  token: string,
): Promise<{ caller: Caller; sessions: Session[] }> {
  const claims = await requireAccess(services, token);
  const found = await services.sessions.list(claims.sub, claims.sid, seconds(services.clock));
  const live = requireLiveSession(services, found);
  return { caller: callerOf(live), sessions: live.all };
}

const lostSession = () => new Refusal('access_token_not_valid', { reason: 'session_ended_meanwhile' });

/** 404 not_found for an unknown session and another's; one that has ended stays as it is, and nothing is logged. */
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

/** Log out everywhere, the caller's session too. */
export async function endAllSessions(services: Services, caller: Caller, call: Call): Promise<void> {
  const ended = await services.sessions.endAll(
    { userId: caller.user.id, sessionId: caller.sessionId },
    seconds(services.clock),
  );
  if (ended.length === 0) throw lostSession();
  await cacheRevocation(services, ended, 'ended', call.report);
  call.report('info', 'sessions_ended', { user: caller.user.id, ended: ended.length });
}
