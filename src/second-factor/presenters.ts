/** A user's factors as the API returns them. */
import { timestamp } from '../encoding.ts';
import type { FactorList } from './ports.ts';

export const factorsJson = ({ totp, recoveryCodesLeft, passkeys }: FactorList) => ({
  totp: totp && { created_at: timestamp(totp.createdAt) },
  recovery_codes_left: recoveryCodesLeft,
  passkeys,
});
