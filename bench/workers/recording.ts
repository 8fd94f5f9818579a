/** D1 and KV that record their calls and the cost of each. */

import type { Call, HowD1, Statement } from '../lib/calls.ts';

const READS = /^\s*select/i;

export function recording(env: { DB: D1Database; BLACKLIST: KVNamespace }) {
  const calls: Call[] = [];
  const known = new WeakMap<object, Statement & { real: D1PreparedStatement }>();

  const note = (how: HowD1, statements: Statement[], results: D1Result[]) => {
    calls.push({
      store: 'd1',
      how,
      statements,
      rowsRead: results.reduce((sum, { meta }) => sum + meta.rows_read, 0),
      rowsWritten: results.reduce((sum, { meta }) => sum + meta.rows_written, 0),
      ms: results.reduce((sum, { meta }) => sum + meta.duration, 0),
    });
  };

  const wrap = (real: D1PreparedStatement, sql: string, params: unknown[]): D1PreparedStatement => {
    const noted = async (how: 'all' | 'run') => {
      const result = await real[how]();
      note(how, [{ sql, params }], [result]);
      return result;
    };
    const wrapped = {
      bind: (...values: unknown[]) => wrap(real.bind(...values), sql, values),
      all: () => noted('all'),
      run: () => noted('run'),
      // Neither reports its cost, so a SELECT runs with `all` first; a write runs once.
      raw: async (...args: []) => {
        const result = await real.all<Record<string, unknown>>();
        note('raw', [{ sql, params }], [result]);
        return READS.test(sql) ? real.raw(...args) : result.results.map((row) => Object.values(row));
      },
      first: async (...args: []) => {
        note('first', [{ sql, params }], [await real.all()]);
        return real.first(...args);
      },
    } as unknown as D1PreparedStatement;
    known.set(wrapped, { real, sql, params });
    return wrapped;
  };

  const DB = {
    prepare: (sql: string) => wrap(env.DB.prepare(sql), sql, []),
    batch: async (statements: D1PreparedStatement[]) => {
      const parts = statements.map(
        (statement) => known.get(statement) as Statement & { real: D1PreparedStatement },
      );
      const results = await env.DB.batch(parts.map((part) => part.real));
      note(
        'batch',
        parts.map(({ sql, params }) => ({ sql, params })),
        results,
      );
      return results;
    },
  } as unknown as D1Database;

  const BLACKLIST = {
    get: (...args: [string, never]) => {
      calls.push({ store: 'kv', how: 'get', args });
      return env.BLACKLIST.get(...args);
    },
    put: (...args: [string, string, KVNamespacePutOptions]) => {
      calls.push({ store: 'kv', how: 'put', args });
      return env.BLACKLIST.put(...args);
    },
  } as unknown as KVNamespace;

  return { calls, bindings: { DB, BLACKLIST } };
}
