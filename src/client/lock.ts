/** One refresh at a time among all tabs that share the store or the cookie; but nobody waits for ever. */
import type { TokenStore } from './storage.ts';

/** Runs `work` while no other work of the same lock runs. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

interface WebLocks {
  request: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

const queues = new WeakMap<TokenStore, Lock>();

/** Without Web Locks: all clients in this page or process that have this very store. */
function queueOf(store: TokenStore): Lock {
  const known = queues.get(store);
  if (known) return known;
  let last: Promise<unknown> = Promise.resolve();
  const queue: Lock = (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  queues.set(store, queue);
  return queue;
}

/** `name`: of what is shared with other tabs; null if nothing is. */
export function defaultLock(name: string | null, store: TokenStore): Lock {
  const { navigator } = globalThis as { navigator?: { locks?: WebLocks } };
  const locks = name === null ? undefined : navigator?.locks;
  return locks ? (work) => locks.request(name as string, work) : queueOf(store);
}

/**
 * Waits at most `ms` for its turn, then runs all the same: a tab that hangs, or a lock that fails, blocks no other.
 * Without the lock a refresh may meet another of the same token, for which the server has its grace period.
 */
export function bounded(lock: Lock, ms: number): Lock {
  return (work) =>
    new Promise((resolve, reject) => {
      let running: Promise<void> | undefined;
      const run = () => {
        clearTimeout(timer);
        running ??= work().then(resolve, reject);
        return running;
      };
      const timer = setTimeout(run, ms);
      lock(run).catch(run);
    });
}
