/** A D1Writer over SQLite in memory, with the real migrations. */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { D1Writer } from '../../../scripts/lib/d1-writer.ts';

export function migrate(database: DatabaseSync): void {
  for (const file of readdirSync('migrations').sort()) {
    if (file.endsWith('.sql')) database.exec(readFileSync(`migrations/${file}`, 'utf8'));
  }
}

/** The directory says what the rows of users say: for a test that writes those by hand, and to compare. */
export const DIRECTORY = `SELECT 'email' AS kind, email AS key, id AS user_id FROM users WHERE email IS NOT NULL
  UNION ALL SELECT 'username', username_key, id FROM users WHERE username_key IS NOT NULL
  UNION ALL SELECT 'oidc:' || issuer, subject, user_id FROM connections`;
export const ENTER_ALL = `INSERT INTO logins ${DIRECTORY}`;

export function memoryD1() {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  const writes: string[] = [];
  const writer: D1Writer = {
    readMaxBytes: 90_000,
    read: async <Row>(sql: string) => database.prepare(sql).all() as Row[],
    write: async (statements) => {
      writes.push(...statements);
      database.exec('BEGIN');
      try {
        for (const sql of statements) database.exec(sql);
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: async () => database.close(),
  };
  /** Rows as plain objects. */
  const rows = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  return { writer, writes, rows };
}
