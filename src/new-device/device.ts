/**
 * What counts as the same device: the browser family and the country. Anything finer would be a fingerprint, and would
 * treat every browser update as a new device.
 */
import { deviceOf } from '../device.ts';
import { sha256Hex } from '../encoding.ts';
import type { Client } from '../ports.ts';

/** With the user's id, so that equal devices of two users have different hashes. */
export async function deviceHash(
  userId: string,
  { userAgent, country }: Pick<Client, 'userAgent' | 'country'>,
): Promise<string> {
  const { family } = await deviceOf(userAgent);
  return sha256Hex(`${userId}\n${family}\n${country ?? ''}`);
}
