/**
 * What counts as the same device: the browser family and the country. Anything finer would be a fingerprint, and would
 * treat every browser update as a new device.
 */
/// <reference path="./bowser.d.ts" />
import type { Client } from '../ports.ts';

type Seen = Pick<Client, 'userAgent' | 'country'>;

/** Names for display, such as `Chrome, Linux`; '' if unknown. */
export interface Device {
  /** `Chrome`. */
  family: string;
  /** The device, such as `iPhone`, or the operating system. */
  system: string;
  /** With the operating system. */
  name: string;
}

/** Bowser's names; for programs it does not know, the text before the slash, such as `curl`. */
export async function deviceOf(userAgent: string | null): Promise<Device> {
  if (!userAgent) return { family: '', system: '', name: '' };
  // Loaded on demand, as few requests need it. The modules are smaller than the build, which is for old browsers.
  const { default: bowser } = await import('bowser/src/bowser.js');
  const { browser, os, platform } = bowser.parse(userAgent);
  const family = browser.name || (/^[\w.-]+/.exec(userAgent)?.[0] ?? '');
  const system = platform.model || os.name || '';
  return { family, system, name: [family, os.name].filter(Boolean).join(', ') };
}

/** Whether a user who has signed in before now does so from an unknown device. */
export async function isNewDevice(now: Seen, before: readonly Seen[]): Promise<boolean> {
  if (before.length === 0) return false;
  const keyOf = async ({ userAgent, country }: Seen) =>
    `${(await deviceOf(userAgent)).family} ${country ?? ''}`;
  const known = new Set(await Promise.all(before.map(keyOf)));
  return !known.has(await keyOf(now));
}
