/** The context variables of the e-mail sign-in routes. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithEmailSignIn } from './services.ts';

export interface EmailSignInEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithEmailSignIn };
}

export type EmailSignInContext = Context<EmailSignInEnv>;
