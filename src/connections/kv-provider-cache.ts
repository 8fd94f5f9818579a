/**
 * Metadata and keys of providers, in KV under `provider:<SHA-256 of the issuer>`. KV writes may take a minute or more to
 * be visible elsewhere. Entries are also kept in this isolate, so that an unknown `kid` makes it refetch the keys at
 * most once a minute. If KV is unavailable, the provider is asked.
 */
import { within } from '../deadlines.ts';
import { sha256Hex } from '../encoding.ts';
import type { Clock, Report } from '../ports.ts';
import { seconds } from '../ports.ts';
import { METADATA_SECONDS } from './limits.ts';

/** `…At`: when it was fetched, in epoch seconds. */
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
  /** At most one entry per configured provider. */
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
