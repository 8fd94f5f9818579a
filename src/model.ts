/** What is kept: users, sessions, the blacklist, one-time tokens. Times are epoch seconds. */

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
  /** An authenticator app is switched on (second-factor/). */
  hasSecondFactor: boolean;
  /** A Language that the user's browser asked for; null: it asked for none that is there. */
  language: string | null;
  /** Of the user's passkeys (passkeys/). */
  passkeyCount: number;
}

/** A user with the key by which the username is unique and found. */
export interface UserRow extends User {
  usernameKey: string | null;
}

/** Why a session ended, as D1 and KV keep it. */
export type RevocationReason =
  | 'logged_out'
  | 'ended'
  | 'evicted'
  | 'replayed'
  | 'password_changed'
  | 'password_reset'
  | 'deactivated'
  | 'promoted'
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
  /** When the user proved again who they are; null: not since the log-in. */
  authenticatedAt: number | null;
  /** How the user last did so. */
  amr: readonly string[];
  userAgent: string | null;
  ip: string | null;
  country: string | null;
}

/** One that has ended. No token of it was handed out that lives past `expiresAt`, LEEWAY apart. */
export type EndedSession = Pick<Session, 'id' | 'expiresAt'>;

/** What decides whether a session is live. */
export type SessionState = Pick<Session, 'revokedAt' | 'revokedReason' | 'absoluteEndAt'>;

/** What a host may want to know of whom a token is minted for. */
export type Profile = Pick<User, 'email' | 'username' | 'name' | 'dateJoined'>;

/** Whether a token's user and session stand: what decides about a token beyond its signature. */
export interface TokenStatus {
  user: Pick<User, 'isActive' | 'isStaff' | 'emailVerifiedAt'> | null;
  session: (SessionState & Pick<Session, 'expiresAt' | 'createdAt' | 'authenticatedAt' | 'amr'>) | null;
}

/** With what the next tokens are minted from. */
export interface RefreshStatus extends TokenStatus {
  user: (NonNullable<TokenStatus['user']> & Profile) | null;
}

/** How a consumed refresh token stands in the blacklist. */
export interface RevokedToken {
  revokedAt: number;
  reason: string;
  successorJti: string | null;
  /** The successor has been consumed or logged out with: whoever got it has it. */
  successorUsed: boolean;
}

/** When a session's last use is written, and the upper bound of its life then. */
export interface Touch {
  /** Written where the last use lies at least this far back. */
  everySeconds: number;
  lifetimeSeconds: number;
}

export type OneTimePurpose =
  | 'password_reset'
  /** Confirms an address, and disowns the account. */
  | 'email_verify'
  /** Was `email_verify`, and disowns only, since the password changed meanwhile. */
  | 'email_disown'
  | 'email_change'
  /** Takes an address back that a change replaced. */
  | 'email_take_back'
  /** A code and a link that sign in (email-sign-in/): one row an address. */
  | 'email_sign_in'
  /** A sign-in that waits for its second factor; no mail carries it. */
  | 'second_factor'
  /** Opens a session for who has just come back from a provider (connections/); no mail carries it. */
  | 'exchange'
  /** Adds a connection to the account that asked for it; no mail carries it. */
  | 'connect'
  | 'sign_up';

export interface OneTimeToken {
  /** User id, or SHA-256 of the address for a pending sign-up. */
  subject: string;
  purpose: OneTimePurpose;
  /** SHA-256 of the secret half; the secret itself is in the mail alone. */
  hash: string;
  payload: string | null;
  createdAt: number;
  expiresAt: number;
}
/** The payload of a token that takes an address back. */
export interface TakenBack {
  email: string;
  /** SHA-256 of the address: under it lies what waits for the address. */
  subject: string;
  /** Of the changes of one user, which: an older one is not voided by the use of a newer one. */
  nth: number;
}
/** What finds one again. */
export type OneTimeKey = Pick<OneTimeToken, 'subject' | 'purpose' | 'hash'>;
