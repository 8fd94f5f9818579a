/** The row of a new user, for sign-ups, the console, createsuperuser and imports. Pure. */
import type { UserRow } from '../model.ts';

type RequiredField = 'id' | 'email' | 'username' | 'usernameKey' | 'name' | 'passwordHash';
/** Fields with a default. */
type OptionalField = 'isActive' | 'isStaff' | 'emailVerifiedAt' | 'dateJoined' | 'lastLoginAt' | 'language';

export const newUser = (
  { id, email, username, usernameKey, name, passwordHash }: Pick<UserRow, RequiredField>,
  now: number,
  overrides: Partial<Pick<UserRow, OptionalField>> = {},
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
  ...overrides,
});
