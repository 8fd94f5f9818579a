/**
 * Who uses the console: log-in, log-out, and the caller of a request, each time as D1 has it. A log-in opens a
 * session like any other (it stands in the list, it can be ended), whose one token is of a kind that only the
 * console reads.
 */
import type { Caller } from '../account/application/session.ts';
import { endSessionOf } from '../account/application/sign.ts';
import { type LogIn, signInByPassword } from '../account/application/sign-in.ts';
import { actorMayAct } from '../account/staff.ts';
import { type Call, seconds } from '../ports.ts';
import type { AdminServices } from './application.ts';

const CONSOLE_LIFETIME_SECONDS = 8 * 3_600;

/** A new token of a new session. 401 no_active_account, for staff alone not. */
export async function logInToConsole(
  services: AdminServices,
  input: LogIn,
  call: Call,
): Promise<{ token: string; lifetimeSeconds: number }> {
  const { codec, random, settings } = services;
  const lifetimeSeconds = Math.min(CONSOLE_LIFETIME_SECONDS, settings.SESSION_MAX_LIFETIME);
  const policy = {
    staffOnly: true,
    maxLifetimeSeconds: lifetimeSeconds,
    tokenLifetimeSeconds: lifetimeSeconds,
  };
  const { user, session, now } = await signInByPassword(services, input, policy, call);
  const token = await codec.sign({
    token_type: 'console',
    jti: random.uuid4(),
    sub: user.id,
    sid: session.id,
    iat: now,
    exp: session.absoluteEndAt,
  });
  return { token, lifetimeSeconds };
}

/** Null: not a token of ours, or its owner is gone, inactive or no longer staff, or its session has ended. */
export async function consoleCaller(services: AdminServices, token: string): Promise<Caller | null> {
  const now = seconds(services.clock);
  const verdict = await services.codec.verify(token, 'console', now);
  if (!verdict.ok) return null;
  const found = await services.users.findWithSession(verdict.claims.sub, verdict.claims.sid);
  const { user, session } = found ?? { user: null, session: null };
  if (!user || !session || !actorMayAct({ user, session }, now)) return null;
  return { user, session, sessionId: session.id };
}

/** Ends the session of the token. One that is no good is content: what the caller wants is so. */
export async function logOutOfConsole(services: AdminServices, token: string, call: Call): Promise<void> {
  const now = seconds(services.clock);
  const { claims } = await services.codec.verify(token, 'console', now);
  if (claims) await endSessionOf(services, claims, now, call);
}
