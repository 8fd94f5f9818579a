/** What the second factor keeps, and what it needs of its store. Times are epoch seconds. */
import type { EndedSession, OneTimeKey, Session, User } from '../model.ts';
import type { Sessions } from '../ports.ts';
import type { SecretBox } from '../secret-box.ts';

/** One authenticator a user, and one that waits to be confirmed. */
export interface Totp {
  /** Sealed (secret-box.ts); null: none is on. */
  secret: string | null;
  confirmedAt: number | null;
  pendingSecret: string | null;
  /** The time step of the last code that was accepted: a lower one is used up. */
  usedStep: number | null;
}

/** What the user showed: the step whose code matched, or the digests of a recovery code. */
export type Proof = { step: number } | { recoveryDigests: readonly string[] };

export interface Factors {
  /** Null: there never was an authenticator. */
  find: (userId: string) => Promise<{ totp: Totp; recoveryCodesLeft: number } | null>;
  /** Keeps a sealed secret that waits for its first code, in place of an earlier one. */
  start: (
    caller: { userId: string; sessionId: string },
    pendingSecret: string,
    now: number,
  ) => Promise<boolean>;
  /** Switches the waiting secret on, with its first code used, and replaces the recovery codes. */
  confirm: (
    caller: { userId: string; sessionId: string },
    read: { pendingSecret: string; step: number },
    digests: readonly string[],
    now: number,
  ) => Promise<boolean>;
  /** Switches the authenticator off; the recovery codes go too. False: there was none. */
  remove: (caller: { userId: string; sessionId: string }, now: number) => Promise<boolean>;
  /** False: no authenticator is on. */
  replaceRecoveryCodes: (
    caller: { userId: string; sessionId: string },
    digests: readonly string[],
    now: number,
  ) => Promise<boolean>;
  /** A newer key's seal of the same secret. */
  reseal: (userId: string, read: string, sealed: string) => Promise<void>;

  /** Leaves the token of a sign-in that waits for its second factor. */
  challenge: (
    key: OneTimeKey,
    user: Pick<User, 'passwordVersion'>,
    payload: Challenge,
    times: { createdAt: number; expiresAt: number },
  ) => Promise<void>;
  /**
   * Takes one try of the account and (where there is one) of the challenge, before the code is looked at: the limits
   * hold exactly, however many tries come at once. `exhausted`: the account has none left for `retryAfter` seconds.
   */
  takeTry: (
    userId: string,
    challenge: OneTimeKey | null,
    /** Names this very try. */
    tryId: string,
    now: number,
  ) => Promise<
    | { outcome: 'ok'; totp: Totp; user: User; challenge: Challenge | null }
    | { outcome: 'exhausted'; retryAfter: number }
    | { outcome: 'gone' }
  >;
  /** Opens the session, with the proof and the challenge used up in the same batch; gives the try back. */
  open: (
    challenge: OneTimeKey,
    proof: Proof,
    ...session: Parameters<Sessions['open']>
  ) => Promise<{ outcome: 'ok'; evicted: EndedSession[] } | { outcome: 'changed' }>;
  /** Notes in a live session that its user proved who they are, with the proof used up in the same batch. */
  reauthenticate: (
    session: Pick<Session, 'userId' | 'id'>,
    proof: Proof,
    /** Names this very try. */
    tryId: string,
    /** `expiresAt`: of the access token that is minted for it. */
    noted: { amr: readonly string[]; now: number; expiresAt: number },
  ) => Promise<'ok' | 'changed'>;
}

/** What of a sign-in has to be known again when the second factor is shown. */
export interface Challenge {
  tries: number;
  amr: readonly string[];
  passwordVersion: number;
  rehash: string | null;
  policy: { staffOnly: boolean; maxLifetimeSeconds: number; tokenLifetimeSeconds: number };
}

/** What is on. */
export interface FactorList {
  /** How many. */
  passkeys: number;
  totp: { createdAt: number } | null;
  recoveryCodesLeft: number;
}

export interface FactorServices {
  store: Factors;
  box: SecretBox;
}
