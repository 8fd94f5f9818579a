/** Exchanges the code that an app received for a pair of tokens. */
import { parseOneTimeToken } from '../account/application/mailing.ts';
import {
  apiPolicy,
  noteSignIn,
  requireSecondFactor,
  startingSession,
} from '../account/application/sign-in.ts';
import { bearerOf, mintFirstPair, type TokenPair } from '../account/application/tokens.ts';
import { sha256, toBase64Url } from '../encoding.ts';
import { Refusal } from '../errors.ts';
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import type { AuthenticationMethod } from '../token/authentication.ts';
import { PURPOSE } from './exchange-code.ts';
import { noteConnection } from './finish.ts';
import type { WithConnections } from './services.ts';

/** RFC 7636 section 4.6. */
const challengeOf = async (verifier: string): Promise<string> => toBase64Url(await sha256(verifier));

/**
 * `made`: the user is new. 401 code_not_valid for a used, expired or unknown code or a wrong verifier; mfa_required;
 * no_active_account; 409 connection_taken.
 */
export async function exchange(
  services: WithConnections,
  { code, code_verifier }: { code: string; code_verifier: string },
  call: Call,
): Promise<{ user: User; made: boolean } & Required<TokenPair>> {
  const { limits, clock, settings, connections } = services;
  await limits.check({ action: 'anonymous', endpoint: 'exchange' }, call);
  const token = await parseOneTimeToken(code);
  if (!token) throw new Refusal('code_not_valid', { reason: 'no_exchange' });
  const now = seconds(clock);
  const policy = apiPolicy(services);
  // `amr` is in the code's row, so it is filled in by the store.
  const session = startingSession(services, token.subject, [], policy, now, call);
  const result = await connections.store.exchange(
    { ...token, purpose: PURPOSE },
    await challengeOf(code_verifier),
    now,
    session,
    {
      max: settings.MAX_SESSIONS_PER_USER,
      updateLastLogin: settings.UPDATE_LAST_LOGIN,
      rehash: null,
      language: call.askedLanguage,
    },
  );
  switch (result.outcome) {
    case 'code':
      throw new Refusal('code_not_valid', { reason: 'no_exchange' });
    case 'changed':
      throw new Refusal('no_active_account', { reason: 'changed_meanwhile' });
    case 'taken':
      throw new Refusal('connection_taken');
    case 'second_factor': {
      const { user, added, amr } = result;
      if (added) await noteConnection(services, user, added.provider, call);
      await requireSecondFactor(services, { user, amr: amr as AuthenticationMethod[] }, policy, call);
      throw new Refusal('no_active_account', { reason: 'changed_meanwhile' });
    }
    case 'ok': {
      const { user, made, added, amr, keeps, evicted } = result;
      const absoluteEndAt = Math.min(session.absoluteEndAt, keeps?.absoluteEndAt ?? session.absoluteEndAt);
      const opened = { ...session, amr, absoluteEndAt };
      await noteSignIn(services, user, opened, evicted, call, { made });
      if (added) await noteConnection(services, user, added.provider, call);
      const pair = await mintFirstPair(
        services,
        bearerOf(user, { ...opened, ...keeps, absoluteEndAt }),
        now,
        call,
      );
      return { user, made, ...pair };
    }
  }
}
