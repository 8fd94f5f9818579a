/**
 * When and how the user of a session last authenticated, and whether that is enough (step-up, RFC 9470). Pure; `now` is a
 * parameter, in epoch seconds.
 */
import { Refusal } from '../errors.ts';
import type { Session } from '../model.ts';

/**
 * RFC 8176: password, one-time password, passkey in software or hardware, more than one factor (`mfa`). Ours: `mail`, a
 * code sent by e-mail; `fed`, a connected account.
 */
export type AuthenticationMethod = 'pwd' | 'otp' | 'swk' | 'hwk' | 'mail' | 'fed' | 'mfa';

/** Epoch seconds; `auth_time` of OpenID Connect. */
export const authTimeOf = ({
  createdAt,
  authenticatedAt,
}: Pick<Session, 'createdAt' | 'authenticatedAt'>): number => authenticatedAt ?? createdAt;

export interface StepUp {
  /** Maximum time since the authentication; unlimited if absent. */
  maxAgeSeconds?: number | undefined;
  /** Requires more than one factor. */
  mfa?: boolean | undefined;
}

/** Whether an authentication at `authTime` with `amr` meets the requirements. */
export const meetsStepUp = (
  { authTime, amr }: { authTime: number; amr: readonly string[] },
  { maxAgeSeconds = Number.POSITIVE_INFINITY, mfa = false }: StepUp,
  now: number,
): boolean => now - authTime <= maxAgeSeconds && (!mfa || amr.includes('mfa'));

/** 401 reauthentication_required, with the challenge of RFC 9470 section 3. */
export const reauthenticationRequired = ({ maxAgeSeconds, mfa = false }: StepUp): Refusal =>
  new Refusal('reauthentication_required', {
    challenge: {
      error: 'insufficient_user_authentication',
      ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
      ...(mfa && { acr_values: 'mfa' }),
    },
  });
