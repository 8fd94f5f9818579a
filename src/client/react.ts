/** React bindings: who is signed in, as state. Depends on React only and does not bundle the client. */
import { createContext, createElement, type ReactNode, useContext, useSyncExternalStore } from 'react';
import type { Client, User } from './index.ts';

export type AccountState =
  | { status: 'loading'; user: null; error: null }
  | { status: 'signedIn'; user: User; error: null }
  | { status: 'signedOut'; user: null; error: null }
  /** The user could not be loaded. `user`: the one loaded last, if any. */
  | { status: 'error'; user: User | null; error: unknown };

const LOADING: AccountState = { status: 'loading', user: null, error: null };
const SIGNED_OUT: AccountState = { status: 'signedOut', user: null, error: null };

/** One state for all components that use the same client. */
function observe(client: Client) {
  let state = LOADING;
  const listeners = new Set<() => void>();
  let stop = () => {};
  let loads = 0;

  const set = (next: AccountState) => {
    // Invalidates loads that are still in flight.
    loads += 1;
    state = next;
    for (const listener of listeners) listener();
  };

  async function reload(): Promise<void> {
    loads += 1;
    const mine = loads;
    const next = await load();
    if (mine === loads) set(next);
  }

  async function load(): Promise<AccountState> {
    try {
      if ((await client.accessToken()) === null) return SIGNED_OUT;
      return { status: 'signedIn', user: await client.me(), error: null };
    } catch (error) {
      const refused = (error as { status?: number }).status === 401 && !client.isSignedIn;
      return refused ? SIGNED_OUT : { status: 'error', user: state.user, error };
    }
  }

  return {
    reload,
    read: () => state,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      if (listeners.size === 1) {
        stop = client.onChange(({ type }) => {
          if (type === 'signedOut') set(SIGNED_OUT);
          else if (type === 'signedIn' || state.status === 'error') void reload();
        });
        void reload();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
    },
  };
}

const observed = new WeakMap<Client, ReturnType<typeof observe>>();
function observedOf(client: Client) {
  const known = observed.get(client) ?? observe(client);
  observed.set(client, known);
  return known;
}

const ClientContext = createContext<Client | null>(null);

/** Provides the client to `useAccount()` in its children. */
export const AccountProvider = (props: { client: Client; children?: ReactNode }) =>
  createElement(ClientContext.Provider, { value: props.client }, props.children);

/** During server-side rendering the user is not known yet. */
const serverState = () => LOADING;

/**
 * The signed-in user, kept up to date through log-ins and log-outs in every tab. `reload()` loads the user again, for
 * example after `client.updateMe(…)`. The client is the argument, or that of `<AccountProvider>`.
 */
export function useAccount(given?: Client): AccountState & { client: Client; reload: () => Promise<void> } {
  const provided = useContext(ClientContext);
  const client = given ?? provided;
  if (!client)
    throw new TypeError('useAccount needs a client: as its argument, or from <AccountProvider client>');
  const { subscribe, read, reload } = observedOf(client);
  const state = useSyncExternalStore(subscribe, read, serverState);
  return { ...state, client, reload };
}
