/** The context variables of the account app's requests. */
import type { Context } from 'hono';
import type { AppEnv } from '../http/context.ts';
import type { Caller } from './application/session.ts';
import type { Services } from './application/tokens.ts';

export interface AccountEnv extends AppEnv {
  Variables: AppEnv['Variables'] & { services: Services; caller: Caller };
}

export type AccountContext = Context<AccountEnv>;
