/** What the steps of signing in hand to each other (sign-in.ts), and the second step as its room implements it. */
import type { Session, User } from '../../model.ts';
import type { Call } from '../../ports.ts';
import type { AuthenticationMethod } from '../../token/authentication.ts';

/** Who may sign in, and how long the session may last. */
export interface SignInPolicy {
  staffOnly: boolean;
  maxLifetimeSeconds: number;
  /** Of the longest-lived token of the session. */
  tokenLifetimeSeconds: number;
}

/** A user as read when they proved who they are, and how they did. */
export interface Authentication {
  user: User;
  amr: readonly AuthenticationMethod[];
  /** A hash that replaces the one that was read. */
  rehash?: string | null;
}

/** Told of every sign-in but a sign-up, after the session is open. */
export type NoticeDevice = (user: User, session: Session, call: Call) => Promise<void>;

/** Not asked where `amr` has `mfa` already: a passkey that verified its user is both factors. */
export interface SecondFactor {
  /**
   * Returns where the user has no factor switched on. Else throws 401 mfa_required with a challenge that holds the
   * user's id, `passwordVersion`, `amr` and what else opening the session needs. Whoever answers it goes on with
   * `openSession`, the user read anew and `amr` with `otp` and `mfa`.
   */
  require: (authentication: Authentication, policy: SignInPolicy, call: Call) => Promise<void>;
  /**
   * Fresh proof by a code of the second factor, noted in the session: how the user has now proved who they are, and
   * when. 401 code_not_valid; 429 throttled.
   */
  proveAgain: (
    user: User,
    session: Session,
    shown: { code?: string | undefined; recovery_code?: string | undefined },
    call: Call,
  ) => Promise<{ amr: readonly AuthenticationMethod[]; at: number; recoveryCodeUsed: boolean }>;
}

/** Fresh proof by a passkey, as its room implements it. */
export interface PasskeyProof {
  /** Noted in the session: how the user has now proved who they are, and when. 401 passkey_not_valid. */
  proveAgain: (
    user: User,
    session: Session,
    credential: object,
    call: Call,
  ) => Promise<{ amr: readonly AuthenticationMethod[]; at: number }>;
}
