/** The model: users, sessions, the blacklist, one-time tokens. Times are epoch seconds. */

export interface User {
  id: string;
  /** Canonical; null only for a user imported without one. */
  email: string | null;
  username: string | null;
  name: string | null;
  /** Self-describing; empty if the user has no password. Never leaves the use cases. */
  passwordHash: string;
  /** Incremented by every change of the password. */
  passwordVersion: number;
  isActive: boolean;
  isStaff: boolean;
  emailVerifiedAt: number | null;
  dateJoined: number;
  lastLoginAt: number | null;
  /** An authenticator app is active (second-factor/). */
  hasSecondFactor: boolean;
  /** The supported language that the user's browser asked for last, or null. */
  language: string | null;
  /** Number of the user's passkeys (passkeys/). */
  passkeyCount: number;
}

/** A user with the key by which the username is unique and looked up. */
export interface UserRow extends User {
  usernameKey: string | null;
}

/** Why a session ended, as stored in D1 and KV. */
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
  /** An upper bound, for the sweep and for lists. Tokens are never refused because of it. */
  expiresAt: number;
  /** No token of the session expires later. */
  absoluteEndAt: number;
  revokedAt: number | null;
  revokedReason: RevocationReason | null;
  /** When the user last reauthenticated; null if not since the log-in. */
  authenticatedAt: number | null;
  /** How the user last authenticated (RFC 8176). */
  amr: readonly string[];
  userAgent: string | null;
  ip: string | null;
  country: string | null;
  city: string | null;
}

/** An ended session. No token of it expires later than `expiresAt`, apart from LEEWAY. */
export type EndedSession = Pick<Session, 'id' | 'expiresAt'>;

/** What decides whether a session is live. */
export type SessionState = Pick<Session, 'revokedAt' | 'revokedReason' | 'absoluteEndAt'>;

/** What a host's `claims` function learns about the user. */
export type Profile = Pick<User, 'email' | 'username' | 'name' | 'dateJoined'>;

/** The state of a token's user and session, which decides about a token with a valid signature. */
export interface TokenStatus {
  user: Pick<User, 'isActive' | 'isStaff' | 'emailVerifiedAt'> | null;
  session: (SessionState & Pick<Session, 'expiresAt' | 'createdAt' | 'authenticatedAt' | 'amr'>) | null;
}

/** TokenStatus with what the next tokens are minted from. */
export interface RefreshStatus extends TokenStatus {
  user: (NonNullable<TokenStatus['user']> & Profile) | null;
}

/** A consumed refresh token in the blacklist. */
export interface RevokedToken {
  revokedAt: number;
  reason: string;
  successorJti: string | null;
  /** The successor has been consumed or logged out, so the client has received it. */
  successorUsed: boolean;
}

/** When the last use of a session is written, and how far its `expiresAt` then lies ahead. */
export interface Touch {
  /** Written if the previous one is at least this old. */
  everySeconds: number;
  lifetimeSeconds: number;
}

export type OneTimePurpose =
  | 'password_reset'
  /** Confirms an address, or disowns the account. */
  | 'email_verify'
  /** An `email_verify` token that only disowns, as the password has changed since. */
  | 'email_disown'
  | 'email_change'
  /** Takes back an address that was replaced. */
  | 'email_take_back'
  /** A code and a link to sign in (email-sign-in/): one row per address. */
  | 'email_sign_in'
  /** A sign-in that waits for its second factor. Not sent by e-mail. */
  | 'second_factor'
  /** Opens a session after a sign-in with a provider (connections/). Not sent by e-mail. */
  | 'exchange'
  /** Adds a connection to an account. Not sent by e-mail. */
  | 'connect'
  | 'sign_up';

export interface OneTimeToken {
  /** The user's id, or the SHA-256 of an address that has no account yet. */
  subject: string;
  purpose: OneTimePurpose;
  /** SHA-256 of the secret half. The secret itself is not stored. */
  hash: string;
  payload: string | null;
  createdAt: number;
  expiresAt: number;
}
/** The payload of an `email_take_back` token. */
export interface TakenBack {
  email: string;
  /** SHA-256 of the address: the subject of pending sign-ups for it. */
  subject: string;
  /** Counts the user's changes: using a newer token does not void older ones. */
  nth: number;
}
/** Its primary key. */
export type OneTimeKey = Pick<OneTimeToken, 'subject' | 'purpose' | 'hash'>;
