/** Every endpoint of the account app, and its effect on the stored tokens. */
import { bodyOf, notOurs, refusalOf } from './errors.ts';
import type { Events } from './events.ts';
import { type createFetch, initOf } from './fetch.ts';
import type { Lock } from './lock.ts';
import { type Refresh, sessionOf } from './refresh.ts';
import type { Keeper, Tokens } from './storage.ts';
import { unlessAborted, within } from './wait.ts';
import type { Export, LogIn, Session, SignUp, User } from './wire.ts';

export interface CallOptions {
  /** Stops waiting for this call. */
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
  /** In cookie mode under the lock, or a late response could overwrite the cookie of a newer log-in. */
  const inTurn = <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    unlessAborted(signal, cookie ? lock(work) : work());
  /** For work that already holds the lock. */
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

  /** Endpoints that need the access token: `send<Body, Result>(…)` takes a body, `ask<Result>(…)` none. */
  const send =
    <B extends object, T = void>(method: string, path: string) =>
    (body: B, options?: CallOptions) =>
      request<T>(method, path, body, options);
  const ask =
    <T>(method: string, path: string) =>
    (options?: CallOptions) =>
      request<T>(method, path, undefined, options);
  /** A public endpoint: sent without the access token. */
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
    }, signal);

  const signedOut = (reason: string) => events.emit({ type: 'signedOut', reason });

  /** A call that ends this session. Tokens of a newer session that began meanwhile are kept. */
  const end = (reason: string, path: string, body?: object, options?: CallOptions) =>
    inTurn(async () => {
      const session = sessionOf(await keeper.read());
      await request<void>('DELETE', path, body, options, refresh);
      const isSame = (kept: Tokens | null) => kept !== null && (!session || sessionOf(kept) === session);
      if (isSame(await keeper.swap(null, isSame))) signedOut(reason);
    }, options?.signal);

  return {
    /** With SIGN_UP=verify it returns no tokens yet, but a `claim` to pass to `verifyEmail`. */
    signUp: (body: SignUp, options?: CallOptions) =>
      signIn<Partial<Tokens> & { user?: User; claim?: string }>('/sign-up', body, options),
    logIn: (body: LogIn, options?: CallOptions) => signIn('/login', body, options),
    /**
     * Deletes the tokens first, then ends the session. Throws if the server cannot be reached; in cookie mode the session
     * then continues, as no script can delete the cookie.
     */
    logOut: async ({ signal }: CallOptions = {}): Promise<void> => {
      // A synchronous store is emptied before anything asynchronous happens.
      const kept = await keeper.swap(null);
      if (!kept && !cookie) return;
      signedOut('logOut');
      await inTurn(async () => {
        // A refresh that was in flight may have stored tokens since.
        if (cookie) await keeper.swap(null);
        const body = cookie ? {} : { refresh: kept?.refresh };
        await within(limitMs, (late) => json<void>(post('/logout', body, late)));
      }, signal);
    },
    /** Ends all sessions of this user, including this one. */
    logOutEverywhere: (options?: CallOptions) => end('logOut', '/sessions', undefined, options),
    /** Deletes the account and ends every session. `password` is needed unless the user has none or has just reauthenticated. */
    withdraw: (password?: string, options?: CallOptions) => end('withdrawal', '/me', { password }, options),

    me: ask<User>('GET', '/me'),
    /** Null or an empty string removes the value. */
    updateMe: send<{ name?: string | null; username?: string | null }, User>('PATCH', '/me'),

    /** All data that the server stores about this user. */
    exportAccount: ask<Export>('GET', '/export'),

    /** Reauthenticates. The new access token has a recent `auth_time`, for requests that require step-up. */
    reauthenticate: async (
      body: { password: string } | { code: string } | { recovery_code: string } | { passkey: object },
      options?: CallOptions,
    ): Promise<void> => {
      const { access } = await request<Tokens>('POST', '/reauthenticate', body, options);
      const kept = await keeper.read();
      // If the tokens changed meanwhile: a log-out wins, and a refreshed token has the new `auth_time` already.
      if (kept)
        await keeper.swap(refresher.received({ ...kept, access }), (now) => now?.access === kept?.access);
    },

    sessions: ask<{ sessions: Session[] }>('GET', '/sessions'),
    endSession: (id: string, options?: CallOptions) =>
      request<void>('DELETE', `/sessions/${encodeURIComponent(id)}`, undefined, options),

    /** Ends all other sessions. */
    changePassword: send<{ current_password?: string | undefined; new_password: string }>(
      'POST',
      '/password/change',
    ),
    /** Succeeds whether or not there is such an account. */
    requestPasswordReset: open<{ email: string }>('/password/reset'),
    /** `token`: from the e-mail. Ends all sessions. */
    resetPassword: open<{ token: string; new_password: string }>('/password/reset/confirm'),

    /** `token`: from the e-mail. */
    verifyEmail: open<{ token: string; claim?: string; password?: string; new_password?: string }>(
      '/email/verify',
    ),
    /** `token`: from the e-mail to the old address. Pass `reset_token` to `resetPassword` to set a new password. */
    takeBackEmail: open<{ token: string }, { reset_token: string }>('/email/take-back'),
    /** Deletes an account that somebody else created with this address. `token`: from the e-mail. */
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
    /** Any endpoint below `url` that returns tokens, which are then stored. */
    signIn,
  };
}
