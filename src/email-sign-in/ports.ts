/** What signing in by e-mail keeps, and what it needs of its store. Times are epoch seconds. */
import type { EndedSession, User, UserRow } from '../model.ts';
import type { Sessions } from '../ports.ts';
import type { CodeDigest } from './code.ts';

/** Of an address there is one code at a time. */
export interface NewCode {
  email: string;
  /** SHA-256 of the address: where the code lies while nobody active has it. */
  emailSubject: string;
  /** Of the code, and of the secret half of the link's token. */
  digests: { code: string; secret: string };
  createdAt: number;
  expiresAt: number;
}

/** A code that waits to be confirmed, as it was read. `secret` says which one it is: a newer one has another. */
export interface WaitingCode {
  subject: string;
  email: string;
  digests: { code: string; secret: string };
  /** Who has the address; null for nobody. */
  user: User | null;
  /** Whoever signed up with it has never shown the mailbox. */
  signedUpUnproven: boolean;
}

export type Key = Pick<WaitingCode, 'subject' | 'email' | 'digests'>;
type Opening = Parameters<Sessions['open']>;
type Opened = { outcome: 'ok'; evicted: EndedSession[] } | { outcome: 'changed' };

export interface EmailSignIn {
  /**
   * Leaves a code in place of an older one, with the same rows for every address. `subject`: the id of its active
   * owner, or that of the address. `taken`: somebody has the address.
   */
  request: (code: NewCode) => Promise<{ subject: string; taken: boolean }>;
  /** Takes one try of the address's code before the code is looked at; null: none waits, or none is left. */
  takeTry: (address: { email: string; emailSubject: string }, now: number) => Promise<WaitingCode | null>;
  /** By the link's token, which cannot be guessed: no try is taken. */
  find: (token: { subject: string; secret: string }, now: number) => Promise<WaitingCode | null>;
  /**
   * The address is proven, the code still unused. What was set before by whoever had not shown the mailbox is void: the
   * password, sessions, all that was sent by mail.
   */
  prove: (
    key: Key,
    read: User,
    now: number,
  ) => Promise<{ outcome: 'ok'; user: User; ended: EndedSession[] } | { outcome: 'changed' }>;
  /** Uses the code and opens the session, if its user has the address, proven. */
  open: (key: Key, opening: Opening) => Promise<Opened>;
  /** Uses the code without a session, for a sign-in that goes on with a second factor. */
  use: (key: Key, read: User, now: number) => Promise<boolean>;
  /** Uses the code: `user` is there and signed in, if nobody has the address. */
  openNew: (key: Key, user: UserRow & { email: string }, opening: Opening) => Promise<Opened>;
  /**
   * Uses the code: `user` is there and signed in in place of `from`, who signed up with the address and never showed the
   * mailbox; all that hangs from that account is gone.
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
