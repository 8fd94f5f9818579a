/** One refresh at a time among all tabs that share the store or the cookie, with a bounded wait. */
import type { TokenStore } from './storage.ts';

/** Runs `work` while no other work of the same lock runs. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

interface WebLocks {
  request: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

const queues = new WeakMap<TokenStore, Lock>();

/** Without Web Locks: a lock among all clients in this page or process that use the same store object. */
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

/** `name`: of the lock shared with other tabs; null for none. */
export function defaultLock(name: string | null, store: TokenStore): Lock {
  const { navigator } = globalThis as { navigator?: { locks?: WebLocks } };
  const locks = name === null ? undefined : navigator?.locks;
  return locks ? (work) => locks.request(name as string, work) : queueOf(store);
}

/**
 * Waits at most `ms` for the lock, then runs without it, so that a tab that hangs or a lock that fails blocks no other.
 * Two refreshes may then use the same token; the server's grace period covers that.
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
