/**
 * Deletes expired rows in bounded statements. The blacklist is keyed by expiry, so its expired rows are contiguous.
 * Sessions and one-time tokens have no index on expiry, since writing an index row costs as much as a thousand reads,
 * and are walked by primary key, page by page.
 */
import { sql } from 'drizzle-orm';
import type { Sweeper, Walk } from '../sweeper.ts';
import type { D1 } from './client.ts';
import { oneTimeTokens, sessions, sweepProgress } from './schema.ts';

/** The primary key of each walked table, in order. */
const KEYS = {
  sessions: ['user_id', 'id'],
  one_time_tokens: ['subject', 'purpose', 'hash'],
} as const satisfies Record<Walk, readonly string[]>;

const TABLES = { sessions, one_time_tokens: oneTimeTokens } as const;

export function d1Sweeper({ run }: D1): Sweeper {
  return {
    revokedTokens: (before, limit) =>
      run('sweep.revokedTokens', async (db) => {
        const result = await db.run(sql`DELETE FROM revoked_tokens WHERE (expires_at, jti) IN (
          SELECT expires_at, jti FROM revoked_tokens WHERE expires_at < ${before}
          ORDER BY expires_at LIMIT ${limit})`);
        return result.meta.changes;
      }),

    progress: (walk) =>
      run('sweep.progress', async (db) => {
        const [row] = await db.all<{ cursor: string | null; started_at: number }>(
          sql`SELECT cursor, started_at FROM sweep_progress WHERE walk = ${walk}`,
        );
        if (!row) return null;
        return {
          cursor: row.cursor === null ? null : (JSON.parse(row.cursor) as string[]),
          startedAt: row.started_at,
        };
      }),

    page: (walk, from, before, limit, startedAt) =>
      run('sweep.page', async (db) => {
        const table = sql.raw(walk);
        const key = sql.raw(`(${KEYS[walk].join(', ')})`);
        const after =
          from.length === 0
            ? sql`1`
            : sql`${key} > (${sql.join(
                from.map((part) => sql`${part}`),
                sql`, `,
              )})`;
        const [end] = await db.all<Record<string, string>>(
          sql`SELECT ${sql.raw(KEYS[walk].join(', '))} FROM ${table} WHERE ${after}
            ORDER BY ${sql.raw(KEYS[walk].join(', '))} LIMIT 1 OFFSET ${limit - 1}`,
        );
        const cursor = end ? KEYS[walk].map((part) => end[part] as string) : null;
        const kept = { cursor: cursor && JSON.stringify(cursor), startedAt };
        const upTo = cursor
          ? sql`${key} <= (${sql.join(
              cursor.map((part) => sql`${part}`),
              sql`, `,
            )})`
          : sql`1`;
        const results = await db.batch([
          db.delete(TABLES[walk]).where(sql`${after} AND ${upTo} AND expires_at < ${before}`),
          db
            .insert(sweepProgress)
            .values({ walk, ...kept })
            .onConflictDoUpdate({ target: sweepProgress.walk, set: kept }),
        ]);
        return { deleted: results[0].meta.changes, cursor };
      }),
  };
}
