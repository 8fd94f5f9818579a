/**
 * What the use cases need of the world. The rules below know none of it; the adapters (`d1-…` and those of
 * KV) implement it; app.ts puts the two together. Every method of a store is one round trip unless it says so.
 * A store that cannot be reached throws Refusal('unavailable'). Times are epoch seconds.
 */
import type { Language } from './languages/index.ts';
import type {
  EndedSession,
  OneTimeKey,
  OneTimePurpose,
  OneTimeToken,
  RefreshStatus,
  RevocationReason,
  RevokedToken,
  Session,
  TakenBack,
  TokenStatus,
  Touch,
  User,
  UserRow,
} from './model.ts';

/** Epoch milliseconds. In production it stands still between I/O. */
export type Clock = () => number;
export const seconds = (clock: Clock): number => Math.floor(clock() / 1_000);

/** Who calls, as far as a person would recognise it in the list of sessions. */
export interface Client {
  ip: string | null;
  userAgent: string | null;
  country: string | null;
}

/** What a use case is told of the request it serves. */
export interface Call {
  requestId: string;
  client: Client;
  language: Language;
  /** The same where the request asked for it; null where it asked for none that is there. */
  askedLanguage: Language | null;
  /** Where the account app is, seen from outside: links in mail begin with it. */
  accountsUrl: string;
  /** What people know the service by. */
  site: string;
  /** Goes on after the answer; only for what may be lost. */
  waitUntil: (work: Promise<unknown>) => void;
  report: Report;
}

/** One JSON line in the log. Never a secret, token, hash or whole address. */
export type Report = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>,
) => void;

export type LogInName = { email: string } | { usernameKey: string };

export interface Users {
  /** Atomic: the user, the first session and, where given, a token for the mail, or none of them. */
  create: (
    user: UserRow,
    session: Session | null,
    mail: OneTimeToken | null,
  ) => Promise<'ok' | 'email_taken' | 'username_taken'>;
  findByName: (name: LogInName) => Promise<User | null>;
  /** A user with the session that a token names; null where there is none. */
  findWithSession: (
    userId: string,
    sessionId: string,
  ) => Promise<{ user: User; session: Session | null } | null>;
  /** A username is changed only while the address is the one that was read; `changed`: it is another one. */
  update: (
    user: Pick<User, 'id' | 'email' | 'name' | 'username' | 'isActive' | 'isStaff'>,
    sessionId: string,
    now: number,
    change: { name?: string | null; username?: string | null; usernameKey?: string | null },
  ) => Promise<{ outcome: 'ok'; user: User } | { outcome: 'username_taken' | 'changed' | 'gone' }>;
  /**
   * The user and all that hangs from it are gone, if the password is still the one that was read, the
   * session lives and it is not the last active staff member.
   */
  withdraw: (
    user: Pick<User, 'id' | 'passwordVersion'> & { emailSubject: string | null },
    sessionId: string,
    now: number,
    pseudonym: string,
  ) => Promise<
    { outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'changed' } | { outcome: 'last_staff' }
  >;
}

export interface Sessions {
  /**
   * Opens a session if the user is still active, staff or not as before, with the password that was read, ends the
   * oldest past `max`, and replaces the hash (where `rehash` is given) if it is still the one that was read.
   */
  open: (
    session: Session,
    as: Pick<User, 'passwordVersion' | 'passwordHash' | 'isStaff'>,
    options: {
      max: number;
      updateLastLogin: boolean;
      rehash: string | null;
      /** The user's from now on; null: as before. */
      language: Language | null;
    },
  ) => Promise<
    | { outcome: 'ok'; evicted: EndedSession[] /** Some dead ones are to be pruned. */; crowded?: boolean }
    | { outcome: 'changed' }
  >;
  /** Deletes some dead sessions of a user who has many. */
  prune: (userId: string, now: number) => Promise<void>;
  /**
   * Consumes a refresh token with `successorJti`, or punishes its replay, in one batch, and reads back how
   * things stand. `token.successorJti` equal to the one handed in: this call was the first.
   */
  consume: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    successorJti: string,
    now: number,
    rules: { graceSeconds: number; refreshLifetimeSeconds: number; touch: Touch },
  ) => Promise<
    RefreshStatus & { token: RevokedToken | null /** This very call ended the session. */; replayed: boolean }
  >;
  /** For a refresh that consumes nothing: how things stand, and the session's last use moved. */
  use: (token: { userId: string; sessionId: string }, now: number, touch: Touch) => Promise<RefreshStatus>;
  /** How a refresh token stands; changes nothing. */
  inspect: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    refreshLifetimeSeconds: number,
  ) => Promise<TokenStatus & { token: RevokedToken | null }>;
  /** How the user and the session of an access token stand. */
  tokenStatus: (userId: string, sessionId: string) => Promise<TokenStatus>;
  /** Ends the session of a refresh token and puts the token on the blacklist. Idempotent. */
  logOut: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    now: number,
  ) => Promise<TokenStatus & { /** This very call ended the session. */ ended: boolean }>;
  /** The caller as `Users.findWithSession` has it, and all live sessions of that user, newest first. */
  list: (
    userId: string,
    sessionId: string,
    now: number,
  ) => Promise<{ user: User; session: Session | null; all: Session[] } | null>;
  /** Ends one session of the caller, whose own must live; none where it had ended. `gone`: the caller's does not live. */
  endOne: (
    caller: { userId: string; sessionId: string },
    id: string,
    now: number,
  ) => Promise<{ outcome: 'ok'; ended: EndedSession[] } | { outcome: 'not_found' } | { outcome: 'gone' }>;
  /**
   * Notes when and how the session's user proved who they are, if the user is still active with the password that was
   * read and the session lives. `expiresAt`: of the access token that is minted for it.
   */
  reauthenticate: (
    session: Pick<Session, 'userId' | 'id'>,
    as: Pick<User, 'passwordVersion'>,
    proof: { amr: readonly string[]; now: number; expiresAt: number },
  ) => Promise<'ok' | 'changed'>;
  /** Ends all sessions of the caller, the caller's own included; says which were alive. */
  endAll: (caller: { userId: string; sessionId: string }, now: number) => Promise<EndedSession[]>;
}

