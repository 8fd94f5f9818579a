/** Every endpoint of the account app, and what it does to the tokens that are kept. */
import { bodyOf, notOurs, refusalOf } from './errors.ts';
import type { Events } from './events.ts';
import { type createFetch, initOf } from './fetch.ts';
import type { Lock } from './lock.ts';
import { type Refresh, sessionOf } from './refresh.ts';
import type { Keeper, Tokens } from './storage.ts';
import { unlessAborted, within } from './wait.ts';
import type { Export, LogIn, Session, SignUp, User } from './wire.ts';

export interface CallOptions {
  /** Ends the wait of this call, whatever it waits for. */
  signal?: AbortSignal | undefined;
}

interface ApiContext extends ReturnType<typeof createFetch> {
  url: string;
  cookie: boolean;
  keeper: Keeper;
  refresher: Refresh;
  events: Events;
  lock: Lock;
  limitMs: number;
  post: (path: string, body: object, signal?: AbortSignal) => Promise<Response>;
}

export type Api = ReturnType<typeof createApi>;

export function createApi({
  url,
  cookie,
  keeper,
  refresher,
  events,
  lock,
  limitMs,
  post,
  fetch,
}: ApiContext) {
  /** An answer that comes late would put its cookie over that of a newer log-in. Bodies are compared instead. */
  const inTurn: Lock = (work) => (cookie ? lock(work) : work());
  /** For work that is in turn. */
  const refresh = cookie ? refresher.renew : refresher.refresh;

  const json = async <T>(work: Promise<Response>): Promise<T> => {
    const answer = await work;
    const body = await bodyOf(answer);
    if (!answer.ok) throw refusalOf(answer, body);
    if (answer.status === 204) return undefined as T;
    if (!body) throw notOurs(answer);
    return body as T;
  };

  const request = <T>(
    method: string,
    path: string,
    body?: object,
    { signal }: CallOptions = {},
    renew = refresher.refresh,
  ): Promise<T> => json<T>(fetch(url + path, initOf(method, body, signal), renew));

  /** An endpoint for this user: `send<Body, Answer>(…)` takes a body, `ask<Answer>(…)` none. */
  const send =
    <B extends object, T = void>(method: string, path: string) =>
    (body: B, options?: CallOptions) =>
      request<T>(method, path, body, options);
  const ask =
    <T>(method: string, path: string) =>
    (options?: CallOptions) =>
      request<T>(method, path, undefined, options);
  /** An endpoint for all: without the access token. */
  const open =
    <B extends object, T = void>(path: string) =>
    (body: B, options: CallOptions = {}) =>
      json<T>(post(path, body, options.signal));

  const signIn = <T extends Partial<Tokens> = Tokens>(
    path: string,
    body: object,
    { signal }: CallOptions = {},
  ): Promise<T> =>
    inTurn(async () => {
      const answer = await json<T>(post(path, body, signal));
      if (answer.access !== undefined) {
        const kept = refresher.received(answer as Tokens);
        await keeper.swap(kept);
        refresher.nobody = false;
        events.emit({ type: 'signedIn', at: kept.receivedAt });
      }
      return answer;
    });

  const signedOut = (reason: string) => events.emit({ type: 'signedOut', reason });

  /** A call after which this session has ended. A newer one that somebody began meanwhile is kept. */
  const end = (reason: string, path: string, body?: object, options?: CallOptions) =>
    inTurn(async () => {
      const session = sessionOf(await keeper.read());
      await request<void>('DELETE', path, body, options, refresh);
      const isSame = (kept: Tokens | null) => kept !== null && (!session || sessionOf(kept) === session);
      if (isSame(await keeper.swap(null, isSame))) signedOut(reason);
    });

  return {
    /** With SIGN_UP=verify there are no tokens yet, but a `claim`: `verifyEmail` wants it from whoever signed up. */
    signUp: (body: SignUp, options?: CallOptions) =>
      signIn<Partial<Tokens> & { user?: User; claim?: string }>('/sign-up', body, options),
    logIn: (body: LogIn, options?: CallOptions) => signIn('/login', body, options),
    /**
     * Forgets the tokens first, then ends the session. If the server cannot be reached, the error is thrown; in cookie
     * mode the session then goes on, as no script can take the cookie away.
     */
    logOut: async ({ signal }: CallOptions = {}): Promise<void> => {
      // A synchronous store is empty before this waits for anything.
      const kept = await keeper.swap(null);
      if (!kept && !cookie) return;
      signedOut('logOut');
      await unlessAborted(
        signal,
        inTurn(async () => {
          // What a refresh that was under way has kept since.
          if (cookie) await keeper.swap(null);
          const body = cookie ? {} : { refresh: kept?.refresh };
          await within(limitMs, (late) => json<void>(post('/logout', body, late)));
        }),
      );
    },
    /** Ends all sessions of this user, this one too. */
    logOutEverywhere: (options?: CallOptions) => end('logOut', '/sessions', undefined, options),
    /** Withdrawal: the account and every session are gone. `password`: of who has one and has not just reauthenticated. */
    withdraw: (password?: string, options?: CallOptions) => end('withdrawal', '/me', { password }, options),

    me: ask<User>('GET', '/me'),
    /** Null or an empty text takes the value away. */
    updateMe: send<{ name?: string | null; username?: string | null }, User>('PATCH', '/me'),

    /** All that the server keeps of this user. */
    exportAccount: ask<Export>('GET', '/export'),

    /** Proves again who the user is. The new access token says when, for requests that ask for a recent proof. */
    reauthenticate: async (
      body: { password: string } | { code: string } | { recovery_code: string },
      options?: CallOptions,
    ): Promise<void> => {
      const { access } = await request<Tokens>('POST', '/reauthenticate', body, options);
      const kept = await keeper.read();
      // A log-out meanwhile stands, and a refresh has brought a token that says the same.
      if (kept)
        await keeper.swap(refresher.received({ ...kept, access }), (now) => now?.access === kept?.access);
    },

    sessions: ask<{ sessions: Session[] }>('GET', '/sessions'),
    endSession: (id: string, options?: CallOptions) =>
      request<void>('DELETE', `/sessions/${encodeURIComponent(id)}`, undefined, options),

    /** All other sessions end. */
    changePassword: send<{ current_password?: string | undefined; new_password: string }>(
      'POST',
      '/password/change',
    ),
    /** Succeeds whether or not there is such an account. */
    requestPasswordReset: open<{ email: string }>('/password/reset'),
    /** `token`: from the e-mail. All sessions end. */
    resetPassword: open<{ token: string; new_password: string }>('/password/reset/confirm'),

    /** `token`: from the e-mail. */
    verifyEmail: open<{ token: string; claim?: string; password?: string; new_password?: string }>(
      '/email/verify',
    ),
    /** `token`: from the e-mail to the old address. The new password is chosen with `resetPassword`. */
    takeBackEmail: open<{ token: string }, { reset_token: string }>('/email/take-back'),
    /** Deletes an account that somebody else made with this address. `token`: from the e-mail. */
    disownAccount: open<{ token: string }>('/email/disown'),
    resendVerification: ask<void>('POST', '/email/verify/resend'),
    /** The new address takes effect once it is confirmed. */
    changeEmail: send<{ new_email: string; password?: string | undefined }>('POST', '/email/change'),

    /** Any endpoint below `url`, with the access token: `request('PATCH', '/me', { name: 'Neo' })`. */
    request: request as <T = unknown>(
      method: string,
      path: string,
      body?: object,
      options?: CallOptions,
    ) => Promise<T>,
    /** Any endpoint below `url` that returns tokens, which are kept. */
    signIn,
  };
}
