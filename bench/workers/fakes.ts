/**
 * D1 and KV that answer at once, so that only the Worker is measured. Every statement selects the one user with the one live
 * session; a refresh token is always consumed by the current call. The columns are parsed once from the statement.
 */
import { ISSUED_FOR_SECONDS, SESSION_ID, USER } from '../fixture.ts';

type Row = Record<string, unknown>;
interface Statement {
  sql: string;
  params: readonly unknown[];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function fakeD1(passwordHash: string, now: number): D1Database {
  const known: Row = {
    id: USER.id,
    email: USER.email,
    username: null,
    username_key: null,
    name: 'Mina Kim',
    password_hash: passwordHash,
    password_version: 1,
    is_active: 1,
    is_staff: 0,
    email_verified_at: null,
    date_joined: now,
    last_login_at: now,
    user_id: USER.id,
    created_at: now,
    last_used_at: now,
    expires_at: now + ISSUED_FOR_SECONDS,
    absolute_end_at: now + 30 * ISSUED_FOR_SECONDS,
    revoked_at: null,
    revoked_reason: null,
    user_agent: null,
    ip: null,
    country: null,
    city: null,
    authenticated_at: null,
    amr: '["pwd"]',
    token_revoked_at: now,
    token_reason: 'rotated',
  };

  const columnsOf = cached((sql) =>
    /^\s*select/i.test(sql)
      ? sql
          .slice(sql.search(/select/i) + 6, sql.search(/\sfrom\s/i))
          .split(',')
          .map((column) => column.trim().replaceAll('"', ''))
          .map((column) => ({
            name: column.split(/\.|\sas\s/i).at(-1) ?? '',
            ofSession: column.startsWith('sessions.'),
          }))
      : [],
  );
  const cell = ({ name, ofSession }: { name: string; ofSession: boolean }, successor: unknown) =>
    ofSession && name === 'id' ? SESSION_ID : name === 'token_successor_jti' ? successor : known[name];

  const result = (statement: Statement, successor: unknown) => {
    const columns = columnsOf(statement.sql);
    const rows =
      columns.length > 0
        ? [Object.fromEntries(columns.map((column) => [column.name, cell(column, successor)]))]
        : [];
    const changes = /^\s*insert/i.test(statement.sql) ? 1 : 0;
    return { success: true, results: rows, meta: { changes, rows_read: 0, rows_written: 0 } };
  };

  /** The new jti of an INSERT: the unknown id among its values. */
  const successorIn = ({ sql, params }: Statement): unknown =>
    sql.startsWith('insert into "revoked_tokens"')
      ? params.findLast((p) => typeof p === 'string' && UUID.test(p) && p !== USER.id && p !== SESSION_ID)
      : undefined;

  const prepare = (sql: string, params: readonly unknown[] = []): unknown => ({
    sql,
    params,
    bind: (...values: unknown[]) => prepare(sql, values),
    raw: async () => [columnsOf(sql).map((column) => cell(column, undefined))],
    all: async () => result({ sql, params }, undefined),
    run: async () => result({ sql, params }, undefined),
    first: async () => result({ sql, params }, undefined).results[0] ?? null,
  });
  return {
    prepare: (sql: string) => prepare(sql),
    batch: async (statements: Statement[]) => {
      const successor = statements[0] && successorIn(statements[0]);
      return statements.map((statement) => result(statement, successor));
    },
  } as unknown as D1Database;
}

export const fakeKv = () => ({ get: async () => null, put: async () => {} }) as unknown as KVNamespace;

function cached<T>(make: (sql: string) => T): (sql: string) => T {
  const made = new Map<string, T>();
  return (sql) => {
    const found = made.get(sql);
    if (found !== undefined) return found;
    const fresh = make(sql);
    made.set(sql, fresh);
    return fresh;
  };
}
