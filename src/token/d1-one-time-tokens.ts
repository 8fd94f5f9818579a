/** Statements on `one_time_tokens` that several stores share. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { oneTimeTokens } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeKey, OneTimePurpose, OneTimeToken } from '../model.ts';

/** The token exists and has not expired: the condition of every statement that uses one. */
export const liveToken = ({ subject, purpose, hash }: OneTimeKey, now: number): SQL =>
  sql`EXISTS (SELECT 1 FROM one_time_tokens AS token WHERE token.subject = ${subject}
    AND token.purpose = ${purpose} AND token.hash = ${hash} AND token.expires_at > ${now})`;

/** Voids the subject's tokens, of one purpose or of all. */
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

/** Requested from a session that it would outlive: a change of address and codes for further sessions. */
export const isRequested: SQL = sql`purpose IN ('email_change', 'exchange')`;

export const voidRequested = (db: Db, subject: string, onlyIf: SQL) =>
  voidTokens(db, subject, sql`${isRequested} AND ${onlyIf}`);

/** How many live links of one purpose a subject may have. */
export const MAX_LIVE_TOKENS = 5;

/** Voids the subject's oldest tokens, so that adding one makes at most MAX_LIVE_TOKENS. */
export const voidOldest = (db: Db, subject: string, purpose: OneTimePurpose, onlyIf: SQL) =>
  voidTokens(
    db,
    subject,
    sql`hash NOT IN (SELECT newer.hash FROM one_time_tokens AS newer WHERE newer.subject = ${subject}
      AND newer.purpose = ${purpose} ORDER BY newer.expires_at DESC, newer.hash LIMIT ${MAX_LIVE_TOKENS - 1})
      AND ${onlyIf}`,
    purpose,
  );

/** Voids all of a user's tokens except those that take back an address: they protect the owner of a replaced address. */
export const voidAllTokens = (db: Db, userId: string, onlyIf: SQL) =>
  [voidTokens(db, userId, sql`purpose <> 'email_take_back' AND ${onlyIf}`)] as const;

/** For an address that is now verified: voids what confirms it and what disowns the account. */
export const voidVerification = (db: Db, userId: string, onlyIf: SQL) =>
  voidTokens(db, userId, sql`purpose IN ('email_verify', 'email_disown') AND ${onlyIf}`);

/**
 * For a password change by somebody who knows the old one. Verification tokens no longer confirm the address but still
 * disown the account: they protect the owner of the mailbox from whoever signed up with it.
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

/** `source`: a FROM and WHERE that decide whether it is inserted. */
export const insertToken = (
  db: Db,
  token: Omit<OneTimeToken, 'subject' | 'hash' | 'payload' | 'expiresAt'> & {
    subject: string | SQL;
    hash: string | SQL;
    payload: string | null | SQL;
    expiresAt: number | SQL;
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
