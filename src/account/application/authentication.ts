/** What the steps of signing in pass to each other (sign-in.ts), and the interfaces that rooms implement for them. */
import type { Refusal } from '../../errors.ts';
import type { OneTimeKey, Session, User } from '../../model.ts';
import type { Call, Sessions } from '../../ports.ts';
import type { AuthenticationMethod } from '../../token/authentication.ts';

/** Who may sign in, and how long the session may last. */
export interface SignInPolicy {
  staffOnly: boolean;
  maxLifetimeSeconds: number;
  /** Lifetime of the longest-lived token of the session. */
  tokenLifetimeSeconds: number;
}

/** The user as read from D1 when they authenticated, and how they did. */
export interface Authentication {
  user: User;
  amr: readonly AuthenticationMethod[];
  /** Replaces the password hash that was read, if that is weaker than today's. */
  rehash?: string | null;
}

/** How a room opens a session in the same batch that consumes its token or challenge, and the error if that fails. */
export interface Opening {
  open: Sessions['open'];
  lost: () => Refusal;
}

/** Called for every sign-in and sign-up, after the session is open. */
export type NoticeDevice = (user: User, session: Session, call: Call) => Promise<void>;

/** Skipped if `amr` already has `mfa`: a passkey that verified its user counts as both factors. */
export interface SecondFactor {
  /**
   * Returns if the user has no second factor. Otherwise throws 401 mfa_required with a challenge that holds the user's
   * id, `passwordVersion`, `amr` and whatever else is needed to open the session. Answering it reads the user again,
   * adds `otp` and `mfa` to `amr` and continues with `openSession`.
   */
  require: (authentication: Authentication, policy: SignInPolicy, call: Call) => Promise<void>;
  /**
   * Reauthenticates with a code of the second factor and records it in the session. Returns the new `amr` and the time
   * in epoch seconds. 401 code_not_valid; 429 throttled.
   */
  proveAgain: (
    user: User,
    session: Session,
    shown: { code?: string | undefined; recovery_code?: string | undefined },
    call: Call,
  ) => Promise<{ amr: readonly AuthenticationMethod[]; at: number; recoveryCodeUsed: boolean }>;
}

/** A passkey of a user who is already known, implemented by passkeys/. */
export interface PasskeyProof {
  /** Reauthentication, recorded in the session. Returns the new `amr` and the time in epoch seconds. 401 passkey_not_valid. */
  proveAgain: (
    user: User,
    session: Session,
    credential: object,
    call: Call,
  ) => Promise<{ amr: readonly AuthenticationMethod[]; at: number }>;
  /**
   * The second factor of the log-in that `waiting` identifies, whose token is consumed when the session opens.
   * 401 passkey_not_valid.
   */
  asSecondFactor: (
    userId: string,
    credential: object,
    waiting: OneTimeKey,
    call: Call,
  ) => Promise<{ amr: readonly AuthenticationMethod[]; opening: Opening }>;
}
