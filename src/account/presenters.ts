/** What of a user and a session goes over the wire: never a hash, whole or in part. */
import type { User } from '../ports.ts';

/** Epoch seconds → RFC 3339 UTC with `Z`. */
export const timestamp = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

export const userJson = (user: User) => ({
  id: user.id,
  email: user.email,
  username: user.username,
  name: user.name,
  is_active: user.isActive,
  is_staff: user.isStaff,
  email_verified: user.emailVerifiedAt !== null,
  date_joined: timestamp(user.dateJoined),
  last_login: user.lastLoginAt === null ? null : timestamp(user.lastLoginAt),
});
