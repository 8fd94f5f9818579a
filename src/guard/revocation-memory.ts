/**
 * Remembers in the isolate that a session was not revoked a moment ago, so that ten requests of a page read KV once.
 * Bounded. Only misses are cached, since a hit is final anyway. Concurrent requests each read KV, as in Workers a request
 * cannot wait for the I/O of another.
 */
import type { Blacklist, Clock } from '../ports.ts';

const MAX_SESSIONS = 10_000;

/** Session ids, oldest first, with the time until which KV is not read again, in epoch milliseconds. */
type Memory = Map<string, number>;

/** By bindings, so that all guards of an isolate share one. */
const memories = new WeakMap<object, Memory>();

export function rememberMisses(
  blacklist: Blacklist,
  env: object,
  { seconds, clock }: { seconds: number; clock: Clock },
): Blacklist {
  if (seconds === 0) return blacklist;
  const memory: Memory = memories.get(env) ?? new Map();
  memories.set(env, memory);
  return {
    ...blacklist,
    find: async (sessionId, report) => {
      const askedAt = clock();
      if ((memory.get(sessionId) ?? 0) > askedAt) return null;
      const known = await blacklist.find(sessionId, report);
      memory.delete(sessionId);
      if (known !== null) return known;
      memory.set(sessionId, askedAt + seconds * 1_000);
      const [oldest] = memory.size > MAX_SESSIONS ? memory.keys() : [];
      if (oldest !== undefined) memory.delete(oldest);
      return null;
    },
  };
}
