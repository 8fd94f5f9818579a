/** Generates the secrets that the Worker requires. */
import { randomBytes } from 'node:crypto';

const HS256_KEY_BYTES = 32;
const AES256_KEY_BYTES = 32;

export const NEW_SECRETS: Readonly<Record<string, () => string>> = {
  SIGNING_KEY: () => randomBytes(HS256_KEY_BYTES).toString('base64url'),
  ENCRYPTION_KEY: () => randomBytes(AES256_KEY_BYTES).toString('base64'),
};
