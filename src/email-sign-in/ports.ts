/** The model of signing in by e-mail, and its store. Times are epoch seconds. */
import type { EndedSession, User, UserRow } from '../model.ts';
import type { Sessions } from '../ports.ts';
import type { CodeDigest } from './code.ts';

/** An address has at most one code at a time. */
export interface NewCode {
  email: string;
  /** SHA-256 of the address: the subject of the row if no active user has the address. */
  emailSubject: string;
  /** Digests of the code and of the secret half of the link's token. */
  digests: { code: string; secret: string };
  createdAt: number;
  expiresAt: number;
}

/** An unused code, as read. `digests.secret` identifies it: a newer one has another. */
export interface WaitingCode {
  subject: string;
  email: string;
  digests: { code: string; secret: string };
  /** The user with this address, or null. */
  user: User | null;
  /** The account was created by a sign-up that has never verified the address. */
  signedUpUnproven: boolean;
}

export type Key = Pick<WaitingCode, 'subject' | 'email' | 'digests'>;
type Opening = Parameters<Sessions['open']>;
type Opened = { outcome: 'ok'; evicted: EndedSession[] } | { outcome: 'changed' };

export interface EmailSignIn {
  /**
   * Stores a code and replaces an older one; writes the same number of rows for every address. `subject`: the id of the
   * active owner, or `emailSubject`. `taken`: a user has the address.
   */
  request: (code: NewCode) => Promise<{ subject: string; taken: boolean }>;
  /** Counts a try before the code is compared. Null if there is no code, or no try left. */
  takeTry: (address: { email: string; emailSubject: string }, now: number) => Promise<WaitingCode | null>;
  /** Finds a code by the link's token. Not counted as a try, as the token cannot be guessed. */
  find: (token: { subject: string; secret: string }, now: number) => Promise<WaitingCode | null>;
  /**
   * Marks the address as verified, if the code is still unused, and voids what was set before: the password, sessions and
   * e-mailed tokens. Does not consume the code.
   */
  prove: (
    key: Key,
    read: User,
    now: number,
  ) => Promise<{ outcome: 'ok'; user: User; ended: EndedSession[] } | { outcome: 'changed' }>;
  /** Consumes the code and opens the session, if the user still has the address and it is verified. */
  open: (key: Key, opening: Opening) => Promise<Opened>;
  /** Consumes the code without opening a session, for a sign-in that continues with a second factor. */
  use: (key: Key, read: User, now: number) => Promise<boolean>;
  /** Consumes the code, creates `user` and opens the session, if the address is free. */
  openNew: (key: Key, user: UserRow & { email: string }, opening: Opening) => Promise<Opened>;
  /**
   * Consumes the code, replaces the account `from`, which never verified the address, and everything that belongs to it
   * by `user`, and opens the session.
   */
  pass: (
    key: Key,
    user: UserRow & { email: string },
    from: string,
    opening: Opening,
  ) => Promise<{ outcome: 'ok'; evicted: EndedSession[]; ended: EndedSession[] } | { outcome: 'changed' }>;
}

export interface EmailSignInServices {
  store: EmailSignIn;
  digest: CodeDigest;
}
