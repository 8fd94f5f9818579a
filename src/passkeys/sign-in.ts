/** Signing in with a passkey: the browser offers discoverable credentials, without a username. */
import type { SignInPolicy } from '../account/application/authentication.ts';
import { openSession } from '../account/application/sign-in.ts';
import { Refusal } from '../errors.ts';
import type { Session, User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import { proven } from './assertion.ts';
import { CredentialFault } from './client-data.ts';
import { TIMEOUT_MS } from './limits.ts';
import type { Passkey, PasskeyServices } from './ports.ts';
import { asRefusal, methodsOf, passkeyNotValid, relyingParty, type WithPasskeys } from './services.ts';

/** PublicKeyCredentialRequestOptionsJSON. Without `allowed`, any discoverable credential. */
export function requestOptions(
  challenge: string,
  rpId: string,
  allowed: readonly Pick<Passkey, 'credentialId' | 'transports'>[] = [],
) {
  return {
    challenge,
    timeout: TIMEOUT_MS,
    rpId,
    allowCredentials: allowed.map(({ credentialId, transports }) => ({
      type: 'public-key' as const,
      id: credentialId,
      transports,
    })),
    userVerification: 'required' as const,
  };
}

/** The options for a sign-in. Neither reads nor writes a store. */
export async function signInOptions(services: WithPasskeys, { challenges }: PasskeyServices, call: Call) {
  const challenge = await challenges.issue({ for: 'sign_in' }, seconds(services.clock));
  return requestOptions(challenge, relyingParty(services, call).id);
}

/** Signs in; a user-verified passkey counts as both factors. 401 passkey_not_valid; 429 throttled. */
export async function signInByPasskey(
  services: WithPasskeys,
  passkeys: PasskeyServices,
  credential: unknown,
  policy: SignInPolicy,
  call: Call,
): Promise<{ user: User; session: Session; now: number }> {
  await services.limits.check({ action: 'anonymous', endpoint: 'passkey' }, call);
  const { user, passkey, use } = await asRefusal(
    () => proven(services, passkeys, credential, { for: 'sign_in' }, call),
    passkeyNotValid,
  );
  if (!user.isActive) throw new Refusal('passkey_not_valid', { reason: 'inactive_user' });
  if (policy.staffOnly && !user.isStaff) throw new Refusal('passkey_not_valid', { reason: 'not_staff' });
  return openSession(services, { user, amr: methodsOf(passkey) }, policy, call, {
    open: (...opening) => passkeys.store.open(use, ...opening),
    lost: () => passkeyNotValid(new CredentialFault('passkey_challenge_used')),
  });
}
