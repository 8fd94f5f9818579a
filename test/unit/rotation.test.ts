import { describe, expect, it } from 'vitest';
import type { RevocationReason, RevokedToken, TokenStatus } from '../../src/model.ts';
import {
  accessFault,
  isReplay,
  judgeRotation,
  newSession,
  reasonFault,
  reasonOf,
  statusFault,
  tokenEnd,
  touchRule,
  withinGrace,
} from '../../src/token/rotation.ts';

/** The clock, held by hand. */
const NOW = 1_800_000_000;
const HOUR = 3_600;
const DAY = 86_400;

const user = { isActive: true, isStaff: false, emailVerifiedAt: null };
const session = {
  revokedAt: null,
  revokedReason: null,
  absoluteEndAt: NOW + 30 * DAY,
  expiresAt: NOW + DAY,
  createdAt: NOW,
  authenticatedAt: null,
  amr: ['pwd'],
};
const GOOD: TokenStatus = { user, session };
const ended = (revokedReason: RevocationReason | null): TokenStatus => ({
  user,
  session: { ...session, revokedAt: NOW - 1, revokedReason },
});
const inactive = { isActive: false, isStaff: false, emailVerifiedAt: null };

describe('the first of several faults is reported', () => {
  it.each<[string, TokenStatus, ReturnType<typeof statusFault>]>([
    ['none', GOOD, null],
    ['a user who is gone', { user: null, session: null }, 'user_not_found'],
    ['a user who is gone, and a session that somehow is not', { user: null, session }, 'user_not_found'],
    ['an inactive user', { user: inactive, session }, 'user_inactive'],
    ['an inactive user without a session', { user: inactive, session: null }, 'user_inactive'],
    ['an inactive user of an ended session', { ...ended('deactivated'), user: inactive }, 'user_inactive'],
    ['no session', { user, session: null }, 'token_blacklisted'],
    ['an ended session', ended('logged_out'), 'token_blacklisted'],
    ['a session that ended at 0', { user, session: { ...session, revokedAt: 0 } }, 'token_blacklisted'],
    ['a session at its end', { user, session: { ...session, absoluteEndAt: NOW } }, 'token_blacklisted'],
    [
      'a session past its end',
      { user, session: { ...session, absoluteEndAt: NOW - 1 } },
      'token_blacklisted',
    ],
    ['a session a second before its end', { user, session: { ...session, absoluteEndAt: NOW + 1 } }, null],
    ['staff', { user: { isActive: true, isStaff: true, emailVerifiedAt: null }, session }, null],
  ])('%s', (_, tokenStatus, fault) => {
    expect(statusFault(tokenStatus, NOW)).toBe(fault);
  });
});

describe('an answer from KV is the same as from D1', () => {
  it.each<[string, TokenStatus, RevocationReason]>([
    ['a user who is gone', { user: null, session: null }, 'withdrawn'],
    ['an inactive user', { ...ended('logged_out'), user: inactive }, 'deactivated'],
    ['no session', { user, session: null }, 'ended'],
    ['a session past its end', { user, session: { ...session, absoluteEndAt: NOW } }, 'ended'],
    ['a session ended for no reason known', ended(null), 'ended'],
    ['one logged out', ended('logged_out'), 'logged_out'],
    ['one evicted', ended('evicted'), 'evicted'],
    ['one replayed', ended('replayed'), 'replayed'],
    ['one of a changed password', ended('password_changed'), 'password_changed'],
    ['one of a reset password', ended('password_reset'), 'password_reset'],
    ['one of a demotion', ended('demoted'), 'demoted'],
  ])('%s', (_, tokenStatus, reason) => {
    expect(reasonOf(tokenStatus)).toBe(reason);
    expect(reasonFault(reason)).toBe(statusFault(tokenStatus, NOW));
  });

  it('and an access token is never "blacklisted"', () => {
    expect(accessFault('token_blacklisted')).toBe('access_token_not_valid');
    expect(accessFault('user_not_found')).toBe('user_not_found');
    expect(accessFault('user_inactive')).toBe('user_inactive');
  });
});

describe('the grace', () => {
  it.each<[number, number, boolean]>([
    [10, 0, true],
    [10, 1, true],
    [10, 9, true],
    [10, 10, true],
    [10, 11, false],
    [10, DAY, false],
    [1, 1, true],
    [1, 2, false],
    [HOUR, HOUR, true],
    [HOUR, HOUR + 1, false],
    [0, 0, false],
    [0, 1, false],
    [0, -1, false],
    [10, -1, true],
    [10, -DAY, true],
  ])('of %i s holds %i s after the consumption: %s', (grace, later, within) => {
    const token: RevokedToken = {
      revokedAt: NOW,
      reason: 'rotated',
      successorJti: 's',
      successorUsed: false,
    };
    expect(withinGrace(NOW, NOW + later, grace)).toBe(within);
    expect(isReplay(token, NOW + later, grace)).toBe(!within);
    expect(isReplay({ ...token, reason: 'logged_out' }, NOW + later, grace)).toBe(true);
    expect(isReplay({ ...token, successorUsed: true }, NOW + later, grace)).toBe(true);
  });
});

