/**
 * The apps that a host mounts, and the whole Worker. Together with compose.ts and rooms.ts this is the composition root:
 * nothing else imports both ends.
 */

import { Hono } from 'hono';
import type { ExtractSchema, MergeSchemaPath, Schema } from 'hono/types';
import { accountRoutes } from './account/routes.ts';
import { adminApiRoutes } from './admin/api.ts';
import type { AdminContext, AdminEnv } from './admin/env.ts';
import { consoleRoutes } from './admin/routes.ts';
import { showError } from './admin/show.tsx';
import { djRestAuthRoutes } from './compat/dj-rest-auth.ts';
import { djoserRoutes } from './compat/djoser.ts';
import { simplejwtRoutes } from './compat/simplejwt.ts';
import { composer, type Overrides } from './compose.ts';
import { startPageRoutes } from './dev/start-page.tsx';
import { discoveryRoutes } from './discovery.ts';
import { healthRoutes } from './health.ts';
import { assetRoutes } from './http/asset-routes.ts';
import { ACCOUNTS_AT, type AppEnv, type Bindings } from './http/context.ts';
import { answerOther } from './http/methods.ts';
import { asDrf } from './http/middleware/as-drf.ts';
import { cors } from './http/middleware/cors.ts';
import { responseHeaders } from './http/middleware/response-headers.ts';
import { services } from './http/middleware/services.ts';
import { inAnyHost, mountOf } from './http/mount.ts';
import { publicPath } from './http/origins.ts';
import { answerError } from './http/problem.ts';
import { devMailRoutes } from './mail/routes.tsx';
import { openapiRoutes } from './openapi/routes.ts';
import { relatedOriginRoutes } from './passkeys/related-origins.ts';
import { roomRoutes } from './room-routes.ts';

export type { Overrides } from './compose.ts';

/**
 * Routes below a mount, without the shared middleware. Requests that no route matches get this app's own 404 or 405.
 * `accountsAt`: the mount of the account app, if the routes are another app's.
 */
function mounted<E extends AppEnv, S extends Schema, P extends string>(
  routes: Hono<E, S, P>,
  {
    accountsAt,
    onError = answerError,
    outsideCors = false,
  }: {
    accountsAt?: string;
    onError?: (error: unknown, c: AdminContext) => Response | Promise<Response>;
    outsideCors?: boolean;
  } = {},
): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>({ strict: false });
  app.onError(onError);
  app.use(async function rememberMount(c, next) {
    const mount = mountOf(c);
    c.set('routedAt', mount);
    c.set('mount', publicPath(c.var.services.settings) + mount);
    c.set('accountsAt', accountsAt ?? mount);
    return next();
  });
  if (!outsideCors) app.use(cors());
  app.route('/', routes);
  app.all('*', (c) => answerOther(routes, c, mountOf(c)));
  return app;
}

/** `/account` without the shared middleware: the rooms and the account routes. */
function accountApp(): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>({ strict: false });
  for (const routes of roomRoutes()) app.route('/', routes as unknown as Hono<AdminEnv>);
  app.route('/', accountRoutes());
  return app;
}

/** `/admin` without the shared middleware: the console, and its JSON API below `/api`. */
function adminApp(accountsAt: string): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>({ strict: false });
  app.route('/api', mounted(adminApiRoutes(), { accountsAt }));
  app.route('/', mounted(consoleRoutes(), { accountsAt, onError: showError, outsideCors: true }));
  return app;
}

/** A mountable app with the shared middleware. `S`: the schema of the routes, which the middleware would hide. */
function standalone<Env, S extends Schema>(
  overrides: Overrides<Env>,
  routes: Hono<AdminEnv>,
): Hono<AppEnv, S> {
  const app = new Hono<AppEnv>({ strict: false });
  app.onError(answerError);
  app.use(responseHeaders(), services(composer(overrides)));
  app.route('/', routes);
  return inAnyHost(app) as Hono<AppEnv, S>;
}

