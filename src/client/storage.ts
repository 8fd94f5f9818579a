/** Token stores. They may be synchronous (web storage) or asynchronous (React Native, extensions). */

export interface Tokens {
  access: string;
  /** Absent in cookie mode, where only the browser has it. */
  refresh?: string | undefined;
}

export interface KeptTokens extends Tokens {
  /**
   * When they arrived, in epoch milliseconds of this device's clock. If unknown, the access token is sent until the
   * server refuses it.
   */
  receivedAt?: number | undefined;
}

type MaybePromise<T> = T | Promise<T>;

export interface TokenStore {
  get: () => MaybePromise<KeptTokens | null>;
  set: (tokens: KeptTokens | null) => MaybePromise<void>;
  /** False if no other tab can see this store. Default: true. */
  shared?: boolean;
}

/** In memory, until the page is closed. */
export function memoryStore() {
  let kept: KeptTokens | null = null;
  return {
    get: () => kept,
    set: (tokens: KeptTokens | null) => {
      kept = tokens;
    },
    shared: false,
  };
}

/** `localStorage` or `sessionStorage`. An unreadable entry counts as none. */
export function webStorage(
  storage: {
    getItem: (key: string) => string | null;
    setItem: (key: string, value: string) => void;
    removeItem: (key: string) => void;
  },
  key = 'hono-accounts',
) {
  return {
    get: (): KeptTokens | null => {
      try {
        const kept = JSON.parse(storage.getItem(key) ?? 'null') as KeptTokens | null;
        return typeof kept?.access === 'string' ? kept : null;
      } catch {
        return null;
      }
    },
    set: (tokens: KeptTokens | null) =>
      tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key),
  };
}

const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof (value as Promise<T> | null)?.then === 'function';

export type Keeper = ReturnType<typeof createKeeper>;

/** A store with compare-and-set. With a synchronous store everything here is synchronous: a log-out deletes at once. */
export function createKeeper(store: TokenStore) {
  let known: KeptTokens | null = null;
  const remember = (tokens: KeptTokens | null) => {
    known = tokens;
    return tokens;
  };
  const read = (): MaybePromise<KeptTokens | null> => {
    const kept = store.get();
    return isPromise(kept) ? kept.then(remember) : remember(kept);
  };
  const first = read();
  /** The last change of an asynchronous store, for which the next one waits. */
  let last: Promise<unknown> | null = isPromise(first) ? first : null;

  /** Stores `next` if the stored tokens meet `condition`. Returns the previous tokens. */
  function swap(
    next: KeptTokens | null,
    condition: (kept: KeptTokens | null) => boolean = () => true,
  ): MaybePromise<KeptTokens | null> {
    const decide = (kept: KeptTokens | null): MaybePromise<KeptTokens | null> => {
      if (!condition(kept)) return kept;
      remember(next);
      const done = store.set(next);
      return isPromise(done) ? done.then(() => kept) : kept;
    };
    const change = () => {
      const kept = read();
      return isPromise(kept) ? kept.then(decide) : decide(kept);
    };
    if (!last) return change();
    const changed = last.then(change, change);
    last = changed;
    return changed;
  }

  /**
   * Waits until tokens that another tab stored (arrived `at` that time) or removed are visible here: `localStorage`
   * reaches this tab's process a little later than the message.
   */
  async function until(at: number | undefined, isNewest: () => boolean): Promise<void> {
    for (let tries = 0; tries < 20 && isNewest() && (await read())?.receivedAt !== at; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  return {
    read,
    swap,
    until,
    /** Resolves after the first read. A store that cannot be read fails when its tokens are needed. */
    ready: Promise.resolve(first).then(
      () => {},
      () => {},
    ),
    /** For an asynchronous store, as of the last read or write. */
    get isEmpty() {
      const kept = last ? known : read();
      return kept === null;
    },
  };
}
