/**
 * Events about users, for a host's hooks (`on`) and for webhooks and queues. They contain ids and the names of changed
 * fields, never a secret, an address or a name.
 */
import type { Call } from './ports.ts';

/** `data` of each type, in addition to `user_id`. */
export interface EventDetails {
  'user.created': { email_verified: boolean };
  'user.updated': { changed: readonly ('name' | 'username' | 'is_active' | 'is_staff')[] };
  'user.deleted': Record<never, never>;
  /** For an existing account. Confirming a pending sign-up is only `user.created`. */
  'email.verified': Record<never, never>;
  'email.changed': Record<never, never>;
  /** `removal`: by the user. `staff`: set or removed in the console. */
  'password.changed': { by: 'change' | 'reset' | 'removal' | 'staff' };
  /** With any method, including the console; not for a sign-up, which is `user.created`. */
  'user.signed_in': { session_id: string; amr: readonly string[] };
}
export type EventType = keyof EventDetails;

/** Its JSON is what webhooks and queues receive. */
export type AccountEvent<T extends EventType = EventType> = {
  [Type in T]: {
    type: Type;
    /** RFC 3339. */
    timestamp: string;
    data: { user_id: string } & EventDetails[Type];
  };
}[T];

/** Announces an event after the commit. */
export type Announce = (event: AccountEvent, call: Call) => void;
