/**
 * Codes sent by e-mail, in D1. Each address has one row, known or not: a newer code replaces the older one, and every
 * request writes the same number of rows (docs/adr/0007). The subject is the id of the address's active owner, so that
 * voiding a user's tokens includes it, or else the SHA-256 of the address. Using a code is one batch whose statements
 * require the row and whose last one deletes it, so only one of many concurrent uses succeeds.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { addLogin, isTaken } from '../account/d1-logins.ts';
import { dropUnprovenWays, passToOwner, recordPassing, signedUpUnproven } from '../account/d1-unproven.ts';
import { insertUser } from '../account/d1-user-writes.ts';
import type { D1 } from '../db/client.ts';
import { activeUser, isSession, userExists } from '../db/predicates.ts';
import { logins, oneTimeTokens, sessions, userColumns, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimePurpose, Session, User } from '../model.ts';
import { batchWithEvents, recordEvent } from '../outbox/d1-record.ts';
import { insertToken, voidTokens } from '../token/d1-one-time-tokens.ts';
import { openingStatements } from '../token/d1-opening.ts';
import { endedSession, endSessions } from '../token/d1-session-writes.ts';
import { TRIES_PER_CODE } from './limits.ts';
import type { EmailSignIn, Key, WaitingCode } from './ports.ts';

const PURPOSE = 'email_sign_in' satisfies OneTimePurpose;
/** A constant in place of a hash, as there is only one row. Its digests are in the payload. */
const NEWEST = 'newest';

interface Payload {
  email: string;
  code: string;
  secret: string;
  tries: number;
}

/** The subject's pending row, with tries left. */
const mayStillTry = (subject: SQL | string, now: number): SQL =>
  sql`${oneTimeTokens.subject} = ${subject} AND ${oneTimeTokens.purpose} = ${PURPOSE}
    AND ${oneTimeTokens.hash} = ${NEWEST} AND ${oneTimeTokens.expiresAt} > ${now}
    AND json_extract(${oneTimeTokens.payload}, '$.tries') < ${TRIES_PER_CODE}`;

/** This code is unused and no newer one has replaced it. */
const waits = ({ subject, digests }: Key, now: number): SQL =>
  sql`EXISTS (SELECT 1 FROM one_time_tokens AS code WHERE code.subject = ${subject} AND code.purpose = ${PURPOSE}
    AND code.hash = ${NEWEST} AND code.expires_at > ${now}
    AND json_extract(code.payload, '$.secret') = ${digests.secret})`;

const isThere = ({ userId, id }: Session): SQL =>
  sql`EXISTS (SELECT 1 FROM ${sessions} WHERE ${isSession(userId, id)})`;

/** The owner of an address. Joined to a constant row, so that there always is a result. */
const ownerOf = (db: Db, email: string | SQL) =>
  db
    .select({ user: userColumns, unproven: sql<number>`${signedUpUnproven}`.as('unproven') })
    .from(sql`(SELECT 1)`)
    .leftJoin(logins, and(eq(logins.kind, 'email'), eq(logins.key, email)))
    .leftJoin(users, eq(users.id, logins.userId));

function waiting(
  row: { subject: string; payload: string | null } | undefined,
  owner: { user: User | null; unproven: number } | undefined,
): WaitingCode | null {
  if (!row) return null;
  const { email, code, secret } = JSON.parse(row.payload ?? '') as Payload;
  return {
    subject: row.subject,
    email,
    digests: { code, secret },
    user: owner?.user ?? null,
    signedUpUnproven: owner?.unproven === 1,
  };
}

/** The user still is as read and the code is unused. Needs the row of `users` in scope. */
const asRead = (key: Key, { id, email }: Pick<User, 'id' | 'email'>, now: number): SQL =>
  sql`${users.id} = ${id} AND ${users.email} = ${email} AND ${activeUser} AND ${waits(key, now)}`;

