/** Adapts the functions in a host's options (host-options.ts) to the use cases. */
import type { Bearer } from './account/application/tokens.ts';
import { Refusal } from './errors.ts';
import type { Announce } from './events.ts';
import type { ClaimsUser, HostCall, HostOptions } from './host-options.ts';
import { hookOf } from './host-options.ts';
import type { Call, Mailer } from './ports.ts';
import type { MailSender } from './setting-parsers.ts';
import { extraClaimsFault } from './token/extra-claims.ts';

type HostFunction<Name extends keyof HostOptions<unknown>> = NonNullable<HostOptions<never>[Name]>;

const hostCall = ({ requestId, client, language }: Call, env: object): HostCall<never> => ({
  env: env as never,
  requestId,
  client,
  language,
});

/** 500 internal_error if the claims are not allowed in a token. The log says why, without any value. */
export const hostClaims =
  (claims: HostFunction<'claims'>, env: object, userIdClaim: string) =>
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

/** Null without hooks. */
export function hostAnnounce(on: HostFunction<'on'> | undefined, env: object): Announce | null {
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

export const hostMailer = (
  mailer: HostFunction<'mailer'>,
  env: object,
  from: MailSender | undefined,
): Mailer => ({
  awaited: false,
  send: async (mail) => {
    await mailer.send({ ...mail, from: from ?? null }, { env: env as never });
  },
});
