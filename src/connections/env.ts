/** What a request of the routes of connected accounts carries. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { WithConnections } from './services.ts';

export interface ConnectionsEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: WithConnections };
}

export type ConnectionsContext = Context<ConnectionsEnv>;
