/** What a user cannot keep is taken from them here, with a note of why; who has nothing left is refused. Pure. */
import type { Connection } from './connections.ts';
import type { LeftOut, Person, Reason } from './person.ts';

export interface Refusal {
  reason: Reason;
  detail: string;
  taken_by?: string;
}

export const EMAIL_TAKEN = 'another account has this e-mail address (case does not count)';
export const USERNAME_TAKEN = 'another account has this username (case does not count)';
export const CONNECTION_TAKEN = 'another account has this account at';
const STAFF_UNVERIFIED = 'nobody has verified the address: not staff here';

const holder = (id: string | undefined) => (id === undefined ? {} : { taken_by: id });

/** Without the address, and without a username that is the address. */
export function loseEmail(person: Person, to?: string): void {
  person.leftOut.push({ field: 'email', reason: 'email_taken', detail: EMAIL_TAKEN, ...holder(to) });
  person.email = null;
  if (person.username?.includes('@')) {
    person.username = null;
    person.usernameKey = null;
  }
}

/** Staff rights need a verified address: whoever has none is no staff here. Says why, where somebody was. */
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
  const detail = 'another account has this id: it is a new one';
  person.leftOut.push({ field: 'id', reason: 'id_taken', detail, taken_by: to });
  person.ownId = null;
}

/** Who has neither address nor username left cannot be imported; the reason is why they lost them. */
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
