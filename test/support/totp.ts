/** What an authenticator app shows. */
import { generateHOTP } from '@oslojs/otp';

const STEP_SECONDS = 30;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
function bytesOf(secret: string): Uint8Array {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

export const stepAt = (now: number) => Math.floor(now / STEP_SECONDS);
/** `secret`: in base32, as the enrolment shows it. */
export const codeAt = (secret: string, step: number) => generateHOTP(bytesOf(secret), BigInt(step), 6);
/** Six digits that are no code of this step. */
export const wrongCode = (secret: string, step: number) =>
  String((Number(codeAt(secret, step)) + 500_001) % 1_000_000).padStart(6, '0');
