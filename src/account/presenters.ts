/** Users and sessions as the API returns them: never a hash, whole or in part. */
import { deviceOf } from '../device.ts';
import { timestamp } from '../encoding.ts';
import type { Session, User } from '../model.ts';

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

export const sessionJson = (session: Session, currentId: string) => ({
  id: session.id,
  current: session.id === currentId,
  created_at: timestamp(session.createdAt),
  last_used_at: timestamp(session.lastUsedAt),
  expires_at: timestamp(session.expiresAt),
  user_agent: session.userAgent,
  ip: session.ip,
  country: session.country,
});

/** With the names of browser and device, for lists that people read. */
export async function sessionWithDevice(session: Session, currentId: string) {
  const { family, system } = await deviceOf(session.userAgent);
  return { ...sessionJson(session, currentId), device: { browser: family || null, system: system || null } };
}
