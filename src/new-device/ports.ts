/** The store for the notice of a new device. */
import type { Client } from '../ports.ts';

export interface SeenDevices {
  /** Devices of the user's newest other sessions. */
  before: (session: { userId: string; id: string }) => Promise<Pick<Client, 'userAgent' | 'country'>[]>;
}
