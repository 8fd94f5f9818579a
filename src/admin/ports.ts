/**
 * What the console needs of the world beside the ports of the account app. Every write says who acts; the store
 * does it only if that person is active staff with a live session at that very moment, and leaves the row of the
 * history in the same batch. Times are epoch seconds.
 */
import type { AuditAction, Changes } from '../audit-log.ts';
import type { EndedSession, OneTimeToken, Session, User, UserRow } from '../model.ts';

/** Who does what, from which session, when, and the id of the row that this leaves in the history. */
export interface AuditEntry {
  actorId: string;
  sessionId: string;
  now: number;
  action: AuditAction;
  /** UUIDv7. */
  logId: string;
}

/** `denied`: whoever acts is no longer active staff with a live session. `changed`: the user is not as read. */
export type Outcome = 'ok' | 'denied' | 'gone' | 'last_staff' | 'email_taken' | 'username_taken' | 'changed';

/** Of a user as it was read: only what differs. */
export interface UserChange {
  set: Partial<Pick<User, 'name' | 'username' | 'isActive' | 'isStaff'>> & { usernameKey?: string | null };
  changes: Changes;
  /** Why all sessions end, where they do. */
  ends: 'deactivated' | 'promoted' | 'demoted' | null;
}

/** `more`: there are at least so many; counting stopped. */
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

/** Where a list goes on: opaque to whoever holds it. */
export type Cursor = readonly (string | number)[];

export interface Page<T> {
  items: T[];
  /** Null: the list is at its end. */
  next: Cursor | null;
  /** Rows that a filter looked at for this page; null where there was nothing to filter by. */
  looked: number | null;
}

export interface PageQuery {
  after: Cursor | null;
  limit: number;
}

export const USER_SORTS = ['date_joined', 'email', 'username'] as const;
export type UserSort = (typeof USER_SORTS)[number];

export interface UserQuery extends PageQuery {
  /** The beginning of an e-mail address and of a username, each in its canonical form, or a whole id. */
  search: { email: string; usernameKey: string; id: string } | null;
  isActive: boolean | null;
  isStaff: boolean | null;
  emailVerified: boolean | null;
  sort: UserSort;
  descending: boolean;
}

export interface UserPage extends Page<User> {
  /** More users begin so than are sorted: only the column that the list is sorted by was searched. */
  tooMany: boolean;
}

export interface RevokedTokenRow {
  jti: string;
  sessionId: string;
  expiresAt: number;
  revokedAt: number;
  reason: string;
}

/** `email` and `username` are null where the person is gone: `id` is a pseudonym then. */
export interface Person {
  id: string;
  email: string | null;
  username: string | null;
}

export interface HistoryRow {
  id: string;
  at: number;
  actor: Person;
  /** An AuditAction, or what another version wrote. */
  action: string;
  subject: Person;
  changes: Changes;
}

/** An event that was given up; not what it says. */
export interface DeadLetter {
  user: Person;
  /** Its place in the queue of its user. */
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
  /** Events are on: without, nothing would send one again. */
  canRetry: boolean;
  /** Last dead first. */
  list: (query: PageQuery) => Promise<Page<DeadLetter>>;
  /**
   * It waits again, at the end of its user's queue. `gone`: there is no such dead letter. `pseudonym` stands in the history
   * for a user who is gone.
   */
  retry: (entry: AuditEntry, letter: { userId: string; seq: number }, pseudonym: string) => Promise<Outcome>;
}

/** A user's new address. */
export interface NewAddress {
  to: string;
  /** SHA-256 of it: under that lies what waits for it. */
  toSubject: string;
  verified: boolean;
  /** For the old address; null where nobody has verified that. */
  takeBack: OneTimeToken | null;
  /** For the new one; null where it counts as verified, or no mail can be sent. */
  confirmation: OneTimeToken | null;
}

