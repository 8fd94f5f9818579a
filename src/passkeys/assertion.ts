/** What sign-in and reauthentication with a passkey share: verifying the browser's credential. */
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import type { Purpose } from './challenge.ts';
import { CredentialFault } from './client-data.ts';
import type { Passkey, PasskeyServices, PasskeyUse } from './ports.ts';
import { type PasskeyContext, reader, relyingParty } from './services.ts';
import { countsOn, readAssertion, verifyAssertion } from './webauthn.ts';

/** Throws a CredentialFault. Writes nothing: callers must consume `use.challenge` in the batch that acts on the proof. */
export async function proven(
  services: PasskeyContext,
  passkeys: PasskeyServices,
  credential: unknown,
  purpose: Purpose,
  call: Call,
): Promise<{ user: User; passkey: Passkey; use: PasskeyUse }> {
  const rp = relyingParty(services, call);
  const assertion = await readAssertion(credential, rp, reader(passkeys, purpose, seconds(services.clock)));
  const found = await passkeys.store.find(assertion.credentialId, assertion.challenge);
  if (!found || (purpose.for !== 'sign_in' && found.user.id !== purpose.userId)) {
    throw new CredentialFault('passkey_unknown');
  }
  const { user, passkey, isUsed } = found;
  await verifyAssertion(assertion, passkey);
  // Before the counter: the same assertion sent twice is no copy of the authenticator.
  if (isUsed) throw new CredentialFault('passkey_challenge_used');
  if (!countsOn(passkey.counter, assertion.counter)) {
    call.report('warn', 'passkey_counter_went_back', { user: user.id, passkey: passkey.id });
    throw new CredentialFault('passkey_counter');
  }
  const { counter, backedUp, challenge } = assertion;
  return { user, passkey, use: { userId: user.id, id: passkey.id, counter, backedUp, challenge } };
}
