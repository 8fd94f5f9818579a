/** The store for the notice of a new device. */
import type { Client } from '../ports.ts';

export interface KnownDevices {
  /** `isAdded`: it was not known; of concurrent calls, one adds it. `isOnly`: the user has no other known device. */
  add: (userId: string, hash: string, now: number) => Promise<{ isAdded: boolean; isOnly: boolean }>;
  addAll: (userId: string, hashes: readonly string[], now: number) => Promise<void>;
  /** The devices of the user's earlier sessions that are still stored. */
  ofSessions: (session: { userId: string; id: string }) => Promise<Pick<Client, 'userAgent' | 'country'>[]>;
}
