/** What a user shows as a second factor, and whether it is one. */
import type { Call } from '../ports.ts';
import type { FactorServices, Proof, Totp } from './ports.ts';
import { canonicalRecoveryCode } from './recovery-codes.ts';
import { matchingStep } from './totp.ts';

export interface ShownFactor {
  code?: string | undefined;
  recovery_code?: string | undefined;
}

/**
 * Null: it is no code of this user, or one that was used. Whether a recovery code is there is the store's to say. A
 * secret that an older key sealed is sealed anew, after the answer.
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

/** RFC 8176: a one-time password, beside whatever came before it. */
export const withSecondFactor = (amr: readonly string[]): string[] => [...new Set([...amr, 'otp', 'mfa'])];
