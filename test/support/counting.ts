/** Bindings that count: round trips and rows of D1, calls of KV. A batch is one round trip. */
import { env } from 'cloudflare:workers';

export interface Counts {
  d1: { roundTrips: number; rowsRead: number; rowsWritten: number };
  kv: { gets: number; puts: number };
}

export function counting() {
  const counts: Counts = {
    d1: { roundTrips: 0, rowsRead: 0, rowsWritten: 0 },
    kv: { gets: 0, puts: 0 },
  };
  const tally = (result: D1Result<unknown>) => {
    counts.d1.rowsRead += result.meta.rows_read;
    counts.d1.rowsWritten += result.meta.rows_written;
  };
  const real = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement, text: string): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (name === 'bind') return (...values: unknown[]) => wrap(target.bind(...values), text);
        if (name === 'raw') {
          // `raw` has no meta. A read is asked a second time, for objects; a write must not be, so its rows are
          // made of the objects (which lose columns of equal names, as no RETURNING has them).
          return async (...args: [{ columnNames: true }]) => {
            counts.d1.roundTrips += 1;
            const result = await target.all<Record<string, unknown>>();
            tally(result);
            return /^\s*select/i.test(text)
              ? target.raw(...args)
              : result.results.map((row) => Object.values(row));
          };
        }
        if (name === 'run' || name === 'all') {
          return async () => {
            counts.d1.roundTrips += 1;
            const result = await (name === 'run' ? target.run() : target.all());
            tally(result);
            return result;
          };
        }
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    real.set(wrapped, statement);
    return wrapped;
  };
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'prepare') return (text: string) => wrap(target.prepare(text), text);
      if (name === 'batch') {
        return async (statements: D1PreparedStatement[]) => {
          counts.d1.roundTrips += 1;
          const results = await target.batch(statements.map((s) => real.get(s) ?? s));
          results.forEach(tally);
          return results;
        };
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const BLACKLIST = new Proxy(env.BLACKLIST, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'get') counts.kv.gets += 1;
        if (name === 'put') counts.kv.puts += 1;
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return {
    bindings: { DB, BLACKLIST },
    /** What `work` cost. */
    async of(work: () => Promise<unknown>): Promise<Counts> {
      const before = structuredClone(counts);
      await work();
      return {
        d1: {
          roundTrips: counts.d1.roundTrips - before.d1.roundTrips,
          rowsRead: counts.d1.rowsRead - before.d1.rowsRead,
          rowsWritten: counts.d1.rowsWritten - before.d1.rowsWritten,
        },
        kv: { gets: counts.kv.gets - before.kv.gets, puts: counts.kv.puts - before.kv.puts },
      };
    },
  };
}
