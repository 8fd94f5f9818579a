/** A log-in that waits for its second factor, and passkeys to complete it. */
import { expect } from 'vitest';
import { authenticator } from './authenticator.ts';
import type { World } from './world.ts';

export type Device = ReturnType<typeof authenticator>;

/** Somebody with a passkey. */
export async function withPasskey(w: World) {
  const who = await w.signUp();
  const device = authenticator();
  const options = (await w.post('/account/passkeys/options', {}, { token: who.access })).body;
  const credential = await device.create(options);
  const added = await w.post('/account/passkeys', { credential }, { token: who.access });
  expect(added.status).toBe(201);
  return { ...who, device, passkeyId: added.body.id as string };
}

/** What the passkey signs for a sign-in. */
export const shownBy = async (w: World, device: Device) =>
  device.get((await w.post('/account/login/passkey/options', {})).body);

export const waitingFor = async (w: World, who: { email: string; password: string }): Promise<string> =>
  (await w.logIn(who)).body.mfa_token;

export const finish = (w: World, mfa_token: string, shown: object) =>
  w.post('/account/login/second-factor', { mfa_token, ...shown });
