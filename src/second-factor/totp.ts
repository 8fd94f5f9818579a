/**
 * Time-based one-time passwords (RFC 6238) as authenticator apps make them: SHA-1, six digits, 30 seconds.
 * Pure; `now` is handed in. Which steps were used before is the store's to know.
 */
import { createTOTPKeyURI, verifyHOTP } from '@oslojs/otp';

const STEP_SECONDS = 30;
const DIGITS = 6;
/** Clocks differ, and people type slowly: RFC 6238 section 5.2 recommends one step. */
const DRIFT_STEPS = 1;
/** RFC 4226 section 4, R6: 160 bits. */
export const SECRET_BYTES = 20;

/** As people type codes: white space and hyphens between the digits do not count. */
const typed = (code: string): string => code.replace(/[\s-]/g, '');

/**
 * The time step whose code this is, or null. Steps up to `usedStep` do not match, so that a code works once
 * (RFC 6238 section 5.2): the caller stores the step that it accepts, in a statement that demands a lower one.
 *
 * @param now epoch seconds
 */
export function matchingStep(
  secret: Uint8Array,
  code: string,
  now: number,
  usedStep: number | null,
): number | null {
  const digits = typed(code);
  const current = Math.floor(now / STEP_SECONDS);
  let found: number | null = null;
  // All of them, whatever matches: the duration says nothing.
  for (let step = current - DRIFT_STEPS; step <= current + DRIFT_STEPS; step++) {
    const matches = step >= 0 && verifyHOTP(secret, BigInt(step), DIGITS, digits);
    if (matches && (usedStep === null || step > usedStep)) found ??= step;
  }
  return found;
}

/** What an authenticator app reads from the QR code (Google Authenticator's key URI format). */
export function keyUri(site: string, account: string, secret: Uint8Array): string {
  // Apps show a plus sign as one: a space has to be %20.
  return createTOTPKeyURI(site, account, secret, STEP_SECONDS, DIGITS).replaceAll('+', '%20');
}
