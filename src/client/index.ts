/**
 * The client for browsers, Node, React Native and workers: keeps the tokens of one session, sends the access token, and
 * refreshes it when it is about to end or was refused. It knows nothing of the server's source, only of its API.
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
  /** Where the account app is mounted, such as https://accounts.example.com/account. */
  url: string;
  /** Default: in memory, gone with the page. */
  store?: TokenStore;
  /** More origins that may have the access token, such as https://api.example.com: see `fetch`. */
  origins?: readonly string[];
  /** REFRESH_TRANSPORT=cookie on the server. The first call then resumes the session, if the cookie has one. */
  cookie?: boolean;
  /** How long a refresh or a log-out may take, in milliseconds. Default: 10,000. */
  refreshTimeout?: number;
  fetch?: Send;
  /**
   * Runs `work` alone among all that share the store or the cookie. Default: Web Locks if the browser has them, else
   * among the clients of this page.
   */
  alone?: Lock;
  /** Epoch milliseconds. It may be wrong, but should run on. */
  clock?: () => number;
}

export interface Client extends Api {
  /**
   * `fetch` with the access token of this session; a 401 is answered by one refresh and one more try. The token goes to
   * the account app's origin, to the page's own (a relative URL is one) and to `origins`; a call of any other is sent
   * as it is.
   */
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** For other HTTP libraries and WebSockets: an access token that is still good, or null if nobody is signed in. */
  accessToken: (options?: CallOptions) => Promise<string | null>;
  /** Calls `listener` after each log-in, refresh and log-out, here or in another tab. Returns how to stop that. */
  onChange: (listener: ChangeListener) => () => void;
  /** The store was read. Only an asynchronous one takes time: `isSignedIn` is false until then. */
  readonly ready: Promise<void>;
  /** Somebody is signed in, as far as this client knows: in cookie mode not before the first call, such as `me`. */
  readonly isSignedIn: boolean;
}

const REFRESH_TIMEOUT_MS = 10_000;

export function createClient(options: ClientOptions): Client {
  const { store = memoryStore(), cookie = false, clock = Date.now, origins = [] } = options;
  const { refreshTimeout: limitMs = REFRESH_TIMEOUT_MS } = options;
  const url = options.url.replace(/\/+$/, '');
  const send: Send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const shared = cookie || store.shared !== false ? `hono-accounts ${url}` : null;

  const post = (path: string, body: object, signal?: AbortSignal) =>
    send(url + path, { ...initOf('POST', body, signal), ...(cookie && { credentials: 'include' }) });

  const keeper = createKeeper(store);
  // A refresh that takes longer than half of its time is likely to be lost: another need not wait for its end.
  const lock = bounded(options.alone ?? defaultLock(shared, store), limitMs / 2);
  const events = createEvents(shared, async ({ type, at }, isNewest) => {
    refresher.nobody = false;
    if (store.shared !== false) await keeper.until(at, isNewest);
    // The cookie may be another user's now: the next call asks.
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
