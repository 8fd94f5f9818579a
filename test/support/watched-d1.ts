/** The real D1 with somebody at the endpoint: sees the SQL of every round trip, and may do something before or after. */
import { env } from 'cloudflare:workers';

export interface Statement {
  sql: string;
  params: unknown[];
}

/** One round trip: a statement on its own, or a batch. */
export interface RoundTrip {
  /** From 1. */
  number: number;
  statements: Statement[];
}

export interface Watch {
  /** What it throws is what the caller gets, and nothing has happened in D1. */
  before?: (trip: RoundTrip) => unknown;
  /** What it throws is what the caller gets, although it has happened in D1. */
  after?: (trip: RoundTrip) => unknown;
}

export function watchedD1(watch: Watch = {}) {
  const trips: RoundTrip[] = [];
  const known = new WeakMap<object, Statement & { real: D1PreparedStatement }>();

  async function pass<T>(statements: Statement[], go: () => Promise<T>): Promise<T> {
    const trip = { number: trips.length + 1, statements };
    trips.push(trip);
    await watch.before?.(trip);
    const result = await go();
    await watch.after?.(trip);
    return result;
  }

  const wrap = (real: D1PreparedStatement, sql: string, params: unknown[]): D1PreparedStatement => {
    const wrapped = new Proxy(real, {
      get(target, name) {
        if (name === 'bind') return (...values: unknown[]) => wrap(target.bind(...values), sql, values);
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) =>
          pass([{ sql, params }], () => (value as (...a: unknown[]) => Promise<unknown>).apply(target, args));
      },
    });
    known.set(wrapped, { real, sql, params });
    return wrapped;
  };

  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => wrap(target.prepare(sql), sql, []);
      if (name === 'batch') {
        return (statements: D1PreparedStatement[]) => {
          const parts = statements.map((statement) => known.get(statement));
          return pass(
            parts.map((part) => ({ sql: part?.sql ?? '', params: part?.params ?? [] })),
            () => target.batch(statements.map((statement, i) => parts[i]?.real ?? statement)),
          );
        };
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

  return { DB, trips };
}
