/** The composition root: with rooms.ts the only file that imports both ends, the use cases and the stores. */

import { Hono } from 'hono';
import type { ExtractSchema, MergeSchemaPath, Schema } from 'hono/types';
import { d1Credentials } from './account/d1-credentials.ts';
import { d1Disown } from './account/d1-disown.ts';
import { d1EmailChanges } from './account/d1-email-changes.ts';
import { d1Unproven } from './account/d1-unproven.ts';
import { d1Users } from './account/d1-users.ts';
import { d1OwnData } from './account/export/d1-own-data.ts';
import { accountRoutes } from './account/routes.ts';
import { adminApiRoutes } from './admin/api.ts';
import type { AdminServices } from './admin/application.ts';
import { d1Admin } from './admin/d1-admin.ts';
import type { AdminContext, AdminEnv } from './admin/env.ts';
import { consoleRoutes } from './admin/routes.ts';
import { showError } from './admin/show.tsx';
import { djRestAuthRoutes } from './compat/dj-rest-auth.ts';
import { djoserRoutes } from './compat/djoser.ts';
import { simplejwtRoutes } from './compat/simplejwt.ts';
import { connectionAdapters } from './connections/d1-adapters.ts';
import { loadProviders } from './connections/providers.ts';
import { connectD1 } from './db/client.ts';
import { DEADLINES, type Deadlines } from './deadlines.ts';
import { startPageRoutes } from './dev/start-page.tsx';
import { discoveryRoutes } from './discovery.ts';
import { announceAll, announceOut, wayOut } from './events-out.ts';
import type { SettingFault } from './guard-settings.ts';
import { healthRoutes } from './health.ts';
import { hostAnnounce, hostClaims, hostMailer } from './host-functions.ts';
import { checkHostOptions, type HostOptions } from './host-options.ts';
import { assetRoutes } from './http/asset-routes.ts';
import { ACCOUNTS_AT, type AppEnv, type Bindings, type Composed, type Composer } from './http/context.ts';
import { answerOther } from './http/methods.ts';
import { asDrf } from './http/middleware/as-drf.ts';
import { cors } from './http/middleware/cors.ts';
import { responseHeaders } from './http/middleware/response-headers.ts';
import { services } from './http/middleware/services.ts';
import { inAnyHost, mountOf } from './http/mount.ts';
import { publicPath } from './http/origins.ts';
import { answerError } from './http/problem.ts';
import { bindingLimits, LIMIT_BINDINGS, noLimits } from './limits.ts';
import { cloudflareMailer } from './mail/cloudflare.ts';
import { kvInbox } from './mail/inbox.ts';
import { devMailRoutes } from './mail/routes.tsx';
import { openapiRoutes } from './openapi/routes.ts';
import { type IsAllowedOrigin, originMatcher } from './origins.ts';
import { relatedOriginRoutes } from './passkeys/related-origins.ts';
import { pwnedPasswords } from './password/breach.ts';
import { createPasswordHasher } from './password/hash.ts';
import type { Clock } from './ports.ts';
import { type Random, webCryptoRandom } from './random.ts';
import { composeRooms, roomRoutes } from './rooms.ts';
import { loadSettings, type Settings } from './settings.ts';
import { kvBlacklist } from './token/blacklist.ts';
import { createCodec } from './token/codec.ts';
import { d1Sessions } from './token/d1-sessions.ts';
import { loadKeySet, secretText } from './token/key-set.ts';

/** What a host brings, and what a test puts in place of the world's own. `Env`: the bindings of the host's Worker. */
export interface Overrides<Env = Bindings> extends HostOptions<Env> {
  clock?: Clock;
  random?: Random;
  deadlines?: Deadlines;
  /** For the breach check and for providers. */
  fetch?: typeof fetch;
}

/** True and nothing else allows: a promise, of a function that is async by mistake, would allow everybody. */
const isAllowedOriginOf = (settings: Settings, { allowedOrigins }: Overrides): IsAllowedOrigin =>
  allowedOrigins ? (origin) => allowedOrigins(origin) === true : originMatcher(settings.ALLOWED_ORIGINS);

