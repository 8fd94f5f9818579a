/** The port of the rate limits. */
import type { Call } from './ports.ts';

/** What is limited, and by what it is counted. Keys never reach the binding unhashed. */
export type RateLimitedAction =
  | { action: 'log_in'; account: string }
  /** The same attempt after the look-up, by the user's id, or the name that nobody has: a second name is no second counter. */
  | { action: 'guess'; account: string }
  /** A signed-in user's check of the current password. */
  | { action: 'password_check'; userId: string }
  /** A check of other software's hash that costs more than one of ours. */
  | { action: 'imported_hash'; userId: string; signedIn: boolean }
  | { action: 'mail'; address: string }
  | { action: 'sign_up' }
  | { action: 'refresh' }
  /** A request without a session that costs a look at D1 or KV. */
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
  /** A signed-in user's change of the own account. */
  | { action: 'change'; userId: string };

export interface Limits {
  /** Throws Refusal('throttled'), or Refusal('unavailable') where log-ins cannot be counted. */
  check: (what: RateLimitedAction, call: Call) => Promise<void>;
}
