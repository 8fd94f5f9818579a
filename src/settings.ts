/**
 * Every setting: its name, default and check; scripts/settings-meanings.ts says what each means. Nothing else in the
 * source reads a variable. Names are simplejwt's where it has one. The two secrets that hold keys are checked in
 * token/key-set.ts, since only Web Crypto can say whether a key is one.
 */
import { isInsecureOrigin } from './origins.ts';
import {
  audience,
  claimName,
  duration,
  encryptionKey,
  encryptionKeys,
  firebaseHashConfig,
  flag,
  headerTypes,
  integer,
  linkUrl,
  list,
  mailFrom,
  oneOf,
  optionalSecret,
  optionalText,
  origins,
  Problem,
  pages,
  pageUrl,
  publicUrl,
  siteColor,
  siteLogo,
  siteName,
} from './setting-parsers.ts';
import { LEEWAY_MAX_SECONDS } from './token/claims.ts';

/** A fault names the setting and what is wrong with it, never the value. */
export interface SettingFault {
  setting: string;
  problem: string;
}

interface Setting<T> {
  /** As it would be written in wrangler.toml; null = unset. */
  default: string | null;
  secret?: true;
  /** Throws a Problem on an unknown value. Called with null only where the default is null. */
  parse: (text: string | null) => T;
}

/** simplejwt's, in DRF's words. */
export const PERMISSION_CLASSES = ['AllowAny', 'IsAuthenticated', 'IsAdminUser'] as const;

/** Of Django REST Framework, with clients that a site may have. */
const LIBRARIES = ['simplejwt', 'djoser', 'dj-rest-auth'] as const;
export type Library = (typeof LIBRARIES)[number];

const libraries = (text: string | null): Library[] => list(text).map(oneOf(...LIBRARIES));

/** OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256. */
const OWASP_ITERATIONS = 600_000;
const LEAST_ITERATIONS = 1_000;

const define = <T extends Record<string, Setting<unknown>>>(settings: T): T => settings;

/** The settings in the order of docs/settings.md. */
export const SETTINGS = define({
  SIGNING_KEY: {
    default: null,
    secret: true,

    parse: optionalSecret,
  },
  VERIFYING_KEYS: {
    default: '[]',
    secret: true,

    parse: optionalSecret,
  },
  ENVIRONMENT: {
    default: 'production',

    parse: oneOf('production', 'development'),
  },
  ACCESS_TOKEN_LIFETIME: { default: '1h', parse: duration() },
  REFRESH_TOKEN_LIFETIME: { default: '24h', parse: duration() },
  ROTATE_REFRESH_TOKENS: {
    default: 'true',

    parse: flag('true', 'false'),
  },
  BLACKLIST_AFTER_ROTATION: {
    default: 'true',

    parse: flag('true', 'false'),
  },
  REFRESH_REUSE_GRACE: {
    default: '60s',

    parse: duration({ min: 0, max: 3_600 }),
  },
  SESSION_MAX_LIFETIME: {
    default: '30d',

    parse: duration(),
  },
  ENCRYPTION_KEY: {
    default: null,
    secret: true,
    parse: encryptionKey,
  },
  ENCRYPTION_KEYS_OLD: {
    default: null,
    secret: true,
    parse: encryptionKeys,
  },
  REAUTH_WINDOW: {
    default: '10m',

    parse: duration(),
  },
  MAX_SESSIONS_PER_USER: {
    default: '20',

    parse: integer(1, 100),
  },
  UPDATE_LAST_LOGIN: { default: 'true', parse: flag('true', 'false') },
  ISSUER: { default: null, parse: optionalText },
  AUDIENCE: {
    default: null,

    parse: audience,
  },
  LEEWAY: {
    default: '0s',

    parse: duration({ min: 0, max: LEEWAY_MAX_SECONDS }),
  },
  USER_ID_CLAIM: {
    default: 'sub',

    parse: claimName,
  },
  AUTH_HEADER_TYPES: {
    default: 'Bearer',

    parse: headerTypes,
  },
  AUTH_TOKEN_CLASSES: {
    default: 'access',

    parse: oneOf('access'),
  },
  DEFAULT_PERMISSION_CLASSES: {
    default: 'AllowAny',

    parse: oneOf(...PERMISSION_CLASSES),
  },
  REVOCATION_MEMORY: {
    default: '10s',

    parse: duration({ min: 0, max: 60 }),
  },
  REFRESH_TRANSPORT: {
    default: 'body',

    parse: oneOf('body', 'cookie'),
  },
  SIGN_UP: {
    default: 'open',

    parse: oneOf('open', 'verify', 'closed'),
  },
  PASSWORD_HASHER: {
    default: 'pbkdf2',

    parse: oneOf('pbkdf2', 'scrypt'),
  },
  PASSWORD_ITERATIONS: {
    default: String(OWASP_ITERATIONS),

    parse: integer(LEAST_ITERATIONS, 10_000_000),
  },
  PASSWORD_ITERATIONS_UNSAFE: {
    default: 'off',

    parse: flag('on', 'off'),
  },
  FIREBASE_HASH_CONFIG: {
    default: null,
    secret: true,

    parse: firebaseHashConfig,
  },
  PASSWORD_MIN_LENGTH: { default: '8', parse: integer(8, 256) },
  PASSWORD_BREACH_CHECK: {
    default: 'off',

    parse: flag('on', 'off'),
  },
  RATE_LIMITS: { default: 'on', parse: flag('on', 'off') },
  ALLOWED_ORIGINS: {
    default: null,

    parse: origins,
  },
  MAIL: {
    default: null,

    parse: (text: string | null) => (text === null ? undefined : oneOf('cloudflare', 'inbox', 'off')(text)),
  },
  MAIL_FROM: { default: null, parse: mailFrom },
  PUBLIC_URL: {
    default: null,

    parse: publicUrl,
  },
  SITE_NAME: { default: null, parse: siteName },
  RESET_URL: { default: null, parse: linkUrl },
  VERIFY_URL: { default: null, parse: linkUrl },
  RETURN_URL: { default: null, parse: pageUrl },
  COMPAT: { default: 'simplejwt', parse: libraries },

  PAGES: { default: 'on', parse: pages },
  SITE_LOGO: { default: null, parse: siteLogo },
  SITE_COLOR: { default: null, parse: siteColor },
  DOCS: { default: 'on', parse: flag('on', 'off') },
});

