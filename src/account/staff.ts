/** The rules about staff. Pure; what other rows say is handed in. */
import type { SessionState, User } from '../ports.ts';
import { statusFault } from '../token/rotation.ts';

type Flags = Pick<User, 'isActive' | 'isStaff'>;

export const isActiveStaff = ({ isActive, isStaff }: Flags): boolean => isActive && isStaff;

/** Somebody may act on other users while they are active staff with a live session. */
export const actorMayAct = (actor: { user: Flags; session: SessionState | null }, now: number): boolean =>
  actor.user.isStaff && statusFault(actor, now) === null;

/** Without this user nobody could use the console any more. D1 decides it, inside the statement that would do it. */
export const isTheLastStaff = (user: Flags, others: readonly Flags[]): boolean =>
  isActiveStaff(user) && !others.some(isActiveStaff);
