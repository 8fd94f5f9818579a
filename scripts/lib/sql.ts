/** SQL text with literal values, for `wrangler d1 execute`, which binds none. Pure. */

/** D1's limit is 100 KB for a statement. */
export const STATEMENT_MAX_BYTES = 90_000;

export type Value = string | number | boolean | null;

const UTF8 = new TextEncoder();
const sizeOf = (text: string): number => UTF8.encode(text).length;

/**
 * One SQLite literal. Throws a TypeError for text with a NUL, which would end the SQL, or with a lone surrogate, which
 * UTF-8 cannot encode, and for a number that is not an integer, which no column here takes.
 */
export function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('a number in SQL must be an integer');
    return String(value);
  }
  if (value.includes('\0') || !value.isWellFormed())
    throw new TypeError('text in SQL must be well-formed and have no NUL');
  return `'${value.replaceAll("'", "''")}'`;
}

/** A Drizzle query as SQL text with literal values: for statements that the Worker and the scripts share. */
export function withValues(query: { toSQL(): { sql: string; params: unknown[] } }): string {
  const { sql, params } = query.toSQL();
  const values = params.values();
  // A question mark within quotes is text or part of a name.
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (found) =>
    found === '?' ? literal(values.next().value as Value) : found,
  );
}

/** The items between `head` and `tail`, split into statements of at most `maxBytes`; no statement for no items. */
export function statements(
  head: string,
  items: readonly string[],
  tail: string,
  maxBytes: number = STATEMENT_MAX_BYTES,
): string[] {
  const all: string[] = [];
  const room = maxBytes - sizeOf(head) - sizeOf(tail);
  let held: string[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item) + 1;
    if (size > room) throw new TypeError(`an item of ${size} bytes does not fit into a statement`);
    if (bytes + size > room) {
      all.push(head + held.join(',') + tail);
      held = [];
      bytes = 0;
    }
    held.push(item);
    bytes += size;
  }
  if (held.length > 0) all.push(head + held.join(',') + tail);
  return all;
}

/** `INSERT … ON CONFLICT DO NOTHING`: inserts rows in order and skips one that would violate a unique index. */
export function insertStatements(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
): string[] {
  return statements(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES `,
    rows.map((row) => `(${row.map(literal).join(',')})`),
    ' ON CONFLICT DO NOTHING',
  );
}
