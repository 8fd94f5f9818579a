/**
 * All users in D1 as JSON lines, which `npm run import-users` reads: importing them into an empty database recreates the
 * same users. Holds one page at a time. Includes password hashes only on request.
 */
import type { D1Writer } from './d1-writer.ts';
import { type ExportedConnection, type ExportRow, selectUsersAfter } from './users-sql.ts';

/** wrangler holds the result of a query in memory as text. */
export const PAGE_SIZE = 2_000;

export async function* exportUsers(
  writer: D1Writer,
  { hashes, pageSize = PAGE_SIZE }: { hashes: boolean; pageSize?: number },
): AsyncGenerator<string> {
  let after = '';
  for (;;) {
    const rows = await writer.read<ExportRow>(selectUsersAfter(after, pageSize, hashes));
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map((row) => `${JSON.stringify(lineOf(row))}\n`).join('');
    if (rows.length < pageSize) return;
    after = last.id;
  }
}

function lineOf({ password_hash, last_login_at, ...row }: ExportRow) {
  const connections = (JSON.parse(row.connections) as ExportedConnection[]).map((connection) => ({
    ...connection,
    created_at: time(connection.created_at),
    last_used_at: time(connection.last_used_at),
  }));
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    name: row.name,
    ...(password_hash !== undefined && { password_hash }),
    is_active: row.is_active === 1,
    is_staff: row.is_staff === 1,
    email_verified_at: time(row.email_verified_at),
    date_joined: time(row.date_joined),
    last_login: time(last_login_at),
    ...(connections.length > 0 && { connections }),
  };
}

const time = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
