/** What several stores write to `one_time_tokens`. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { oneTimeTokens } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeKey, OneTimePurpose, OneTimeToken } from '../model.ts';

/** The token is there and has not expired: what every use of one asks inside its statement. */
export const liveToken = ({ subject, purpose, hash }: OneTimeKey, now: number): SQL =>
  sql`EXISTS (SELECT 1 FROM one_time_tokens AS token WHERE token.subject = ${subject}
    AND token.purpose = ${purpose} AND token.hash = ${hash} AND token.expires_at > ${now})`;

/** Of one purpose, or all of the subject. */
export const voidTokens = (db: Db, subject: string | SQL, onlyIf: SQL, purpose?: OneTimeToken['purpose']) =>
  db
    .delete(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.subject, subject),
        purpose === undefined ? undefined : eq(oneTimeTokens.purpose, purpose),
        onlyIf,
      ),
    );

/** What somebody in a session has asked for that would outlive it: another address, and the code of a session more. */
export const voidAsked = (db: Db, subject: string, onlyIf: SQL) =>
  voidTokens(db, subject, sql`purpose IN ('email_change', 'exchange') AND ${onlyIf}`);

/** Of the links of one purpose that a subject may have at once. */
export const LIVE_AT_MOST = 5;

/** The oldest go, so that with one more there are LIVE_AT_MOST. */
export const makeRoom = (db: Db, subject: string, purpose: OneTimePurpose, onlyIf: SQL) =>
  voidTokens(
    db,
    subject,
    sql`hash NOT IN (SELECT newer.hash FROM one_time_tokens AS newer WHERE newer.subject = ${subject}
      AND newer.purpose = ${purpose} ORDER BY newer.expires_at DESC, newer.hash LIMIT ${LIVE_AT_MOST - 1})
      AND ${onlyIf}`,
    purpose,
  );

/** Of a user: all but what takes an address back, which is the means of whoever lost it against what comes after. */
export const voidAllTokens = (db: Db, userId: string, onlyIf: SQL) =>
  [voidTokens(db, userId, sql`purpose <> 'email_take_back' AND ${onlyIf}`)] as const;

/**
 * A new password by whoever knows the old one: a verification then disowns the account and no longer confirms the
 * address, since that is the means of the mailbox's owner against whoever signed up with it.
 */
export const voidByPassword = (db: Db, userId: string, onlyIf: SQL) =>
  [
    db
      .update(oneTimeTokens)
      .set({ purpose: 'email_disown' satisfies OneTimePurpose })
      .where(
        and(
          eq(oneTimeTokens.subject, userId),
          eq(oneTimeTokens.purpose, 'email_verify' satisfies OneTimePurpose),
          onlyIf,
        ),
      ),
    voidTokens(db, userId, sql`purpose NOT IN ('email_disown', 'email_take_back') AND ${onlyIf}`),
  ] as const;

/** `source`: a FROM and WHERE that decide whether it is left. */
export const insertToken = (
  db: Db,
  token: Omit<OneTimeToken, 'subject' | 'hash' | 'payload'> & {
    subject: string | SQL;
    hash: string | SQL;
    payload: string | null | SQL;
  },
  source: SQL,
) =>
  insertFrom(
    db,
    oneTimeTokens,
    {
      subject: token.subject,
      purpose: token.purpose,
      hash: token.hash,
      payload: token.payload,
      createdAt: token.createdAt,
      expiresAt: token.expiresAt,
    },
    source,
  );
