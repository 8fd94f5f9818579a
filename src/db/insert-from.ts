/**
 * `INSERT … SELECT`: a row whose insertion depends on other rows. Drizzle takes the SELECT as text, where a missing or
 * misplaced column shows at run time, if at all. Here the compiler requires every column by name.
 */
import { Column, getTableColumns, is, type Placeholder, SQL, sql } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Db } from './statement.ts';

/** A value, a placeholder of a prepared statement, SQL, or a source column of the same type. */
type Source<Value> = Value | SQL | Placeholder | (Column & { _: { data: NonNullable<Value> } });

/** One entry per column, including those with a default. */
export type Row<Table extends SQLiteTable> = {
  readonly [Name in keyof Table['$inferSelect']]: Source<Table['$inferSelect'][Name]>;
};

/** `source`: follows the selected values; a FROM or WHERE that decides whether the row is inserted. */
export function insertFrom<Table extends SQLiteTable>(db: Db, table: Table, row: Row<Table>, source: SQL) {
  const values = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value: unknown = row[name as keyof Row<Table>];
    return is(value, SQL) || is(value, Column) ? sql`${value}` : sql`${sql.param(value, column)}`;
  });
  return db.insert(table).select(sql`SELECT ${sql.join(values, sql`, `)} ${source}`);
}
