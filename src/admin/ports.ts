/**
 * The ports of the console, besides those of the account app. Every write names its actor; the store performs it only if
 * that user is active staff with a live session at that moment, and adds the history row in the same batch. Times are epoch
 * seconds.
 */
import type { AuditAction, Changes } from '../audit-log.ts';
import type { EndedSession, OneTimeToken, Session, User, UserRow } from '../model.ts';

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

/** `more`: counting stopped here. */
export interface Count {
  count: number;
  more: boolean;
}

export interface Counts {
  users: Count;
  newThisWeek: Count;
  liveSessions: Count;
  revokedTokens: Count;
  withSecondFactor: Count;
  deadLetters: Count;
  withPasskey: Count;
  withConnection: Count;
}

/** The position after a page, opaque to clients. */
export type Cursor = readonly (string | number)[];

export interface Page<T> {
  items: T[];
  /** null: the end of the list. */
  next: Cursor | null;
  /** How many rows a filter examined for this page; null without a filter. */
  looked: number | null;
}

export interface PageQuery {
  after: Cursor | null;
  limit: number;
}

export const USER_SORTS = ['date_joined', 'email', 'username'] as const;
export type UserSort = (typeof USER_SORTS)[number];

export interface UserQuery extends PageQuery {
  /** The prefix of an e-mail address and a username, each in canonical form, of words of a name, or a complete id. */
  search: { email: string; usernameKey: string; name: NameSearch; id: string } | null;
  isActive: boolean | null;
  isStaff: boolean | null;
  emailVerified: boolean | null;
  hasSecondFactor: boolean | null;
  hasPasskey: boolean | null;
  hasConnection: boolean | null;
  sort: UserSort;
  descending: boolean;
}

/** A name whose words begin so, each in every spelling that is looked for. */
export interface NameSearch {
  /** Of the longest word: the one to look up. */
  lookUp: readonly string[];
  /** Of each word. */
  words: readonly (readonly string[])[];
}

export interface UserPage extends Page<User> {
  /** More users match the prefix than are sorted, so only the sort column was searched. */
  tooMany: boolean;
}

export interface RevokedTokenRow {
  jti: string;
  sessionId: string;
  expiresAt: number;
  revokedAt: number;
  reason: string;
}

/** For a deleted user `email` and `username` are null and `id` is a pseudonym. */
export interface Person {
  id: string;
  email: string | null;
  username: string | null;
}

/** With whose it is. */
export interface LiveSession extends Session {
  user: Person;
}

export interface HistoryRow {
  id: string;
  at: number;
  actor: Person;
  /** An AuditAction, or a code of another version. */
  action: string;
  subject: Person;
  changes: Changes;
}

export interface HistoryQuery extends PageQuery {
  /** To whom it was done. */
  subjectId: string | null;
  /** Who did it. */
  actorId: string | null;
  action: string | null;
}

/** An event that was given up, without its contents. */
export interface DeadLetter {
  user: Person;
  /** Its position in the queue of its user. */
  seq: number;
  id: string;
  type: string;
  createdAt: number;
  deadAt: number;
  attempts: number;
  /** Why the last attempt failed. */
  failure: string | null;
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

export interface AdminStore {
  counts: (now: number, weekAgoId: string) => Promise<Counts>;
  users: (query: UserQuery) => Promise<UserPage>;
  /** How many there are of such users; null where that would have to be looked for. */
  countUsers: (query: UserQuery) => Promise<Count | null>;
  user: (id: string) => Promise<User | null>;
  /** Newest first; with `id` only that one. */
  sessions: (userId: string, query: PageQuery & { id: string | null }) => Promise<Page<Session>>;
  /** Latest expiry first; with `jti` only that one. */
  revokedTokens: (query: PageQuery & { jti: string | null }) => Promise<Page<RevokedTokenRow>>;
  /** All that are live, of the newest users first. */
  liveSessions: (now: number, query: PageQuery) => Promise<Page<LiveSession>>;
  /** Whose these sessions are, as far as they are found among so many. */
  ownersOf: (sessionIds: readonly string[]) => Promise<Map<string, Person>>;
  /** Newest first. */
  history: (query: HistoryQuery) => Promise<Page<HistoryRow>>;
  /** Who has this address, username or id; null: nobody. */
  idOf: (name: { email: string | null; usernameKey: string; id: string }) => Promise<string | null>;

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
