/**
 * The KV cache of revoked sessions: `revoked:<sid>` → reason. Weaknesses of KV: writes may take a minute or more to be
 * visible elsewhere, and misses are cached too. So a hit is final (a revocation is never undone) and a miss proves
 * nothing: D1 is authoritative.
 */
import { within } from '../deadlines.ts';
import type { EndedSession, RevocationReason } from '../model.ts';
import { type Blacklist, type Clock, seconds } from '../ports.ts';
import { LEEWAY_MAX_SECONDS } from './claims.ts';

/** KV refuses shorter ones (https://developers.cloudflare.com/kv/api/write-key-value-pairs/). */
const KV_LEAST_TTL_SECONDS = 60;
const KV_CACHE_TTL_SECONDS = 30;
const ATTEMPTS = 2;
/** A Worker has six connections; more writes would wait while their time limit is already running. */
const AT_ONCE = 6;

const keyOf = (sessionId: string) => `revoked:${sessionId}`;

/**
 * The KV entry of an ended session. It lives as long as a token of the session could be accepted, computed from the session
 * and the largest possible LEEWAY, since changing settings does not change tokens that were issued before.
 */
export const entryOf = ({ id, expiresAt }: EndedSession, reason: RevocationReason, now: number) => ({
  key: keyOf(id),
  value: reason,
  expirationTtl: Math.max(KV_LEAST_TTL_SECONDS, expiresAt + LEEWAY_MAX_SECONDS - now),
});

export function kvBlacklist(
  kv: KVNamespace,
  { clock, deadlineMs }: { clock: Clock; deadlineMs: number },
): Blacklist {
  const put = async (session: EndedSession, reason: RevocationReason): Promise<boolean> => {
    const { key, value, expirationTtl } = entryOf(session, reason, seconds(clock));
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        await within(deadlineMs, kv.put(key, value, { expirationTtl }));
        return true;
      } catch {
        // Tried again; `add` logs the final failure. The revocation is in D1.
      }
    }
    return false;
  };

  return {
    find: async (sessionId, report) => {
      try {
        const value = await within(
          deadlineMs,
          kv.get(keyOf(sessionId), { type: 'text', cacheTtl: KV_CACHE_TTL_SECONDS }),
        );
        return value as RevocationReason | null;
      } catch {
        report('error', 'kv_unavailable', { call: 'blacklist.find' });
        return 'unknown';
      }
    },

    add: async (sessions, reason, report) => {
      for (let from = 0; from < sessions.length; from += AT_ONCE) {
        const some = sessions.slice(from, from + AT_ONCE);
        const done = await Promise.all(some.map((session) => put(session, reason)));
        const lost = done.filter((ok) => !ok).length;
        if (lost > 0) report('error', 'kv_unavailable', { call: 'blacklist.add', lost });
        // All writes failed: KV is unavailable, and further tries would only delay the response.
        if (lost === some.length) return;
      }
    },
  };
}
