/**
 * Every setting: its name, default and parser; scripts/settings-meanings.ts describes them. Nothing else in the source
 * reads variables. Names are simplejwt's where it has one. SIGNING_KEY and VERIFYING_KEYS are checked in
 * token/key-set.ts, since only Web Crypto can tell whether a key is valid; PROVIDERS in connections/providers.ts.
 */
import { define, GUARD_SETTINGS, readSettings, type SettingFault, type Values } from './guard-settings.ts';
import { isInsecureOrigin } from './origins.ts';
import {
  duration,
  encryptionKey,
  encryptionKeys,
  firebaseHashConfig,
  flag,
  integer,
  linkUrl,
  list,
  mailFrom,
  oneOf,
  optionalFlag,
  optionalSecret,
  pages,
  pageUrl,
  passkeyOrigins,
  rpId,
  siteColor,
  siteLogo,
  siteName,
  webhookSecrets,
  whyNoRpId,
} from './setting-parsers.ts';

/** Libraries of Django REST Framework whose endpoints are emulated (compat/). */
const LIBRARIES = ['simplejwt', 'djoser', 'dj-rest-auth'] as const;
export type Library = (typeof LIBRARIES)[number];

const libraries = (text: string | null): Library[] => list(text).map(oneOf(...LIBRARIES));

/** OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256. */
const OWASP_ITERATIONS = 600_000;
const MIN_ITERATIONS = 1_000;

/** The settings in the order of docs/settings.md. */
export const SETTINGS = define({
  SIGNING_KEY: { default: null, secret: true, parse: optionalSecret },
  VERIFYING_KEYS: { default: '[]', secret: true, parse: optionalSecret },
  ENVIRONMENT: { default: 'production', parse: oneOf('production', 'development') },
  ACCESS_TOKEN_LIFETIME: { default: '1h', parse: duration() },
  REFRESH_TOKEN_LIFETIME: { default: '24h', parse: duration() },
  ROTATE_REFRESH_TOKENS: { default: 'true', parse: flag('true', 'false') },
  BLACKLIST_AFTER_ROTATION: { default: 'true', parse: flag('true', 'false') },
  REFRESH_REUSE_GRACE: { default: '60s', parse: duration({ min: 0, max: 3_600 }) },
  SESSION_MAX_LIFETIME: { default: '30d', parse: duration() },
  ENCRYPTION_KEY: { default: null, secret: true, parse: encryptionKey },
  ENCRYPTION_KEYS_OLD: { default: null, secret: true, parse: encryptionKeys },
  PROVIDERS: { default: null, secret: true, parse: optionalSecret },
  STAFF_MFA: { default: 'optional', parse: oneOf('optional', 'required') },
  REAUTH_WINDOW: { default: '10m', parse: duration() },
  MAX_SESSIONS_PER_USER: { default: '20', parse: integer(1, 100) },
  UPDATE_LAST_LOGIN: { default: 'true', parse: flag('true', 'false') },
  ISSUER: GUARD_SETTINGS.ISSUER,
  AUDIENCE: GUARD_SETTINGS.AUDIENCE,
  LEEWAY: GUARD_SETTINGS.LEEWAY,
  USER_ID_CLAIM: GUARD_SETTINGS.USER_ID_CLAIM,
  AUTH_HEADER_TYPES: GUARD_SETTINGS.AUTH_HEADER_TYPES,
  AUTH_TOKEN_CLASSES: GUARD_SETTINGS.AUTH_TOKEN_CLASSES,
  DEFAULT_PERMISSION_CLASSES: GUARD_SETTINGS.DEFAULT_PERMISSION_CLASSES,
  REVOCATION_MEMORY: GUARD_SETTINGS.REVOCATION_MEMORY,
  REFRESH_TRANSPORT: { default: 'body', parse: oneOf('body', 'cookie') },
  SIGN_UP: { default: 'open', parse: oneOf('open', 'verify', 'closed') },
  PASSWORD_HASHER: { default: 'pbkdf2', parse: oneOf('pbkdf2', 'scrypt') },
  PASSWORD_ITERATIONS: { default: String(OWASP_ITERATIONS), parse: integer(MIN_ITERATIONS, 10_000_000) },
  PASSWORD_ITERATIONS_UNSAFE: { default: 'off', parse: flag('on', 'off') },
  FIREBASE_HASH_CONFIG: { default: null, secret: true, parse: firebaseHashConfig },
  PASSWORD_MIN_LENGTH: { default: '8', parse: integer(8, 256) },
  PASSWORD_BREACH_CHECK: { default: 'off', parse: flag('on', 'off') },
  RATE_LIMITS: { default: 'on', parse: flag('on', 'off') },
  ALLOWED_ORIGINS: GUARD_SETTINGS.ALLOWED_ORIGINS,
  MAIL: {
    default: null,
    parse: (text: string | null) => (text === null ? undefined : oneOf('cloudflare', 'inbox', 'off')(text)),
  },
  NEW_DEVICE_MAIL: { default: 'off', parse: flag('on', 'off') },
  SIGN_IN_BY_EMAIL: { default: 'off', parse: flag('on', 'off') },
  MAIL_FROM: { default: null, parse: mailFrom },
  PUBLIC_URL: GUARD_SETTINGS.PUBLIC_URL,
  SITE_NAME: { default: null, parse: siteName },
  RESET_URL: { default: null, parse: linkUrl },
  VERIFY_URL: { default: null, parse: linkUrl },
  RETURN_URL: { default: null, parse: pageUrl },
  PASSKEYS: { default: null, parse: optionalFlag },
  PASSKEY_RP_ID: { default: null, parse: rpId },
  PASSKEY_ORIGINS: { default: null, parse: passkeyOrigins },
  EVENTS_URL: { default: null, parse: pageUrl },
  EVENTS_SECRET: { default: null, secret: true, parse: webhookSecrets },
  COMPAT: { default: 'simplejwt', parse: libraries },
  PAGES: { default: 'on', parse: pages },
  SITE_LOGO: { default: null, parse: siteLogo },
  SITE_COLOR: { default: null, parse: siteColor },
  DOCS: { default: 'on', parse: flag('on', 'off') },
});

