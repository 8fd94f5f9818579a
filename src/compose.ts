/** Builds the services of the use cases from settings, bindings and the host's options. */
import { d1Credentials } from './account/d1-credentials.ts';
import { d1Disown } from './account/d1-disown.ts';
import { d1EmailChanges } from './account/d1-email-changes.ts';
import { d1PasswordRemoval } from './account/d1-password-removal.ts';
import { d1Unproven } from './account/d1-unproven.ts';
import { d1Users } from './account/d1-users.ts';
import { d1OwnData } from './account/export/d1-own-data.ts';
import type { AdminServices } from './admin/acting.ts';
import { d1Admin } from './admin/d1-admin.ts';
import { d1DeadLetters } from './admin/d1-dead-letters.ts';
import { d1Groups } from './admin/d1-groups.ts';
import { d1Totals } from './admin/d1-totals.ts';
import { d1UserCredentials } from './admin/d1-user-credentials.ts';
import { connectionAdapters } from './connections/d1-adapters.ts';
import { loadProviders } from './connections/providers.ts';
import { connectD1 } from './db/client.ts';
import { DEADLINES, type Deadlines } from './deadlines.ts';
import { announceAll, announceOut, eventSender } from './events-out.ts';
import type { SettingFault } from './guard-settings.ts';
import { hostAnnounce, hostClaims, hostMailer } from './host-functions.ts';
import { checkHostOptions, type HostOptions } from './host-options.ts';
import type { Bindings, Composed, Composer } from './http/context.ts';
import { bindingLimits, LIMIT_BINDINGS, noLimits } from './limits.ts';
import { cloudflareMailer } from './mail/cloudflare.ts';
import { kvInbox } from './mail/inbox.ts';
import { type IsAllowedOrigin, originMatcher } from './origins.ts';
import { pwnedPasswords } from './password/breach.ts';
import { createPasswordHasher } from './password/hash.ts';
import type { Clock } from './ports.ts';
import { type Random, webCryptoRandom } from './random.ts';
import { composeRooms } from './rooms.ts';
import { loadSettings, type Settings } from './settings.ts';
import { kvBlacklist } from './token/blacklist.ts';
import { createCodec } from './token/codec.ts';
import { d1Sessions } from './token/d1-sessions.ts';
import { loadKeySet, secretText } from './token/key-set.ts';

/** A host's options, and what tests replace. `Env`: the bindings of the host's Worker. */
export interface Overrides<Env = Bindings> extends HostOptions<Env> {
  clock?: Clock;
  random?: Random;
  deadlines?: Deadlines;
  /** For the breach check and for providers. */
  fetch?: typeof fetch;
}

/** Only `true` allows: the promise of an accidentally async function would be truthy and allow every origin. */
const isAllowedOriginOf = (settings: Settings, { allowedOrigins }: Overrides): IsAllowedOrigin =>
  allowedOrigins ? (origin) => allowedOrigins(origin) === true : originMatcher(settings.ALLOWED_ORIGINS);

async function composeServices(env: Bindings, overrides: Overrides): Promise<Composed<AdminServices>> {
  const loaded = loadSettings(env, { mailer: overrides.mailer !== undefined });
  const keySet = await loadKeySet(secretText(env.SIGNING_KEY), secretText(env.VERIFYING_KEYS));
  const limits = loaded.ok ? loaded.settings.RATE_LIMITS : env.RATE_LIMITS !== 'off';
  const { providers, faults: ofProviders } = loadProviders(
    loaded.ok
      ? loaded.settings
      : { PROVIDERS: secretText(env.PROVIDERS), PUBLIC_URL: env.PUBLIC_URL, ENVIRONMENT: env.ENVIRONMENT },
  );
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
  const send = eventSender(settings, env, overrides.fetch);
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
    credentials: {
      ...d1Credentials(d1),
      ...d1PasswordRemoval(d1),
      ...d1Disown(d1),
      ...d1EmailChanges(d1),
      ...d1Unproven(d1),
    },
    ownData: d1OwnData(d1),
    limits: settings.RATE_LIMITS
      ? bindingLimits(env as unknown as Parameters<typeof bindingLimits>[0], deadlines.kv)
      : noLimits,
    mailer,
    addressesCanBeProven: mailer !== null || providers.length > 0,
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
    admin: {
      store: d1Admin(d1),
      totals: d1Totals(d1),
      credentials: d1UserCredentials(d1),
      groups: d1Groups(d1),
      deadLetters: d1DeadLetters(d1),
    },
  };
  return { ok: true, services };
}

/** Reads settings and imports keys once per isolate, as all its requests share one `env` object. */
export function composer<Env>(options: Overrides<Env>): Composer {
  checkHostOptions(options);
  // The type of the host's bindings is unknown here.
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
