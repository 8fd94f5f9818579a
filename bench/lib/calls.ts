/** The store calls of a request, recorded in workerd and read by the scripts. */

export interface Statement {
  sql: string;
  params: unknown[];
}

export type HowD1 = 'batch' | 'all' | 'run' | 'raw' | 'first';

export type Call =
  | {
      store: 'd1';
      how: HowD1;
      statements: Statement[];
      rowsRead: number;
      rowsWritten: number;
      /** D1's own figure. */
      ms: number;
    }
  | { store: 'kv'; how: 'get' | 'put'; args: unknown[] };

/** The work that an endpoint cannot do without, to be repeated without the endpoint. */
export interface Plan {
  /** A text that starts with $ is replaced by a value of the caller; so is `$name` in the key of a KV call. */
  calls: Call[];
  /** How many tokens it returns. */
  signs: 0 | 2;
  /** For a log-in: PBKDF2 with the settings of this benchmark. */
  hashes: boolean;
}

export interface Counts {
  d1RoundTrips: number;
  rowsRead: number;
  rowsWritten: number;
  kvReads: number;
  kvWrites: number;
}

export function countsOf(calls: readonly Call[]): Counts {
  const d1 = calls.filter((call) => call.store === 'd1');
  const kv = calls.filter((call) => call.store === 'kv');
  return {
    d1RoundTrips: d1.length,
    rowsRead: d1.reduce((sum, call) => sum + call.rowsRead, 0),
    rowsWritten: d1.reduce((sum, call) => sum + call.rowsWritten, 0),
    kvReads: kv.filter((call) => call.how === 'get').length,
    kvWrites: kv.filter((call) => call.how === 'put').length,
  };
}