async function composeServices(env: Bindings, overrides: Overrides): Promise<Composed<AdminServices>> {
  const loaded = loadSettings(env, { mailer: overrides.mailer !== undefined });
  const keySet = await loadKeySet(secretText(env.SIGNING_KEY), secretText(env.VERIFYING_KEYS));
  const limits = loaded.ok ? loaded.settings.RATE_LIMITS : env.RATE_LIMITS !== 'off';
  const { providers, faults: ofProviders } = loadProviders(loaded.ok ? loaded.settings : null);
  const faults: SettingFault[] = [
    ...(loaded.ok ? [] : loaded.faults),
    ...(keySet.ok ? [] : keySet.faults),
    ...ofProviders,
    ...['DB', 'BLACKLIST', ...(limits ? LIMIT_BINDINGS : [])]
      .filter((binding) => typeof env[binding] !== 'object')
      .map((binding) => ({ setting: binding, problem: 'is not bound' })),
  ];
  if (!loaded.ok || !keySet.ok || faults.length > 0) return { ok: false, faults };

  const { settings } = loaded;
  const hasher = createPasswordHasher({
    kind: settings.PASSWORD_HASHER,
    iterations: settings.PASSWORD_ITERATIONS,
    firebase: settings.FIREBASE_HASH_CONFIG,
  });
  const refused = await hasher.refusedByPlatform();
  if (refused !== null) {
    return {
      ok: false,
      faults: [{ setting: 'PASSWORD_HASHER', problem: `the platform refuses ${refused}` }],
    };
  }
  const deadlines = overrides.deadlines ?? DEADLINES;
  const clock = overrides.clock ?? Date.now;
  const random = overrides.random ?? webCryptoRandom;
  const send = wayOut(settings, env, overrides.fetch);
  const d1 = connectD1(env.DB, deadlines.d1, { recordsEvents: send !== null });
  const inbox = settings.MAIL === 'inbox' ? kvInbox(env.BLACKLIST, clock, deadlines.kv) : null;
  const mailer = overrides.mailer
    ? hostMailer(overrides.mailer, env, settings.MAIL_FROM)
    : settings.MAIL === 'cloudflare' && settings.MAIL_FROM
      ? cloudflareMailer(env.EMAIL as SendEmail, settings.MAIL_FROM)
      : (inbox?.mailer ?? null);
  const isAllowedOrigin = isAllowedOriginOf(settings, overrides);
  const services: AdminServices = {
    settings,
    isAllowedOrigin,
    clock,
    random,
    codec: createCodec(keySet.keys, {
      issuer: settings.ISSUER,
      audience: settings.AUDIENCE,
      leewaySeconds: settings.LEEWAY,
      userIdClaim: settings.USER_ID_CLAIM,
    }),
    jwks: keySet.keys.jwks,
    hasher,
    users: d1Users(d1),
    sessions: d1Sessions(d1),
    blacklist: kvBlacklist(env.BLACKLIST, { clock, deadlineMs: deadlines.kv }),
    credentials: { ...d1Credentials(d1), ...d1Disown(d1), ...d1EmailChanges(d1), ...d1Unproven(d1) },
    ownData: d1OwnData(d1),
    limits: settings.RATE_LIMITS
      ? bindingLimits(env as unknown as Parameters<typeof bindingLimits>[0], deadlines.kv)
      : noLimits,
    mailer,
    extraClaims: overrides.claims ? hostClaims(overrides.claims, env, settings.USER_ID_CLAIM) : null,
    announce: announceAll(hostAnnounce(overrides.on, env), announceOut(d1, send, clock)),
    inbox: inbox?.list ?? null,
    ...composeRooms(settings, d1, {
      signingKey: secretText(env.SIGNING_KEY) ?? '',
      isAllowedOrigin,
      clock,
      random,
      mailer,
    }),
    breached: settings.PASSWORD_BREACH_CHECK ? pwnedPasswords(overrides.fetch) : null,
    connections: await connectionAdapters(env, { d1, clock, deadlines, providers, fetcher: overrides.fetch }),
    admin: { store: d1Admin(d1) },
  };
  return { ok: true, services };
}

/** Keys are imported and settings read once an isolate: `env` is one object in all its requests. */
function composer<Env>(options: Overrides<Env>): Composer {
  checkHostOptions(options);
  // The host says what its bindings are.
  const overrides = options as unknown as Overrides;
  const composed = new WeakMap<Bindings, Promise<Composed>>();
  return (env) => {
    const known = composed.get(env);
    if (known) return known;
    const made = composeServices(env, overrides);
    composed.set(env, made);
    return made;
  };
}