export function d1EmailSignIn({ run }: D1): EmailSignIn {
  return {
    request: ({ email, emailSubject, digests, createdAt, expiresAt }) =>
      run('emailSignIn.request', async (db) => {
        const payload: Payload = { email, ...digests, tries: 0 };
        const [made, taken] = await db.batch([
          insertToken(
            db,
            {
              subject: sql`coalesce(${users.id}, ${emailSubject})`,
              purpose: PURPOSE,
              hash: NEWEST,
              payload: JSON.stringify(payload),
              createdAt,
              expiresAt,
            },
            sql`FROM (SELECT 1) LEFT JOIN ${logins} ON ${logins.kind} = 'email' AND ${logins.key} = ${email}
              LEFT JOIN ${users} ON ${users.id} = ${logins.userId} AND ${activeUser} WHERE 1`,
          )
            .onConflictDoUpdate({
              target: [oneTimeTokens.subject, oneTimeTokens.purpose, oneTimeTokens.hash],
              set: {
                payload: sql`excluded.payload`,
                createdAt: sql`excluded.created_at`,
                expiresAt: sql`excluded.expires_at`,
              },
            })
            .returning({ subject: oneTimeTokens.subject }),
          db.select({ taken: sql<number>`${isTaken('email', email)}`.as('taken') }).from(sql`(SELECT 1)`),
        ]);
        return { subject: made[0]?.subject ?? emailSubject, taken: taken[0]?.taken === 1 };
      }),

    takeTry: ({ email, emailSubject }, now) =>
      run('emailSignIn.takeTry', async (db) => {
        const subject = sql`coalesce((SELECT ${users.id} FROM ${logins} JOIN ${users} ON ${users.id} = ${logins.userId}
          WHERE ${logins.kind} = 'email' AND ${logins.key} = ${email} AND ${activeUser}), ${emailSubject})`;
        const [taken, owner] = await db.batch([
          db
            .update(oneTimeTokens)
            .set({
              payload: sql`json_set(${oneTimeTokens.payload}, '$.tries',
                json_extract(${oneTimeTokens.payload}, '$.tries') + 1)`,
            })
            .where(mayStillTry(subject, now))
            .returning({ subject: oneTimeTokens.subject, payload: oneTimeTokens.payload }),
          ownerOf(db, email),
        ]);
        return waiting(taken[0], owner[0]);
      }),

    find: ({ subject, secret }, now) =>
      run('emailSignIn.find', async (db) => {
        const isThis = sql`${mayStillTry(subject, now)}
          AND json_extract(${oneTimeTokens.payload}, '$.secret') = ${secret}`;
        const address = sql`(SELECT json_extract(${oneTimeTokens.payload}, '$.email') FROM ${oneTimeTokens}
          WHERE ${isThis})`;
        const [found, owner] = await db.batch([
          db
            .select({ subject: oneTimeTokens.subject, payload: oneTimeTokens.payload })
            .from(oneTimeTokens)
            .where(isThis),
          ownerOf(db, address),
        ]);
        return waiting(found[0], owner[0]);
      }),

    prove: (key, read, now) =>
      run('emailSignIn.prove', async (db) => {
        const { id, passwordVersion } = read;
        const isUnproven = sql`${users.emailVerifiedAt} IS NULL AND ${users.passwordVersion} = ${passwordVersion}
          AND ${asRead(key, read, now)}`;
        const unproven = userExists(id, isUnproven);
        const [ended, , , , , , , , proven] = await batchWithEvents(
          db,
          [
            endSessions(db, id, 'password_reset', now, unproven).returning(endedSession),
            voidTokens(db, id, sql`purpose NOT IN (${PURPOSE}, 'email_take_back') AND ${unproven}`),
            ...dropUnprovenWays(db, id, isUnproven),
            db
              .update(users)
              .set({
                emailVerifiedAt: now,
                passwordHash: '',
                passwordVersion: sql`${users.passwordVersion} + 1`,
              })
              .where(isUnproven)
              .returning(userColumns),
          ],
          { before: recordEvent(db, 'email.verified', { userId: id, now }, {}, unproven) },
        );
        const [user] = proven;
        return user ? { outcome: 'ok', user, ended } : { outcome: 'changed' };
      }),

    open: (key, opening) =>
      run('emailSignIn.open', async (db) => {
        const [session] = opening;
        const onlyIf = sql`${users.emailVerifiedAt} IS NOT NULL
          AND ${asRead(key, { id: session.userId, email: key.email }, session.createdAt)}`;
        const [open, ...rest] = openingStatements(db, opening, onlyIf);
        const [opened, evicted] = await db.batch([
          open,
          ...rest,
          voidTokens(db, key.subject, isThere(session), PURPOSE),
        ]);
        return opened.meta.changes > 0 ? { outcome: 'ok', evicted } : { outcome: 'changed' };
      }),

    use: (key, read, now) =>
      run('emailSignIn.use', async (db) => {
        const used = await voidTokens(db, key.subject, userExists(read.id, asRead(key, read, now)), PURPOSE);
        return used.meta.changes > 0;
      }),

    openNew: (key, user, opening) =>
      run('emailSignIn.openNew', async (db) => {
        const [session] = opening;
        const unused = waits(key, session.createdAt);
        const [open, ...rest] = openingStatements(db, opening, unused);
        const may = sql`${unused} AND NOT ${isTaken('email', user.email)}`;
        const who = { userId: user.id, now: session.createdAt };
        const created = recordEvent(db, 'user.created', who, { email_verified: true }, may);
        const [made, , opened, evicted] = await batchWithEvents(
          db,
          [
            insertUser(db, user, sql`WHERE ${may}`),
            addLogin(db, user.id, 'email'),
            open,
            ...rest,
            // Includes pending sign-ups for the address.
            voidTokens(db, key.subject, isThere(session)),
          ],
          { before: created },
        );
        const done = made.meta.changes > 0 && opened.meta.changes > 0;
        return done ? { outcome: 'ok', evicted } : { outcome: 'changed' };
      }),

    pass: (key, user, from, opening) =>
      run('emailSignIn.pass', async (db) => {
        const [session] = opening;
        const pass = passToOwner(db, from, user, waits(key, session.createdAt));
        const [open, ...rest] = openingStatements(db, opening, pass.passed);
        const passing = recordPassing(db, from, user.id, session.createdAt, pass.mayPass);
        const [ended, , , , deleted] = await batchWithEvents(
          db,
          [pass.ended, ...pass.deleted, ...pass.made, open, ...rest, pass.voided],
          { before: passing },
        );
        return deleted.length > 0 ? { outcome: 'ok', evicted: [], ended } : { outcome: 'changed' };
      }),
  };
}
