/** The second step of signing in (account/application/sign-in.ts), and reauthentication with a code. */
import type { SecondFactor } from '../account/application/authentication.ts';
import { parseOneTimeToken, sendMail } from '../account/application/mailing.ts';
import { openSession } from '../account/application/sign-in.ts';
import type { Services } from '../account/application/tokens.ts';
import { sha256Hex } from '../encoding.ts';
import { Refusal } from '../errors.ts';
import type { OneTimeKey, Session, User } from '../model.ts';
import { type Call, type Clock, seconds } from '../ports.ts';
import type { Random } from '../random.ts';
import type { RefusalReason } from '../refusal-reasons.ts';
import type { AuthenticationMethod } from '../token/authentication.ts';
import { tokenEnd } from '../token/rotation.ts';
import { CHALLENGE_SECONDS } from './limits.ts';
import type { Challenge, FactorServices } from './ports.ts';
import { proofOf, type ShownFactor, withSecondFactor } from './proof.ts';

const PURPOSE = 'second_factor';
const SECRET_BYTES = 32;

const notValid = (reason: RefusalReason) => new Refusal('code_not_valid', { reason });

interface SecondFactorOptions {
  random: Random;
  clock: Clock;
  accessLifetimeSeconds: number;
  /** Whether a passkey can replace the code. */
  passkeys: boolean;
}

/** Implements `SecondFactor` for account/application. */
export const createSecondFactor = (
  factors: FactorServices,
  { random, clock, accessLifetimeSeconds, passkeys }: SecondFactorOptions,
): SecondFactor => ({
  proveAgain: async (user, session, codes, call) => {
    if (!user.hasSecondFactor) throw notValid('no_second_factor');
    const now = seconds(clock);
    const tryId = random.uuid4();
    const taken = await factors.store.takeTry(user.id, null, tryId, now);
    if (taken.outcome === 'exhausted') throw exhausted(taken.retryAfter, user.id, call);
    if (taken.outcome === 'gone') throw notValid('no_second_factor');
    const proof = await proofOf(factors, user.id, taken.totp, codes, now, call);
    if (!proof) throw wrong(user.id, call);
    const amr = withSecondFactor(session.amr) as AuthenticationMethod[];
    const outcome = await factors.store.reauthenticate(session, proof, tryId, {
      amr,
      now,
      expiresAt: tokenEnd(now, accessLifetimeSeconds, session.absoluteEndAt),
    });
    if (outcome === 'changed') throw wrong(user.id, call);
    const recoveryCodeUsed = 'recoveryDigests' in proof;
    if (recoveryCodeUsed) call.report('warn', 'recovery_code_used', { user: user.id });
    return { amr, at: now, recoveryCodeUsed };
  },

  require: async ({ user, amr, rehash = null }, policy, call) => {
    if (!user.hasSecondFactor) return;
    const secret = random.secret(SECRET_BYTES);
    const now = seconds(clock);
    const { staffOnly, maxLifetimeSeconds, tokenLifetimeSeconds } = policy;
    const challenge: Challenge = {
      tries: 0,
      amr,
      passwordVersion: user.passwordVersion,
      isStaff: user.isStaff,
      rehash,
      policy: { staffOnly, maxLifetimeSeconds, tokenLifetimeSeconds },
    };
    await factors.store.challenge(
      { subject: user.id, purpose: PURPOSE, hash: await sha256Hex(secret) },
      user,
      challenge,
      { createdAt: now, expiresAt: now + CHALLENGE_SECONDS },
    );
    call.report('info', 'second_factor_required', { user: user.id });
    const passkey = passkeys && user.passkeyCount > 0 ? ['passkey'] : [];
    throw new Refusal('mfa_required', {
      members: { mfa_token: `${user.id}.${secret}`, methods: ['totp', 'recovery_code', ...passkey] },
    });
  },
});

interface Waiting {
  services: Services;
  factors: FactorServices;
  key: OneTimeKey;
  staffOnly: boolean;
  call: Call;
}

