/** The functions that a host hands in (host-options.ts), as the use cases call them. */
import type { Bearer } from './account/application/tokens.ts';
import { Refusal } from './errors.ts';
import type { Announce } from './events.ts';
import type { ClaimsUser, HostCall, HostOptions } from './host-options.ts';
import { hookOf } from './host-options.ts';
import type { Call, Mailer } from './ports.ts';
import type { MailSender } from './setting-parsers.ts';
import { extraClaimsFault } from './token/extra-claims.ts';

type Given<Name extends keyof HostOptions<unknown>> = NonNullable<HostOptions<never>[Name]>;

const hostCall = ({ requestId, client, language }: Call, env: object): HostCall<never> => ({
  env: env as never,
  requestId,
  client,
  language,
});

/** 500 where they are none that a token may have: the log says what is wrong, never a value. */
export const hostClaims =
  (claims: Given<'claims'>, env: object, userIdClaim: string) =>
  async (
    { userId, isStaff, emailVerified, profile, session }: Bearer,
    call: Call,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const { email, username, name, dateJoined } = profile;
    const user: ClaimsUser = { id: userId, email, username, name, isStaff, emailVerified, dateJoined };
    const made = await claims(user, { ...hostCall(call, env), sessionId: session.id });
    const fault = extraClaimsFault(made, userIdClaim);
    if (fault === null) return made as Readonly<Record<string, unknown>>;
    call.report('error', 'claims_refused', { problem: `claims ${fault}` });
    throw new Refusal('internal_error');
  };

/** Null: there is no hook. */
export function hostAnnounce(on: Given<'on'> | undefined, env: object): Announce | null {
  if (on === undefined) return null;
  return (event, call) => {
    const found = hookOf(on, event.type);
    if (!found) return;
    const { name, hook } = found;
    const run = async () => {
      try {
        await hook(event, hostCall(call, env));
      } catch (error) {
        const failure = error instanceof Error ? error.name : typeof error;
        call.report('error', 'hook_failed', { hook: name, user: event.data.user_id, error: failure });
      }
    };
    call.waitUntil(Promise.resolve().then(run));
  };
}

export const hostMailer = (mailer: Given<'mailer'>, env: object, from: MailSender | undefined): Mailer => ({
  awaited: false,
  send: async (mail) => {
    await mailer.send({ ...mail, from: from ?? null }, { env: env as never });
  },
});
