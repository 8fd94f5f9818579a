/** The only D1 read of a strict guard. In plain SQL, as Drizzle would make up most of the guard's bundle. */
import { unavailable, within } from '../deadlines.ts';
import type { RevocationReason, SessionState, TokenStatus } from '../model.ts';

interface Row {
  is_active: number;
  is_staff: number;
  email_verified_at: number | null;
  absolute_end_at: number | null;
  revoked_at: number | null;
  revoked_reason: string | null;
}

/** The part of TokenStatus that a guard needs. */
export interface GuardStatus {
  user: TokenStatus['user'];
  session: SessionState | null;
}

const QUERY = `SELECT u.is_active, u.is_staff, u.email_verified_at, s.absolute_end_at, s.revoked_at, s.revoked_reason
  FROM users AS u LEFT JOIN sessions AS s ON s.user_id = u.id AND s.id = ?2 WHERE u.id = ?1`;

export const d1TokenStatus =
  (db: D1Database, deadlineMs: number) =>
  async (userId: string, sessionId: string): Promise<GuardStatus> => {
    let row: Row | null;
    try {
      row = await within(deadlineMs, db.prepare(QUERY).bind(userId, sessionId).first<Row>());
    } catch {
      throw unavailable('d1', 'guard.tokenStatus');
    }
    if (!row) return { user: null, session: null };
    return {
      user: {
        isActive: row.is_active === 1,
        isStaff: row.is_staff === 1,
        emailVerifiedAt: row.email_verified_at,
      },
      session:
        row.absolute_end_at === null
          ? null
          : {
              absoluteEndAt: row.absolute_end_at,
              revokedAt: row.revoked_at,
              revokedReason: row.revoked_reason as RevocationReason | null,
            },
    };
  };
