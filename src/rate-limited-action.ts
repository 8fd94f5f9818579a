/** The port for rate limits. */
import type { Call } from './ports.ts';

/** A limited action and its counter's key. Keys are hashed before they reach the binding. */
export type RateLimitedAction =
  | { action: 'log_in'; account: string }
  /** The same attempt, counted by the user's id (or the unknown name), so that both names of a user share a counter. */
  | { action: 'guess'; account: string }
  /** A signed-in user's check of the current password. */
  | { action: 'password_check'; userId: string }
  /** A check of an imported hash that costs more than one of ours. */
  | { action: 'imported_hash'; userId: string; signedIn: boolean }
  | { action: 'mail'; address: string }
  | { action: 'sign_up' }
  | { action: 'refresh' }
  /** A request without a session that reads D1 or KV. */
  | {
      action: 'anonymous';
      endpoint:
        | 'verify'
        | 'log_out'
        | 'reset_check'
        | 'reset_confirm'
        | 'email_verify'
        | 'email_disown'
        | 'email_take_back'
        | 'second_factor'
        | 'email_sign_in'
        | 'provider_start'
        | 'provider_callback'
        | 'exchange'
        | 'passkey'
        | 'hand_back';
    }
  /** A signed-in user's change to their own account. */
  | { action: 'change'; userId: string };

export interface Limits {
  /** 429 throttled; 503 unavailable if log-ins cannot be counted. */
  check: (what: RateLimitedAction, call: Call) => Promise<void>;
}
