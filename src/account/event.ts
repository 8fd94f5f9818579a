/** Builds events, for hooks and for the outbox. */
import { timestamp } from '../encoding.ts';
import type { AccountEvent, EventDetails, EventType } from '../events.ts';
import type { User } from '../model.ts';

/** `now` in epoch seconds. */
export const eventOf = <T extends EventType>(
  type: T,
  userId: string,
  now: number,
  details: EventDetails[T],
): AccountEvent =>
  ({ type, timestamp: timestamp(now), data: { user_id: userId, ...details } }) as AccountEvent;

const FIELDS = { name: 'name', username: 'username', isActive: 'is_active', isStaff: 'is_staff' } as const;

/** The fields that differ, by their names in the API. */
export const changedFields = (
  before: Pick<User, keyof typeof FIELDS>,
  after: Partial<User>,
): EventDetails['user.updated']['changed'] =>
  (Object.keys(FIELDS) as (keyof typeof FIELDS)[])
    .filter((key) => after[key] !== undefined && after[key] !== before[key])
    .map((key) => FIELDS[key]);
