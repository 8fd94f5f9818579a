/**
 * The settings that guards read, separate from the others (settings.ts), so that a Worker that only guards its routes
 * does not bundle those.
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

/** Names a setting and what is wrong with it, never its value. */
export interface SettingFault {
  setting: string;
  problem: string;
}

export interface Setting<T> {
  /** As written in wrangler.toml; null if unset. */
  default: string | null;
  secret?: true;
  /** Throws a Problem for an invalid value. Receives null only if the default is null. */
  parse: (text: string | null) => T;
}
export type Table = Record<string, Setting<unknown>>;
export type Values<T extends Table> = { readonly [K in keyof T]: ReturnType<T[K]['parse']> };

export const define = <T extends Table>(settings: T): T => settings;

/** The names of DRF's permission classes. */
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

/** wrangler.toml may contain true, 20 or ["a", "b"] without quotes; these arrive as JSON values. */
function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? value.join(',') : JSON.stringify(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Reads the settings of a table from the Worker's `env` and returns all faults together. Ignores other variables, which
 * belong to the host.
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
