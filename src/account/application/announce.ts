/** Announces to hooks and event consumers that something has happened to a user. Call it after the commit. */
import type { Announce, EventDetails, EventType } from '../../events.ts';
import type { Call } from '../../ports.ts';
import { eventOf } from '../event.ts';

/** `now` in epoch seconds. */
export function announce<T extends EventType>(
  { announce: tell }: { announce: Announce | null },
  call: Call,
  type: T,
  userId: string,
  now: number,
  details: EventDetails[T],
): void {
  tell?.(eventOf(type, userId, now, details), call);
}
