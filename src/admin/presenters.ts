/** The JSON of the console's lists. */
import { changesJson } from '../audit-log.ts';
import { timestamp } from '../encoding.ts';
import type { Session } from '../model.ts';
import type { Counts, DeadLetter, HistoryRow, RevokedTokenRow } from './list-ports.ts';

export const countsJson = (counts: Counts) => ({
  users: counts.users,
  new_this_week: counts.newThisWeek,
  live_sessions: counts.liveSessions,
  revoked_tokens: counts.revokedTokens,
  with_second_factor: counts.withSecondFactor,
  dead_letters: counts.deadLetters,
  with_passkey: counts.withPasskey,
  with_connection: counts.withConnection,
});

export const adminSessionJson = (session: Session) => ({
  id: session.id,
  created_at: timestamp(session.createdAt),
  last_used_at: timestamp(session.lastUsedAt),
  expires_at: timestamp(session.expiresAt),
  absolute_end_at: timestamp(session.absoluteEndAt),
  revoked_at: session.revokedAt === null ? null : timestamp(session.revokedAt),
  revoked_reason: session.revokedReason,
  user_agent: session.userAgent,
  ip: session.ip,
  country: session.country,
  city: session.city,
});

export const revokedTokenJson = (row: RevokedTokenRow) => ({
  jti: row.jti,
  session_id: row.sessionId,
  expires_at: timestamp(row.expiresAt),
  revoked_at: timestamp(row.revokedAt),
  reason: row.reason,
});

export const deadLetterJson = (letter: DeadLetter) => ({
  user: letter.user,
  seq: letter.seq,
  id: letter.id,
  type: letter.type,
  created_at: timestamp(letter.createdAt),
  dead_at: timestamp(letter.deadAt),
  attempts: letter.attempts,
  failure: letter.failure,
});

export const historyJson = (row: HistoryRow) => ({
  id: row.id,
  at: timestamp(row.at),
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  fields: Object.keys(row.changes),
  changes: changesJson(row.changes),
});
