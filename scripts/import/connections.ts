/**
 * Reads accounts at other providers as connections, which are identified by issuer and subject. Other systems name a
 * provider only; its issuer comes from `--provider` or from the presets of PROVIDERS. Pure.
 */
import { SUBJECT_MAX_LENGTH } from '../../src/connections/limits.ts';
import { isIssuer, isProviderId, presetIssuer } from '../../src/connections/providers.ts';
import { canonicalEmail, isPlainText } from '../../src/identity.ts';
import { ScriptFault } from '../lib/fault.ts';
import { stableId, uuidOf } from './ids.ts';
import { readTime, readWords } from './values.ts';

/** A connection as another system exports it. */
export interface ForeignConnection {
  /** The other system's name for the provider. */
  provider: unknown;
  subject: unknown;
  /** Only `npm run export-users` writes this and `id`. */
  issuer?: unknown;
  id?: unknown;
  email?: unknown;
  createdAt?: unknown;
  lastUsedAt?: unknown;
}

export interface Connection {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
  /** Epoch seconds, as is `lastUsedAt`; null: unknown. */
  createdAt: number | null;
  lastUsedAt: number | null;
}

/** Why an account is not imported as a connection. */
export type ConnectionFault = 'no_provider' | 'no_issuer' | 'no_subject';

/** Keyed by the other system's name for the provider. */
export type ProviderMap = ReadonlyMap<string, { id: string; issuer: string }>;

/** The names that other systems have for our presets. */
const NAMES: Readonly<Record<string, string>> = {
  'google.com': 'google',
  'google-oauth2': 'google',
  'github.com': 'github',
  'apple.com': 'apple',
};

/** `NAME=ISSUER`, `NAME=ID=ISSUER` or, for a preset, `NAME=ID`. Throws a ScriptFault. */
export function parseProviders(options: readonly string[]): ProviderMap {
  const providers = new Map<string, { id: string; issuer: string }>();
  for (const option of options) {
    const [name = '', ...rest] = option.split('=').map((part) => part.trim());
    const last = rest.at(-1) ?? '';
    const id = rest.length === 2 ? rest[0] : isIssuer(last) ? name : last;
    const issuer = isIssuer(last) ? last : rest.length === 1 ? presetIssuer(last) : null;
    if (name === '' || rest.length > 2 || id === undefined || issuer === null) {
      throw new ScriptFault(`--provider takes NAME=ISSUER, NAME=ID=ISSUER or NAME=PRESET, not “${option}”`);
    }
    if (!isProviderId(id)) {
      throw new ScriptFault(
        `--provider: “${id}” is not a valid provider id. Choose one: ${name}=ID=${issuer}`,
      );
    }
    if (providers.has(name)) throw new ScriptFault(`--provider names ${name} twice`);
    providers.set(name, { id, issuer });
  }
  return providers;
}

export function readConnection(
  { provider, subject, issuer, id, email, createdAt, lastUsedAt }: ForeignConnection,
  providers: ProviderMap,
): Connection | { fault: ConnectionFault; provider: string } {
  const name = readWords(provider) ?? '';
  const isNamed = isPlainText(name) && name !== '';
  const shown = isNamed ? name.slice(0, 64) : 'without a name';
  const found = providers.get(name) ?? own(name, issuer) ?? preset(NAMES[name] ?? name);
  if (!found) return { fault: isNamed ? 'no_issuer' : 'no_provider', provider: shown };
  const key = readSubject(subject);
  if (key === null) return { fault: 'no_subject', provider: shown };
  const createdAtMs = readTime(createdAt) ?? null;
  return {
    id: uuidOf(id) ?? stableId(createdAtMs ?? 0, ['connection', found.issuer, key]),
    provider: found.id,
    issuer: found.issuer,
    subject: key,
    email: typeof email === 'string' ? canonicalEmail(email) : null,
    createdAt: seconds(createdAtMs),
    lastUsedAt: seconds(readTime(lastUsedAt) ?? null),
  };
}

/** A number only if JavaScript represents it exactly: Google's subjects have 21 digits. */
function readSubject(value: unknown): string | null {
  const text = Number.isSafeInteger(value) ? String(value) : typeof value === 'string' ? value.trim() : '';
  return text === '' || text.length > SUBJECT_MAX_LENGTH || !isPlainText(text) ? null : text;
}

const own = (id: string, issuer: unknown) =>
  typeof issuer === 'string' && isIssuer(issuer) && isProviderId(id) ? { id, issuer } : undefined;

function preset(id: string) {
  const issuer = presetIssuer(id);
  return issuer === null ? undefined : { id, issuer };
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000));
