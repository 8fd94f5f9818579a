/** A passkey as the second factor of a log-in that began in another way. */
import type { PasskeyProof } from '../account/application/authentication.ts';
import { proven } from './assertion.ts';
import { CredentialFault } from './client-data.ts';
import type { PasskeyServices } from './ports.ts';
import { asRefusal, methodsOf, type PasskeyContext, passkeyNotValid } from './services.ts';

/** Its challenge is one of a sign-in. The browser may offer any passkey; only one of this user is accepted. */
export const asSecondFactor =
  (passkeys: PasskeyServices, context: PasskeyContext): PasskeyProof['asSecondFactor'] =>
  async (userId, credential, waiting, call) => {
    const { passkey, use } = await asRefusal(async () => {
      const found = await proven(context, passkeys, credential, { for: 'sign_in' }, call);
      if (found.user.id !== userId) throw new CredentialFault('passkey_unknown');
      return found;
    }, passkeyNotValid);
    return {
      amr: methodsOf(passkey),
      opening: {
        open: (...opening) => passkeys.store.open({ ...use, waiting }, ...opening),
        lost: () => passkeyNotValid(new CredentialFault('passkey_challenge_used')),
      },
    };
  };
