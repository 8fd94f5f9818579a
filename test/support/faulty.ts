/**
 * D1 and KV that fail on demand. `faulty()` counts the calls of a request and lets one of them (or all from one on)
 * go wrong; `shuffled()` only delays, by a seed, so that what runs at once meets in another order each time.
 * The real bindings stand behind both: what a fault leaves done is done.
 */
import { env } from 'cloudflare:workers';
import { watchedD1 } from './watched-d1.ts';

/**
 * "List of D1_ERRORs", https://developers.cloudflare.com/d1/observability/debug-d1/#list-of-d1_errors, all of it, then
 * three more that are met in production. `retry`: what its column "Recommended action" says; the Worker answers all
 * alike, since the client does not know whether a write went through.
 */
export const D1_ERRORS: readonly { message: string; retry: boolean }[] = [
  { message: 'D1 DB reset because its code was updated.', retry: true },
  { message: 'Internal error while starting up D1 DB storage caused object to be reset.', retry: true },
  { message: 'Network connection lost.', retry: true },
  { message: 'Internal error in D1 DB storage caused object to be reset.', retry: true },
  { message: 'Cannot resolve D1 DB due to transient issue on remote node.', retry: true },
  { message: "Can't read from request stream because client disconnected.", retry: true },
  { message: 'D1 DB storage operation exceeded timeout which caused object to be reset.', retry: false },
  { message: 'D1 DB is overloaded. Requests queued for too long.', retry: false },
  { message: 'D1 DB is overloaded. Too many requests queued.', retry: false },
  { message: "D1 DB's isolate exceeded its memory limit and was reset.", retry: false },
  { message: 'D1 DB exceeded its CPU time limit and was reset.', retry: false },
  { message: 'Too many API requests by single worker invocation.', retry: false },
  { message: 'Exceeded maximum DB size.', retry: false },
  { message: 'database is locked: SQLITE_BUSY', retry: false },
];

/** As the binding throws it: the prefix, and what it says once more as the cause. */
export const d1Error = (message: string): Error =>
  new Error(`D1_ERROR: ${message}`, { cause: new Error(message) });

/** As the binding throws it beyond a limit (https://developers.cloudflare.com/kv/platform/limits/). */
const kvError = (operation: 'GET' | 'PUT'): Error =>
  new Error(`KV ${operation} failed: 429 Too Many Requests`);

export type Store = 'd1' | 'get' | 'put';

/** One call of a request, as a dry run saw it. */
export interface StoreCall {
  store: Store;
  /** From 1, of its store. */
  number: number;
  /** D1: whether a statement of it writes. */
  writes: boolean;
  /** D1: the verbs and tables of its statements; KV: the kind of key. */
  what: string;
}

export interface FaultKind {
  name: string;
  store: Store;
  /** `once`: this call alone; `on`: this one and all later ones of its store. */
  lasts: 'once' | 'on';
  /** Whether what was asked has happened by the time of the answer; `later`: after a second try. */
  happens: 'no' | 'yes' | 'later';
  /** No answer: it takes the deadline to find out. */
  hangs: boolean;
  /** `over` resolves when the test ends. */
  before?: (over: Promise<void>) => unknown;
  after?: () => unknown;
  /** KV: in place of what it would answer. */
  instead?: () => Promise<unknown>;
}

const never = () => new Promise<never>(() => {});
const refuse = (error: () => Error) => () => {
  throw error();
};

const ofD1 = { store: 'd1', lasts: 'once', hangs: false } as const;

/** `error`: one of D1's. */
export const throwsBefore = (error: string): FaultKind => ({
  ...ofD1,
  name: `says "${error}"`,
  happens: 'no',
  before: refuse(() => d1Error(error)),
});
export const throwsAfter = (error: string): FaultKind => ({
  ...ofD1,
  name: `says "${error}" after the commit`,
  happens: 'yes',
  after: refuse(() => d1Error(error)),
});

export const D1_HANGS: readonly FaultKind[] = [
  { ...ofD1, name: 'hangs', happens: 'no', hangs: true, before: never },
  { ...ofD1, name: 'hangs after the commit', happens: 'yes', hangs: true, after: never },
  {
    ...ofD1,
    name: 'hangs, and commits after the second try',
    happens: 'later',
    hangs: true,
    before: (over) => over,
  },
];

const ofGet = { store: 'get', lasts: 'once', happens: 'no', hangs: false } as const;
const ofPut = { ...ofGet, store: 'put' } as const;
const getFails = refuse(() => kvError('GET'));
const putFails = refuse(() => kvError('PUT'));

export const KV_FAULTS: readonly FaultKind[] = [
  { ...ofGet, name: 'throws', before: getFails },
  { ...ofGet, name: 'hangs', hangs: true, before: never },
  { ...ofGet, name: 'misses what is there', instead: async () => null },
  { ...ofPut, name: 'throws once', before: putFails },
  { ...ofPut, name: 'throws from then on', lasts: 'on', before: putFails },
  { ...ofPut, name: 'throws after it was written', happens: 'yes', after: putFails },
  { ...ofPut, name: 'hangs once', hangs: true, before: never },
  { ...ofPut, name: 'hangs from then on', lasts: 'on', hangs: true, before: never },
];