describe('a refresh', () => {
  const RULES = { graceSeconds: 10, refreshLifetimeSeconds: DAY };
  const consumed = (change: Partial<RevokedToken> = {}): RevokedToken => ({
    revokedAt: NOW,
    reason: 'rotated',
    successorJti: 'offered',
    successorUsed: false,
    ...change,
  });
  const judge = (token: RevokedToken | null, now = NOW, tokenStatus = GOOD, rules = RULES) =>
    judgeRotation({ ...tokenStatus, token }, 'offered', now, rules);

  it('is the first if its own successor is in the row', () => {
    expect(judge(consumed())).toEqual({
      fault: null,
      first: true,
      successor: { jti: 'offered', iat: NOW, exp: NOW + DAY },
    });
  });

  it('is the first in strict mode too', () => {
    expect(judge(consumed(), NOW, GOOD, { ...RULES, graceSeconds: 0 })).toMatchObject({
      fault: null,
      first: true,
    });
  });

  it.each([0, 5, 10, -30])('is a retry %i s later, with the successor of the first', (later) => {
    expect(judge(consumed({ successorJti: 'theirs' }), NOW + later)).toEqual({
      fault: null,
      first: false,
      successor: { jti: 'theirs', iat: NOW, exp: NOW + DAY },
    });
  });

  it.each<[string, RevokedToken | null, number, number]>([
    ['a second past the grace', consumed({ successorJti: 'theirs' }), 11, 10],
    [
      'within the grace, but its successor used',
      consumed({ successorJti: 'theirs', successorUsed: true }),
      5,
      10,
    ],
    ['at once without a grace', consumed({ successorJti: 'theirs' }), 0, 0],
    ['logged out', consumed({ reason: 'logged_out', successorJti: null }), 0, 10],
    ['rotated without a successor', consumed({ successorJti: null }), 0, 10],
    ['not there at all', null, 0, 10],
  ])('is blacklisted if the token’s row is %s', (_, token, later, graceSeconds) => {
    expect(judge(token, NOW + later, GOOD, { ...RULES, graceSeconds })).toEqual({
      fault: 'token_blacklisted',
    });
  });

  it.each<[string, TokenStatus, string]>([
    ['the user is gone', { user: null, session: null }, 'user_not_found'],
    ['the user is inactive', { user: inactive, session }, 'user_inactive'],
    ['the session ended', ended('logged_out'), 'token_blacklisted'],
    ['the session is over', { user, session: { ...session, absoluteEndAt: NOW } }, 'token_blacklisted'],
  ])('reports its user’s status first: %s', (_, tokenStatus, fault) => {
    expect(judge(consumed(), NOW, tokenStatus)).toEqual({ fault });
  });

  it('ends with its session', () => {
    const tokenStatus = { user, session: { ...session, absoluteEndAt: NOW + 60 } };
    expect(judge(consumed(), NOW, tokenStatus)).toMatchObject({ successor: { exp: NOW + 60 } });
  });
});

describe('a token ends', () => {
  it.each([
    [HOUR, NOW + DAY, NOW + HOUR],
    [DAY, NOW + HOUR, NOW + HOUR],
    [HOUR, NOW + HOUR, NOW + HOUR],
  ])('%i s after it was made, or with a session that ends at %i: %i', (lifetime, end, exp) => {
    expect(tokenEnd(NOW, lifetime, end)).toBe(exp);
  });
});

describe('the last use of a session', () => {
  it.each<[string, number, number]>([
    ['every hour for a day’s tokens', DAY, HOUR],
    ['every hour for a month’s tokens', 30 * DAY, HOUR],
    ['every 24th of an hour’s tokens', HOUR, 150],
    ['every second at most', 10, 1],
    ['every second for a token of a second', 1, 1],
    ['every hour less a second for a little less than a day', DAY - 1, HOUR - 1],
  ])('%s', (_, lifetime, every) => {
    expect(touchRule(lifetime, 1)).toEqual({ everySeconds: every, lifetimeSeconds: lifetime });
  });

  it('with the longer of the two lifetimes', () => {
    expect(touchRule(HOUR, DAY)).toEqual({ everySeconds: 150, lifetimeSeconds: DAY });
  });
});

describe('a new session', () => {
  const open = (refreshLifetime: number, maxLifetimeSeconds: number) =>
    newSession(
      { amr: ['pwd'], userId: 'u', id: 's' },
      NOW,
      { touch: touchRule(refreshLifetime, HOUR), maxLifetimeSeconds },
      { userAgent: 'agent', ip: '203.0.113.9', country: 'KR', city: 'Seoul' },
    );

  it('is live, has its user and client, and the time', () => {
    expect(open(DAY, 30 * DAY)).toEqual({
      userId: 'u',
      id: 's',
      createdAt: NOW,
      lastUsedAt: NOW,
      expiresAt: NOW + DAY + HOUR,
      absoluteEndAt: NOW + 30 * DAY,
      revokedAt: null,
      revokedReason: null,
      authenticatedAt: null,
      amr: ['pwd'],
      userAgent: 'agent',
      ip: '203.0.113.9',
      country: 'KR',
      city: 'Seoul',
    });
  });

  it('expires by its end at the latest', () => {
    expect(open(DAY, HOUR)).toMatchObject({ expiresAt: NOW + HOUR, absoluteEndAt: NOW + HOUR });
  });
});
