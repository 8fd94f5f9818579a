/** The context variables of the passkey routes. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithPasskeys } from './services.ts';

export interface PasskeysEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithPasskeys };
}

export type PasskeysContext = Context<PasskeysEnv>;
