/** The context variables of requests, as far as HTTP itself uses them. */

import type { Context } from 'hono';
import type { SettingFault } from '../guard-settings.ts';
import type { Language } from '../languages/index.ts';
import type { IsAllowedOrigin } from '../origins.ts';
import type { Settings } from '../settings.ts';

/** The Worker's bindings. `env` also contains the settings (settings.ts) as plain values. */
export interface Bindings {
  DB: D1Database;
  BLACKLIST: KVNamespace;
  ASSETS?: Fetcher;
  [name: string]: unknown;
}

/** Apps with their own services extend this type: `account/env.ts`, `admin/env.ts`. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    language: Language;
    services: { settings: Settings; isAllowedOrigin: IsAllowedOrigin };
    /** The public path of the account app or console, such as `/account` or `/id/account`. */
    mount: string;
    /** Its mount in this Worker, with which request paths begin. */
    routedAt: string;
    /** The mount of the account app; ACCOUNTS_AT if unset. */
    accountsAt: string;
    /** The path is one for DRF clients: middleware/as-drf.ts. */
    asDrf: boolean;
  };
}

/** The mount of the account app in the whole Worker. */
export const ACCOUNTS_AT = '/account';

/** The context of any app with these variables. Without `set`, whose type would not be compatible. */
export type AppContext = Omit<Context<AppEnv>, 'set'>;

/** The services built from bindings and settings, once per isolate, or all faults of these. */
export type Composed<Services = AppEnv['Variables']['services']> =
  | { ok: true; services: Services }
  | { ok: false; faults: SettingFault[] };
export type Composer = (env: Bindings) => Promise<Composed>;
