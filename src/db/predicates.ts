/**
 * The SQL conditions that decide races, each defined once. Comments name the pure TypeScript rule that is a condition's
 * twin; test/workers/predicates.test.ts runs both over the same cases. Conditions on a row (`liveSession`,
 * `activeUser`, …) need the table in scope under its own name.
 */
import { type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { User } from '../model.ts';
import type { OpenWays } from '../ports.ts';
import { revokedTokens, sessions, users } from './schema.ts';

/** A value, or a placeholder in a prepared statement. */
export type Of<T> = T | Placeholder;

/** The row of `users` is active. Twin: the user's half of `statusFault` (token/rotation.ts). */
export const activeUser: SQL = sql`${users.isActive} = 1`;

/** The row of `sessions` is neither revoked nor past its absolute end. Twin: `isLiveSession` (token/rotation.ts). */
export const liveSession = (
  now: Of<number>,
  row: { revokedAt: SQLWrapper; absoluteEndAt: SQLWrapper } = sessions,
): SQL => sql`${row.revokedAt} IS NULL AND ${row.absoluteEndAt} > ${now}`;

/** The row of `sessions` is this one. */
export const isSession = (userId: Of<string>, id: Of<string>): SQL =>
  sql`${sessions.userId} = ${userId} AND ${sessions.id} = ${id}`;

/** This session is live; for statements about other rows or tables. */
export const sessionLives = (userId: Of<string>, id: Of<string>, now: Of<number>): SQL =>
  sql`EXISTS (SELECT 1 FROM ${sessions} WHERE ${isSession(userId, id)} AND ${liveSession(now)})`;

/** A row of `users` has this id and meets `more`. */
export const userExists = (id: Of<string>, more: SQL = sql`1`): SQL =>
  sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.id} = ${id} AND ${more})`;

/** The row of `users` has the address and verification that were read, so it still belongs to the same person. */
export const addressAsRead = ({ email, emailVerifiedAt }: Pick<User, 'email' | 'emailVerifiedAt'>): SQL =>
  sql`(${users.email} IS ${email} AND ${users.emailVerifiedAt} IS ${emailVerifiedAt})`;

/** The user has a connected account (connections/); with `but`, one other than that. */
export const hasConnection = (userId: unknown, but?: string): SQL =>
  sql`EXISTS (SELECT 1 FROM connections AS connected WHERE connected.user_id = ${userId}
    AND ${but === undefined ? sql`1` : sql`connected.id <> ${but}`})`;

/** The user with these columns can sign in; with `but`, without that connection. Twin: `canSignIn` (account/staff.ts). */
const canSignIn = (passwordHash: unknown, passkeyCount: unknown, id: unknown, but?: string): SQL =>
  sql`(${passwordHash} <> '' OR ${passkeyCount} > 0 OR ${hasConnection(id, but)})`;

/** A sign-in method that a user is about to lose: the password, any one passkey, or this connection. */
export type LostMethod = 'password' | 'passkey' | { connection: string };

/**
 * The row of `users` can sign in without that method; without `passkeys`, not with a passkey either. Twin: `canSignIn`
 * (account/staff.ts) of what is left.
 */
export const canSignInWithout = (lost: LostMethod, passkeys = true): SQL => {
  const count = passkeys ? users.passkeyCount : sql`0`;
  if (lost === 'password') return canSignIn(sql`''`, count, users.id);
  if (lost === 'passkey') return canSignIn(users.passwordHash, sql`(${count} - 1)`, users.id);
  return canSignIn(users.passwordHash, count, users.id, lost.connection);
};

/** Without any of `ids` somebody could still use the console, or the row of `users` is not staff who can. */
export const staffRemains = (ids: SQL): SQL =>
  sql`NOT (${users.isStaff} = 1 AND ${activeUser} AND ${canSignIn(users.passwordHash, users.passkeyCount, users.id)}
  AND NOT EXISTS (SELECT 1 FROM users AS other WHERE other.is_staff = 1 AND other.is_active = 1
    AND ${canSignIn(sql`other.password_hash`, sql`other.passkey_count`, sql`other.id`)} AND other.id NOT IN ${ids}))`;

/** The row of `users` is not the last active staff member who can sign in. Twin: `isTheLastStaff` (account/staff.ts). */
export const notTheLastStaff: SQL = staffRemains(sql`(${users.id})`);

/**
 * The row of `users` keeps a way to sign in when its owner removes this one. A verified address is one if e-mail signs in,
 * except for the last staff member. Twin: `keepsAWayIn` (account/staff.ts).
 */
export const keepsAWayIn = (lost: LostMethod, { emailSignIn, passkeys }: OpenWays): SQL => {
  const left = canSignInWithout(lost, passkeys);
  return emailSignIn ? sql`(${left} OR (${users.emailVerifiedAt} IS NOT NULL AND ${notTheLastStaff}))` : left;
};

/**
 * The actor is active staff with a live session. Twin: `actorMayAct` (account/staff.ts). The only condition that reads
 * the actor's rows in a statement about another user.
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
 * The successor of the row of `revoked_tokens` has been consumed too. Its key is computed as in `judgeRotation`
 * (token/rotation.ts). Needs the row of `sessions` in scope.
 */
export const successorUsed = (refreshLifetimeSeconds: Of<number>): SQL =>
  sql`EXISTS (SELECT 1 FROM revoked_tokens AS successor
    WHERE successor.expires_at = min(${revokedTokens.revokedAt} + ${refreshLifetimeSeconds}, ${sessions.absoluteEndAt})
    AND successor.jti = ${revokedTokens.successorJti})`;

/**
 * Presenting the token of this row of `revoked_tokens` again is a replay, not a retry: it was not rotated, or too long
 * ago, or its successor has been used. Twin: `isReplay` (token/rotation.ts).
 */
export const isReplay = (
  now: Of<number>,
  graceSeconds: Of<number>,
  refreshLifetimeSeconds: Of<number>,
): SQL =>
  sql`(${revokedTokens.reason} <> 'rotated'
    OR NOT (${graceSeconds} > 0 AND ${now} - ${revokedTokens.revokedAt} <= ${graceSeconds})
    OR ${successorUsed(refreshLifetimeSeconds)})`;
