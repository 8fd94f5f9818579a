/**
 * The statements that open a session, for prepared statements (d1-sessions.ts) and for batches of rooms that have more to
 * decide, such as consuming a second factor.
 */
import { type Placeholder, type SQL, sql } from 'drizzle-orm';
import { activeUser, liveSession } from '../db/predicates.ts';
import { sessions, users } from '../db/schema.ts';
import type { Db, Params } from '../db/statement.ts';
import type { Session } from '../model.ts';
import { recordPrepared } from '../outbox/d1-record.ts';
import type { Sessions } from '../ports.ts';
import { endedSession, endSessions, insertSession } from './d1-session-writes.ts';

/** A user's newest rows, live or ended, that are kept; a log-in prunes some older, ended ones (docs/adr/0014-dead-sessions.md). */
const KEPT = 200;
const PRUNED_AT_ONCE = 20;
/** At most 100 sessions are live (MAX_SESSIONS_PER_USER), so the rest of these have ended. */
const PRUNE_LOOKS_AT = 100 + PRUNED_AT_ONCE;
/** With more rows there are some to prune, unless very many are live. */
export const CROWDED = KEPT + PRUNED_AT_ONCE;
/** Users do not have more than KEPT + PRUNE_LOOKS_AT rows for long, so that all live ones are among these. */
export const LOOKED_AT = 400;

/** Columns of a subquery with the user's newest rows. */
const newest = { revokedAt: sql`newest.revoked_at`, absoluteEndAt: sql`newest.absolute_end_at` };

const isThere = (userId: Placeholder, id: Placeholder) =>
  sql`EXISTS (SELECT 1 FROM sessions WHERE user_id = ${userId} AND id = ${id})`;

/** Opens a session, if the user is still as read. `onlyIf`: an additional condition. */
export const writeSession = (
  db: Db,
  session: Params<Session & { passwordVersion: number; isStaff: number }>,
  onlyIf: SQL = sql`1`,
) =>
  insertSession(
    db,
    session,
    sql`FROM users WHERE id = ${session.userId} AND password_version = ${session.passwordVersion}
      AND ${activeUser} AND is_staff = ${session.isStaff} AND ${onlyIf}`,
  );

/** Ends the oldest sessions beyond the maximum. Reads up to LOOKED_AT sessions of the user and a few more rows. */
export const evictOldest = (
  db: Db,
  { userId, id, createdAt: now, others }: Params<Session & { others: number }>,
) =>
  endSessions(
    db,
    userId,
    'evicted',
    now,
    sql`${isThere(userId, id)} AND id IN (SELECT id
      FROM (SELECT id, revoked_at, absolute_end_at FROM sessions WHERE user_id = ${userId}
        ORDER BY id DESC LIMIT ${LOOKED_AT}) AS newest
      WHERE id <> ${id} AND ${liveSession(now, newest)} ORDER BY id DESC LIMIT -1 OFFSET ${others})`,
  ).returning(endedSession);

/** Deletes some ended sessions. The user's newest rows, live or ended, stay until the sweep. */
export const pruneDead = (
  db: Db,
  { userId, createdAt: now }: Params<Pick<Session, 'userId' | 'createdAt'>>,
) =>
  db.delete(sessions).where(
    sql`user_id = ${userId} AND id IN (SELECT id
      FROM (SELECT id, revoked_at, absolute_end_at FROM sessions WHERE user_id = ${userId}
        ORDER BY id DESC LIMIT ${PRUNE_LOOKS_AT} OFFSET ${KEPT}) AS newest
      WHERE NOT (${liveSession(now, newest)}) ORDER BY id LIMIT ${PRUNED_AT_ONCE})`,
  );

/** Updates the user after a log-in; null keeps the old value. */
export const noteLogIn = (
  db: Db,
  {
    userId,
    id,
    lastLoginAt,
    passwordHash,
    rehash,
    language,
  }: Params<
    Session & {
      lastLoginAt: number | null;
      passwordHash: string;
      rehash: string | null;
      language: string | null;
    }
  >,
) =>
  db
    .update(users)
    .set({
      lastLoginAt: sql`coalesce(${lastLoginAt}, last_login_at)`,
      passwordHash: sql`CASE password_hash WHEN ${passwordHash} THEN coalesce(${rehash}, password_hash)
        ELSE password_hash END`,
      language: sql`coalesce(${language}, language)`,
    })
    .where(sql`id = ${userId} AND ${isThere(userId, id)}`);

export const recordSignIn = (
  db: Db,
  { userId, id, createdAt: now, eventData: data }: Params<Session & { eventData: string }>,
) => recordPrepared(db, 'user.signed_in', { userId, now, data }, isThere(userId, id));

/** The values for the placeholders of these statements. */
export const openingValues = (
  session: Session,
  { passwordVersion, passwordHash, isStaff }: Parameters<Sessions['open']>[1],
  { max, updateLastLogin, rehash, language }: Parameters<Sessions['open']>[2],
) => ({
  ...session,
  passwordVersion,
  passwordHash,
  isStaff: Number(isStaff),
  others: max - 1,
  lastLoginAt: updateLastLogin ? session.createdAt : null,
  rehash,
  language,
  eventData: JSON.stringify({
    user_id: session.userId,
    session_id: session.id,
    amr: session.amr,
  }),
});

/**
 * `Sessions.open` as statements for a room's own batch. `onlyIf`: an additional condition. The results of the first two
 * show whether the session was opened, and which sessions were evicted.
 */
export function openingStatements(db: Db, [session, as, options]: Parameters<Sessions['open']>, onlyIf: SQL) {
  // Values instead of the placeholders of prepared statements.
  const values = openingValues(session, as, options) as unknown as Params<ReturnType<typeof openingValues>>;
  return [
    writeSession(db, values, onlyIf),
    evictOldest(db, values),
    pruneDead(db, values),
    noteLogIn(db, values),
    ...(db.recordsEvents ? [recordSignIn(db, values)] : []),
  ] as const;
}