/**
 * Routes below a mount, without the shared middleware; what none of them takes is answered as their own. `accountsAt`: the mount of
 * the account app where it is not theirs.
 */
function mounted<E extends AppEnv, S extends Schema, P extends string>(
  routes: Hono<E, S, P>,
  {
    accountsAt,
    onError = answerError,
    outsideCors = false,
  }: {
    accountsAt?: string;
    onError?: (error: unknown, c: AdminContext) => Response;
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

/** `/account` without the shared middleware: the account, and the rooms beside it. */
function accountApp(): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>({ strict: false });
  for (const routes of roomRoutes()) app.route('/', routes as unknown as Hono<AdminEnv>);
  app.route('/', accountRoutes());
  return app;
}

/** `/admin` without the shared middleware: the console, and its JSON below `/api`. */
function adminApp(accountsAt: string): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>({ strict: false });
  app.route('/api', mounted(adminApiRoutes(), { accountsAt }));
  app.route('/', mounted(consoleRoutes(), { accountsAt, onError: showError, outsideCors: true }));
  return app;
}

/** `S`: of the routes, whose types the middleware in between hides. */
function alone<Env, S extends Schema>(overrides: Overrides<Env>, routes: Hono<AdminEnv>): Hono<AppEnv, S> {
  const app = new Hono<AppEnv>({ strict: false });
  app.onError(answerError);
  app.use(responseHeaders(), services(composer(overrides)));
  app.route('/', routes);
  return inAnyHost(app) as Hono<AppEnv, S>;
}

/** What the endpoints take and answer, for Hono's client: `hc<ReturnType<typeof createAccounts>>(url)`. */
type AccountsSchema = ExtractSchema<ReturnType<typeof accountRoutes> | ReturnType<typeof roomRoutes>[number]>;
type AdminSchema = MergeSchemaPath<ExtractSchema<ReturnType<typeof adminApiRoutes>>, '/api'>;
/** Those of other libraries' paths are their clients' to know, simplejwt's apart. */
type ServiceSchema = MergeSchemaPath<AccountsSchema, typeof ACCOUNTS_AT> &
  MergeSchemaPath<AdminSchema, '/admin'> &
  MergeSchemaPath<ExtractSchema<ReturnType<typeof simplejwtRoutes>>, '/api/token'> &
  ExtractSchema<ReturnType<typeof wellKnownRoutes | typeof healthRoutes>>;

/**
 * The account app alone, for `host.route('/account', createAccounts())`. A TypeError says what is wrong with its options.
 */
export const createAccounts = <Env = Bindings>(
  overrides: Overrides<Env> = {},
): Hono<AppEnv, AccountsSchema> => alone(overrides, mounted(accountApp()));

/**
 * The console alone, for `host.route('/admin', createAdmin())`. `accountsAt`: the mount of the account app, where the
 * mail leads that the console sends.
 */
export function createAdmin<Env = Bindings>(
  options: Overrides<Env> & { accountsAt?: string } = {},
): Hono<AppEnv, AdminSchema> {
  const { accountsAt = ACCOUNTS_AT, ...overrides } = options;
  if (!/^\/$|^(?:\/[^/?#]+)+\/?$/.test(accountsAt)) {
    throw new TypeError('accountsAt must be a path such as /account');
  }
  return alone(overrides, adminApp(accountsAt.replace(/\/$/, '')));
}

/**
 * Routes that have their places in the host's own root, for `host.route('/', …)`: nothing happens on any other path.
 * A path that is open answers without settings.
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

/** `/.well-known/*`: the public keys, with ISSUER the documents that name it, and where passkeys may be used. */
export const createDiscovery = (overrides: Overrides = {}) => atRoot(overrides, wellKnownRoutes());

/** `/healthz` and `/readyz`: `host.route('/', createHealth())`. */
export const createHealth = (overrides: Overrides = {}) => atRoot(overrides, healthRoutes(), ['/healthz']);

/** `/dev/mail`, which is there in development only: `host.route('/', createDevMail())`. */
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
