/**
 * The KV cache in front of the sessions in D1: `revoked:<sid>` → why. Weaknesses of the store: another place
 * sees a write after up to a minute or more, and misses are cached too. So a hit is final (a revocation is
 * never taken back) and a miss proves nothing.
 */
import { within } from '../deadlines.ts';
import type { EndedSession, RevocationReason } from '../model.ts';
import { type Blacklist, type Clock, seconds } from '../ports.ts';
import { LEEWAY_MAX_SECONDS } from './claims.ts';

/** KV refuses less (https://developers.cloudflare.com/kv/api/write-key-value-pairs/). */
const KV_LEAST_TTL_SECONDS = 60;
const KV_CACHE_TTL_SECONDS = 30;
const ATTEMPTS = 2;
/** Workers open six connections at once; more would queue behind the time limit of the first. */
const AT_ONCE = 6;

const keyOf = (sessionId: string) => `revoked:${sessionId}`;

/**
 * What KV is told of one ended session, for as long as a token of it could still be sent: taken from the session and the
 * largest LEEWAY, since a setting that is changed now does not change the tokens that are out.
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
        // Tried again, then told to the log by `add`: D1 has the revocation.
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
        // Nothing of this round arrived: KV is away, and the rest would only spend the client's time.
        if (lost === some.length) return;
      }
    },
  };
}