const tableOf = (sql: string) =>
  /^\s*(\w+)[\s\S]*?\b(?:into|from|update)\s+"?(\w+)/i.exec(sql)?.slice(1, 3).join(' ').toLowerCase() ??
  sql.slice(0, 20);
const writes = (sql: string) => !/^\s*(?:select|with|explain)\b/i.test(sql);

/** A pair of bindings for one request: unarmed they count, armed they fail. */
export function faulty() {
  const calls: StoreCall[] = [];
  const mails: { to: string; text: string; token: string | null }[] = [];
  let armed: { kind: FaultKind; number: number } | null = null;
  let fired = 0;
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  let late = 0;
  const meanwhile = new Map<number, () => Promise<unknown>>();
  const atEndpoint = new WeakMap<object, FaultKind>();

  /** The fault for the call that is at the endpoint, if it is its turn. */
  function enter(call: Omit<StoreCall, 'number'>): FaultKind | null {
    const number = calls.filter((before) => before.store === call.store).length + 1;
    calls.push({ ...call, number });
    if (armed === null || armed.kind.store !== call.store) return null;
    const due = armed.kind.lasts === 'once' ? number === armed.number : number >= armed.number;
    if (!due) return null;
    fired += 1;
    return armed.kind;
  }

  const { DB } = watchedD1({
    before: async (trip) => {
      const number = calls.filter(({ store }) => store === 'd1').length + 1;
      await meanwhile.get(number)?.();
      const kind = enter({
        store: 'd1',
        writes: trip.statements.some(({ sql }) => writes(sql)),
        what: trip.statements.map(({ sql }) => tableOf(sql)).join(', '),
      });
      if (kind === null) return;
      atEndpoint.set(trip, kind);
      if (kind.happens === 'later') late += 1;
      await kind.before?.(over);
    },
    after: async (trip) => {
      const kind = atEndpoint.get(trip);
      if (kind?.happens === 'later') late -= 1;
      await kind?.after?.();
    },
  });

  const BLACKLIST = new Proxy(env.BLACKLIST, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      if (name !== 'get' && name !== 'put') return value.bind(target);
      return (...args: unknown[]) => {
        const key = String(args[0]);
        const go = () => (value as (...args: unknown[]) => Promise<unknown>).apply(target, args);
        if (name === 'put' && key.startsWith('mail:')) {
          mails.push(JSON.parse(String(args[1])) as { to: string; text: string; token: string | null });
        }
        const kind = enter({ store: name, writes: name === 'put', what: key.split(':')[0] ?? '' });
        return (async () => {
          await kind?.before?.(over);
          const result = await (kind?.instead ?? go)();
          await kind?.after?.();
          return result;
        })();
      };
    },
  });

  return {
    bindings: { DB, BLACKLIST },
    calls,
    /** Mails on their way to the inbox, whether they arrived or not. */
    mails,
    /** From now on, counted from 1. */
    arm(kind: FaultKind, number: number) {
      calls.length = 0;
      fired = 0;
      armed = { kind, number };
    },
    /** Somebody else does `work` before this call of D1, counted from now, past all faults. */
    between(number: number, work: () => Promise<unknown>) {
      calls.length = 0;
      meanwhile.set(number, work);
    },
    /** How often the fault came. */
    get fired() {
      return fired;
    },
    /** What hung and was to commit later commits now. */
    async release() {
      armed = null;
      end();
      while (late > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}

/** Mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * D1 and KV that are asked in another order for every seed: each call waits a number of turns before it goes, and its
 * answer a number of turns before it arrives. A turn is a microtask, or now and then a timer, behind which everything
 * that is ready goes first.
 */
export function shuffled(seed: number) {
  const random = seeded(seed);
  const wait = async () => {
    const long = random() < 0.25 ? Math.floor(random() * 4) + 1 : 0;
    if (long > 0) await new Promise((resolve) => setTimeout(resolve, long));
    for (let turns = Math.floor(random() * 12); turns > 0; turns--) await null;
  };
  let calls = 0;
  const waiting: { number: number; go: () => void }[] = [];
  const { DB } = watchedD1({
    before: async () => {
      calls += 1;
      for (const { go } of waiting.filter(({ number }) => number <= calls)) go();
      await wait();
    },
    after: wait,
  });
  const BLACKLIST = new Proxy(env.BLACKLIST, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        await wait();
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return {
    bindings: { DB, BLACKLIST },
    /** When D1 has been asked so often. */
    reached: (number: number) =>
      number <= calls
        ? Promise.resolve()
        : new Promise<void>((go) => {
            waiting.push({ number, go });
          }),
  };
}
