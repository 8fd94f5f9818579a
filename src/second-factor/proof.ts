/** Checks a code or recovery code. */
import type { Call } from '../ports.ts';
import type { FactorServices, Proof, Totp } from './ports.ts';
import { canonicalRecoveryCode } from './recovery-codes.ts';
import { matchingStep } from './totp.ts';

export interface ShownFactor {
  code?: string | undefined;
  recovery_code?: string | undefined;
}

/**
 * Null if the code does not match or was used. Recovery codes are only parsed here; the store decides whether they exist.
 * A secret sealed with an older key is resealed in the background.
 */
export async function proofOf(
  { store, box }: FactorServices,
  userId: string,
  { secret: sealed, usedStep }: Pick<Totp, 'secret' | 'usedStep'>,
  { code, recovery_code }: ShownFactor,
  now: number,
  call: Call,
): Promise<Proof | null> {
  if (recovery_code !== undefined) {
    const canonical = canonicalRecoveryCode(recovery_code);
    return canonical === null ? null : { recoveryDigests: await box.digests(userId, canonical) };
  }
  const secret = sealed === null ? null : await box.open(userId, sealed);
  if (sealed === null || secret === null) {
    call.report('error', 'second_factor_unreadable', { user: userId });
    return null;
  }
  const step = matchingStep(secret, code ?? '', now, usedStep);
  if (step === null) return null;
  if (!box.isCurrent(sealed)) {
    call.waitUntil(box.seal(userId, secret).then((renewed) => store.reseal(userId, sealed, renewed)));
  }
  return { step };
}

/** Adds a one-time password to `amr` (RFC 8176). */
export const withSecondFactor = (amr: readonly string[]): string[] => [...new Set([...amr, 'otp', 'mfa'])];
