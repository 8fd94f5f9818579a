/** Removes from an imported user what they cannot keep, with the reason; a user with no name left is refused. Pure. */
import type { Connection } from './connections.ts';
import type { LeftOut, Person, Reason } from './person.ts';

export interface Refusal {
  reason: Reason;
  detail: string;
  taken_by?: string;
}

export const EMAIL_TAKEN = 'another user has this e-mail address (regardless of case)';
export const USERNAME_TAKEN = 'another user has this username (regardless of case)';
export const CONNECTION_TAKEN = 'another user is connected to this account at';
const STAFF_UNVERIFIED = 'the address is not verified: not staff here';

const holder = (id: string | undefined) => (id === undefined ? {} : { taken_by: id });

/** Also removes a username that is the address. */
export function loseEmail(person: Person, to?: string): void {
  person.leftOut.push({ field: 'email', reason: 'email_taken', detail: EMAIL_TAKEN, ...holder(to) });
  person.email = null;
  if (person.username?.includes('@')) {
    person.username = null;
    person.usernameKey = null;
  }
}

/** Staff need a verified address. Returns the reason if the user loses staff rights. */
export function loseStaff(person: Person): Refusal | null {
  if (!person.isStaff || (person.email !== null && person.emailVerifiedAt !== null)) return null;
  const lost = { reason: 'email_not_verified', detail: STAFF_UNVERIFIED } as const;
  person.isStaff = false;
  person.leftOut.push({ field: 'is_staff', ...lost });
  return lost;
}

export function loseUsername(person: Person, to?: string): void {
  if (person.usernameKey === null) return;
  const detail = USERNAME_TAKEN;
  person.leftOut.push({ field: 'username', reason: 'username_taken', detail, ...holder(to) });
  person.username = null;
  person.usernameKey = null;
}

export function loseConnection(person: Person, connection: Connection, to: string): void {
  const detail = `${CONNECTION_TAKEN} ${connection.provider}`;
  person.leftOut.push({ field: 'connection', reason: 'connection_taken', detail, taken_by: to });
  person.connections = person.connections.filter((one) => one !== connection);
}

export function loseId(person: Person, to: string): void {
  const detail = 'another user has this id, so this one gets a new id';
  person.leftOut.push({ field: 'id', reason: 'id_taken', detail, taken_by: to });
  person.ownId = null;
}

/** A user with neither address nor username left is refused, for the reason that they lost them. */
export function refusalOf(person: Person): Refusal | null {
  if (person.email !== null || person.username !== null) return null;
  const why = ['email', 'username']
    .map((field) => person.leftOut.find((left) => left.field === field))
    .find((left): left is LeftOut => left !== undefined);
  if (!why) return { reason: 'nameless', detail: 'neither e-mail nor username' };
  return refusalFor(why);
}

export const refusalFor = ({ reason, detail, taken_by }: LeftOut): Refusal => ({
  reason: reason === 'unreadable' || reason === 'id_taken' ? 'malformed' : reason,
  detail,
  ...holder(taken_by),
});
