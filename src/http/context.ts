/** What a request carries through the layers above the use cases. */

import type { Context } from 'hono';
import type { Language } from '../languages/index.ts';
import type { IsAllowedOrigin } from '../origins.ts';
import type { Call } from '../ports.ts';
import type { SettingFault, Settings } from '../settings.ts';
import { publicUrl } from './origins.ts';
import { reporter } from './report.ts';

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
    /** simplejwt's own paths: validation errors stand at the top level too. */
    flatErrors: boolean;
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

/** In code points. */
const USER_AGENT_MAX_LENGTH = 255;

/** Without control characters, and never cut in the middle of a character. */
const plainBeginning = (text: string, max: number): string =>
  [...text.toWellFormed().replace(/\p{Cc}/gu, ' ')].slice(0, max).join('');

/** CF-Connecting-IP alone says who calls: a client can write any other header itself. */
export function clientOf(c: AppContext): Call['client'] {
  const country = (c.req.raw as { cf?: { country?: unknown } }).cf?.country;
  const agent = c.req.header('User-Agent');
  return {
    ip: c.req.header('CF-Connecting-IP') ?? null,
    userAgent: agent === undefined ? null : plainBeginning(agent, USER_AGENT_MAX_LENGTH),
    country: typeof country === 'string' ? country : null,
  };
}

export function callOf(c: AppContext): Call {
  const report = reporter(c.var.requestId);
  return {
    requestId: c.var.requestId,
    client: clientOf(c),
    language: c.var.language,
    accountsUrl: publicUrl(c) + (c.get('accountsAt') ?? ACCOUNTS_AT),
    waitUntil: (work) => {
      const settled = work.catch((error: unknown) =>
        report('error', 'background_failed', { error: error instanceof Error ? error.name : 'unknown' }),
      );
      try {
        c.executionCtx.waitUntil(settled);
      } catch {
        // No execution context outside a Worker: the work goes on by itself.
      }
    },
    report,
  };
}
