/**
 * The ports of the console's actions; those of its lists are in list-ports.ts. Every write names its actor; the store
 * performs it only if that user is active staff with a live session at that moment, and adds the history row in the same
 * batch. Times are epoch seconds.
 */
import type { AuditAction, Changes } from '../audit-log.ts';
import type { EndedSession, OneTimeToken, User, UserRow } from '../model.ts';
import type { AdminLists, Count, DeadLetter, ListTotals, Page, PageQuery } from './list-ports.ts';

/** The actor of a write, their session, the action, the time, and the id of its history row. */
export interface AuditEntry {
  actorId: string;
  sessionId: string;
  now: number;
  action: AuditAction;
  /** UUIDv7. */
  logId: string;
}

/** `denied`: the actor is no longer active staff with a live session. `changed`: the user has changed since it was read. */
export type Outcome = 'ok' | 'denied' | 'gone' | 'last_staff' | 'email_taken' | 'username_taken' | 'changed';

/** The changed fields of a user that was read before. */
export interface UserChange {
  set: Partial<Pick<User, 'name' | 'username' | 'isActive' | 'isStaff'>> & { usernameKey?: string | null };
  changes: Changes;
  /** The reason for which all sessions end, if they do. */
  ends: 'deactivated' | 'promoted' | 'demoted' | null;
}

export interface DeadLetterStore {
  /** Whether events are on: otherwise none can be sent again. */
  canRetry: boolean;
  /** Last given up first. */
  list: (query: PageQuery) => Promise<Page<DeadLetter>>;
  /**
   * Puts it back at the end of its user's queue. `gone`: there is no such dead letter. `pseudonym`: the history's name of a
   * deleted user.
   */
  retry: (entry: AuditEntry, letter: { userId: string; seq: number }, pseudonym: string) => Promise<Outcome>;
}

/** A user's new address. */
export interface NewAddress {
  to: string;
  /** Its SHA-256, the key of pending sign-ups and codes for it. */
  toSubject: string;
  verified: boolean;
  /** For the old address; null if that is not verified. */
  takeBack: OneTimeToken | null;
  /** For the new address; null if it counts as verified, or no e-mail can be sent. */
  confirmation: OneTimeToken | null;
}

/** Credentials set by staff; each voids the same tokens as in the account app. */
export interface UserCredentials {
  /** Only if the user has not changed since it was read. No session ends. */
  changeEmail: (entry: AuditEntry, user: User, address: NewAddress) => Promise<Outcome>;
  /** `changed`: it is already verified. */
  verifyEmail: (entry: AuditEntry, user: User) => Promise<Outcome>;
  /** Ends all sessions. An empty hash removes the password. `last_staff`: nobody could use the console any more. */
  setPassword: (
    entry: AuditEntry,
    user: User,
    passwordHash: string,
  ) => Promise<{ outcome: Outcome; ended: EndedSession[] }>;
}

export const GROUP_ACTS = ['activate', 'deactivate', 'end-sessions', 'delete'] as const;
export type GroupAct = (typeof GROUP_ACTS)[number];

/** One of several users of an action. */
export interface GroupMember {
  id: string;
  /** The id of its history row, a UUIDv7. */
  logId: string;
  /** The user as it was read. */
  email: string | null;
  emailSubject: string | null;
  /** The history's name of a deleted user. */
  pseudonym: string;
}

/** Several users at once: at most 100. */
export interface UserGroups {
  /** The live sessions of all of them together. */
  liveSessions: (ids: readonly string[], now: number) => Promise<Count>;
  /** Writes the export of a list into the history; `changes`: its filters. */
  noteExport: (entry: AuditEntry, changes: Changes) => Promise<Outcome>;
  /** Those who exist. `may`: whether `act` is allowed for them together with the others. */
  look: (
    act: GroupAct,
    caller: Pick<AuditEntry, 'actorId' | 'now'>,
    ids: readonly string[],
  ) => Promise<(User & { may: boolean })[]>;
  /**
   * Applies it to each user for whom it is allowed, at once, with a history row each. Never to the actor, and never to the
   * last staff member. `done`: the ids of those users.
   */
  act: (
    act: GroupAct,
    entry: Omit<AuditEntry, 'logId'>,
    members: readonly GroupMember[],
  ) => Promise<{ outcome: 'ok' | 'denied'; done: string[]; ended: (EndedSession & { userId: string })[] }>;
}

export interface AdminStores {
  store: AdminStore;
  totals: ListTotals;
  groups: UserGroups;
  credentials: UserCredentials;
  deadLetters: DeadLetterStore;
}

/** The sign-in methods of a user besides the password, oldest first. */
export interface SignInMethods {
  passkeys: { id: string; name: string; createdAt: number; lastUsedAt: number | null; backedUp: boolean }[];
  /** `email`: the provider's address of the user. */
  connections: {
    id: string;
    provider: string;
    email: string | null;
    createdAt: number;
    lastUsedAt: number | null;
  }[];
}

export interface AdminStore extends AdminLists {
  /** `invitation`: the link with which the user chooses a password. */
  add: (entry: AuditEntry, user: UserRow, invitation: OneTimeToken | null) => Promise<Outcome>;
  /** Only if the user has not changed since it was read. */
  change: (
    entry: AuditEntry,
    user: User,
    change: UserChange,
  ) => Promise<{ outcome: Outcome; user: User | null; ended: EndedSession[] }>;
  /** Deletes the user with everything that belongs to it; a pseudonym replaces them in the history. */
  remove: (
    entry: AuditEntry,
    user: User,
    traces: { emailSubject: string | null; pseudonym: string },
  ) => Promise<{ outcome: Outcome; ended: EndedSession[] }>;
  /** Ends one session, or all if `id` is null. Ending an ended one is `ok`, without a history row. */
  endSessions: (
    entry: AuditEntry,
    userId: string,
    id: string | null,
  ) => Promise<{ outcome: Outcome; ended: EndedSession[] }>;
  /** Deletes the user's second factor: authenticator, recovery codes, log-ins that wait for it. `gone`: there is none. */
  removeFactor: (entry: AuditEntry, userId: string) => Promise<Outcome>;
  signInMethods: (userId: string) => Promise<SignInMethods>;
  /** Deletes the passkey. `last_staff`: nobody could use the console any more. */
  removePasskey: (entry: AuditEntry, userId: string, id: string) => Promise<Outcome>;
  /** Deletes the connection, and its sign-ins that are not exchanged yet. Returns its provider. */
  removeConnection: (
    entry: AuditEntry,
    userId: string,
    id: string,
  ) => Promise<{ outcome: Outcome; provider: string | null }>;
  /** Stores a reset token for the user. */
  leaveReset: (entry: AuditEntry, user: User, token: OneTimeToken) => Promise<Outcome>;
}