/**
 * Completes a sign-in that was answered with `mfa_required`. `staffOnly`: a sign-in to the console, whose `mfa_token` is
 * not valid for the API. 401 code_not_valid, passkey_not_valid; 429 throttled if the account has no tries left.
 */
export async function completeSignIn(
  services: Services,
  factors: FactorServices,
  { mfa_token, passkey, ...shown }: { mfa_token: string; passkey?: object | undefined } & ShownFactor,
  { staffOnly }: { staffOnly: boolean },
  call: Call,
): Promise<{ user: User; session: Session; now: number }> {
  await services.limits.check({ action: 'anonymous', endpoint: 'second_factor' }, call);
  const token = await parseOneTimeToken(mfa_token);
  if (!token) throw notValid('no_challenge');
  const waiting = { services, factors, key: { ...token, purpose: PURPOSE } as const, staffOnly, call };
  return passkey === undefined ? completeWithCode(waiting, shown) : completeWithPasskey(waiting, passkey);
}

async function completeWithCode({ services, factors, key, staffOnly, call }: Waiting, shown: ShownFactor) {
  const now = seconds(services.clock);
  const taken = await factors.store.takeTry(key.subject, key, services.random.uuid4(), now);
  if (taken.outcome === 'exhausted') throw exhausted(taken.retryAfter, key.subject, call);
  if (taken.outcome === 'gone' || !taken.challenge) throw notValid('no_challenge');
  const { user, totp, challenge } = taken;
  requirePolicy(challenge, user, staffOnly);
  const proof = await proofOf(factors, user.id, totp, shown, now, call);
  if (!proof) throw wrong(user.id, call);

  const amr = withSecondFactor(challenge.amr) as AuthenticationMethod[];
  const opened = await openSession(services, asRead(user, challenge, amr), challenge.policy, call, {
    open: (...opening) => factors.store.open(key, proof, ...opening),
    lost: () => wrong(user.id, call),
  });
  if ('recoveryDigests' in proof) await noteRecoveryCode(services, user, call);
  return opened;
}

/** A signature cannot be guessed, so this takes no try. */
async function completeWithPasskey({ services, factors, key, staffOnly, call }: Waiting, passkey: object) {
  const found = await factors.store.waiting(key, seconds(services.clock));
  if (!found || services.passkeyProof === null) throw notValid('no_challenge');
  const { user, challenge } = found;
  requirePolicy(challenge, user, staffOnly);
  const { amr, opening } = await services.passkeyProof.asSecondFactor(user.id, passkey, key, call);
  const both = [...challenge.amr, ...amr] as AuthenticationMethod[];
  return openSession(services, asRead(user, challenge, both), challenge.policy, call, opening);
}

function requirePolicy({ policy }: Challenge, user: User, staffOnly: boolean): void {
  if (policy.staffOnly !== staffOnly) throw notValid('no_challenge');
  if (staffOnly && !user.isStaff) throw notValid('not_staff');
}

/** The session opens only if the password and the staff flag are still those of the first step. */
const asRead = (
  user: User,
  { passwordVersion, isStaff = user.isStaff, rehash }: Challenge,
  amr: AuthenticationMethod[],
) => ({
  user: { ...user, passwordVersion, isStaff },
  amr,
  rehash,
});

function wrong(userId: string, call: Call): Refusal {
  call.report('warn', 'second_factor_failed', { user: userId });
  return notValid('wrong_code');
}

function exhausted(retryAfter: number, userId: string, call: Call): Refusal {
  call.report('warn', 'second_factor_exhausted', { user: userId });
  return new Refusal('throttled', { headers: { 'Retry-After': String(retryAfter) } });
}

async function noteRecoveryCode(services: Services, user: User, call: Call): Promise<void> {
  call.report('warn', 'recovery_code_used', { user: user.id });
  await sendMail(services, call, 'recovery_code_used', user.email);
}
