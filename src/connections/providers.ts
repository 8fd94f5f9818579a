/**
 * The providers users can sign in with: the setting PROVIDERS, and presets for well-known ones. Pure. Separate from the
 * other settings, so that guards do not bundle it.
 */

import type { SettingFault } from '../guard-settings.ts';
import type { Settings } from '../settings.ts';

/** OpenID Connect with discovery, or OAuth 2 with the profile API of GitHub or Naver. */
export type Protocol = 'oidc' | 'github' | 'naver';

export interface Provider {
  /** Used in paths. */
  id: string;
  /** Display name. */
  name: string;
  protocol: Protocol;
  clientId: string;
  clientSecret: string;
  /** For OpenID Connect the issuer; otherwise the base URL of the API, or null for the provider's public hosts. */
  issuer: string | null;
  scope: string;
}

interface Preset {
  name: string;
  protocol: Protocol;
  issuer: string | null;
  scope: string;
}

const SCOPE = 'openid email profile';

/** From the providers' documentation, which docs/connections.md links to. */
const PRESETS: Readonly<Record<string, Preset>> = {
  google: { name: 'Google', protocol: 'oidc', issuer: 'https://accounts.google.com', scope: SCOPE },
  github: { name: 'GitHub', protocol: 'github', issuer: null, scope: 'read:user user:email' },
  // `profile` is not one of Apple's scopes.
  apple: { name: 'Apple', protocol: 'oidc', issuer: 'https://appleid.apple.com', scope: 'openid email name' },
  microsoft: {
    name: 'Microsoft',
    protocol: 'oidc',
    issuer: 'https://login.microsoftonline.com/common/v2.0',
    scope: SCOPE,
  },
  kakao: {
    name: 'Kakao',
    protocol: 'oidc',
    issuer: 'https://kauth.kakao.com',
    scope: 'openid account_email profile_nickname',
  },
  naver: { name: 'Naver', protocol: 'naver', issuer: null, scope: '' },
};

/** What the identities of providers without OpenID Connect are known by, whatever host their API has. */
export const SITES = { github: 'https://github.com', naver: 'https://nid.naver.com' } as const;

/** The issuer of a named provider's identities, without an `issuer` in PROVIDERS. Null: not named, or one for each tenant. */
export function presetIssuer(id: string): string | null {
  // The common endpoint is no issuer: each tenant has its own.
  if (id === 'microsoft' || !Object.hasOwn(PRESETS, id)) return null;
  return PRESETS[id]?.issuer ?? SITES[id as keyof typeof SITES];
}

export const isProviderId = (text: string): boolean => ID.test(text);

const ID = /^[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?$/;
const MAX_PROVIDERS = 32;

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 4_096 && value.isWellFormed();

export function isIssuer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    !url.search &&
    !url.hash &&
    !url.username &&
    !url.password &&
    !/\s/.test(text)
  );
}

/** The configured providers, or the faults of the setting. The other two are only compared: they may be unparsed. */
export function loadProviders({
  PROVIDERS,
  PUBLIC_URL,
  ENVIRONMENT,
}: Pick<Settings, 'PROVIDERS'> & { PUBLIC_URL?: unknown; ENVIRONMENT?: unknown }): {
  providers: Provider[];
  faults: SettingFault[];
} {
  const read = PROVIDERS === undefined ? [] : readProviders(PROVIDERS);
  if (typeof read === 'string') return { providers: [], faults: [{ setting: 'PROVIDERS', problem: read }] };
  const faults: SettingFault[] = [];
  const production = ENVIRONMENT !== 'development';
  if (production && read.length > 0 && PUBLIC_URL === undefined) {
    faults.push({ setting: 'PUBLIC_URL', problem: 'is needed by PROVIDERS' });
  }
  if (production && read.some(({ issuer }) => /^http:/i.test(issuer ?? ''))) {
    faults.push({ setting: 'PROVIDERS', problem: 'must have https issuers in production' });
  }
  return { providers: read, faults };
}

/** The value of the setting, or what is wrong with it. Messages contain ids but nothing else of the value. */
function readProviders(text: string): Provider[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'must be a JSON array';
  }
  if (!Array.isArray(value)) return 'must be a JSON array';
  if (value.length > MAX_PROVIDERS) return `must be at most ${MAX_PROVIDERS} providers`;
  const providers: Provider[] = [];
  for (const [i, item] of value.entries()) {
    const read = readProvider(item);
    if (typeof read === 'string') return `must be valid: provider ${i + 1} ${read}`;
    if (providers.some(({ id }) => id === read.id)) return `must have one provider ${read.id}`;
    providers.push(read);
  }
  return providers;
}

function readProvider(item: unknown): Provider | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'is not an object';
  const { id, name, client_id, client_secret, issuer, scope } = item as Record<string, unknown>;
  if (typeof id !== 'string' || !isProviderId(id))
    return 'needs an id of lower-case letters, digits, hyphens and underscores, at most 32';
  if (!isText(client_id)) return `(${id}) needs a client_id`;
  if (!isText(client_secret)) return `(${id}) needs a client_secret`;
  if (name !== undefined && (!isText(name) || name.length > 64)) return `(${id}) has a name that is not text`;
  if (scope !== undefined && typeof scope !== 'string') return `(${id}) has a scope that is not text`;
  if (issuer !== undefined && (!isText(issuer) || !isIssuer(issuer)))
    return `(${id}) needs an issuer such as https://id.example.com`;
  const preset = Object.hasOwn(PRESETS, id) ? PRESETS[id] : undefined;
  const known = preset ?? { name: id, protocol: 'oidc' as const, issuer: null, scope: SCOPE };
  const from = issuer ?? known.issuer;
  if (known.protocol === 'oidc' && from === null) return `(${id}) needs an issuer`;
  return {
    id,
    name: name ?? known.name,
    protocol: known.protocol,
    clientId: client_id,
    clientSecret: client_secret,
    // An issuer is compared exactly as written (OpenID Connect Core section 2); a base URL loses its trailing slashes.
    issuer: known.protocol === 'oidc' || from === null ? from : from.replace(/\/+$/, ''),
    scope: withOpenId(scope ?? known.scope, known.protocol),
  };
}

/** Without the scope `openid`, an OpenID Connect provider returns no ID token. */
const withOpenId = (scope: string, protocol: Protocol): string =>
  protocol === 'oidc' && !scope.split(' ').includes('openid') ? `openid ${scope}`.trim() : scope;
