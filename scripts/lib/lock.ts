/** A lock between processes: the first creates a folder, the others wait until it is gone. */
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

/** Only one process succeeds in creating a folder. */
function tryToLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // A holder that no longer renews the time was killed.
  const renewedAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (renewedAt !== undefined && Date.now() - renewedAt > LOCK_STALE_AFTER_MS)
    rmSync(lock, { recursive: true, force: true });
  return false;
}
