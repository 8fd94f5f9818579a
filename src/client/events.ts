/** Notifies this page, and every other tab that shares the store or the cookie, when the sign-in state changes. */

/** Why the session ended: what the user did, or the code with which the server refused it. */
export type SignOutReason = 'logOut' | 'withdrawal' | 'token_not_valid' | 'user_inactive' | 'user_not_found';

export type AccountChange = (
  | { type: 'signedIn' }
  | { type: 'refreshed' }
  | { type: 'signedOut'; reason: SignOutReason | (string & {}) }
) & {
  /** It happened in another tab. */
  elsewhere: boolean;
};

export type ChangeListener = (change: AccountChange) => void;
/** Sent between tabs: never a token. `at`: when the stored tokens arrived, if there are any. */
export type Message = ({ type: 'signedIn' | 'refreshed' } | { type: 'signedOut'; reason: string }) & {
  at?: number | undefined;
};

interface Channel {
  postMessage: (message: Message) => void;
  onmessage: ((event: { data: Message }) => void) | null;
  /** In Node and Bun, where an open channel keeps the process running. */
  unref?: () => void;
}

export type Events = ReturnType<typeof createEvents>;

/** `name`: of the channel shared with other tabs; null for none. `heard` runs before the listeners. */
export function createEvents(
  name: string | null,
  heard: (message: Message, isNewest: () => boolean) => Promise<unknown>,
) {
  const { BroadcastChannel } = globalThis as { BroadcastChannel?: new (name: string) => Channel };
  const channel = name !== null && BroadcastChannel ? new BroadcastChannel(name) : null;
  const listeners = new Set<ChangeListener>();
  let told: Promise<unknown> = Promise.resolve();
  let newest: Message;
  const tell = ({ at, ...message }: Message, elsewhere: boolean) => {
    const change = { ...message, elsewhere } as AccountChange;
    // Asynchronously, so that a listener that throws does not affect the others.
    for (const listener of listeners) void Promise.resolve(change).then(listener);
  };
  if (channel) {
    channel.onmessage = ({ data }) => {
      newest = data;
      // One at a time, in order of arrival.
      told = told
        .then(() => heard(data, () => newest === data))
        .catch(() => {})
        .then(() => tell(data, true));
    };
    channel.unref?.();
  }

  return {
    emit(message: Message) {
      tell(message, false);
      channel?.postMessage(message);
    },
    onChange(listener: ChangeListener): () => void {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
