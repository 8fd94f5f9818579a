/** What a request of the passkeys' routes carries: that of the account app, and the passkeys. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithPasskeys } from './services.ts';

export interface PasskeysEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithPasskeys };
}

export type PasskeysContext = Context<PasskeysEnv>;
