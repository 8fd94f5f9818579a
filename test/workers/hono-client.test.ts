/** Hono's own client, hc, with the types of the app that createAccounts() makes. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { hc } from 'hono/client';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { createAccounts } from '../../src/index.ts';
import { person } from '../support/world.ts';

const app = new Hono().route('/account', createAccounts());
const client = hc<typeof app>('http://localhost', {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => app.request(input as string, init, env),
}).account;
const bearer = (access: string) => ({ headers: { Authorization: `Bearer ${access}` } });

describe('hc<typeof app>', () => {
  it('knows bodies and answers, and calls the service', async () => {
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

  it('refuses a body that the endpoint does not take', () => {
    // @ts-expect-error The address is missing.
    const call = () => client['sign-up'].$post({ json: { password: 'correct horse battery' } });
    expectTypeOf(call).toBeFunction();
  });
});
