/** Password hashes as our sign-up and better-auth's would make them, so that seeding needs no sign-up. */
import { pbkdf2Sync, scryptSync } from 'node:crypto';

/** The minimum in development, for measurements that are not about hashing. */
export const FEW_ITERATIONS = 1_000;
export const OWASP_ITERATIONS = 600_000;
const PER_CALL = 100_000;
/** A byte that UTF-8 never has ends the password. */
const END_MARK = 0xff;

/** Chained calls, each output the next one's password. */
export function passwordHash(password: string, iterations: number): string {
  const salt = Buffer.alloc(16, 7);
  let derived = Buffer.concat([Buffer.from(password), Buffer.of(END_MARK)]);
  for (let left = iterations; left > 0; left -= PER_CALL) {
    derived = pbkdf2Sync(derived, salt, Math.min(left, PER_CALL), 32, 'sha256');
  }
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$pbkdf2-sha256-chain$i=${iterations},c=${PER_CALL}$${text(salt)}$${text(derived)}`;
}

/** As better-auth makes it: the salt is its hexadecimal text. */
export function betterAuthHash(password: string): string {
  const salt = '07'.repeat(16);
  const cost = { N: 16_384, r: 16, p: 1, maxmem: 64 * 1_024 * 1_024 };
  return `${salt}:${scryptSync(password, salt, 64, cost).toString('hex')}`;
}
