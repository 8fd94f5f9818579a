/**
 * The SQL conditions that decide races, each written once. Every one is the twin of a pure rule in TypeScript, which
 * its comment names; test/workers/predicates.test.ts runs both over the same cases. Those of a row (`liveSession`,
 * `activeUser`, …) go into a statement or subquery that has the table in scope under its own name.
 */
import { type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { User } from '../model.ts';
import { revokedTokens, sessions, users } from './schema.ts';

/** A value, or what stands for it in a statement that is written once. */
export type Of<T> = T | Placeholder;

/** The row of `users` is active. Twin: `statusFault`, the user's half (token/rotation.ts). */
export const activeUser: SQL = sql`${users.isActive} = 1`;

/** The row of `sessions` is live: not revoked, its absolute end ahead. Twin: `isLiveSession` (token/rotation.ts). */
export const liveSession = (
  now: Of<number>,
  row: { revokedAt: SQLWrapper; absoluteEndAt: SQLWrapper } = sessions,
): SQL => sql`${row.revokedAt} IS NULL AND ${row.absoluteEndAt} > ${now}`;

/** The row of `sessions` is this one. */
export const isSession = (userId: Of<string>, id: Of<string>): SQL =>
  sql`${sessions.userId} = ${userId} AND ${sessions.id} = ${id}`;

/** For a statement about another row, or another table: this session is live. */
export const sessionLives = (userId: Of<string>, id: Of<string>, now: Of<number>): SQL =>
  sql`EXISTS (SELECT 1 FROM ${sessions} WHERE ${isSession(userId, id)} AND ${liveSession(now)})`;

/** There is such a row of `users`, and `more` holds of it. */
export const userExists = (id: Of<string>, more: SQL = sql`1`): SQL =>
  sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.id} = ${id} AND ${more})`;

/** The row of `users` has the address that was read, verified or not as read: it is still the same person's. */
export const addressAsRead = ({ email, emailVerifiedAt }: Pick<User, 'email' | 'emailVerifiedAt'>): SQL =>
  sql`(${users.email} IS ${email} AND ${users.emailVerifiedAt} IS ${emailVerifiedAt})`;

/** The user has a connected account (connections/); with `but`, another one. */
export const hasConnection = (userId: unknown, but?: string): SQL =>
  sql`EXISTS (SELECT 1 FROM connections AS connected WHERE connected.user_id = ${userId}
    AND ${but === undefined ? sql`1` : sql`connected.id <> ${but}`})`;

/** The user whose columns these are can sign in; with `but`, without that connection. Twin: `canSignIn` (account/staff.ts). */
const canSignIn = (passwordHash: unknown, passkeyCount: unknown, id: unknown, but?: string): SQL =>
  sql`(${passwordHash} <> '' OR ${passkeyCount} > 0 OR ${hasConnection(id, but)})`;

/** What the row of `users` loses: one of its passkeys, or this connection. */
export type LostMethod = 'passkey' | { connection: string };

/** The row of `users` can sign in without it. Twin: `canSignIn` (account/staff.ts) of what is left. */
export const canSignInWithout = (lost: LostMethod): SQL =>
  lost === 'passkey'
    ? canSignIn(users.passwordHash, sql`(${users.passkeyCount} - 1)`, users.id)
    : canSignIn(users.passwordHash, users.passkeyCount, users.id, lost.connection);

/** The row of `users` is not the last active staff member who can sign in. Twin: `isTheLastStaff` (account/staff.ts). */
export const notTheLastStaff: SQL = sql`NOT (${users.isStaff} = 1 AND ${activeUser} AND ${canSignIn(users.passwordHash, users.passkeyCount, users.id)}
  AND NOT EXISTS (SELECT 1 FROM users AS other WHERE other.is_staff = 1 AND other.is_active = 1
    AND ${canSignIn(sql`other.password_hash`, sql`other.passkey_count`, sql`other.id`)} AND other.id <> ${users.id}))`;

/**
 * Whoever acts on another user is active staff with a live session. Twin: `actorMayAct` (account/staff.ts). The one
 * condition that reads the actor's rows beside the other user's.
 */
export const actorMayAct = ({
  actorId,
  sessionId,
  now,
}: {
  actorId: string;
  sessionId: string;
  now: number;
}) =>
  sql`EXISTS (SELECT 1 FROM ${users} JOIN ${sessions} ON ${sessions.userId} = ${users.id}
    WHERE ${users.id} = ${actorId} AND ${activeUser} AND ${users.isStaff} = 1
    AND ${sessions.id} = ${sessionId} AND ${liveSession(now)})`;

/**
 * The successor of the row of `revoked_tokens` has a row too, whose key is made as `judgeRotation` (token/rotation.ts)
 * makes the successor. The row of `sessions` is in scope.
 */
export const successorUsed = (refreshLifetimeSeconds: Of<number>): SQL =>
  sql`EXISTS (SELECT 1 FROM revoked_tokens AS successor
    WHERE successor.expires_at = min(${revokedTokens.revokedAt} + ${refreshLifetimeSeconds}, ${sessions.absoluteEndAt})
    AND successor.jti = ${revokedTokens.successorJti})`;

/**
 * The row of `revoked_tokens` is no retry: not rotated, too long ago, or its successor used. Twin: `isReplay`
 * (token/rotation.ts).
 */
export const isReplay = (
  now: Of<number>,
  graceSeconds: Of<number>,
  refreshLifetimeSeconds: Of<number>,
): SQL =>
  sql`(${revokedTokens.reason} <> 'rotated'
    OR NOT (${graceSeconds} > 0 AND ${now} - ${revokedTokens.revokedAt} <= ${graceSeconds})
    OR ${successorUsed(refreshLifetimeSeconds)})`;
