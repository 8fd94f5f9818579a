/** The ports of the console's lists: their queries, their rows, and how many there are. Times are epoch seconds. */
import type { Changes } from '../audit-log.ts';
import type { Session, User } from '../model.ts';

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

export interface AdminLists {
  counts: (now: number, weekAgoId: string) => Promise<Counts>;
  users: (query: UserQuery) => Promise<UserPage>;
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
}

/** How many rows a list has in all. null: only a walk through a table would tell. */
export interface ListTotals {
  users: (query: UserQuery) => Promise<Count | null>;
  /** Of one user. */
  sessions: (userId: string) => Promise<Count>;
  liveSessions: (now: number) => Promise<Count | null>;
  revokedTokens: () => Promise<Count>;
  history: (query: HistoryQuery) => Promise<Count | null>;
  deadLetters: () => Promise<Count>;
}
