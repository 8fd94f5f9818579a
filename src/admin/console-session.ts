/**
 * The console's log-in, log-out and caller, read from D1 at every request. A log-in opens a session like any other, which
 * is listed and can be ended; its one token is of a type that only the console accepts.
 */
import type { SignInPolicy } from '../account/application/authentication.ts';
import type { Caller } from '../account/application/session.ts';
import { endSessionOf } from '../account/application/sign.ts';
import { type LogIn, signInByPassword } from '../account/application/sign-in.ts';
import { actorMayAct } from '../account/staff.ts';
import { Refusal } from '../errors.ts';
import type { Session, User } from '../model.ts';
import type { PasskeyServices } from '../passkeys/ports.ts';
import { signInByPasskey } from '../passkeys/sign-in.ts';
import { type Call, seconds } from '../ports.ts';
import { canonicalRecoveryCode } from '../second-factor/recovery-codes.ts';
import { completeSignIn } from '../second-factor/sign-in.ts';
import type { AdminServices } from './acting.ts';

const CONSOLE_LIFETIME_SECONDS = 8 * 3_600;

export interface ConsoleToken {
  token: string;
  lifetimeSeconds: number;
}

function consolePolicy({ settings }: AdminServices): SignInPolicy {
  const lifetimeSeconds = Math.min(CONSOLE_LIFETIME_SECONDS, settings.SESSION_MAX_LIFETIME);
  return { staffOnly: true, maxLifetimeSeconds: lifetimeSeconds, tokenLifetimeSeconds: lifetimeSeconds };
}

/** Returns the token of a new session. 401 no_active_account, for users who are not staff too; mfa_required. */
export const logInToConsole = async (
  services: AdminServices,
  input: LogIn,
  call: Call,
): Promise<ConsoleToken> =>
  consoleToken(services, await signInByPassword(services, input, consolePolicy(services), call));

/** The same with a passkey, which counts as both factors. 401 passkey_not_valid, for users who are not staff too. */
export const logInToConsoleByPasskey = async (
  services: AdminServices,
  passkeys: PasskeyServices,
  credential: object,
  call: Call,
): Promise<ConsoleToken> =>
  consoleToken(
    services,
    await signInByPasskey(services, passkeys, credential, consolePolicy(services), call),
  );

/**
 * Completes a log-in that was refused with `mfa_required`, with a code, a recovery code or a passkey. 401 code_not_valid,
 * passkey_not_valid.
 */
export async function finishConsoleLogIn(
  services: AdminServices,
  { mfa_token, ...factor }: { mfa_token: string } & ({ code: string } | { credential: object }),
  call: Call,
): Promise<ConsoleToken> {
  if (!services.factors) throw new Refusal('code_not_valid', { reason: 'no_second_factor' });
  const shown = 'code' in factor ? codeOrRecoveryCode(factor.code) : { passkey: factor.credential };
  const opened = await completeSignIn(
    services,
    services.factors,
    { mfa_token, ...shown },
    { staffOnly: true },
    call,
  );
  return consoleToken(services, opened);
}

const codeOrRecoveryCode = (code: string) =>
  canonicalRecoveryCode(code) === null ? { code } : { recovery_code: code };

async function consoleToken(
  { codec, random }: AdminServices,
  { user, session, now }: { user: User; session: Session; now: number },
): Promise<ConsoleToken> {
  const token = await codec.sign({
    token_type: 'console',
    jti: random.uuid4(),
    sub: user.id,
    sid: session.id,
    iat: now,
    exp: session.absoluteEndAt,
  });
  return { token, lifetimeSeconds: session.absoluteEndAt - now };
}

/** null: the token is invalid, its user is deleted, inactive or no longer staff, or its session has ended. */
export async function consoleCaller(services: AdminServices, token: string): Promise<Caller | null> {
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(token, 'console', now);
  if (!verdict.ok) return null;
  const found = await services.users.findWithSession(verdict.claims.sub, verdict.claims.sid);
  const { user, session } = found ?? { user: null, session: null };
  if (!user || !session || !actorMayAct({ user, session }, now)) return null;
  return { user, session, sessionId: session.id };
}

/** Ends the session of the token. Succeeds with an invalid token: the caller is logged out either way. */
export async function logOutOfConsole(services: AdminServices, token: string, call: Call): Promise<void> {
  const now = seconds(services.clock);
  const { claims } = await services.codec.verify(token, 'console', now);
  if (claims) await endSessionOf(services, claims, now, call);
}