type Parsed = Values<typeof SETTINGS>;

/**
 * Durations are in seconds. `MAIL` and `PASSKEYS` are never undefined; a host's own mailer counts as `MAIL=cloudflare`.
 */
export type Settings = Omit<Parsed, 'MAIL' | 'PASSKEYS'> & {
  readonly MAIL: 'cloudflare' | 'inbox' | 'off';
  readonly PASSKEYS: boolean;
};

/** Reads only the given settings. */
export function parseSettings<K extends keyof Parsed>(
  env: Readonly<Record<string, unknown>>,
  names: readonly K[],
): { values: Pick<Parsed, K>; faults: SettingFault[] } {
  const table = Object.fromEntries(names.map((name) => [name, SETTINGS[name]]));
  const { values, faults } = readSettings(table, env);
  return { values: values as Pick<Parsed, K>, faults };
}

/** What is wrong between the settings of events. A setting with a fault of its own is undefined. */
export function eventFaults(
  { EVENTS_URL, EVENTS_SECRET }: Partial<Pick<Parsed, 'EVENTS_URL' | 'EVENTS_SECRET'>>,
  env: Readonly<Record<string, unknown>>,
): SettingFault[] {
  if (EVENTS_URL === undefined) return [];
  const faults: SettingFault[] = [];
  if (EVENTS_SECRET?.length === 0) {
    faults.push({ setting: 'EVENTS_SECRET', problem: 'is needed by EVENTS_URL' });
  }
  if (typeof env.EVENTS === 'object') {
    faults.push({ setting: 'EVENTS_URL', problem: 'is set and so is the queue EVENTS: choose one' });
  }
  return faults;
}

const HTTPS_IN_PRODUCTION = [
  'PUBLIC_URL',
  'RESET_URL',
  'VERIFY_URL',
  'RETURN_URL',
  'SITE_LOGO',
  'EVENTS_URL',
] as const;

/** Reads all settings and checks rules that involve several. `mailer`: the host has its own mailer, and MAIL is ignored. */
export function loadSettings(
  env: Readonly<Record<string, unknown>>,
  { mailer = false }: { mailer?: boolean } = {},
): { ok: true; settings: Settings } | { ok: false; faults: SettingFault[] } {
  const { values, faults } = readSettings(SETTINGS, env);
  const fault = (setting: keyof Parsed, problem: string) => faults.push({ setting, problem });
  const production = values.ENVIRONMENT !== 'development';
  const mail = mailer ? 'cloudflare' : (values.MAIL ?? (production ? 'off' : 'inbox'));

  if (production && !values.PASSWORD_ITERATIONS_UNSAFE && values.PASSWORD_ITERATIONS < OWASP_ITERATIONS) {
    fault('PASSWORD_ITERATIONS', `must be at least ${OWASP_ITERATIONS} in production`);
  }
  if (mail === 'inbox' && production) fault('MAIL', 'inbox is for development only');
  if (mail === 'off' && values.SIGN_UP === 'verify') fault('SIGN_UP', 'verify needs mail, and MAIL is off');
  if (values.STAFF_MFA === 'required' && !values.ENCRYPTION_KEY)
    fault('STAFF_MFA', 'required needs ENCRYPTION_KEY');
  if (mail === 'off' && values.NEW_DEVICE_MAIL) fault('NEW_DEVICE_MAIL', 'needs mail, and MAIL is off');
  if (mail === 'off' && values.SIGN_IN_BY_EMAIL) fault('SIGN_IN_BY_EMAIL', 'needs mail, and MAIL is off');
  if (mailer) {
    if (production && values.PUBLIC_URL === undefined) {
      fault('PUBLIC_URL', 'is needed by a mailer: links in e-mails begin with it');
    }
  } else if (mail === 'cloudflare') {
    if (values.MAIL_FROM === undefined) fault('MAIL_FROM', 'is needed by MAIL=cloudflare');
    if (values.PUBLIC_URL === undefined) fault('PUBLIC_URL', 'is needed by MAIL=cloudflare');
    if (env.EMAIL === undefined) fault('MAIL', 'cloudflare needs the send_email binding EMAIL');
  }
  if (
    production &&
    values.REFRESH_TRANSPORT === 'cookie' &&
    (values.ALLOWED_ORIGINS ?? []).some(isInsecureOrigin)
  ) {
    fault('ALLOWED_ORIGINS', 'must be https in production in cookie mode, localhost apart');
  }
  faults.push(...eventFaults(values, env));
  for (const name of HTTPS_IN_PRODUCTION) {
    if (production && /^http:/i.test(values[name] ?? '')) fault(name, 'must be https in production');
  }
  const noRpId = whyNoRpId(values, production);
  if (values.PASSKEYS && noRpId !== null) fault('PASSKEYS', noRpId);
  const PASSKEYS = values.PASSKEYS ?? noRpId === null;
  return faults.length > 0
    ? { ok: false, faults }
    : { ok: true, settings: { ...values, MAIL: mail, PASSKEYS } };
}
