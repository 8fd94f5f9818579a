/** The store for the notice of a new device. */
import type { Client } from '../ports.ts';

export interface SeenDevices {
  /**
   * Devices of the newest of the user's earlier sessions. Later ones do not count: with two sign-ins at once, each would
   * make the other's device known.
   */
  before: (session: { userId: string; id: string }) => Promise<Pick<Client, 'userAgent' | 'country'>[]>;
}
