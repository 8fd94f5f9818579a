/**
 * What the use cases need of the world. The rules below know none of it; the adapters (`d1-…`, `kv-…`)
 * implement it; app.ts puts the two together. Every method of a store is one round trip unless it says so.
 * A store that cannot be reached throws Refusal('unavailable'). Times are epoch seconds.
 */
import type { Language } from './errors.ts';

/** Epoch milliseconds. In production it stands still between I/O. */
export type Clock = () => number;
export const seconds = (clock: Clock): number => Math.floor(clock() / 1_000);

export interface User {
  id: string;
  /** Canonical; null only for a user imported without one. */
  email: string | null;
  username: string | null;
  name: string | null;
  /** Self-describing; never leaves the use cases. */
  passwordHash: string;
  /** Raised by every change of the password. */
  passwordVersion: number;
  isActive: boolean;
  isStaff: boolean;
  emailVerifiedAt: number | null;
  dateJoined: number;
  lastLoginAt: number | null;
}

/** Why a session ended, as D1 and KV keep it. */
export type RevocationReason =
  | 'logged_out'
  | 'ended'
  | 'evicted'
  | 'replayed'
  | 'password_changed'
  | 'password_reset'
  | 'email_changed'
  | 'deactivated'
  | 'demoted'
  | 'withdrawn';

export interface Session {
  userId: string;
  id: string;
  createdAt: number;
  lastUsedAt: number;
  /** An upper bound for the sweep and the list; no token is refused by it. */
  expiresAt: number;
  /** No token of the session outlives it. */
  absoluteEndAt: number;
  revokedAt: number | null;
  revokedReason: RevocationReason | null;
  userAgent: string | null;
  ip: string | null;
  country: string | null;
}

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
  /** The base of links in mail. */
  publicUrl: string;
  /** Goes on after the answer; only for what may be lost. */
  later: (work: Promise<unknown>) => void;
  report: Report;
}

/** One JSON line in the log. Never a secret, token, hash or whole address. */
export type Report = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>,
) => void;

/** Whether a token's user and session stand: what decides about a token beyond its signature. */
export interface Standing {
  user: { isActive: boolean; isStaff: boolean } | null;
  session: Pick<Session, 'revokedAt' | 'revokedReason' | 'absoluteEndAt'> | null;
}

/** How a consumed refresh token stands in the blacklist. */
export interface RevokedToken {
  revokedAt: number;
  reason: string;
  successorJti: string | null;
}

export type LogInName = { email: string } | { usernameKey: string };

export interface Users {
  /** Atomic: the user, the first session and, where given, a token for the mail, or none of them. */
  create: (
    user: User & { usernameKey: string | null },
    session: Session | null,
    mail: OneTimeToken | null,
  ) => Promise<'ok' | 'email_taken' | 'username_taken'>;
  findByName: (name: LogInName) => Promise<User | null>;
  /** A user with the session that a token names; null where there is none. */
  findWithSession: (
    userId: string,
    sessionId: string,
  ) => Promise<{ user: User; session: Session | null } | null>;
  update: (
    userId: string,
    sessionId: string,
    now: number,
    change: { name?: string | null; username?: string | null; usernameKey?: string | null },
  ) => Promise<{ outcome: 'ok'; user: User } | { outcome: 'username_taken' } | { outcome: 'gone' }>;
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
    { outcome: 'ok'; endedSessions: string[] } | { outcome: 'changed' } | { outcome: 'last_staff' }
  >;
}

export interface Sessions {
  /**
   * Opens a session if the user is still active with the password that was read, ends the oldest past
   * `max`, and replaces the hash (where `rehash` is given) if it is still the one that was read.
   */
  open: (
    session: Session,
    as: Pick<User, 'passwordVersion' | 'passwordHash'>,
    options: { max: number; updateLastLogin: boolean; rehash: string | null },
  ) => Promise<{ outcome: 'ok'; evicted: string[] } | { outcome: 'changed' }>;
  /**
   * Consumes a refresh token with `successorJti`, or punishes its replay, in one batch, and reads back how
   * things stand. `token.successorJti` equal to the one handed in: this call was the first.
   */
  consume: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    successorJti: string,
    now: number,
    rules: { graceSeconds: number; touch: Touch },
  ) => Promise<
    Standing & { token: RevokedToken | null /** This very call ended the session. */; replayed: boolean }
  >;
  /** For a refresh that consumes nothing: how things stand, and the session's last use moved. */
  use: (token: { userId: string; sessionId: string }, now: number, touch: Touch) => Promise<Standing>;
  /** How a refresh token stands; changes nothing. */
  inspect: (token: {
    userId: string;
    sessionId: string;
    jti: string;
    expiresAt: number;
  }) => Promise<Standing & { token: RevokedToken | null }>;
  /** How the user and the session of an access token stand. */
  standing: (userId: string, sessionId: string) => Promise<Standing>;
  /** Ends the session of a refresh token and puts the token on the blacklist. Idempotent. */
  logOut: (
    token: { userId: string; sessionId: string; jti: string; expiresAt: number },
    now: number,
  ) => Promise<Standing>;
}

/** When a session's last use is written, and the upper bound of its life then. */
export interface Touch {
  /** Written where the last use lies at least this far back. */
  everySeconds: number;
  lifetimeSeconds: number;
}

/** KV in front of D1: a hit is final, a miss proves nothing. Keys are session ids. */
export interface Blacklist {
  /** `unknown`: KV could not be asked; D1 must be. */
  find: (sessionId: string, report: Report) => Promise<RevocationReason | 'unknown' | null>;
  /** Tried twice; a failure is logged and swallowed, since D1 has the revocation. */
  add: (sessionIds: readonly string[], reason: RevocationReason, report: Report) => Promise<void>;
}

export type OneTimePurpose = 'password_reset' | 'email_verify' | 'email_change' | 'sign_up';

export interface OneTimeToken {
  /** User id, or SHA-256 of the address for a wished sign-up. */
  subject: string;
  purpose: OneTimePurpose;
  /** SHA-256 of the secret half; the secret itself is in the mail alone. */
  hash: string;
  payload: string | null;
  createdAt: number;
  expiresAt: number;
}
