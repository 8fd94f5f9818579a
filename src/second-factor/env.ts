/** What a request of the second factor's routes carries: that of the account app, and the factors. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithFactors } from './services.ts';

export interface FactorsEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithFactors };
}

export type FactorsContext = Context<FactorsEnv>;
