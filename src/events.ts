/**
 * What happens to users, as the site that they belong to is told of it: by the hooks of a host (`on`), and by the events
 * that leave the Worker. Ids and what changed; never a secret, an address or a name.
 */
import type { Call } from './ports.ts';

/** `data` of each type, beside `user_id`. */
export interface EventDetails {
  'user.created': { email_verified: boolean };
  'user.updated': { changed: readonly ('name' | 'username' | 'is_active' | 'is_staff')[] };
  'user.deleted': Record<never, never>;
  /** Of an account that was there before; a sign-up whose mail was confirmed is `user.created` alone. */
  'email.verified': Record<never, never>;
  'email.changed': Record<never, never>;
  'password.changed': { by: 'change' | 'reset' };
  /** By whatever way, to the console too; not by a sign-up with a password, which is `user.created`. */
  'user.signed_in': { session_id: string; amr: readonly string[] };
}
export type EventType = keyof EventDetails;

/** As JSON it is what a webhook or a queue gets. */
export type AccountEvent<T extends EventType = EventType> = {
  [Type in T]: {
    type: Type;
    /** RFC 3339. */
    timestamp: string;
    data: { user_id: string } & EventDetails[Type];
  };
}[T];

/** Tells of what is committed. */
export type Announce = (event: AccountEvent, call: Call) => void;
