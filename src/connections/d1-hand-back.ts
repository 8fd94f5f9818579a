/** The code with which the pages return to an app, in D1: one statement checks everything and writes one row. */
import { sql } from 'drizzle-orm';
import type { D1 } from '../db/client.ts';
import { activeUser, isSession, liveSession } from '../db/predicates.ts';
import { revokedTokens, sessions, users } from '../db/schema.ts';
import { insertToken } from '../token/d1-one-time-tokens.ts';
import type { HandBack } from './ports.ts';

export const d1HandBack = ({ run }: D1): HandBack => ({
  leave: (refresh, { key, createdAt, expiresAt }, challenge, now) =>
    run('hand_back.leave', async (db) => {
      // An `ExchangePayload` (ports.ts) from the current rows.
      const payload = sql`json_object('challenge', ${challenge}, 'passwordVersion', ${users.passwordVersion},
        'isStaff', json(iif(${users.isStaff} = 1, 'true', 'false')), 'amr', json(${sessions.amr}),
        'made', json('false'), 'adds', json('null'), 'keeps',
        json_object('createdAt', ${sessions.createdAt}, 'authenticatedAt', ${sessions.authenticatedAt},
        'absoluteEndAt', ${sessions.absoluteEndAt}))`;
      const { meta } = await insertToken(
        db,
        { ...key, payload, createdAt, expiresAt: sql`min(${expiresAt}, ${sessions.absoluteEndAt})` },
        sql`FROM ${sessions} JOIN ${users} ON ${users.id} = ${sessions.userId}
          WHERE ${isSession(refresh.userId, refresh.sessionId)} AND ${liveSession(now)} AND ${activeUser}
          AND NOT EXISTS (SELECT 1 FROM ${revokedTokens}
            WHERE ${revokedTokens.expiresAt} = ${refresh.expiresAt} AND ${revokedTokens.jti} = ${refresh.jti})`,
      );
      return meta.changes > 0;
    }),
});
