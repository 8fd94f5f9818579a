/**
 * `hono-accounts-client/email-sign-in`: signing in with a code or link sent by e-mail. Takes the client as an argument
 * and does not bundle it.
 */
import type { CallOptions } from './api.ts';
import type { Client } from './index.ts';
import type { Tokens } from './storage.ts';
import type { User } from './wire.ts';

/** `user` is present if this sign-in created the account. */
export type SignedInByEmail = Tokens & { user?: User };

/**
 * Completes a sign-in with the typed code or the `token` of the link, and stores the tokens. Errors: `mfa_required` for
 * a user with a second factor, `code_not_valid` for a wrong, used or expired code, `invalid` for such a token.
 */
export const confirmEmailSignIn = (
  client: Pick<Client, 'signIn'>,
  shown: { email: string; code: string } | { token: string },
  options?: CallOptions,
) => client.signIn<SignedInByEmail>('/login/email/confirm', shown, options);

/**
 * Sends a code and a link, and voids earlier ones. Succeeds whether or not the account exists. Pass the code to
 * `confirm`.
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
