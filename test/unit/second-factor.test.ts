/** Where a second factor comes in, whatever its room is like: the services are as few as the steps need. */
import { describe, expect, it } from 'vitest';
import { requireRecentAuthentication } from '../../src/account/application/reauthentication.ts';
import type { Caller } from '../../src/account/application/session.ts';
import { apiPolicy, signInByPassword } from '../../src/account/application/sign-in.ts';
import type { Services } from '../../src/account/application/tokens.ts';
import { Refusal } from '../../src/errors.ts';
import type { Session, User } from '../../src/model.ts';
import type { Call } from '../../src/ports.ts';
import { loadSettings } from '../../src/settings.ts';

const NOW = 1_800_000_000;
const loaded = loadSettings({ SIGNING_KEY: 'x', ENVIRONMENT: 'development' });
if (!loaded.ok) throw new Error('the defaults are no settings');
const user = {
  id: 'u',
  passwordHash: 'h',
  isActive: true,
  isStaff: false,
  hasSecondFactor: false,
} as User;
const call = { report: () => {}, client: { ip: null, userAgent: null, country: null } } as unknown as Call;

/** `on`: the user has a factor switched on. `trail`: what was called, in order. */
function servicesWith(secondFactor: 'none' | 'off' | 'on', trail: string[] = []): Services {
  const room = {
    require: async () => {
      trail.push('second factor');
      if (secondFactor === 'on') throw new Refusal('no_active_account');
    },
  };
  return {
    settings: loaded.ok ? loaded.settings : undefined,
    clock: () => NOW * 1_000,
    random: { uuid7: () => 's' },
    hasher: {
      isUsable: () => true,
      isCostly: () => false,
      verify: async () => ({ ok: true, rehash: false }),
    },
    limits: { check: async () => {} },
    users: { findByName: async () => user },
    blacklist: { add: async () => {} },
    sessions: {
      open: async () => {
        trail.push('session');
        return { outcome: 'ok', evicted: [] };
      },
    },
    secondFactor: secondFactor === 'none' ? null : room,
  } as unknown as Services;
}

describe('a log-in by password', () => {
  const logIn = async (secondFactor: 'none' | 'off' | 'on') => {
    const trail: string[] = [];
    const services = servicesWith(secondFactor, trail);
    const input = { username: 'mina', password: 'p' };
    await signInByPassword(services, input, apiPolicy(services), call).catch(() => trail.push('refused'));
    return trail;
  };
  it.each([
    ['none', ['session']],
    ['off', ['second factor', 'session']],
    ['on', ['second factor', 'refused']],
  ] as const)('with a second factor %s: %j', async (secondFactor, trail) => {
    expect(await logIn(secondFactor)).toEqual(trail);
  });
});

describe('a reauthentication for a change of sign-in methods', () => {
  const callerOf = (
    amr: string[],
    authenticatedAt: number | null,
    createdAt = NOW,
  ): Omit<Caller, 'user'> => ({
    session: { id: 's', userId: 'u', createdAt, authenticatedAt, amr } as unknown as Session,
    sessionId: 's',
  });
  const challengeOf = (secondFactor: 'none' | 'off' | 'on', caller: Omit<Caller, 'user'>) =>
    requireRecentAuthentication(
      servicesWith(secondFactor),
      { ...caller, user: { ...user, hasSecondFactor: secondFactor === 'on' } },
      undefined,
      call,
    ).then(
      () => null,
      (error: Refusal) => error.challenge,
    );
  const asks = { error: 'insufficient_user_authentication', max_age: '600' };

  it.each<[string, 'none' | 'off' | 'on', Omit<Caller, 'user'>, object | null]>([
    ['the log-in’s own', 'none', callerOf(['pwd'], null), null],
    ['a log-in of ten minutes ago', 'none', callerOf(['pwd'], null, NOW - 600), null],
    ['an older log-in', 'none', callerOf(['pwd'], null, NOW - 601), asks],
    ['a reauthentication since', 'none', callerOf(['pwd'], NOW, NOW - 9_999), null],
    ['a password, with the factor off', 'off', callerOf(['pwd'], NOW), null],
    ['a password alone, with the factor on', 'on', callerOf(['pwd'], NOW), { ...asks, acr_values: 'mfa' }],
    ['both, with the factor on', 'on', callerOf(['pwd', 'otp', 'mfa'], NOW), null],
    ['both, long ago', 'on', callerOf(['pwd', 'otp', 'mfa'], NOW - 601), { ...asks, acr_values: 'mfa' }],
  ])('%s', async (_, secondFactor, caller, challenge) => {
    expect(await challengeOf(secondFactor, caller)).toEqual(challenge);
  });
});
