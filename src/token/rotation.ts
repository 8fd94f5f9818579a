/**
 * The rules of refresh tokens beyond their signature: what their state in D1 means, when they get a successor, and when
 * tokens expire. Pure; `now` is a parameter, in epoch seconds.
 */
import type { RefusalName } from '../errors.ts';
import type { RevocationReason, RevokedToken, Session, SessionState, Touch, User } from '../model.ts';

/** The last use of a session is written at most this often, … */
const TOUCH_AT_MOST_SECONDS = 3_600;
/** … but at least this many times in the lifetime of a refresh token. */
const TOUCHES_PER_LIFETIME = 24;

export function touchRule(refreshLifetimeSeconds: number, accessLifetimeSeconds: number): Touch {
  return {
    // A session's row must outlive its tokens of either type.
    lifetimeSeconds: Math.max(refreshLifetimeSeconds, accessLifetimeSeconds),
    everySeconds: Math.min(
      TOUCH_AT_MOST_SECONDS,
      Math.max(1, Math.floor(refreshLifetimeSeconds / TOUCHES_PER_LIFETIME)),
    ),
  };
}

/** The part of a token's state that decides. */
type Deciding = { user: Pick<User, 'isActive'> | null; session: SessionState | null };

/** Why a token with a valid signature is refused. */
export type StatusFault = Extract<RefusalName, 'user_not_found' | 'user_inactive' | 'token_blacklisted'>;

export const isLiveSession = (
  { revokedAt, absoluteEndAt }: Pick<Session, 'revokedAt' | 'absoluteEndAt'>,
  now: number,
): boolean => revokedAt === null && absoluteEndAt > now;

/** The first fault, or null if the user is active and the session live. */
export function statusFault({ user, session }: Deciding, now: number): StatusFault | null {
  if (user === null) return 'user_not_found';
  if (!user.isActive) return 'user_inactive';
  return session !== null && isLiveSession(session, now) ? null : 'token_blacklisted';
}

/** The fault for a reason stored in KV, the same as D1 would give. */
export function reasonFault(reason: RevocationReason): StatusFault {
  if (reason === 'withdrawn') return 'user_not_found';
  if (reason === 'deactivated') return 'user_inactive';
  return 'token_blacklisted';
}

/** Access tokens are never reported as "blacklisted": they have one message for every fault of the token. */
export const accessFault = (fault: StatusFault) =>
  fault === 'token_blacklisted' ? 'access_token_not_valid' : fault;

/** The reason to store in KV for a token with a fault. */
export function reasonOf({ user, session }: Deciding): RevocationReason {
  if (user === null) return 'withdrawn';
  if (!user.isActive) return 'deactivated';
  return session?.revokedReason ?? 'ended';
}

/** Within the grace period. If `now` is before `consumedAt`, because clocks differ, it counts as within. */
export const withinGrace = (consumedAt: number, now: number, graceSeconds: number): boolean =>
  graceSeconds > 0 && now - consumedAt <= graceSeconds;

/**
 * A repeated use that is not a retry after a lost response: it comes too late, or the successor has been used, so the
 * response had arrived.
 */
export function isReplay(token: RevokedToken, now: number, graceSeconds: number): boolean {
  return (
    token.reason !== 'rotated' || token.successorUsed || !withinGrace(token.revokedAt, now, graceSeconds)
  );
}

/** The successor of a consumed token, the same for every call within the grace period. */
export type Rotation =
  | { fault: StatusFault }
  | { fault: null; first: boolean; successor: { jti: string; iat: number; exp: number } };

export function judgeRotation(
  tokenStatus: Deciding & { token: RevokedToken | null },
  offeredJti: string,
  now: number,
  rules: { graceSeconds: number; refreshLifetimeSeconds: number },
): Rotation {
  const fault = statusFault(tokenStatus, now);
  if (fault) return { fault };
  const { token, session } = tokenStatus;
  if (!token?.successorJti || !session) return { fault: 'token_blacklisted' };
  const first = token.successorJti === offeredJti;
  if (!first && isReplay(token, now, rules.graceSeconds)) return { fault: 'token_blacklisted' };
  const iat = token.revokedAt;
  return {
    fault: null,
    first,
    successor: {
      jti: token.successorJti,
      iat,
      exp: tokenEnd(iat, rules.refreshLifetimeSeconds, session.absoluteEndAt),
    },
  };
}

/** A token expires at the end of its lifetime or of the session, whichever is earlier. */
export const tokenEnd = (iat: number, lifetimeSeconds: number, absoluteEndAt: number): number =>
  Math.min(iat + lifetimeSeconds, absoluteEndAt);

/** A new session. */
export function newSession(
  owner: Pick<Session, 'userId' | 'id' | 'amr'>,
  now: number,
  rules: { touch: Touch; maxLifetimeSeconds: number },
  client: Pick<Session, 'userAgent' | 'ip' | 'country' | 'city'>,
): Session {
  const absoluteEndAt = now + rules.maxLifetimeSeconds;
  return {
    ...owner,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: Math.min(now + rules.touch.lifetimeSeconds + rules.touch.everySeconds, absoluteEndAt),
    absoluteEndAt,
    revokedAt: null,
    revokedReason: null,
    authenticatedAt: null,
    userAgent: client.userAgent,
    ip: client.ip,
    country: client.country,
    city: client.city,
  };
}
