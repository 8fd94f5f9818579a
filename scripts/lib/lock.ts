/** Of two processes that want to do the same work at once, the second waits: a folder is the lock. */
import { existsSync, mkdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_STALE_AFTER_MS = 5_000;

export async function holding<T>(lock: string, work: () => Promise<T>): Promise<T> {
  while (!tryToLock(lock)) await sleep(20);
  const remove = () => rmSync(lock, { recursive: true, force: true });
  const alive = setInterval(() => existsSync(lock) && utimesSync(lock, new Date(), new Date()), 1_000);
  process.once('exit', remove);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    process.off('exit', remove);
    remove();
  }
}

/** Only one process makes a folder. */
function tryToLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // Its holder was killed when it no longer renews the time.
  const renewedAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (renewedAt !== undefined && Date.now() - renewedAt > LOCK_STALE_AFTER_MS)
    rmSync(lock, { recursive: true, force: true });
  return false;
}
