/**
 * Metadata and keys of providers, in KV under `provider:<SHA-256 of the issuer>`. KV writes may take a minute or more to
 * be visible elsewhere. Entries are also kept in this isolate, so that it fetches the keys for an unknown `kid` at most
 * once a minute. If KV is unavailable, the provider is asked.
 */
import { lookUntil, within } from '../deadlines.ts';
import { sha256Hex } from '../encoding.ts';
import type { Clock, Report } from '../ports.ts';
import { seconds } from '../ports.ts';
import { METADATA_SECONDS, REFETCH_SECONDS } from './limits.ts';

/** `…At`: when it was fetched, in epoch seconds. */
export interface ProviderEntry {
  metadata: Record<string, unknown>;
  metadataAt: number;
  jwks: { keys: JsonWebKey[] } | null;
  jwksAt: number;
  /** When the keys were last fetched for an unknown `kid`. */
  refetchedAt?: number;
}

export interface ProviderCache {
  find: (issuer: string, report: Report) => Promise<ProviderEntry | null>;
  keep: (issuer: string, entry: ProviderEntry, report: Report) => Promise<void>;
  /**
   * Runs `refetch`, which fetches and keeps the keys, unless that was done within the last minute. Returns newer keys than
   * those of `entry`, or null.
   */
  newerKeys: (
    issuer: string,
    entry: ProviderEntry,
    refetch: () => Promise<unknown>,
  ) => Promise<ProviderEntry['jwks']>;
}

const keyOf = async (issuer: string) => `provider:${await sha256Hex(issuer)}`;
const KV_CACHE_TTL_SECONDS = 30;
const WAIT_MS = 5_000;
const LOOK_EVERY_MS = 100;

export function kvProviderCache(
  kv: KVNamespace,
  { clock, deadlineMs }: { clock: Clock; deadlineMs: number },
): ProviderCache {
  /** At most one entry per configured provider. */
  const remembered = new Map<string, ProviderEntry>();
  const refetches = new Map<string, { at: number; ended: boolean }>();
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

    newerKeys: async (issuer, entry, refetch) => {
      const now = seconds(clock);
      const last = refetches.get(issuer);
      if (now - Math.max(last?.at ?? 0, entry.refetchedAt ?? 0) >= REFETCH_SECONDS) {
        const refetching = { at: now, ended: false };
        refetches.set(issuer, refetching);
        await refetch().finally(() => {
          refetching.ended = true;
        });
      } else if (last) {
        await lookUntil(() => last.ended, WAIT_MS, LOOK_EVERY_MS);
      }
      const newest = remembered.get(issuer)?.jwks ?? null;
      return newest === entry.jwks ? null : newest;
    },
  };
}
