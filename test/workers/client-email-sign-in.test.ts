/** `hono-accounts-client/email-sign-in`, with a real Worker behind it. */
import { describe, expect, it } from 'vitest';
import { confirmEmailSignIn, signInByEmail } from '../../src/client/email-sign-in.ts';
import { secondFactor, secondStepOf } from '../../src/client/factors.ts';
import { clientOf } from '../support/client.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import { person, type World, world } from '../support/world.ts';

const made = () => clientOf(world({ vars: { SIGN_IN_BY_EMAIL: 'on', ENCRYPTION_KEY } }));

async function mailed(w: World, email: string): Promise<{ code: string; token: string }> {
  const [{ text, token }] = (await w.get(`/dev/mail?to=${email}`)).body.messages;
  return { token, code: /^\d{8}$/m.exec(text)?.[0] ?? '' };
}

describe('signing in by e-mail in the client', () => {
  it('creates an account with the code that was typed, and keeps its tokens', async () => {
    const { client, w } = made();
    const { email } = person();
    const waiting = await signInByEmail(client, email);
    expect([waiting.email, client.isSignedIn]).toEqual([email, false]);
    const { user } = await waiting.confirm((await mailed(w, email)).code);
    expect(user?.email).toBe(email);
    expect(client.isSignedIn).toBe(true);
    expect(await client.me()).toEqual(user);
  });

  it('signs in with the token of the link', async () => {
    const { client, w } = made();
    const { email } = person();
    await signInByEmail(client, email);
    await confirmEmailSignIn(client, { token: (await mailed(w, email)).token });
    await client.logOut();
    await signInByEmail(client, email);
    const again = await confirmEmailSignIn(client, { token: (await mailed(w, email)).token });
    expect(again.user).toBeUndefined();
    expect((await client.me()).email).toBe(email);
  });

  it('throws the server’s refusal, and keeps nothing', async () => {
    const { client } = made();
    const waiting = await signInByEmail(client, person().email);
    await expect(waiting.confirm('00000000')).rejects.toMatchObject({ code: 'code_not_valid', status: 401 });
    expect(client.isSignedIn).toBe(false);
  });

  it('continues with a second factor like a log-in', async () => {
    const { client, w } = made();
    const { email } = person();
    await (await signInByEmail(client, email)).confirm((await mailed(w, email)).code);
    const { secret } = await enrol(w, (await client.accessToken()) as string);
    await client.logOut();
    const waiting = await signInByEmail(client, email);
    const error = await waiting.confirm((await mailed(w, email)).code).catch((refused: unknown) => refused);
    const step = secondStepOf(error);
    await secondFactor(client).answer(step as NonNullable<typeof step>, { code: totp(w, secret) });
    expect(client.isSignedIn).toBe(true);
  });
});
