/** What a sign-in and a reauthentication by passkey share: from what the browser sent to a passkey that was used. */
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import type { Purpose } from './challenge.ts';
import { CredentialFault } from './client-data.ts';
import type { Passkey, PasskeyServices, PasskeyUse } from './ports.ts';
import { type Ground, reader, relyingParty } from './services.ts';
import { countsOn, readAssertion, verifyAssertion } from './webauthn.ts';

/** Throws a CredentialFault. Nothing is written yet: whoever goes on uses the challenge up with what they write. */
export async function proven(
  services: Ground,
  passkeys: PasskeyServices,
  credential: unknown,
  purpose: Purpose,
  call: Call,
): Promise<{ user: User; passkey: Passkey; use: PasskeyUse }> {
  const rp = relyingParty(services, call);
  const assertion = await readAssertion(credential, rp, reader(passkeys, purpose, seconds(services.clock)));
  const found = await passkeys.store.find(assertion.credentialId);
  if (!found || (purpose.for !== 'sign_in' && found.user.id !== purpose.userId)) {
    throw new CredentialFault('passkey_unknown');
  }
  const { user, passkey } = found;
  await verifyAssertion(assertion, passkey);
  if (!countsOn(passkey.counter, assertion.counter)) {
    call.report('warn', 'passkey_counter_went_back', { user: user.id, passkey: passkey.id });
    throw new CredentialFault('passkey_counter');
  }
  const { counter, backedUp, challenge } = assertion;
  return { user, passkey, use: { userId: user.id, id: passkey.id, counter, backedUp, challenge } };
}
