/** The context variables of the second-factor routes. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithFactors } from './services.ts';

export interface FactorsEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithFactors };
}

export type FactorsContext = Context<FactorsEnv>;
