/** What an authenticator app shows. */
import { generateHOTP } from '@oslojs/otp';
import { expect } from 'vitest';
import type { World } from './world.ts';

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

/** For a world with second factors. */
export const ENCRYPTION_KEY = btoa('0123456789abcdef0123456789abcdef');

/** The code of now, by the clock of a world. */
export const totp = (w: World, secret: string): string => codeAt(secret, stepAt(w.clock.now));

/** Sets up an app for a signed-in user, and goes on to the next code. */
export async function enrol(w: World, access: string): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { body } = await w.post('/account/factors/totp', {}, { token: access });
  const secret = body.secret as string;
  const on = await w.post('/account/factors/totp/confirm', { code: totp(w, secret) }, { token: access });
  expect(on.status).toBe(200);
  w.clock.advance(STEP_SECONDS);
  return { secret, recoveryCodes: on.body.recovery_codes };
}
