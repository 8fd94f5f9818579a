/** Exchanging a code for a session, in D1: one round trip that consumes the code and opens the session. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { insertFrom } from '../db/insert-from.ts';
import { activeUser, userExists } from '../db/predicates.ts';
import { connections, logins, oneTimeTokens, userColumns, users } from '../db/schema.ts';
import type { Db, Params } from '../db/statement.ts';
import type { OneTimeKey, Session } from '../model.ts';
import { recordPrepared } from '../outbox/d1-record.ts';
import { evictOldest, noteLogIn, openingValues, pruneDead, writeSession } from '../token/d1-opening.ts';
import type { Connections, ExchangePayload } from './ports.ts';

export const d1Exchange = ({ run }: D1): Pick<Connections, 'exchange'> => ({
  exchange: (key, challenge, now, session, options) =>
    run('connections.exchange', async (db) => {
      const { subject: userId } = key;
      const isThis = matches(key, challenge, now);
      const payload = (path: string): SQL =>
        sql`(SELECT json_extract(${oneTimeTokens.payload}, ${`$.${path}`}) FROM ${oneTimeTokens} WHERE ${isThis})`;
      const byAnother = sql`EXISTS (SELECT 1 FROM ${logins}
        WHERE ${logins.kind} = 'oidc:' || ${payload('adds.issuer')} AND ${logins.key} = ${payload('adds.subject')}
        AND ${logins.userId} <> ${userId})`;
      const mayOpen = sql`EXISTS (SELECT 1 FROM ${oneTimeTokens} WHERE ${isThis}) AND NOT ${byAnother}
        AND (${users.hasSecondFactor} = 0
          OR EXISTS (SELECT 1 FROM json_each(${payload('amr')}) WHERE json_each.value = 'mfa'))`;
      // The user had authenticated to start the link, so it is added even if the new session needs a second factor first.
      const adds = sql`${payload('adds')} IS NOT NULL AND NOT ${byAnother}
        AND ${userExists(
          userId,
          sql`${activeUser} AND ${users.passwordVersion} = ${payload('passwordVersion')}
          AND ${users.isStaff} = ${payload('isStaff')}`,
        )}`;
      // Values that are only known from the row are SQL subqueries.
      const values = {
        ...openingValues(session, { passwordVersion: 0, passwordHash: '', isStaff: false }, options),
        amr: payload('amr'),
        passwordVersion: payload('passwordVersion'),
        isStaff: payload('isStaff'),
      } as unknown as Params<ReturnType<typeof openingValues>>;
      // A hand-back is no new authentication: it must neither make an old one look recent (RFC 9470) nor outlive it.
      const end = (own: number) => sql`min(${own}, coalesce(${payload('keeps.absoluteEndAt')}, ${own}))`;
      const written = {
        ...values,
        createdAt: sql`coalesce(${payload('keeps.createdAt')}, ${now})`,
        authenticatedAt: payload('keeps.authenticatedAt'),
        expiresAt: end(session.expiresAt),
        absoluteEndAt: end(session.absoluteEndAt),
      } as unknown as typeof values;
      const [opening, evicted, , , found, , connected] = await db.batch([
        writeSession(db, written, mayOpen),
        evictOldest(db, values),
        pruneDead(db, values),
        noteLogIn(db, values),
        db
          .select({
            user: userColumns,
            payload: oneTimeTokens.payload,
            taken: sql<number>`${byAnother}`.as('taken'),
          })
          .from(oneTimeTokens)
          .innerJoin(users, eq(users.id, oneTimeTokens.subject))
          .where(and(isThis, activeUser)),
        insertFrom(
          db,
          logins,
          { kind: sql`'oidc:' || ${payload('adds.issuer')}`, key: payload('adds.subject'), userId },
          sql`WHERE ${adds}`,
        ).onConflictDoNothing(),
        insertFrom(
          db,
          connections,
          {
            userId,
            id: payload('adds.id'),
            provider: payload('adds.provider'),
            issuer: payload('adds.issuer'),
            subject: payload('adds.subject'),
            email: payload('adds.email'),
            createdAt: payload('adds.createdAt'),
            lastUsedAt: payload('adds.lastUsedAt'),
          },
          sql`WHERE ${adds} AND NOT EXISTS (SELECT 1 FROM ${connections}
            WHERE ${connections.userId} = ${userId} AND ${connections.issuer} = ${payload('adds.issuer')}
            AND ${connections.subject} = ${payload('adds.subject')})`,
        ),
        ...(db.recordsEvents ? [recordSignIn(db, session, payload)] : []),
        db.delete(oneTimeTokens).where(isThis),
      ]);
      const row = found[0];
      if (!row) return { outcome: 'code' };
      const { user, taken } = row;
      const read = JSON.parse(row.payload ?? '') as ExchangePayload;
      const { made, amr, keeps = null } = read;
      const added = connected.meta.changes > 0 ? read.adds : null;
      if (opening.meta.changes > 0) return { outcome: 'ok', user, made, added, amr, keeps, evicted };
      if (taken) return { outcome: 'taken' };
      const changed = user.passwordVersion !== read.passwordVersion || user.isStaff !== read.isStaff;
      return changed ? { outcome: 'changed' } : { outcome: 'second_factor', user, added, amr };
    }),
});

/** Only for existing accounts: for a new one, `user.created` has been recorded already. */
const recordSignIn = (db: Db, { userId, id, createdAt: now }: Session, payload: (path: string) => SQL) =>
  recordPrepared(
    db,
    'user.signed_in',
    {
      userId,
      now,
      data: sql<string>`json_object('user_id', ${userId}, 'session_id', ${id}, 'amr', json(${payload('amr')}))`,
    },
    sql`EXISTS (SELECT 1 FROM sessions WHERE user_id = ${userId} AND id = ${id})
      AND coalesce(${payload('made')}, 0) = 0`,
  );

/** The row of `one_time_tokens` is this code, live, and has this PKCE challenge. */
const matches = ({ subject, purpose, hash }: OneTimeKey, challenge: string, now: number): SQL =>
  sql`${oneTimeTokens.subject} = ${subject} AND ${oneTimeTokens.purpose} = ${purpose}
    AND ${oneTimeTokens.hash} = ${hash} AND ${oneTimeTokens.expiresAt} > ${now}
    AND json_extract(${oneTimeTokens.payload}, '$.challenge') = ${challenge}`;