/** KV in front of D1: a hit is final, a miss proves nothing. Keys are session ids. */
export interface Blacklist {
  /** `unknown`: KV could not be asked; D1 must be. */
  find: (sessionId: string, report: Report) => Promise<RevocationReason | 'unknown' | null>;
  /**
   * Kept until the last token of each has expired. Tried twice; a failure is logged and swallowed, since D1 has the
   * revocation.
   */
  add: (sessions: readonly EndedSession[], reason: RevocationReason, report: Report) => Promise<void>;
}

/** Passwords, e-mail addresses and the tokens sent by mail that change them. */
export interface Credentials {
  /** If the password is still the one that was read and the session lives: all other sessions end. */
  changePassword: (
    user: Pick<User, 'id' | 'passwordVersion'>,
    sessionId: string,
    passwordHash: string,
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'changed' }>;
  /**
   * Leaves a reset token for the active owner of the address beside older ones, of which a few may be live. null:
   * there is no owner, or there are enough, and the row that is written is that of `nobody`, which no token opens.
   */
  requestPasswordReset: (
    address: { email: string; nobody: string },
    token: Omit<OneTimeToken, 'subject'>,
  ) => Promise<{ userId: string } | null>;
  /** A live token of one of these purposes, with its user (none for a pending sign-up). */
  findToken: (
    subject: string,
    purposes: readonly OneTimePurpose[],
    hash: string,
    now: number,
  ) => Promise<{ token: OneTimeToken; user: User | null } | null>;
  /** Uses the token: new password, address proven, every session ended, every other token void. */
  resetPassword: (
    key: OneTimeKey,
    passwordHash: string,
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'used' }>;
  /**
   * Uses the token where whoever made the account by a sign-up has never shown the mailbox: the account with all that
   * hangs from it is gone, and `user` is there in its place. `proven`: it is not such an account, or the token is used.
   */
  passUnproven: (
    key: OneTimeKey,
    user: UserRow & { email: string },
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'proven' }>;
  /**
   * In place of older ones, whose payload it takes over, where the address is not verified yet; null: nothing to
   * verify.
   */
  requestVerification: (token: OneTimeToken) => Promise<{ payload: string | null } | null>;
  /**
   * Uses the token: the user and all that hangs from it are gone, if the address is the one that was read and still
   * unverified, and it is not the last active staff member.
   */
  disown: (
    key: OneTimeKey,
    read: { email: string; emailSubject: string },
    now: number,
    pseudonym: string,
  ) => Promise<
    { outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'used' } | { outcome: 'last_staff' }
  >;
  verifyEmail: (key: OneTimeKey, now: number) => Promise<'ok' | 'used'>;
  /** In place of older ones. `taken`: the address has an owner; the token's secret must not be sent. */
  requestEmailChange: (
    user: Pick<User, 'id' | 'passwordVersion'>,
    sessionId: string,
    newEmail: string,
    token: OneTimeToken,
  ) => Promise<'ok' | 'taken' | 'changed'>;
  /**
   * Uses the token: the new address is the user's, verified; every other token is void, and of sign-ups that wait
   * for the new address nothing is kept. `takeBack`: left for the old address, if it is still the one that was read.
   */
  changeEmail: (
    key: OneTimeKey,
    change: { from: string | null; to: string; toSubject: string },
    takeBack: OneTimeToken,
    now: number,
  ) => Promise<'ok' | 'email_taken' | 'used'>;
  /**
   * Uses the token: the address is the user's again, verified; no password works until `reset` is used; every session
   * ends, every token is void but those that take an older address back. Whoever has the address meanwhile and has not
   * verified it is gone. `email_taken`: its owner has.
   */
  takeBackEmail: (
    key: OneTimeKey,
    old: TakenBack,
    reset: OneTimeToken,
    now: number,
    pseudonym: string,
  ) => Promise<
    | {
        outcome: 'ok';
        endedSessions: EndedSession[];
        endedOfOthers: EndedSession[];
        /** Ids of users who are gone. */
        deleted: string[];
      }
    | { outcome: 'email_taken' }
    | { outcome: 'used' }
  >;
  /** A sign-up that waits for its mail. `taken`: the address has an owner; the token's secret must not be sent. */
  createPendingSignUp: (email: string, token: OneTimeToken) => Promise<'ok' | 'taken'>;
  /** Uses the token: the user exists from now on; other pending sign-ups for the address are void. */
  completeSignUp: (key: OneTimeKey, user: UserRow, now: number) => Promise<'ok' | 'email_taken' | 'used'>;
}

export type { Inbox, InboxMail, Mail, Mailer } from './mail-ports.ts';

/** Has this password been in a breach? Fails open: false, and a line in the log. */
export type BreachCheck = (password: string, report: Report) => Promise<boolean>;
