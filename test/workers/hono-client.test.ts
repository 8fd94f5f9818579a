/** Hono's own client, hc, with the types of the app that createAccounts() makes. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { hc } from 'hono/client';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { createAccounts, createApp } from '../../src/index.ts';
import { codeAt, stepAt } from '../support/totp.ts';
import { person } from '../support/world.ts';

const app = new Hono().route('/account', createAccounts());
const client = hc<typeof app>('http://localhost', {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => app.request(input as string, init, env),
}).account;
const whole = createApp();
const bearer = (access: string) => ({ headers: { Authorization: `Bearer ${access}` } });

describe('hc<typeof app>', () => {
  it('has types for bodies and answers, and calls the service', async () => {
    const { email, password } = person();
    const signedUp = await client['sign-up'].$post({ json: { email, password } });
    expect(signedUp.status).toBe(201);

    const loggedIn = await client.login.$post({ json: { email, password } });
    const pair = await loggedIn.json();
    expectTypeOf(pair.access).toEqualTypeOf<string>();
    const refresh = 'refresh' in pair ? (pair.refresh ?? '') : '';
    const next = await (await client.token.refresh.$post({ json: { refresh } })).json();

    const me = await (await client.me.$get({}, bearer(next.access))).json();
    expectTypeOf(me.email).toEqualTypeOf<string | null>();
    expect(me.email).toBe(email);

    const { sessions } = await (await client.sessions.$get({}, bearer(next.access))).json();
    expectTypeOf(sessions[0]?.current).toEqualTypeOf<boolean | undefined>();
    const ended = await client.sessions[':id'].$delete(
      { param: { id: sessions.find(({ current }) => !current)?.id ?? '' }, json: {} },
      bearer(next.access),
    );
    expect(ended.status).toBe(204);
  });

  it('has the routes of every room', async () => {
    const bindings = { ...env, ENCRYPTION_KEY: btoa('k'.repeat(32)) };
    const { account } = hc<ReturnType<typeof createApp>>('http://localhost', {
      fetch: (input: RequestInfo | URL, init?: RequestInit) => whole.request(input as string, init, bindings),
    });
    const signedUp = await (await account['sign-up'].$post({ json: person() })).json();
    const access = 'access' in signedUp ? signedUp.access : '';
    const started = await account.factors.totp.$post({ json: {} }, bearer(access));
    const { secret } = await started.json();
    expectTypeOf(secret).toEqualTypeOf<string>();
    const code = codeAt(secret, stepAt(Date.now() / 1_000));
    const confirmed = await (
      await account.factors.totp.confirm.$post({ json: { code } }, bearer(access))
    ).json();
    expectTypeOf(confirmed.recovery_codes).toEqualTypeOf<string[]>();
    const factors = await (await account.factors.$get({}, bearer(access))).json();
    expectTypeOf(factors.recovery_codes_left).toEqualTypeOf<number>();
    expect(factors.recovery_codes_left).toBe(10);
  });

  it('has the whole Worker: the JSON of the console, simplejwt’s paths, the public keys', () => {
    type Service = ReturnType<typeof hc<ReturnType<typeof createApp>>>;
    type Answer<Call extends (...args: never[]) => Promise<{ json: () => Promise<unknown> }>> = Awaited<
      ReturnType<Awaited<ReturnType<Call>>['json']>
    >;
    expectTypeOf<Answer<Service['readyz']['$get']>>().not.toBeAny();
    expectTypeOf<Answer<Service['.well-known']['jwks.json']['$get']>['keys']>().toBeArray();
    expectTypeOf<Answer<Service['admin']['api']['users']['$get']>>().toHaveProperty('users');
    expectTypeOf<Answer<Service['api']['token']['$post']>>().toExtend<{ access: string }>();
    expectTypeOf<Service>().not.toHaveProperty('nothing');
    expectTypeOf<ReturnType<typeof hc<ReturnType<typeof createAccounts>>>['me']>().not.toBeUnknown();
  });

  it('refuses a body that the endpoint does not accept', () => {
    // @ts-expect-error The address is missing.
    const call = () => client['sign-up'].$post({ json: { password: 'correct horse battery' } });
    expectTypeOf(call).toBeFunction();
  });
});