/** What staff set for a user who cannot do it, each as the account app would: what is void then is void here. */
export interface UserCredentials {
  /** If the user is still as it was read. No session ends. */
  changeEmail: (entry: AuditEntry, user: User, address: NewAddress) => Promise<Outcome>;
  /** `changed`: it is verified already. */
  verifyEmail: (entry: AuditEntry, user: User) => Promise<Outcome>;
  /** All sessions end. An empty hash: no password works. `last_staff`: nobody could use the console any more. */
  setPassword: (
    entry: AuditEntry,
    user: User,
    passwordHash: string,
  ) => Promise<{ outcome: Outcome; ended: EndedSession[] }>;
}

export const GROUP_ACTS = ['activate', 'deactivate', 'end-sessions', 'delete'] as const;
export type GroupAct = (typeof GROUP_ACTS)[number];

/** One of several users to whom something is done. */
export interface GroupMember {
  id: string;
  /** Of the row that it leaves in the history. UUIDv7. */
  logId: string;
  /** As it was read. */
  email: string | null;
  emailSubject: string | null;
  /** Stands in the history for who is deleted. */
  pseudonym: string;
}

/** Several users at once: at most 100. */
export interface UserGroups {
  /** Of all of them together. */
  liveSessions: (ids: readonly string[], now: number) => Promise<Count>;
  /** Those of them who are there. `may`: `act` would be done to them, as one of them all. */
  look: (
    act: GroupAct,
    caller: Pick<AuditEntry, 'actorId' | 'now'>,
    ids: readonly string[],
  ) => Promise<(User & { may: boolean })[]>;
  /**
   * To each of them to whom it may be done, at once, with a row in the history each. Never to who acts, and never to
   * the last of the staff. `done`: their ids.
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

/** What a user signs in with beside a password, oldest first. */
export interface SignInMethods {
  passkeys: { id: string; name: string; createdAt: number; lastUsedAt: number | null; backedUp: boolean }[];
  /** `email`: as the provider told it. */
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
  user: (id: string) => Promise<User | null>;
  /** Newest first; with `id` that one alone. */
  sessions: (userId: string, query: PageQuery & { id: string | null }) => Promise<Page<Session>>;
  /** Newest expiry first; with `jti` that one alone. */
  revokedTokens: (query: PageQuery & { jti: string | null }) => Promise<Page<RevokedTokenRow>>;
  /** Newest first; with `subjectId` what was done to that person. */
  history: (query: PageQuery & { subjectId: string | null }) => Promise<Page<HistoryRow>>;

  /** `invitation`: the link by which the user chooses a password. */
  add: (entry: AuditEntry, user: UserRow, invitation: OneTimeToken | null) => Promise<Outcome>;
  /** If the user is still as it was read. */
  change: (
    entry: AuditEntry,
    user: User,
    change: UserChange,
  ) => Promise<{ outcome: Outcome; user: User | null; ended: EndedSession[] }>;
  /** The user and all that hangs from it; in the history a pseudonym stands for the person from now on. */
  remove: (
    entry: AuditEntry,
    user: User,
    traces: { emailSubject: string | null; pseudonym: string },
  ) => Promise<{ outcome: Outcome; ended: EndedSession[] }>;
  /** One session, or all where `id` is null. Ending what has ended: `ok`, and no row in the history. */
  endSessions: (
    entry: AuditEntry,
    userId: string,
    id: string | null,
  ) => Promise<{ outcome: Outcome; ended: EndedSession[] }>;
  /** Switches the user's second factor off: authenticator, recovery codes, sign-ins that wait for it. `gone`: there is none. */
  removeFactor: (entry: AuditEntry, userId: string) => Promise<Outcome>;
  signInMethods: (userId: string) => Promise<SignInMethods>;
  /** With what finds it. `last_staff`: nobody could use the console any more. */
  removePasskey: (entry: AuditEntry, userId: string, id: string) => Promise<Outcome>;
  /** With what finds it, and the sign-ins that are not exchanged yet. `provider`: of what was removed. */
  removeConnection: (
    entry: AuditEntry,
    userId: string,
    id: string,
  ) => Promise<{ outcome: Outcome; provider: string | null }>;
  /** Leaves a reset token for the user; older ones are void. */
  leaveReset: (entry: AuditEntry, user: User, token: OneTimeToken) => Promise<Outcome>;
}
