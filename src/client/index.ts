/**
 * The client for browsers and Node: keeps the tokens of one session, sends the access token, and refreshes it
 * when it is about to end or was refused. What changes the session goes one at a time, across tabs too where Web Locks
 * are there.
 * Knows nothing of the server's source; only of its wire.
 */

export interface Tokens {
  access: string;
  /** Absent with the cookie transport: then the browser has it, and no script. */
  refresh?: string | undefined;
}

export interface KeptTokens extends Tokens {
  /** When they came, in epoch milliseconds of this device's clock. Unknown: the access token is sent until a 401. */
  receivedAt?: number | undefined;
}

/** Where tokens are kept. For several tabs it must be shared by them: `webStorage(localStorage)`. */
export interface TokenStore {
  get: () => KeptTokens | null;
  set: (tokens: KeptTokens | null) => void;
}

export interface ClientOptions {
  /** Where the account app is mounted, such as https://accounts.example.com/account. */
  url: string;
  store?: TokenStore;
  /** Further origins that may have the access token, such as https://api.example.com: see `fetch`. */
  origins?: readonly string[];
  /** REFRESH_TRANSPORT=cookie on the server. The first call then resumes the session, where the cookie has one. */
  cookie?: boolean;
  fetch?: (input: string, init?: RequestInit) => Promise<Response>;
  /**
   * Runs `work` alone among all that share the store or the cookie. Default: Web Locks where there are any, else this
   * client.
   */
  alone?: <T>(work: () => Promise<T>) => Promise<T>;
  /** Epoch milliseconds. It may be wrong, but should run on. */
  clock?: () => number;
}

/** What the server refused, as its problem details say. */
export class AccountsError extends Error {
  readonly status: number;
  /** For programs: `email_taken`, `throttled`, … */
  readonly code: string;
  /** Of a validation error: messages and codes by field. */
  readonly errors: Readonly<Record<string, readonly { message: string; code: string }[]>>;
  /** Of a 429 or 503. */
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    problem: Partial<Record<'detail' | 'code' | 'errors', unknown>>,
    retryAfter: string | null,
  ) {
    super(typeof problem.detail === 'string' ? problem.detail : `HTTP ${status}`);
    this.name = 'AccountsError';
    this.status = status;
    this.code = typeof problem.code === 'string' ? problem.code : 'unknown';
    this.errors = (problem.errors ?? {}) as AccountsError['errors'];
    this.retryAfterSeconds = retryAfter === null ? null : Number(retryAfter);
  }
}

/** An access token that ends within this time is refreshed before it is sent. */
const REFRESH_AHEAD_MS = 30_000;
const LOCK_NAME = 'hono-accounts session';
/** The origin of relative URLs outside a browser. No such name can exist (RFC 6761 section 6.4). */
const NOWHERE = 'https://relative.invalid';

export function memoryStore(): TokenStore {
  let kept: KeptTokens | null = null;
  return {
    get: () => kept,
    set: (tokens) => {
      kept = tokens;
    },
  };
}

/** `localStorage` or `sessionStorage`. What is there and cannot be read counts as nothing. */
export function webStorage(
  storage: {
    getItem: (key: string) => string | null;
    setItem: (key: string, value: string) => void;
    removeItem: (key: string) => void;
  },
  key = 'hono-accounts',
): TokenStore {
  return {
    get: () => {
      try {
        const kept = JSON.parse(storage.getItem(key) ?? 'null') as KeptTokens | null;
        return typeof kept?.access === 'string' ? kept : null;
      } catch {
        return null;
      }
    },
    set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  };
}

interface Locks {
  request: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

interface Page {
  document?: { baseURI: string };
  location?: { href: string };
}

function defaultAlone(): NonNullable<ClientOptions['alone']> {
  const { navigator } = globalThis as { navigator?: { locks?: Locks } };
  const locks = navigator?.locks;
  if (locks) return (work) => locks.request(LOCK_NAME, work);
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
}

/** Where `fetch` would send this: what is relative is so to the page, and without one, nowhere. */
function resolve(input: string): URL {
  const { document, location } = globalThis as Page;
  const base = document?.baseURI ?? location?.href;
  return new URL(input, base ?? (URL.canParse(input) ? undefined : NOWHERE));
}

/**
 * How long the access token is still good, unchecked, in milliseconds; NaN where that cannot be told.
 *
 * The server's clock gave `iat` and `exp`, this device's may be hours away from it: only what passed since the tokens
 * came is asked of it. Its epoch time, and not `performance.now()`: that begins anew with every page, is another's in
 * every tab, and stands still in some browsers while the device sleeps. A clock that is set meanwhile costs one refresh.
 */
function leftOf({ access, receivedAt = Number.NaN }: KeptTokens, now: number): number {
  try {
    const payload = (access.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { iat, exp } = JSON.parse(atob(payload)) as { iat: number; exp: number };
    return (exp - iat) * 1_000 - (now - receivedAt);
  } catch {
    return Number.NaN;
  }
}

export function createClient(options: ClientOptions) {
  const { store = memoryStore(), cookie = false, clock = Date.now, alone = defaultAlone() } = options;
  const url = options.url.replace(/\/+$/, '');
  const page = (globalThis as Page).location?.href ?? NOWHERE;
  const trusted = new Set([
    resolve(url).origin,
    new URL(page).origin,
    // Not `resolve`: an origin without its scheme is a slip, and would be a relative URL.
    ...(options.origins ?? []).map((origin) => new URL(origin).origin),
  ]);
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));

