/**
 * What counts as one device of a user: the family of the browser and the country, and no more. A finer one would be a
 * fingerprint, and would call every update of a browser new.
 */
import type { Client } from '../ports.ts';

type Seen = Pick<Client, 'userAgent' | 'country'>;

/** As people know it: `Chrome, Linux`; '' where a user agent says nothing. */
export interface Device {
  family: string;
  /** With the system. */
  name: string;
}

/** Bowser's names; of a program that it does not know what stands before the slash: `curl`. */
export async function deviceOf(userAgent: string | null): Promise<Device> {
  if (!userAgent) return { family: '', name: '' };
  // Few requests need it: it is read when it is needed.
  const { default: bowser } = await import('bowser');
  const { browser, os } = bowser.parse(userAgent);
  const family = browser.name || (/^[\w.-]+/.exec(userAgent)?.[0] ?? '');
  return { family, name: [family, os.name].filter(Boolean).join(', ') };
}

/** Whether somebody who has signed in before does so from a device that is not among those of before. */
export async function isNewDevice(now: Seen, before: readonly Seen[]): Promise<boolean> {
  if (before.length === 0) return false;
  const keyOf = async ({ userAgent, country }: Seen) =>
    `${(await deviceOf(userAgent)).family} ${country ?? ''}`;
  const known = new Set(await Promise.all(before.map(keyOf)));
  return !known.has(await keyOf(now));
}
