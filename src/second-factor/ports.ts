/** The model of the second factor, and its store. Times are epoch seconds. */
import type { EndedSession, OneTimeKey, Session, User } from '../model.ts';
import type { Sessions } from '../ports.ts';
import type { SecretBox } from '../secret-box.ts';

/** A user's authenticator, and one that is not confirmed yet. */
export interface Totp {
  /** Sealed (secret-box.ts); null if none is active. */
  secret: string | null;
  confirmedAt: number | null;
  pendingSecret: string | null;
  /** The time step of the last accepted code. Steps up to this one are consumed. */
  usedStep: number | null;
}

/** The time step of a matching code, or the digests of a recovery code. */
export type Proof = { step: number } | { recoveryDigests: readonly string[] };

export interface Factors {
  /** Null if the user has never set up an authenticator. */
  find: (userId: string) => Promise<{ totp: Totp; recoveryCodesLeft: number } | null>;
  /** Stores a sealed pending secret, in place of an earlier one. False if the session has ended. */
  start: (
    caller: { userId: string; sessionId: string },
    pendingSecret: string,
    now: number,
  ) => Promise<boolean>;
  /** Activates the pending secret, consumes its first code and replaces the recovery codes. */
  confirm: (
    caller: { userId: string; sessionId: string },
    read: { pendingSecret: string; step: number },
    /** Identifies this attempt. */
    tryId: string,
    digests: readonly string[],
    now: number,
  ) => Promise<boolean>;
  /** Removes the authenticator and the recovery codes. False if there was none. */
  remove: (caller: { userId: string; sessionId: string }, now: number) => Promise<boolean>;
  /** False if no authenticator is active. */
  replaceRecoveryCodes: (
    caller: { userId: string; sessionId: string },
    digests: readonly string[],
    now: number,
  ) => Promise<boolean>;
  /** Replaces the sealed secret by one sealed with a newer key. */
  reseal: (userId: string, read: string, sealed: string) => Promise<void>;

  /** Stores the token of a sign-in that waits for its second factor. */
  challenge: (
    key: OneTimeKey,
    user: Pick<User, 'passwordVersion'>,
    payload: Challenge,
    times: { createdAt: number; expiresAt: number },
  ) => Promise<void>;
  /**
   * Counts a try for the account and, if given, the challenge, before the code is checked, so that the limits hold exactly
   * under concurrency. `exhausted`: the account has no tries left for `retryAfter` seconds.
   */
  takeTry: (
    userId: string,
    challenge: OneTimeKey | null,
    /** Identifies this attempt. */
    tryId: string,
    now: number,
  ) => Promise<
    | { outcome: 'ok'; totp: Totp; user: User; challenge: Challenge | null }
    | { outcome: 'exhausted'; retryAfter: number }
    | { outcome: 'gone' }
  >;
  /** A challenge that is still waiting, for a factor that cannot be guessed. Writes nothing. */
  waiting: (key: OneTimeKey, now: number) => Promise<{ user: User; challenge: Challenge } | null>;
  /** Opens the session, consumes the proof and the challenge, and undoes the try, in one batch. */
  open: (
    challenge: OneTimeKey,
    proof: Proof,
    ...session: Parameters<Sessions['open']>
  ) => Promise<{ outcome: 'ok'; evicted: EndedSession[] } | { outcome: 'changed' }>;
  /** Records a reauthentication in a live session, consumes the proof and undoes the try, in one batch. */
  reauthenticate: (
    session: Pick<Session, 'userId' | 'id'>,
    proof: Proof,
    /** Identifies this attempt. */
    tryId: string,
    /** `expiresAt`: expiry of the access token that will be minted. */
    noted: { amr: readonly string[]; now: number; expiresAt: number },
  ) => Promise<'ok' | 'changed'>;
}

/** The state of a sign-in while it waits for the second factor. */
export interface Challenge {
  tries: number;
  amr: readonly string[];
  passwordVersion: number;
  /** Absent in challenges of older releases, which live for five minutes. */
  isStaff?: boolean;
  rehash: string | null;
  policy: { staffOnly: boolean; maxLifetimeSeconds: number; tokenLifetimeSeconds: number };
}

/** The user's active factors. */
export interface FactorList {
  /** Number of passkeys. */
  passkeys: number;
  totp: { createdAt: number } | null;
  recoveryCodesLeft: number;
}

export interface FactorServices {
  store: Factors;
  box: SecretBox;
}
