/**
 * What counts as the same device: the browser family and the country. Anything finer would be a fingerprint, and would
 * treat every browser update as a new device.
 */
import { deviceOf } from '../device.ts';
import type { Client } from '../ports.ts';

type Seen = Pick<Client, 'userAgent' | 'country'>;

/** Whether a user who has signed in before now does so from an unknown device. */
export async function isNewDevice(now: Seen, before: readonly Seen[]): Promise<boolean> {
  if (before.length === 0) return false;
  const keyOf = async ({ userAgent, country }: Seen) =>
    `${(await deviceOf(userAgent)).family} ${country ?? ''}`;
  const known = new Set(await Promise.all(before.map(keyOf)));
  return !known.has(await keyOf(now));
}
