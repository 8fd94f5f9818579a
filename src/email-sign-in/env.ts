/** What a request of these routes carries: that of the account app, and the codes. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithEmailSignIn } from './services.ts';

export interface EmailSignInEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithEmailSignIn };
}

export type EmailSignInContext = Context<EmailSignInEnv>;