type Parsed = { readonly [K in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[K]['parse']> };

/** Durations are seconds. `MAIL` has its default filled in. */
export type Settings = Omit<Parsed, 'MAIL'> & { readonly MAIL: 'cloudflare' | 'inbox' | 'off' };
export type PermissionClass = (typeof PERMISSION_CLASSES)[number];

/** wrangler.toml may write true, 20 or ["a", "b"] without quotes; any of them arrives as its JSON value. */
function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? value.join(',') : JSON.stringify(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Reads only the settings named, or all of them. Faults come together.
 * `env` is the Worker's; other variables in it are the host's and are not looked at.
 */
export function parseSettings<K extends keyof Parsed>(
  env: Readonly<Record<string, unknown>>,
  names: readonly K[],
): { values: Pick<Parsed, K>; faults: SettingFault[] } {
  const faults: SettingFault[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const { default: fallback, parse } = SETTINGS[name] as Setting<unknown>;
    try {
      values[name] = parse(asText(env[name]) ?? fallback);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      faults.push({ setting: name, problem: error.message });
    }
  }
  return { values: values as Pick<Parsed, K>, faults };
}

/** The whole table, with the rules that span two settings. */
export function loadSettings(
  env: Readonly<Record<string, unknown>>,
): { ok: true; settings: Settings } | { ok: false; faults: SettingFault[] } {
  const { values, faults } = parseSettings(env, Object.keys(SETTINGS) as (keyof Parsed)[]);
  const fault = (setting: keyof Parsed, problem: string) => faults.push({ setting, problem });
  const production = values.ENVIRONMENT !== 'development';
  const mail = values.MAIL ?? (production ? 'off' : 'inbox');

  if (production && !values.PASSWORD_ITERATIONS_UNSAFE && values.PASSWORD_ITERATIONS < OWASP_ITERATIONS) {
    fault('PASSWORD_ITERATIONS', `must be at least ${OWASP_ITERATIONS} in production`);
  }
  if (mail === 'inbox' && production) fault('MAIL', 'inbox is for development only');
  if (mail === 'off' && values.SIGN_UP === 'verify') fault('SIGN_UP', 'verify needs mail, and MAIL is off');
  if (mail === 'cloudflare') {
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
  for (const name of ['PUBLIC_URL', 'RESET_URL', 'VERIFY_URL', 'RETURN_URL', 'SITE_LOGO'] as const) {
    if (production && /^http:/i.test(values[name] ?? '')) fault(name, 'must be https in production');
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, settings: { ...values, MAIL: mail } };
}
