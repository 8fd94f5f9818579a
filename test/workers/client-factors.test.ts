/** `hono-accounts-client/factors` and `reauthenticate`, with a real Worker behind them. */
import { describe, expect, it } from 'vitest';
import { isRefusal, secondFactor, secondStepOf } from '../../src/client/factors.ts';
import type { Tokens } from '../../src/client/index.ts';
import { clientOf, countOf } from '../support/client.ts';
import { codeAt, stepAt, wrongCode } from '../support/totp.ts';
import { claimsOf, person, world } from '../support/world.ts';

const VARS = { ENCRYPTION_KEY: btoa('k'.repeat(32)) };

async function enrolled() {
  const made = clientOf(world({ vars: VARS }));
  const { client, w } = made;
  const factors = secondFactor(client);
  const who = person();
  await client.signUp(who);
  const { secret, uri, qr_svg } = await factors.startTotp();
  const code = () => codeAt(secret, stepAt(w.clock.now));
  const wrong = () => wrongCode(secret, stepAt(w.clock.now));
  const { recovery_codes } = await factors.confirmTotp({ code: code() });
  return { ...made, factors, who, uri, qr_svg, code, wrong, recovery_codes };
}
/** The refusal of a log-in that waits for its second factor. */
async function secondStep({ client, who }: Awaited<ReturnType<typeof enrolled>>) {
  await client.logOut();
  const step = secondStepOf(await client.logIn(who).catch((error: unknown) => error));
  if (!step) throw new Error('The log-in asked for nothing');
  return step;
}

describe('the second factor in the client', () => {
  it('is set up: a QR code, the first code, ten recovery codes', async () => {
    const { factors, uri, qr_svg, recovery_codes } = await enrolled();
    expect(uri).toMatch(/^otpauth:/);
    expect(qr_svg).toMatch(/^<svg/);
    expect(recovery_codes).toHaveLength(10);
    expect(await factors.list()).toMatchObject({
      totp: { created_at: expect.any(String) },
      recovery_codes_left: 10,
    });
  });

  it('is asked for at a log-in, whose second step keeps the tokens', async () => {
    const made = await enrolled();
    const { client, factors, store, w, code } = made;
    w.clock.advance(30);
    const step = await secondStep(made);
    expect(step).toEqual({ mfa_token: expect.any(String), methods: ['totp', 'recovery_code'] });
    expect(client.isSignedIn).toBe(false);
    await factors.answer(step, { code: code() });
    expect(client.isSignedIn).toBe(true);
    expect(claimsOf((store.get() as Tokens).access).amr).toContain('mfa');
    expect((await client.me()).email).toBe(made.who.email);
  });

  it('accepts a recovery code instead of a code', async () => {
    const made = await enrolled();
    const [recovery_code = ''] = made.recovery_codes;
    await made.factors.answer(await secondStep(made), { recovery_code });
    expect(await made.factors.list()).toMatchObject({ recovery_codes_left: 9 });
  });

  it('reports a wrong code by its error code, and sends it once', async () => {
    const made = await enrolled();
    const { client, factors, calls } = made;
    const step = await secondStep(made);
    const error = await factors.answer(step, { code: made.wrong() }).catch((error: unknown) => error);
    expect(isRefusal(error, 'code_not_valid') && error.status).toBe(401);
    expect(isRefusal(error, 'mfa_required')).toBe(false);
    expect(secondStepOf(error)).toBeNull();
    expect(client.isSignedIn).toBe(false);
    expect(countOf(calls, '/account/login/second-factor')).toBe(1);
  });

  it.each([null, undefined, 'mfa_required', { code: 'mfa_required' }, new Error('mfa_required')])(
    'does not mistake %j for a second step',
    (error) => {
      expect(secondStepOf(error)).toBeNull();
    },
  );

  it('asks for a reauthentication, and continues after one', async () => {
    const { client, factors, store, w, code, who } = await enrolled();
    w.clock.advance(700);
    const refused = await factors.renewRecoveryCodes().catch((error: unknown) => error);
    expect(isRefusal(refused, 'reauthentication_required')).toBe(true);
    const { refresh } = store.get() as Tokens;
    await client.reauthenticate({ code: code() });
    expect((await factors.renewRecoveryCodes()).recovery_codes).toHaveLength(10);
    await factors.removeTotp();
    expect(await factors.list()).toMatchObject({ totp: null, recovery_codes_left: 0 });
    const kept = store.get() as Tokens;
    expect(kept.refresh).toBe(refresh);
    await client.reauthenticate({ password: who.password });
    expect(claimsOf((store.get() as Tokens).access)).toMatchObject({ auth_time: w.clock.now, amr: ['pwd'] });
  });

  it('starts with the password instead of a recent log-in', async () => {
    const { client, w } = clientOf(world({ vars: VARS }));
    const factors = secondFactor(client);
    const who = person();
    await client.signUp(who);
    w.clock.advance(700);
    await expect(factors.startTotp()).rejects.toMatchObject({ code: 'reauthentication_required' });
    expect((await factors.startTotp({ password: who.password })).secret).toMatch(/^[A-Z2-7]{32}$/);
  });
});

it('a reauthentication that ends after a log-out does not sign the user in again', async () => {
  const { client, store, faults } = clientOf();
  const who = person();
  await client.signUp(who);
  faults.push(async (answer) => {
    await client.logOut();
    return answer;
  });
  await client.reauthenticate({ password: who.password });
  expect(store.get()).toBeNull();
});
