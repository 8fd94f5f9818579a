/**
 * SQL text with the values in it, for `wrangler d1 execute`, which binds none. Pure.
 */

/** D1 takes statements of at most 100 KB. */
export const STATEMENT_MAX_BYTES = 90_000;

export type Value = string | number | boolean | null;

const UTF8 = new TextEncoder();
const sizeOf = (text: string): number => UTF8.encode(text).length;

/**
 * One SQLite literal. Throws a TypeError for what has none: a NUL ends SQL text, a lone surrogate becomes
 * another character on its way, a number that is not an integer has no column here.
 */
export function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('a number in SQL must be an integer');
    return String(value);
  }
  if (value.includes('\0') || !value.isWellFormed()) throw new TypeError('text that SQL cannot hold');
  return `'${value.replaceAll("'", "''")}'`;
}

/** What Drizzle wrote, with its values in it: for statements that the Worker and the scripts share. */
export function withValues(query: { toSQL(): { sql: string; params: unknown[] } }): string {
  const { sql, params } = query.toSQL();
  const values = params.values();
  // A question mark in quotes is text, or part of a name.
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (found) =>
    found === '?' ? literal(values.next().value as Value) : found,
  );
}

/** The items between `head` and `tail`, in as many statements as `maxBytes` makes needful; none for none. */
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
    if (size > room) throw new TypeError(`one item of ${size} bytes is more than a statement holds`);
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

/** `INSERT … ON CONFLICT DO NOTHING`: rows go in in their order, and one that breaks a unique index stays out. */
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
