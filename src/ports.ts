/**
 * The ports of the use cases. Adapters (`d1-…` and those of KV) implement them; compose.ts connects the two. Every method
 * of a store is one round trip unless noted. A store that cannot be reached throws Refusal('unavailable'). Times are
 * epoch seconds.
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

/** Epoch milliseconds. In production it advances only with I/O. */
export type Clock = () => number;
export const seconds = (clock: Clock): number => Math.floor(clock() / 1_000);

/** The client of a request, as shown to users in the list of sessions. */
export interface Client {
  ip: string | null;
  userAgent: string | null;
  country: string | null;
  city: string | null;
}

/** What a use case knows about the request. */
export interface Call {
  requestId: string;
  client: Client;
  language: Language;
  /** The same if the request asked for it; null if it asked for no supported language. */
  askedLanguage: Language | null;
  /** Public URL of the account app, with which links in e-mails begin. */
  accountsUrl: string;
  /** Display name of the site. */
  site: string;
  /** Continues work after the response. Only for work that may be lost. */
  waitUntil: (work: Promise<unknown>) => void;
  report: Report;
}

/** Writes one JSON line to the log. Never a secret, token, hash or whole address. */
export type Report = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>,
) => void;

export type LogInName = { email: string } | { usernameKey: string };

export interface Users {
  /** Creates the user with the first session and the verification token, if given, atomically. */
  create: (
    user: UserRow,
    session: Session | null,
    mail: OneTimeToken | null,
  ) => Promise<'ok' | 'email_taken' | 'username_taken'>;
  findByName: (name: LogInName) => Promise<User | null>;
  /** The user and session of a token; null if there is no such user. */
  findWithSession: (
    userId: string,
    sessionId: string,
  ) => Promise<{ user: User; session: Session | null } | null>;
  /** A username is changed only if the address is still as read. `changed`: it is not. `gone`: the session has ended. */
  update: (
    user: Pick<User, 'id' | 'email' | 'name' | 'username' | 'isActive' | 'isStaff'>,
    sessionId: string,
    now: number,
    change: { name?: string | null; username?: string | null; usernameKey?: string | null },
  ) => Promise<{ outcome: 'ok'; user: User } | { outcome: 'username_taken' | 'changed' | 'gone' }>;
  /**
   * Deletes the user and everything that belongs to them, if the password is still as read, the session is live and they
   * are not the last active staff member.
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
   * Opens a session if the user is still active with the same password and staff flag as read. Ends the oldest sessions
   * beyond `max`, and replaces the password hash by `rehash`, if given and the hash is still as read. `crowded`: the user
   * has ended sessions to prune.
   */
  open: (
    session: Session,
    as: Pick<User, 'passwordVersion' | 'passwordHash' | 'isStaff'>,
    options: {
      max: number;
      updateLastLogin: boolean;
      rehash: string | null;
      /** The user's new language; null keeps the old one. */
      language: Language | null;
    },
  ) => Promise<{ outcome: 'ok'; evicted: EndedSession[]; crowded?: boolean } | { outcome: 'changed' }>;
  /** Deletes some ended sessions of a user who has many. */
  prune: (userId: string, now: number) => Promise<void>;
  /**
   * Consumes a refresh token with `successorJti`, or ends the session on a replay, and reads the resulting state, in one
   * batch. This call was the first if the returned `token.successorJti` equals `successorJti`; it ended the session if
   * `replayed`.
   */
  consume: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    successorJti: string,
    now: number,
    rules: { graceSeconds: number; refreshLifetimeSeconds: number; touch: Touch },
  ) => Promise<RefreshStatus & { token: RevokedToken | null; replayed: boolean }>;
  /** For a refresh that consumes nothing: updates the session's last use and returns the state. */
  use: (token: { userId: string; sessionId: string }, now: number, touch: Touch) => Promise<RefreshStatus>;
  /** The state of a refresh token; changes nothing. */
  inspect: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    refreshLifetimeSeconds: number,
  ) => Promise<TokenStatus & { token: RevokedToken | null }>;
  /** The state of the user and session of an access token. */
  tokenStatus: (userId: string, sessionId: string) => Promise<TokenStatus>;
  /** Ends the session of a refresh token and blacklists the token. Idempotent. */
  logOut: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    now: number,
  ) => Promise<TokenStatus & { /** This call ended the session. */ ended: boolean }>;
  /** The caller, as from `Users.findWithSession`, and all their live sessions, newest first. */
  list: (
    userId: string,
    sessionId: string,
    now: number,
  ) => Promise<{ user: User; session: Session | null; all: Session[] } | null>;
  /** Ends one of the caller's sessions. `ended` is empty if it had already ended. `gone`: the caller's own has ended. */
  endOne: (
    caller: { userId: string; sessionId: string },
    id: string,
    now: number,
  ) => Promise<{ outcome: 'ok'; ended: EndedSession[] } | { outcome: 'not_found' } | { outcome: 'gone' }>;
  /**
   * Records a reauthentication, if the user is still active with the same password as read and the session is live.
   * `expiresAt`: expiry of the access token that will be minted.
   */
  reauthenticate: (
    session: Pick<Session, 'userId' | 'id'>,
    as: Pick<User, 'passwordVersion'>,
    proof: { amr: readonly string[]; now: number; expiresAt: number },
  ) => Promise<'ok' | 'changed'>;
  /** Ends all sessions of the caller, including their own. Returns those that were live. */
  endAll: (caller: { userId: string; sessionId: string }, now: number) => Promise<EndedSession[]>;
}

