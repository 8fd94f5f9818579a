/** What several stores write to `one_time_tokens`. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { oneTimeTokens } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeKey, OneTimeToken } from '../ports.ts';

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

/** `source`: a FROM and WHERE that decide whether it is left. */
export const insertToken = (
  db: Db,
  token: Omit<OneTimeToken, 'subject' | 'payload'> & { subject: string | SQL; payload: string | null | SQL },
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
