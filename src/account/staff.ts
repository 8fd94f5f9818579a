/** The rules about staff. Pure: other rows are parameters. */
import type { SessionState, User } from '../model.ts';
import type { OpenWays } from '../ports.ts';
import { statusFault } from '../token/rotation.ts';

type Flags = Pick<User, 'isActive' | 'isStaff'>;

/**
 * The user has a way to sign in. An empty hash means no usable password. `isConnected`: has a connected account.
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
 * Anybody can sign up with an address that is not theirs. A user with an unverified address becomes staff, or active
 * staff again, only if the operator explicitly confirms it.
 */
export const mayBecomeStaff = (
  { emailVerifiedAt }: Pick<User, 'emailVerifiedAt'>,
  unverified: boolean | undefined,
): boolean => emailVerifiedAt !== null || unverified === true;

/** Only active staff with a live session may act on other users. */
export const actorMayAct = (actor: { user: Flags; session: SessionState | null }, now: number): boolean =>
  actor.user.isStaff && statusFault(actor, now) === null;

/** Without this user nobody could use the console. D1 checks the same inside the statement that removes the user. */
export const isTheLastStaff = (user: StaffMember, others: readonly StaffMember[]): boolean =>
  isActiveStaff(user) && !others.some(isActiveStaff);

/**
 * A user who removes a way to sign in keeps another; `left` is what is left. With sign-in by e-mail a verified address is
 * one, except for the last staff member; while passkeys are off, a passkey is none. D1 decides it, inside the statement.
 */
export const keepsAWayIn = (
  {
    now,
    left,
    others,
  }: { now: StaffMember; left: Parameters<typeof canSignIn>[0]; others: readonly StaffMember[] },
  { emailSignIn, passkeys, emailVerified }: OpenWays & { emailVerified: boolean },
): boolean =>
  canSignIn(passkeys ? left : { ...left, passkeyCount: 0 }) ||
  (emailSignIn && emailVerified && !isTheLastStaff(now, others));