/** KV in front of D1: a hit is final, a miss proves nothing. Keys are session ids. */
export interface Blacklist {
  /** `unknown`: KV could not be read, so D1 must be. */
  find: (sessionId: string, report: Report) => Promise<RevocationReason | 'unknown' | null>;
  /**
   * Entries live until the last token of their session has expired. Tried twice; a failure is logged but not thrown, since
   * the revocation is in D1.
   */
  add: (sessions: readonly EndedSession[], reason: RevocationReason, report: Report) => Promise<void>;
}

/** What the settings allow as a way to sign in: a verified address, and passkeys. */
export interface OpenWays {
  emailSignIn: boolean;
  passkeys: boolean;
}

/** Passwords, e-mail addresses and the e-mailed tokens that change them. */
export interface Credentials {
  /** Replaces the password and ends all other sessions, if the password is still as read and the session is live. */
  changePassword: (
    user: Pick<User, 'id' | 'passwordVersion'>,
    sessionId: string,
    passwordHash: string,
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'changed' }>;
  /**
   * Removes the password and ends all other sessions, if the password is still the one that was read and the session is
   * live. `last`: no other way to sign in is left.
   */
  removePassword: (
    user: Pick<User, 'id' | 'passwordVersion'>,
    sessionId: string,
    ways: OpenWays,
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'changed' | 'last' }>;
  /**
   * Adds a reset token for the active owner of the address; a few older ones may be live. Returns null if there is no
   * owner or there are enough tokens; it then writes a row under the subject `decoy`, which no token matches.
   */
  requestPasswordReset: (
    address: { email: string; decoy: string },
    token: Omit<OneTimeToken, 'subject'>,
  ) => Promise<{ userId: string } | null>;
  /** A live token of one of these purposes, and its user (null for a pending sign-up). */
  findToken: (
    subject: string,
    purposes: readonly OneTimePurpose[],
    hash: string,
    now: number,
  ) => Promise<{ token: OneTimeToken; user: User | null } | null>;
  /** Consumes the token: sets the password, verifies the address, ends every session and voids every other token. */
  resetPassword: (
    key: OneTimeKey,
    passwordHash: string,
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'used' }>;
  /**
   * Consumes the token of an account that was created by a sign-up and never verified its address: replaces it, and
   * everything that belongs to it, by `user`. `proven`: it is not such an account, or the token is used.
   */
  passUnproven: (
    key: OneTimeKey,
    user: UserRow & { email: string },
    now: number,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'proven' }>;
  /**
   * Adds a verification token if the user's address is this one and not verified yet. Replaces older ones and keeps
   * their payload. Null if there is nothing to verify.
   */
  requestVerification: (token: OneTimeToken, email: string) => Promise<{ payload: string | null } | null>;
  /**
   * Consumes the token and deletes the user and everything that belongs to them, if the address is as read and still
   * unverified, and they are not the last active staff member.
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
  /** Replaces older ones. `taken`: the address has an account, so the token's secret must not be sent. */
  requestEmailChange: (
    user: Pick<User, 'id' | 'passwordVersion'>,
    sessionId: string,
    newEmail: string,
    token: OneTimeToken,
  ) => Promise<'ok' | 'taken' | 'changed'>;
  /**
   * Consumes the token: sets the new, verified address, voids every other token, and empties pending sign-ups for the new
   * address, if the old address is still as read. `takeBack`: a token added for the old address.
   */
  changeEmail: (
    key: OneTimeKey,
    change: { from: string | null; to: string; toSubject: string },
    takeBack: OneTimeToken,
    now: number,
  ) => Promise<'ok' | 'email_taken' | 'used'>;
  /**
   * Consumes the token: restores the address as verified, removes the password until `reset` is used, ends every session
   * and voids every token except those that take back an even older address. Deletes an account that has the address
   * meanwhile without having verified it. `email_taken`: another account has verified it.
   */
  takeBackEmail: (
    key: OneTimeKey,
    old: TakenBack & { changedAt: number },
    reset: OneTimeToken,
    now: number,
    pseudonym: string,
  ) => Promise<
    | {
        outcome: 'ok';
        endedSessions: EndedSession[];
        endedOfOthers: EndedSession[];
        /** Ids of deleted users. */
        deleted: string[];
        /** It was switched on after the change. */
        secondFactorOff: boolean;
      }
    | { outcome: 'email_taken' }
    | { outcome: 'used' }
  >;
  /** Stores a pending sign-up. `taken`: the address has an account, so the token's secret must not be sent. */
  createPendingSignUp: (email: string, token: OneTimeToken) => Promise<'ok' | 'taken'>;
  /** Consumes the token, creates the user and voids other pending sign-ups for the address. */
  completeSignUp: (key: OneTimeKey, user: UserRow, now: number) => Promise<'ok' | 'email_taken' | 'used'>;
}

export type { Inbox, InboxMail, Mail, Mailer } from './mail-ports.ts';

/** Whether the password has appeared in a breach. Fails open: logs an error and returns false. */
export type BreachCheck = (password: string, report: Report) => Promise<boolean>;