  async function refusal(answer: Response): Promise<AccountsError> {
    const problem = (await answer.json().catch(() => ({}))) as object;
    return new AccountsError(answer.status, problem, answer.headers.get('Retry-After'));
  }

  /** The account app's own paths alone: elsewhere the cookie means nothing, and CORS may refuse credentials. */
  const credentialsOf = (to: URL): { credentials?: 'include' } =>
    cookie && to.href.startsWith(resolve(`${url}/`).href) ? { credentials: 'include' } : {};

  const post = (path: string, body: object): Promise<Response> =>
    send(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      ...credentialsOf(resolve(`${url}${path}`)),
    });

  /** Tries a second time where the answer was lost: within the grace the server gives the same successor. */
  async function sendRefresh(body: object): Promise<Response> {
    try {
      const answer = await post('/token/refresh', body);
      if (answer.status !== 503) return answer;
    } catch {
      // The answer was lost, or never came: asked again below, and that error is the caller's.
    }
    return post('/token/refresh', body);
  }

  /** Cookie mode: no session stands behind the cookie, if there is one. Not asked again before every call. */
  let nobody = false;

  function keep({ access, refresh }: Tokens): KeptTokens {
    const kept = { access, refresh, receivedAt: clock() };
    store.set(kept);
    return kept;
  }

  /**
   * New tokens in place of those whose access token is `stale`; null: nobody is signed in. Only within
   * `alone`: in cookie mode an answer that comes late would put its cookie over that of a newer log-in.
   */
  async function renew(stale: string | undefined): Promise<KeptTokens | null> {
    const kept = store.get();
    if (kept?.access !== stale) return kept;
    if (cookie ? !kept && nobody : kept?.refresh === undefined) return null;
    const answer = await sendRefresh(cookie ? {} : { refresh: kept?.refresh });
    const given = answer.ok ? ((await answer.json()) as Tokens) : null;
    // Who shares the store but no lock may have signed in or out meanwhile: that stands.
    const now = store.get();
    if (now?.access !== stale) return now;
    if (given) return keep({ ...kept, ...given });
    if (answer.status !== 401) throw await refusal(answer);
    store.set(null);
    nobody = true;
    return null;
  }
  const refresh: typeof renew = (stale) => alone(() => renew(stale));

  async function authorized(to: string | URL, init: RequestInit = {}, fresher = refresh): Promise<Response> {
    const input = String(to);
    const target = resolve(input);
    if (!trusted.has(target.origin)) return send(input, init);
    let tokens = store.get();
    // After a reload the tokens may be gone, and the cookie still there.
    const left = tokens ? leftOf(tokens, clock()) : cookie && !nobody ? 0 : Number.NaN;
    const early = left < REFRESH_AHEAD_MS;
    if (early) {
      const still = tokens;
      tokens = await fresher(still?.access).catch((error: unknown) => {
        if (left > 0) return still;
        throw error;
      });
    }
    const call = (access: string | undefined) => {
      const headers = new Headers(init.headers);
      if (access !== undefined) headers.set('Authorization', `Bearer ${access}`);
      return send(input, { ...credentialsOf(target), ...init, headers });
    };
    const answer = await call(tokens?.access);
    if (answer.status !== 401 || (!tokens && (early || !cookie))) return answer;
    // Somebody may have signed in since, in another tab.
    if (!tokens) nobody = false;
    const fresh = await fresher(tokens?.access);
    // A stream was read by the first try.
    return fresh && !(init.body instanceof ReadableStream) ? call(fresh.access) : answer;
  }

  async function json<T>(answer: Response): Promise<T> {
    if (!answer.ok) throw await refusal(answer);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  const signIn = <T extends Tokens>(path: string, body: object): Promise<T> =>
    alone(async () => {
      const given = await json<T>(await post(path, body));
      if (given.access) keep(given);
      return given;
    });

  return {
    /**
     * `fetch` with the access token of this session; a 401 is answered by one refresh and one more try. The token goes
     * to the account app's origin, to the page's own (a relative URL is one) and to `origins`; a call of any other is
     * sent as it is.
     */
    fetch: (input: string | URL, init?: RequestInit) => authorized(input, init),
    /** With SIGN_UP=verify there are no tokens yet, and the answer is empty. */
    signUp: (body: { email: string; password: string; name?: string; username?: string }) =>
      signIn<Tokens & { user?: User }>('/sign-up', body),
    logIn: (body: { email: string; password: string } | { username: string; password: string }) =>
      signIn<Tokens>('/login', body),
    /**
     * Forgets the tokens even where the server cannot be reached; then the error is thrown all the same, and in cookie
     * mode the session goes on: no script can take the cookie away.
     */
    logOut: () =>
      alone(async () => {
        const kept = store.get();
        store.set(null);
        if (kept || cookie) await json<void>(await post('/logout', cookie ? {} : { refresh: kept?.refresh }));
      }),
    me: async () => json<User>(await authorized(`${url}/me`)),
    /** Withdrawal: the account and every session are gone. */
    withdraw: (password: string) =>
      alone(async () => {
        const body = JSON.stringify({ password });
        const headers = { 'Content-Type': 'application/json' };
        await json<void>(await authorized(`${url}/me`, { method: 'DELETE', headers, body }, renew));
        store.set(null);
      }),
    /** Somebody is signed in, as far as this client knows: in cookie mode not before the first call, such as `me`. */
    get isSignedIn() {
      return store.get() !== null;
    },
  };
}

export interface User {
  id: string;
  email: string | null;
  username: string | null;
  name: string | null;
  is_active: boolean;
  is_staff: boolean;
  email_verified: boolean;
  date_joined: string;
  last_login: string | null;
}
