/** Reauthentication with a passkey. */
import type { PasskeyProof } from '../account/application/authentication.ts';
import type { Caller } from '../account/application/session.ts';
import { type Call, seconds } from '../ports.ts';
import type { Random } from '../random.ts';
import { tokenEnd } from '../token/rotation.ts';
import { proven } from './assertion.ts';
import { CredentialFault } from './client-data.ts';
import type { PasskeyServices } from './ports.ts';
import { asSecondFactor } from './second-factor.ts';
import {
  asRefusal,
  methodsOf,
  type PasskeyContext,
  passkeyNotValid,
  relyingParty,
  type WithPasskeys,
} from './services.ts';
import { requestOptions } from './sign-in.ts';

/** PublicKeyCredentialRequestOptionsJSON for the user's own passkeys. Writes nothing. */
export async function reauthenticationOptions(
  services: WithPasskeys,
  { store, challenges }: PasskeyServices,
  { user }: Caller,
  call: Call,
) {
  const purpose = { for: 'reauthentication', userId: user.id } as const;
  const own = user.passkeyCount === 0 ? [] : await store.list(user.id);
  const challenge = await challenges.issue(purpose, seconds(services.clock));
  return requestOptions(challenge, relyingParty(services, call).id, own);
}

export const createPasskeyProof = (
  passkeys: PasskeyServices,
  context: PasskeyContext & { random: Random },
): PasskeyProof => ({
  asSecondFactor: asSecondFactor(passkeys, context),
  proveAgain: async (user, session, credential, call) => {
    const purpose = { for: 'reauthentication', userId: user.id } as const;
    const { passkey, use } = await asRefusal(
      () => proven(context, passkeys, credential, purpose, call),
      passkeyNotValid,
    );
    const at = seconds(context.clock);
    const amr = methodsOf(passkey);
    const expiresAt = tokenEnd(at, context.settings.ACCESS_TOKEN_LIFETIME, session.absoluteEndAt);
    const noted = { amr, now: at, expiresAt };
    const outcome = await passkeys.store.reauthenticate(session, use, context.random.uuid4(), noted);
    if (outcome === 'changed') throw passkeyNotValid(new CredentialFault('passkey_challenge_used'));
    return { amr, at };
  },
});
