/** The context variables of the connection routes. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithConnections } from './services.ts';

export interface ConnectionsEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithConnections };
}

export type ConnectionsContext = Context<ConnectionsEnv>;
