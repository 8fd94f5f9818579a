/**
 * The settings that a guard reads too, apart from the rest of the table (settings.ts), so that a Worker which only guards
 * its routes carries no more than these.
 */
import {
  audience,
  claimName,
  duration,
  headerTypes,
  oneOf,
  optionalText,
  origins,
  Problem,
  publicUrl,
} from './setting-parsers.ts';
import { LEEWAY_MAX_SECONDS } from './token/claims.ts';

/** A fault names the setting and what is wrong with it, never the value. */
export interface SettingFault {
  setting: string;
  problem: string;
}

export interface Setting<T> {
  /** As it would be written in wrangler.toml; null = unset. */
  default: string | null;
  secret?: true;
  /** Throws a Problem on an unknown value. Called with null only where the default is null. */
  parse: (text: string | null) => T;
}
export type Table = Record<string, Setting<unknown>>;
export type Values<T extends Table> = { readonly [K in keyof T]: ReturnType<T[K]['parse']> };

export const define = <T extends Table>(settings: T): T => settings;

/** simplejwt's, in DRF's words. */
export const PERMISSION_CLASSES = ['AllowAny', 'IsAuthenticated', 'IsAdminUser'] as const;
export type PermissionClass = (typeof PERMISSION_CLASSES)[number];

export const GUARD_SETTINGS = define({
  ISSUER: { default: null, parse: optionalText },
  AUDIENCE: { default: null, parse: audience },
  LEEWAY: { default: '0s', parse: duration({ min: 0, max: LEEWAY_MAX_SECONDS }) },
  USER_ID_CLAIM: { default: 'sub', parse: claimName },
  AUTH_HEADER_TYPES: { default: 'Bearer', parse: headerTypes },
  AUTH_TOKEN_CLASSES: { default: 'access', parse: oneOf('access') },
  DEFAULT_PERMISSION_CLASSES: { default: 'AllowAny', parse: oneOf(...PERMISSION_CLASSES) },
  REVOCATION_MEMORY: { default: '10s', parse: duration({ min: 0, max: 60 }) },
  ALLOWED_ORIGINS: { default: null, parse: origins },
  PUBLIC_URL: { default: null, parse: publicUrl },
});

/** wrangler.toml may write true, 20 or ["a", "b"] without quotes; any of them arrives as its JSON value. */
function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? value.join(',') : JSON.stringify(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Reads the settings of a table. Faults come together. `env` is the Worker's; other variables in it are the host's and
 * are not looked at.
 */
export function readSettings<T extends Table>(
  table: T,
  env: Readonly<Record<string, unknown>>,
): { values: Values<T>; faults: SettingFault[] } {
  const faults: SettingFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { default: fallback, parse }] of Object.entries(table)) {
    try {
      values[name] = parse(asText(env[name]) ?? fallback);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      faults.push({ setting: name, problem: error.message });
    }
  }
  return { values: values as Values<T>, faults };
}
