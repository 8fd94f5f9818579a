/**
 * `INSERT … SELECT`: a row whose being there depends on other rows. Drizzle takes the SELECT as text, where a column
 * that is missing or in the wrong place shows at run time, if at all; here every column has to be named.
 */
import { Column, getTableColumns, is, type Placeholder, SQL, sql } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Db } from './statement.ts';

/** A value, what stands for one in a prepared statement, SQL, or a column of the source that holds the like. */
type Source<Value> = Value | SQL | Placeholder | (Column & { _: { data: NonNullable<Value> } });

/** One entry for every column, whatever its default. */
export type Row<Table extends SQLiteTable> = {
  readonly [Name in keyof Table['$inferSelect']]: Source<Table['$inferSelect'][Name]>;
};

/** `source`: what follows the values, a FROM or WHERE that decides whether there is a row at all. */
export function insertFrom<Table extends SQLiteTable>(db: Db, table: Table, row: Row<Table>, source: SQL) {
  const values = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value: unknown = row[name as keyof Row<Table>];
    return is(value, SQL) || is(value, Column) ? sql`${value}` : sql`${sql.param(value, column)}`;
  });
  return db.insert(table).select(sql`SELECT ${sql.join(values, sql`, `)} ${source}`);
}
