import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { describe, expect, it } from 'vitest';
import { insertFrom } from '../../src/db/insert-from.ts';
import { revokedTokens, sessions, users } from '../../src/db/schema.ts';

/** Writes SQL and never asks a database. */
const db = drizzle(null as unknown as D1Database);
const token = { jti: 'j', successorJti: null, reason: 'rotated', revokedAt: 7, expiresAt: 9 };
const FROM = sql`FROM ${sessions} WHERE ${sessions.id} = ${'s'}`;

describe('INSERT … SELECT', () => {
  it('puts each value under its column, in whatever order they are named', () => {
    expect(insertFrom(db, revokedTokens, { ...token, sessionId: sessions.id }, FROM).toSQL()).toEqual({
      sql:
        'insert into "revoked_tokens" ("expires_at", "jti", "session_id", "revoked_at", "reason", "successor_jti") ' +
        'SELECT ?, ?, "sessions"."id", ?, ?, ? FROM "sessions" WHERE "sessions"."id" = ?',
      params: [9, 'j', 7, 'rotated', null, 's'],
    });
  });

  it('writes values in the format of their columns', () => {
    const user = {
      id: 'u',
      email: null,
      username: null,
      usernameKey: null,
      name: null,
      passwordHash: 'h',
      passwordVersion: 1,
      isActive: true,
      isStaff: false,
      emailVerifiedAt: null,
      dateJoined: 5,
      lastLoginAt: sql`5 + 1`,
      hasSecondFactor: false,
      language: null,
      passkeyCount: 0,
    };
    const { params } = insertFrom(db, users, user, sql`WHERE 1`).toSQL();
    expect(params).toEqual(['u', null, null, null, null, 'h', 1, 1, 0, null, 5, 0, null, 0]);
  });

  it('does not compile without a column, with one too many, or with another type', () => {
    const wrong = [
      // @ts-expect-error a column is missing
      () => insertFrom(db, revokedTokens, token, FROM),
      // @ts-expect-error a column that is not there
      () => insertFrom(db, revokedTokens, { ...token, sessionId: 's', userId: 'u' }, FROM),
      // @ts-expect-error text for a time
      () => insertFrom(db, revokedTokens, { ...token, sessionId: 's', revokedAt: 'now' }, FROM),
      // @ts-expect-error a time for text
      () => insertFrom(db, revokedTokens, { ...token, sessionId: sessions.createdAt }, FROM),
      // @ts-expect-error null where a value is required
      () => insertFrom(db, revokedTokens, { ...token, sessionId: null }, FROM),
    ];
    expect(wrong).toHaveLength(5);
  });
});
