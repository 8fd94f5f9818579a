/**
 * `hono-accounts-client/email-sign-in`: signing in by a code or link sent by e-mail. It works with a client that is
 * handed in, and none is in it.
 */
import type { CallOptions } from './api.ts';
import type { Client } from './index.ts';
import type { Tokens } from './storage.ts';
import type { User } from './wire.ts';

/** `user`: of an account that was made by this, for an address that nobody had. */
export type SignedInByEmail = Tokens & { user?: User };

/**
 * Finishes a sign-in, with the code that was typed or the `token` of the link; the tokens are kept as after any other.
 * Refused as a log-in is: `mfa_required` for a user with a second factor, `code_not_valid` for a wrong, used or expired
 * code, `invalid` for such a token.
 */
export const confirmEmailSignIn = (
  client: Pick<Client, 'signIn'>,
  shown: { email: string; code: string } | { token: string },
  options?: CallOptions,
) => client.signIn<SignedInByEmail>('/login/email/confirm', shown, options);

/**
 * Has a code and a link sent. It succeeds whether or not there is such an account. An earlier code is void from then
 * on; `confirm` takes the new one.
 */
export async function signInByEmail(
  client: Pick<Client, 'request' | 'signIn'>,
  email: string,
  options?: CallOptions,
) {
  await client.request('POST', '/login/email', { email }, options);
  return {
    email,
    confirm: (code: string, options?: CallOptions) => confirmEmailSignIn(client, { email, code }, options),
  };
}
