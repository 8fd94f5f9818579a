/**
 * What the stores of connected accounts share. Every decision is one statement that inserts the exchange token; later
 * statements of the batch check for that token, whose hash is unique to the batch.
 */
import { type SQL, sql } from 'drizzle-orm';
import { insertFrom } from '../db/insert-from.ts';
import { connections, logins } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { OneTimeKey } from '../model.ts';
import { insertToken } from '../token/d1-one-time-tokens.ts';
import type { Connection, ExchangePayload, ExchangeToken, Identity } from './ports.ts';

/** The kind in the directory `logins`. The trigger of migrations/0007 builds the same text. */
export const kindOf = (issuer: string): string => `oidc:${issuer}`;

/** A user has this identity; with `but`, a user other than that one. */
export const isConnected = ({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>, but?: string): SQL =>
  sql`EXISTS (SELECT 1 FROM ${logins} WHERE ${logins.kind} = ${kindOf(issuer)} AND ${logins.key} = ${subject}
    AND ${but === undefined ? sql`1` : sql`${logins.userId} <> ${but}`})`;

/** `source`: a FROM and WHERE that decide whether it is inserted. */
export const leaveExchange = (
  db: Db,
  { key, ...times }: ExchangeToken,
  payload: ExchangePayload,
  source: SQL,
) => insertToken(db, { ...key, payload: JSON.stringify(payload), ...times }, source);

/** The exchange token was inserted by this batch. */
export const wasLeft = ({ subject, purpose, hash }: OneTimeKey): SQL =>
  sql`EXISTS (SELECT 1 FROM one_time_tokens AS token WHERE token.subject = ${subject}
    AND token.purpose = ${purpose} AND token.hash = ${hash})`;

/** The connection and its directory entry. */
export const insertConnection = (db: Db, userId: string, connection: Connection, onlyIf: SQL) =>
  [
    insertFrom(
      db,
      logins,
      { kind: kindOf(connection.issuer), key: connection.subject, userId },
      sql`WHERE ${onlyIf}`,
    ),
    insertFrom(db, connections, { userId, ...connection }, sql`WHERE ${onlyIf}`),
  ] as const;
