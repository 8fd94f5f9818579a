/** What the notice of a new device needs of its store. */
import type { Client } from '../ports.ts';

export interface SeenDevices {
  /** Those of the user's other sessions that are kept, the newest of them. */
  before: (session: { userId: string; id: string }) => Promise<Pick<Client, 'userAgent' | 'country'>[]>;
}
