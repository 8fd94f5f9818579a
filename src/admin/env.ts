/** The Hono environment of the console. */
import type { Context } from 'hono';
import type { AccountEnv } from '../account/env.ts';
import type { AdminServices } from './acting.ts';

export interface AdminEnv extends AccountEnv {
  Variables: AccountEnv['Variables'] & { services: AdminServices };
}

export type AdminContext = Context<AdminEnv>;
