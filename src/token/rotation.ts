/**
 * The rules of refresh tokens beyond their signature: what a standing in D1 means, who may have a successor,
 * and until when tokens live. Pure; `now` is handed in, in epoch seconds.
 */
import type { RefusalName } from '../errors.ts';
import type { RevocationReason, RevokedToken, Session, SessionState, Touch, User } from '../model.ts';

/** A session's last use is written at most once in this time. */
const TOUCH_AT_MOST_SECONDS = 3_600;
/** … and at least this many times in a refresh token's life. */
const TOUCHES_PER_LIFETIME = 24;

export function touchRule(refreshLifetimeSeconds: number, accessLifetimeSeconds: number): Touch {
  return {
    // No row of a session may go while a token of either kind is good.
    lifetimeSeconds: Math.max(refreshLifetimeSeconds, accessLifetimeSeconds),
    everySeconds: Math.min(
      TOUCH_AT_MOST_SECONDS,
      Math.max(1, Math.floor(refreshLifetimeSeconds / TOUCHES_PER_LIFETIME)),
    ),
  };
}

/** What decides; no flag of the user does but the one. */
type Deciding = { user: Pick<User, 'isActive'> | null; session: SessionState | null };

/** Why the owner of a token may not use it; the first of several is told. Null: user and session stand. */
export type StatusFault = Extract<RefusalName, 'user_not_found' | 'user_inactive' | 'token_blacklisted'>;

export const isLiveSession = (
  { revokedAt, absoluteEndAt }: Pick<Session, 'revokedAt' | 'absoluteEndAt'>,
  now: number,
): boolean => revokedAt === null && absoluteEndAt > now;

export function statusFault({ user, session }: Deciding, now: number): StatusFault | null {
  if (user === null) return 'user_not_found';
  if (!user.isActive) return 'user_inactive';
  return session !== null && isLiveSession(session, now) ? null : 'token_blacklisted';
}

/** A value of KV says the same as D1 would. */
export function reasonFault(reason: RevocationReason): StatusFault {
  if (reason === 'withdrawn') return 'user_not_found';
  if (reason === 'deactivated') return 'user_inactive';
  return 'token_blacklisted';
}

/** An access token is never told "blacklisted": it has one sentence for every fault of its own. */
export const accessFault = (fault: StatusFault) =>
  fault === 'token_blacklisted' ? 'access_token_not_valid' : fault;

/** What KV is to remember of a standing that has a fault. */
export function reasonOf({ user, session }: Deciding): RevocationReason {
  if (user === null) return 'withdrawn';
  if (!user.isActive) return 'deactivated';
  return session?.revokedReason ?? 'ended';
}

/** Within the grace; a clock that runs behind counts as 0. */
export const withinGrace = (consumedAt: number, now: number, graceSeconds: number): boolean =>
  graceSeconds > 0 && now - consumedAt <= graceSeconds;

/**
 * Not the first use of a rotated token, and no retry of one whose answer was lost: it comes too late, or the successor
 * has been used, so the answer arrived.
 */
export function isReplay(token: RevokedToken, now: number, graceSeconds: number): boolean {
  return (
    token.reason !== 'rotated' || token.successorUsed || !withinGrace(token.revokedAt, now, graceSeconds)
  );
}

/** The successor that a consumption gives, the same for everybody who asks within the grace. */
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

/** The earlier of the lifetime's end and the session's. */
export const tokenEnd = (iat: number, lifetimeSeconds: number, absoluteEndAt: number): number =>
  Math.min(iat + lifetimeSeconds, absoluteEndAt);

/** A session as a log-in makes it. */
export function newSession(
  owner: Pick<Session, 'userId' | 'id' | 'amr'>,
  now: number,
  rules: { touch: Touch; maxLifetimeSeconds: number },
  client: { userAgent: string | null; ip: string | null; country: string | null },
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
  };
}
