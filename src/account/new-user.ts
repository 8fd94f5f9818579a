/** A user as it begins, whoever makes it: a sign-up, a confirmed one, staff, createsuperuser, an import. Pure. */
import type { UserRow } from '../model.ts';

type Given = 'id' | 'email' | 'username' | 'usernameKey' | 'name' | 'passwordHash';
/** What the maker may know better. */
type Known = 'isActive' | 'isStaff' | 'emailVerifiedAt' | 'dateJoined' | 'lastLoginAt' | 'language';

export const newUser = (
  { id, email, username, usernameKey, name, passwordHash }: Pick<UserRow, Given>,
  now: number,
  known: Partial<Pick<UserRow, Known>> = {},
): UserRow => ({
  id,
  email,
  username,
  usernameKey,
  name,
  passwordHash,
  passwordVersion: 1,
  isActive: true,
  isStaff: false,
  emailVerifiedAt: null,
  dateJoined: now,
  lastLoginAt: null,
  hasSecondFactor: false,
  language: null,
  passkeyCount: 0,
  ...known,
});
