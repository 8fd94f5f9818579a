/** Counts that stop: no table is read to its end to say how many rows it has. */
import { type SQL, sql } from 'drizzle-orm';
import type { Count } from './list-ports.ts';

/** A count goes no further. */
export const COUNT_MAX = 10_000;

export const upTo = (rows: SQL): SQL => sql`SELECT count(*) AS n FROM (${rows} LIMIT ${COUNT_MAX + 1})`;

export const capped = (found: number): Count => ({
  count: Math.min(found, COUNT_MAX),
  more: found > COUNT_MAX,
});
