/** Where the tokens are kept. Stores may be synchronous (web storage) or asynchronous (React Native, extensions). */

export interface Tokens {
  access: string;
  /** Absent with the cookie transport, where only the browser has it. */
  refresh?: string | undefined;
}

export interface KeptTokens extends Tokens {
  /**
   * When they arrived, in epoch milliseconds of this device's clock. If it is unknown, the access token is sent until
   * the server refuses it.
   */
  receivedAt?: number | undefined;
}

type MaybePromise<T> = T | Promise<T>;

export interface TokenStore {
  get: () => MaybePromise<KeptTokens | null>;
  set: (tokens: KeptTokens | null) => MaybePromise<void>;
  /** False if no other tab sees this store. Default: true. */
  shared?: boolean;
}

/** Gone with the page. */
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

/** `localStorage` or `sessionStorage`. An entry that cannot be read counts as none. */
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

/** A store with compare-and-set. With a synchronous store nothing here is asynchronous: a log-out forgets at once. */
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
  /** The last change of an asynchronous store: the next one waits for it. */
  let last: Promise<unknown> | null = isPromise(first) ? first : null;

  /** Keeps `next` if `condition` holds of what is kept. Returns what was kept before. */
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
   * Another tab has kept tokens that arrived `at` that time, or has removed them. `localStorage` comes to the process of
   * this tab a little later than the news.
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
    /** The first read is done. A store that cannot be read fails where its tokens are needed. */
    ready: Promise.resolve(first).then(
      () => {},
      () => {},
    ),
    /** Of an asynchronous store: what was read or written last. */
    get isEmpty() {
      const kept = last ? known : read();
      return kept === null;
    },
  };
}
