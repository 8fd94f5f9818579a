/** What a request carries through the layers above the use cases. */

import type { Context } from 'hono';
import type { SettingFault } from '../guard-settings.ts';
import type { Language } from '../languages/index.ts';
import type { IsAllowedOrigin } from '../origins.ts';
import type { Settings } from '../settings.ts';

/** The Worker's bindings. Settings (settings.ts) are plain values beside them. */
export interface Bindings {
  DB: D1Database;
  BLACKLIST: KVNamespace;
  ASSETS?: Fetcher;
  [name: string]: unknown;
}

/** What HTTP itself knows. An app with services of its own says so: `account/env.ts`, `admin/env.ts`. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    language: Language;
    services: { settings: Settings; isAllowedOrigin: IsAllowedOrigin };
    /** Where the account app, or the console, is seen from outside: `/account`, `/id/account`. */
    mount: string;
    /** Its mount in this Worker: what paths of requests begin with. */
    routedAt: string;
    /** The mount of the account app; ACCOUNTS_AT where nobody has said. */
    accountsAt: string;
    /** A path of DRF's clients: middleware/as-drf.ts. */
    asDrf: boolean;
  };
}

/** The mount of the account app in the whole Worker. */
export const ACCOUNTS_AT = '/account';

/** Of any app with these variables: all but `set`, which would take no more than these. */
export type AppContext = Omit<Context<AppEnv>, 'set'>;

/** Bindings and settings put together once an isolate, or everything that is wrong with them. */
export type Composed<Services = AppEnv['Variables']['services']> =
  | { ok: true; services: Services }
  | { ok: false; faults: SettingFault[] };
export type Composer = (env: Bindings) => Promise<Composed>;
