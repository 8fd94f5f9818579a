/**
 * Prepared statements, which Drizzle builds once per isolate, for the most frequent endpoints (docs/adr/0006). Building
 * one takes more time than everything else that an endpoint does. The values that differ between calls are named
 * placeholders. Drizzle's own `batch()` does not fill placeholders, so batches of such statements are run here.
 */
import { fillPlaceholders, type Placeholder, type Query, sql } from 'drizzle-orm';
import type { DrizzleD1Database } from 'drizzle-orm/d1';

/** `recordsEvents`: whether events are written to the outbox (outbox/d1-record.ts). */
export type Db = DrizzleD1Database & { readonly recordsEvents?: boolean };

/** `params.userId` in a statement is a placeholder for the value passed as `userId` when it runs. */
export type Params<Values> = { readonly [Name in keyof Values]: Placeholder };

/** The part of Drizzle's prepared query that is used here. */
interface Prepared<Result> {
  getQuery(): Query;
  execute(values: Record<string, unknown>): Promise<Result>;
  mapResult(response: unknown, isFromBatch: true): unknown;
}
type Write<Values, Result> = (db: Db, params: Params<Values>) => { prepare(): Prepared<Result> };

export interface Statement<in Values, out Result> {
  /** Runs it in its own round trip. */
  readonly run: (values: Values) => Promise<Result>;
  /** For a batch. */
  readonly bind: (values: Values) => D1PreparedStatement;
  readonly read: (result: D1Result) => Result;
}

type ResultsOf<List> = {
  -readonly [I in keyof List]: List[I] extends Statement<never, infer Result> ? Result : never;
};

/** The result of each statement of a batch, and how many rows it read. */
interface Measured<List> {
  results: ResultsOf<List>;
  rowsRead: { -readonly [I in keyof List]: number };
}

export interface Statements {
  statement: <Values, Result>(write: Write<Values, Result>) => Statement<Values, Result>;
  /** One transaction in one round trip; each statement uses the `values` it needs. */
  batch: <Values, const List extends readonly Statement<Values, unknown>[]>(
    statements: List,
    values: Values,
  ) => Promise<ResultsOf<List>>;
  /** Like `batch`, with the number of rows each statement read. */
  measuredBatch: <Values, const List extends readonly Statement<Values, unknown>[]>(
    statements: List,
    values: Values,
  ) => Promise<Measured<List>>;
}

const params = new Proxy({}, { get: (_, name) => sql.placeholder(String(name)) });

/** Built on first use, since few isolates serve every endpoint. */
export function statement<Values, Result>(
  binding: D1Database,
  db: Db,
  write: Write<Values, Result>,
): Statement<Values, Result> {
  let written: { prepared: Prepared<Result>; slots: unknown[]; onD1: D1PreparedStatement } | undefined;
  const once = () => {
    if (written === undefined) {
      const prepared = write(db, params as Params<Values>).prepare();
      const { sql: text, params: slots } = prepared.getQuery();
      written = { prepared, slots, onD1: binding.prepare(text) };
    }
    return written;
  };
  return {
    run: (values) => once().prepared.execute(values as Record<string, unknown>),
    bind: (values) => {
      const { onD1, slots } = once();
      return onD1.bind(...fillPlaceholders(slots, values as Record<string, unknown>));
    },
    read: (result) => once().prepared.mapResult(result, true) as Result,
  };
}

export async function measuredBatch<Values, const List extends readonly Statement<Values, unknown>[]>(
  binding: D1Database,
  statements: List,
  values: Values,
): Promise<Measured<List>> {
  const answers = await binding.batch(statements.map((one) => one.bind(values)));
  return {
    results: answers.map((answer, i) => statements[i]?.read(answer)) as ResultsOf<List>,
    rowsRead: answers.map(({ meta }) => meta.rows_read) as Measured<List>['rowsRead'],
  };
}
