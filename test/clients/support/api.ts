/** What a test asks of every HTTP client: each calls the service as its own documentation shows. */
export interface Person {
  email: string;
  password: string;
}

export interface Tokens {
  access: string;
  refresh: string;
}

export interface Api {
  signUp: (person: Person) => Promise<unknown>;
  /** Keeps the tokens. */
  logIn: (person: Person) => Promise<unknown>;
  /** Refreshes an access token that has expired, by the means of the library. */
  me: () => Promise<{ email: string | null }>;
  /** Ends the session, and keeps the tokens, so that a test can see them refused. */
  logOut: () => Promise<unknown>;
  tokens: () => Tokens | Promise<Tokens>;
  setTokens: (tokens: Tokens) => unknown;
  /** What the library makes of an error response: its status, and the problem document in its body. */
  problemOf: (error: unknown) => { status: unknown; body: unknown };
}

/** Of a service at this origin. */
export type Client = (origin: string) => Api | Promise<Api>;

/** Tokens in memory, for the libraries that leave keeping them to the app. */
export function memory(): { tokens: () => Tokens; setTokens: (tokens: Tokens) => void } {
  let kept: Tokens = { access: '', refresh: '' };
  return {
    tokens: () => kept,
    setTokens: (tokens) => {
      kept = { access: tokens.access, refresh: tokens.refresh };
    },
  };
}

/** One refresh at a time, for the libraries that leave that to the app. */
export function oneAtATime<T>(refresh: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= refresh().finally(() => {
      running = undefined;
    });
    return running;
  };
}
