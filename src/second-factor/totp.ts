/**
 * Time-based one-time passwords (RFC 6238) as authenticator apps generate them: SHA-1, six digits, 30 seconds. Pure;
 * `now` and the last used step are parameters.
 */
import { createTOTPKeyURI, verifyHOTP } from '@oslojs/otp';
import { typedDigits } from '../encoding.ts';

const STEP_SECONDS = 30;
const DIGITS = 6;
/** Allows for clock differences and typing time: RFC 6238 section 5.2 recommends one step. */
const DRIFT_STEPS = 1;
/** RFC 4226 section 4, R6: 160 bits. */
export const SECRET_BYTES = 20;

/**
 * The time step of this code, or null. Steps up to `usedStep` do not match, so that a code works once (RFC 6238
 * section 5.2). The caller must store the accepted step, in a statement that requires the stored one to be lower.
 *
 * @param now epoch seconds
 */
export function matchingStep(
  secret: Uint8Array,
  code: string,
  now: number,
  usedStep: number | null,
): number | null {
  const digits = typedDigits(code);
  const current = Math.floor(now / STEP_SECONDS);
  let found: number | null = null;
  // Checks every step, so that the duration reveals nothing.
  for (let step = current - DRIFT_STEPS; step <= current + DRIFT_STEPS; step++) {
    const matches = step >= 0 && verifyHOTP(secret, BigInt(step), DIGITS, digits);
    if (matches && (usedStep === null || step > usedStep)) found ??= step;
  }
  return found;
}

/** The URI in the QR code, in Google Authenticator's key URI format. */
export function keyUri(site: string, account: string, secret: Uint8Array): string {
  // Apps show a plus sign literally, so spaces must be %20.
  return createTOTPKeyURI(site, account, secret, STEP_SECONDS, DIGITS).replaceAll('+', '%20');
}
