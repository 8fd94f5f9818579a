/**
 * What providers say of themselves (their metadata and keys), in KV under `provider:<issuer's SHA-256>`. Weaknesses of
 * the store: another place sees a write after up to a minute or more. What this isolate has read itself is remembered
 * beside it, so that a `kid` that nobody knows asks the provider at most once a minute here. A KV that is away costs a
 * request to the provider.
 */
import { within } from '../deadlines.ts';
import { sha256Hex } from '../encoding.ts';
import type { Clock, Report } from '../ports.ts';
import { seconds } from '../ports.ts';
import { METADATA_SECONDS } from './limits.ts';

/** `…At` in epoch seconds. */
export interface ProviderEntry {
  metadata: Record<string, unknown>;
  metadataAt: number;
  jwks: { keys: JsonWebKey[] } | null;
  jwksAt: number;
}

export interface ProviderCache {
  find: (issuer: string, report: Report) => Promise<ProviderEntry | null>;
  keep: (issuer: string, entry: ProviderEntry, report: Report) => Promise<void>;
}

const keyOf = async (issuer: string) => `provider:${await sha256Hex(issuer)}`;
const KV_CACHE_TTL_SECONDS = 30;

export function kvProviderCache(
  kv: KVNamespace,
  { clock, deadlineMs }: { clock: Clock; deadlineMs: number },
): ProviderCache {
  /** As many as there are providers. */
  const remembered = new Map<string, ProviderEntry>();
  const isFresh = ({ metadataAt }: ProviderEntry) => seconds(clock) - metadataAt < METADATA_SECONDS;
  return {
    find: async (issuer, report) => {
      const known = remembered.get(issuer);
      if (known && isFresh(known)) return known;
      try {
        const found = await within(
          deadlineMs,
          kv.get<ProviderEntry>(await keyOf(issuer), { type: 'json', cacheTtl: KV_CACHE_TTL_SECONDS }),
        );
        if (!found || !isFresh(found)) return null;
        remembered.set(issuer, found);
        return found;
      } catch {
        report('error', 'kv_unavailable', { call: 'providers.find' });
        return null;
      }
    },

    keep: async (issuer, entry, report) => {
      remembered.set(issuer, entry);
      try {
        const expirationTtl = METADATA_SECONDS;
        await within(deadlineMs, kv.put(await keyOf(issuer), JSON.stringify(entry), { expirationTtl }));
      } catch {
        report('error', 'kv_unavailable', { call: 'providers.keep' });
      }
    },
  };
}
