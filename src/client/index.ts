/**
 * The client for browsers, Node, React Native and workers. Stores the tokens of one session, sends the access token, and
 * refreshes it when it is about to expire or was refused. Depends on the server's API only, not on its source.
 */
import { type Api, type CallOptions, createApi } from './api.ts';
import { type ChangeListener, createEvents } from './events.ts';
import { createFetch, initOf, type Send } from './fetch.ts';
import { bounded, defaultLock, type Lock } from './lock.ts';
import { createRefresh } from './refresh.ts';
import { createKeeper, memoryStore, type TokenStore } from './storage.ts';

export type { Api, CallOptions } from './api.ts';
export {
  AccountsError,
  type ErrorCode,
  type FieldError,
  type KnownErrorCode,
  type Problem,
} from './errors.ts';
export type { AccountChange, ChangeListener, SignOutReason } from './events.ts';
export type { Lock } from './lock.ts';
export { type KeptTokens, memoryStore, type TokenStore, type Tokens, webStorage } from './storage.ts';
export type { Export, LogIn, Session, SignUp, User } from './wire.ts';

export interface ClientOptions {
  /** URL of the account app, such as https://accounts.example.com/account. */
  url: string;
  /** Default: in memory, until the page is closed. */
  store?: TokenStore;
  /** Additional origins that receive the access token, such as https://api.example.com; see `fetch`. */
  origins?: readonly string[];
  /** Set it if the server has REFRESH_TRANSPORT=cookie. The first call then resumes the session of the cookie, if any. */
  cookie?: boolean;
  /** Time limit of a refresh or log-out, in milliseconds. Default: 10,000. */
  refreshTimeout?: number;
  fetch?: Send;
  /**
   * Runs `work` while no other client that shares the store or the cookie runs its own. Default: Web Locks if available,
   * otherwise a lock among the clients of this page.
   */
  alone?: Lock;
  /** Epoch milliseconds. The absolute time may be wrong, but it must advance. */
  clock?: () => number;
}

export interface Client extends Api {
  /**
   * `fetch` with the access token. A 401 triggers one refresh and one retry. The token is sent to the account app's
   * origin, the page's own origin (including relative URLs) and `origins`; requests to other origins are sent unchanged.
   */
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** For other HTTP libraries and WebSockets: a valid access token, or null if nobody is signed in. */
  accessToken: (options?: CallOptions) => Promise<string | null>;
  /** Calls `listener` after each log-in, refresh and log-out, here or in another tab. Returns a function that removes it. */
  onChange: (listener: ChangeListener) => () => void;
  /** Resolves once the store has been read. With an asynchronous store `isSignedIn` is false until then. */
  readonly ready: Promise<void>;
  /** Whether this client has tokens. In cookie mode false until the first call, such as `me`. */
  readonly isSignedIn: boolean;
}

const REFRESH_TIMEOUT_MS = 10_000;

export function createClient(options: ClientOptions): Client {
  const {
    store = memoryStore(),
    cookie = false,
    clock = Date.now,
    origins = [],
    refreshTimeout: limitMs = REFRESH_TIMEOUT_MS,
  } = options;
  const url = options.url.replace(/\/+$/, '');
  const send: Send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const shared = cookie || store.shared !== false ? `hono-accounts ${url}` : null;

  const post = (path: string, body: object, signal?: AbortSignal) =>
    send(url + path, { ...initOf('POST', body, signal), ...(cookie && { credentials: 'include' }) });

  const keeper = createKeeper(store);
  // A refresh that takes more than half of its time is probably lost: do not make others wait for it.
  const lock = bounded(options.alone ?? defaultLock(shared, store), limitMs / 2);
  const events = createEvents(shared, async ({ type, at }, isNewest) => {
    refresher.nobody = false;
    if (store.shared !== false) await keeper.until(at, isNewest);
    // The cookie may belong to another user now: the next call refreshes.
    else if (type !== 'refreshed') await keeper.swap(null);
  });
  const refresher = createRefresh({ cookie, keeper, events, lock, limitMs, clock, post });
  const http = createFetch({ url, origins, cookie, keeper, refresher, clock, send });

  return {
    ...createApi({ url, cookie, keeper, refresher, events, lock, limitMs, post, ...http }),
    fetch: (input, init) => http.fetch(input, init),
    accessToken: async ({ signal } = {}) => (await http.fresh(signal)).tokens?.access ?? null,
    onChange: events.onChange,
    ready: keeper.ready,
    get isSignedIn() {
      return !keeper.isEmpty;
    },
  };
}
