/** The rules about staff. Pure; what other rows say is handed in. */
import type { SessionState, User } from '../model.ts';
import { statusFault } from '../token/rotation.ts';

type Flags = Pick<User, 'isActive' | 'isStaff'>;

/**
 * The user has a way to prove who they are. Whoever has no usable password has an empty hash. `isConnected`: to an account
 * of a provider.
 */
export const canSignIn = ({
  passwordHash,
  passkeyCount,
  isConnected = false,
}: Pick<User, 'passwordHash' | 'passkeyCount'> & { isConnected?: boolean }): boolean =>
  passwordHash !== '' || passkeyCount > 0 || isConnected;

type StaffMember = Flags & Parameters<typeof canSignIn>[0];

const isActiveStaff = (user: StaffMember): boolean => user.isActive && user.isStaff && canSignIn(user);

/**
 * Anybody may have signed up with an address that nobody has verified: they become staff, or active staff again, by an
 * explicit word alone.
 */
export const mayBecomeStaff = (
  { emailVerifiedAt }: Pick<User, 'emailVerifiedAt'>,
  unverified: boolean | undefined,
): boolean => emailVerifiedAt !== null || unverified === true;

/** Somebody may act on other users while they are active staff with a live session. */
export const actorMayAct = (actor: { user: Flags; session: SessionState | null }, now: number): boolean =>
  actor.user.isStaff && statusFault(actor, now) === null;

/** Without this user nobody could use the console any more. D1 decides it, inside the statement that would do it. */
export const isTheLastStaff = (user: StaffMember, others: readonly StaffMember[]): boolean =>
  isActiveStaff(user) && !others.some(isActiveStaff);