/** Request and response types of the endpoints, for Hono's client: `hc<ReturnType<typeof createAccounts>>(url)`. */
type AccountsSchema = ExtractSchema<ReturnType<typeof accountRoutes> | ReturnType<typeof roomRoutes>[number]>;
type AdminSchema = MergeSchemaPath<ExtractSchema<ReturnType<typeof adminApiRoutes>>, '/api'>;
/** Without the paths of djoser and dj-rest-auth, whose clients have their own types. */
type ServiceSchema = MergeSchemaPath<AccountsSchema, typeof ACCOUNTS_AT> &
  MergeSchemaPath<AdminSchema, '/admin'> &
  MergeSchemaPath<ExtractSchema<ReturnType<typeof simplejwtRoutes>>, '/api/token'> &
  ExtractSchema<ReturnType<typeof wellKnownRoutes | typeof healthRoutes>>;

/**
 * The account app, for `host.route('/account', createAccounts())`. Throws a TypeError for invalid options.
 */
export const createAccounts = <Env = Bindings>(
  overrides: Overrides<Env> = {},
): Hono<AppEnv, AccountsSchema> => standalone(overrides, mounted(accountApp()));

/**
 * The console, for `host.route('/admin', createAdmin())`. `accountsAt`: the mount of the account app, to which links in
 * the console's e-mails lead. Throws a TypeError for invalid options.
 */
export function createAdmin<Env = Bindings>(
  options: Overrides<Env> & { accountsAt?: string } = {},
): Hono<AppEnv, AdminSchema> {
  const { accountsAt = ACCOUNTS_AT, ...overrides } = options;
  if (!/^\/$|^(?:\/[^/?#]+)+\/?$/.test(accountsAt)) {
    throw new TypeError('accountsAt must be a path such as /account');
  }
  return standalone(overrides, adminApp(accountsAt.replace(/\/$/, '')));
}

/**
 * Routes with fixed paths in the host's root, for `host.route('/', …)`. No other path is affected. Paths in `open`
 * answer even if the settings are invalid.
 */
function atRoot<E extends AppEnv, S extends Schema>(
  overrides: Overrides,
  routes: Hono<E, S>,
  open: readonly string[] = [],
): Hono<AppEnv, S> {
  const app = new Hono<AppEnv>({ strict: false });
  const provideServices = services(composer(overrides), open);
  const paths = [...new Set(routes.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path))];
  app.onError(answerError);
  for (const path of paths) app.use(path, responseHeaders(), provideServices, cors());
  app.route('/', routes);
  for (const path of paths) app.all(path, (c) => answerOther(routes, c));
  return app as unknown as Hono<AppEnv, S>;
}

const wellKnownRoutes = () =>
  new Hono<AdminEnv>({ strict: false }).route('/', discoveryRoutes()).route('/', relatedOriginRoutes());

/** `/.well-known/*`: the public keys, the discovery documents (with ISSUER), and the related origins of passkeys. */
export const createDiscovery = (overrides: Overrides = {}) => atRoot(overrides, wellKnownRoutes());

/** `/healthz` and `/readyz`: `host.route('/', createHealth())`. */
export const createHealth = (overrides: Overrides = {}) => atRoot(overrides, healthRoutes(), ['/healthz']);

/** `/dev/mail`, in development only: `host.route('/', createDevMail())`. */
export const createDevMail = (overrides: Overrides = {}) => atRoot(overrides, devMailRoutes());

/** The whole Worker. */
export function createApp<Env = Bindings>(overrides: Overrides<Env> = {}): Hono<AppEnv, ServiceSchema> {
  const app = new Hono<AppEnv>({ strict: false });
  app.onError(answerError);
  app.notFound((c) => answerOther(app, c));
  app.use('/api/token/*', asDrf);
  app.use(responseHeaders(), services(composer(overrides), ['/healthz']));
  app.route(ACCOUNTS_AT, mounted(accountApp()));
  app.route('/admin', adminApp(ACCOUNTS_AT));
  app.use(cors());
  app.route('/api/token', simplejwtRoutes());
  app.route('/auth', djoserRoutes());
  app.route('/dj-rest-auth', djRestAuthRoutes());
  app.route('/', startPageRoutes());
  app.route('/', devMailRoutes());
  app.route('/', openapiRoutes());
  app.route('/', assetRoutes());
  app.route('/', wellKnownRoutes());
  app.route('/', healthRoutes());
  return app as unknown as Hono<AppEnv, ServiceSchema>;
}
