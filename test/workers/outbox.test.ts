/** Events that leave the Worker: what is sent and when, written with the change, like the calls of hooks. */
import { env } from 'cloudflare:workers';
import { type Schema, Validator } from '@cfworker/json-schema';
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { openapiTemplate } from '../../scripts/openapi/document.ts';
import { counting } from '../support/counting.ts';
import { EVENTS_URL, SECRET, sending, VARS, waiting } from '../support/events.ts';
import { APP, issuer, providersOf, signInWith, verified } from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { tokenTo } from '../support/mail.ts';
import { atOnce, person, type Vars, world } from '../support/world.ts';

const log = capturedLog();
const HOUR = 3_600;
const DAY = 86_400;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM account_events').run();
});

/** Objects have no other properties than the document lists. */
function closed(node: unknown): Schema {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return node as Schema;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, closed(child)]),
  );
  return (copy.type === 'object' ? { additionalProperties: false, ...copy } : copy) as Schema;
}

const DOWN: [what: string, answer: () => Response | Promise<Response>, failure: string][] = [
  ['500', () => new Response('oops', { status: 500 }), 'status_500'],
  ['404', () => new Response(null, { status: 404 }), 'status_404'],
  ['410', () => new Response(null, { status: 410 }), 'status_410'],
  [
    'a redirect',
    () => new Response(null, { status: 302, headers: { Location: 'https://evil.example' } }),
    'status_302',
  ],
  ['nothing: it is down', () => Promise.reject(new TypeError('connection refused')), 'network'],
  ['nothing in time', () => Promise.reject(new DOMException('', 'TimeoutError')), 'timeout'],
];

describe('a webhook', () => {
  it('follows Standard Webhooks, right after the request', async () => {
    const { w, to } = sending();
    const { user } = await w.signUp();
    expect(to.received).toEqual([
      {
        id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
        type: 'user.created',
        timestamp: new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z'),
        data: { user_id: user.id, email_verified: false },
      },
    ]);
    const [request] = to.requests;
    expect(request?.url).toBe(EVENTS_URL);
    expect(request?.init).toMatchObject({ method: 'POST', redirect: 'manual' });
    expect(new Headers(request?.init.headers).get('Content-Type')).toBe('application/json');
    expect(await waiting(w)).toEqual([]);
  });

  it('is signed with each secret, so that a receiver may have either', async () => {
    const other = `whsec_${btoa('another secret of thirty-two bytes')}`;
    const { w, to } = sending({ EVENTS_SECRET: `${other},${SECRET}` });
    await w.signUp();
    const { headers, body } = to.requests[0]?.init ?? {};
    for (const secret of [SECRET, other]) {
      expect(() =>
        new Webhook(secret).verify(String(body), Object.fromEntries(new Headers(headers))),
      ).not.toThrow();
    }
  });

  it('has no address, name, token or password', async () => {
    const { w, to } = sending();
    const who = await w.signUp({
      ...person(),
      name: 'Mina Kim',
      username: `u${crypto.randomUUID().slice(0, 8)}`,
    });
    await w.logIn(who);
    await w.patch('/account/me', { name: 'Mina Lee' }, { token: who.access });
    const sent = to.requests.map(({ init }) => String(init.body)).join();
    expect(to.types()).toEqual(['user.created', 'user.signed_in', 'user.updated']);
    for (const secret of [who.email, 'Mina', who.password, who.refresh, 'example.com']) {
      expect(sent).not.toContain(secret);
    }
  });

  it.each(DOWN)('answered with %s is kept, and sent again with the same id', async (_, answer, failure) => {
    const { w, to, cron } = sending();
    to.answers(answer);
    const { answer: signedUp, user } = await w.signUp();
    expect(signedUp.status).toBe(201);
    const [kept] = await waiting(w);
    expect(kept).toMatchObject({ user_id: user.id, attempts: 1, failure, due_at: w.clock.now + 30 });
    expect(log.of('event_failed')).toEqual([
      expect.objectContaining({ level: 'warn', id: kept?.id, type: 'user.created', attempts: 1, failure }),
    ]);
    await cron();
    expect(to.requests).toHaveLength(1);
    to.answers(() => new Response());
    w.clock.advance(30);
    await cron();
    expect(to.received.map(({ id }) => id)).toEqual([kept?.id]);
    expect(await waiting(w)).toEqual([]);
    expect(log.of('events_delivered')).toEqual([expect.objectContaining({ delivered: 1, failed: 0 })]);
  });

  it('is tried after 30 s, 1 min, 2 min and so on, at least every hour', async () => {
    const { w, to, cron } = sending();
    to.answers(() => new Response(null, { status: 503 }));
    await w.signUp();
    const delays: number[] = [];
    for (let i = 0; i < 9; i++) {
      const [{ due_at } = { due_at: null }] = await waiting(w);
      delays.push((due_at ?? 0) - w.clock.now);
      w.clock.advance((due_at ?? 0) - w.clock.now);
      await cron();
    }
    expect(delays).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
  });

  it.each([
    ['120', 120],
    ['999999', HOUR],
    ['5', 30],
    ['Fri, 27 Nov 2026 00:00:00 GMT', 30],
  ])('answered with Retry-After: %s waits %i s', async (retryAfter, delay) => {
    const { w, to } = sending();
    to.answers(() => new Response(null, { status: 429, headers: { 'Retry-After': retryAfter } }));
    await w.signUp();
    expect((await waiting(w))[0]?.due_at).toBe(w.clock.now + delay);
  });

  it('is a dead letter after a day, and the user’s next event is sent', async () => {
    const { w, to, cron } = sending();
    to.answers(({ type }) => new Response(null, { status: type === 'user.created' ? 500 : 200 }));
    const who = await w.signUp();
    await w.logIn(who);
    expect((await waiting(w)).map(({ type, due_at }) => [type, due_at === null])).toEqual([
      ['user.created', false],
      ['user.signed_in', true],
    ]);
    w.clock.advance(DAY);
    // The first run gives up, and leaves a receiver that took nothing alone.
    await cron();
    await cron();
    expect(to.types()).toEqual(['user.signed_in']);
    const [dead, ...rest] = await waiting(w);
    expect(rest).toEqual([]);
    expect(dead).toMatchObject({
      type: 'user.created',
      due_at: null,
      dead_at: w.clock.now,
      failure: 'status_500',
    });
    expect(log.of('event_dead')).toEqual([
      expect.objectContaining({ level: 'error', id: dead?.id, attempts: 2 }),
    ]);

    w.clock.advance(30 * DAY);
    await cron();
    expect(await waiting(w)).toHaveLength(1);
    w.clock.advance(1);
    await cron();
    expect(await waiting(w)).toEqual([]);
  });

  it('in production is misconfigured without a secret, and by http', async () => {
    const w = world({ vars: { ...VARS, EVENTS_SECRET: undefined } });
    expect((await w.get('/account/me')).body.code).toBe('misconfigured');
    expect(log.of('misconfigured')[0]?.settings).toEqual(['EVENTS_SECRET']);
  });
});

describe('the events', () => {
  /** The receiver gets what hooks are called with, in the same order. */
  function both(vars: Vars = {}, besides?: typeof fetch) {
    const told: unknown[] = [];
    const note = ({ type, data }: { type: string; data: unknown }) => void told.push([type, data]);
    const on = {
      userCreated: note,
      userUpdated: note,
      userDeleted: note,
      emailVerified: note,
      emailChanged: note,
      passwordChanged: note,
      signedIn: note,
    };
    const { w, to } = sending(vars, { on }, {}, besides);
    return { w, told, received: () => to.received.map(({ type, data }) => [type, data]) };
  }

  it('of an account’s life are delivered like the calls of hooks', async () => {
    const { w, told, received } = both();
    const who = await w.signUp();
    await w.post('/account/email/verify', { token: await tokenTo(w, who.email) });
    await w.logIn(who);
    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    const new_email = person().email;
    await w.post('/account/email/change', { new_email, password: who.password }, { token: who.access });
    await w.post('/account/email/verify', { token: await tokenTo(w, new_email) });
    await w.post('/account/email/take-back', { token: await tokenTo(w, who.email) });
    await w.post('/account/password/reset', { email: who.email });
    const reset = { token: await tokenTo(w, who.email), new_password: 'another horse battery' };
    await w.post('/account/password/reset/confirm', reset);
    const { body } = await w.logIn({ ...who, password: reset.new_password });
    const passwords = { current_password: reset.new_password, new_password: 'a third horse battery' };
    await w.post('/account/password/change', passwords, { token: body.access });
    await w.rows('UPDATE users SET passkey_count = 1 WHERE id = ?', who.user.id);
    await w.delete('/account/password', { password: passwords.new_password }, { token: body.access });
    await w.delete('/account/me', {}, { token: body.access });
    expect(received().map(([type]) => type)).toEqual([
      'user.created',
      'email.verified',
      'user.signed_in',
      'user.updated',
      'email.changed',
      'email.changed',
      'password.changed',
      'user.signed_in',
      'password.changed',
      'password.changed',
      'user.deleted',
    ]);
    expect(received()).toEqual(told);
    expect(await waiting(w)).toEqual([]);
  });

  it('of unproven accounts are delivered like the calls of hooks', async () => {
    const { w, told, received } = both();
    const [passed, disowned, imported] = [await w.signUp(), await w.signUp(), await w.signUp()];
    await w.post('/account/email/disown', { token: await tokenTo(w, disowned.email) });
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', imported.user.id);
    for (const { email } of [passed, imported]) {
      await w.post('/account/password/reset', { email });
      const reset = { token: await tokenTo(w, email), new_password: 'another horse battery' };
      await w.post('/account/password/reset/confirm', reset);
    }
    // Somebody signs up with the address that is about to be taken back.
    const owner = await w.signUp();
    const new_email = person().email;
    await w.post('/account/email/change', { new_email, password: owner.password }, { token: owner.access });
    await w.post('/account/email/verify', { token: await tokenTo(w, new_email) });
    const takeBack = await tokenTo(w, owner.email);
    const squatter = await w.signUp({ email: owner.email, password: owner.password });
    await w.post('/account/email/take-back', { token: takeBack });
    expect(received().filter(([type]) => type === 'user.deleted')).toEqual([
      ['user.deleted', { user_id: disowned.user.id }],
      ['user.deleted', { user_id: passed.user.id }],
      ['user.deleted', { user_id: squatter.user.id }],
    ]);
    expect(received().map(([type]) => type)).toContain('email.verified');
    expect(received()).toEqual(told);
  });

  it('match the OpenAPI document', async () => {
    const { webhooks } = (await openapiTemplate('test')) as {
      webhooks: Record<string, { post: { requestBody: { content: Record<string, { schema: Schema }> } } }>;
    };
    const { w, to } = sending();
    const who = await w.signUp();
    await w.post('/account/email/verify', { token: await tokenTo(w, who.email) });
    await w.logIn(who);
    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    const new_email = person().email;
    await w.post('/account/email/change', { new_email, password: who.password }, { token: who.access });
    await w.post('/account/email/verify', { token: await tokenTo(w, new_email) });
    const passwords = { current_password: who.password, new_password: 'another horse battery' };
    await w.post('/account/password/change', passwords, { token: who.access });
    await w.delete('/account/me', { password: passwords.new_password }, { token: who.access });
    expect([...new Set(to.types())].sort()).toEqual(Object.keys(webhooks).sort());
    const faults = to.requests.map(({ init }) => {
      const message = JSON.parse(String(init.body)) as { type: string };
      const schema = webhooks[message.type]?.post.requestBody.content['application/json']?.schema ?? false;
      return new Validator(closed(schema), '2020-12').validate(message).errors;
    });
    expect(faults.flat()).toEqual([]);
  });

  it('of codes sent by e-mail are delivered like the calls of hooks', async () => {
    const { w, told, received } = both({ SIGN_IN_BY_EMAIL: 'on' });
    const imported = await w.signUp();
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', imported.user.id);
    const passed = await w.signUp();
    for (const { email } of [person(), passed, imported]) {
      await w.post('/account/login/email', { email });
      const confirmed = await w.post('/account/login/email/confirm', { token: await tokenTo(w, email) });
      expect([200, 201]).toContain(confirmed.status);
    }
    expect(received().map(([type]) => type)).toEqual([
      'user.created',
      'user.created',
      'user.created',
      'user.signed_in',
      'user.deleted',
      'user.created',
      'user.signed_in',
      'email.verified',
      'user.signed_in',
    ]);
    expect(received()).toEqual(told);
  });

  it('of sign-ins with a provider are delivered like the calls of hooks', async () => {
    const op = await issuer();
    const vars = { PROVIDERS: JSON.stringify(providersOf(op)), ALLOWED_ORIGINS: new URL(APP).origin };
    const { w, told, received } = both(vars, op.fetch);
    op.as(verified());
    await signInWith(w, op);
    await signInWith(w, op);
    const passed = await w.signUp();
    op.as(verified(passed.email));
    await signInWith(w, op);
    const imported = await w.signUp();
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', imported.user.id);
    op.as(verified(imported.email));
    await signInWith(w, op);
    expect(received().map(([type]) => type)).toEqual([
      'user.created',
      'user.signed_in',
      'user.created',
      'user.deleted',
      'user.created',
      'user.created',
      'email.verified',
      'user.signed_in',
    ]);
    expect(received()).toEqual(told);
  });

  it('of pending sign-ups, and of staff, are delivered like the calls of hooks', async () => {
    const { w, told, received } = both({ SIGN_UP: 'verify' });
    const who = person();
    const { body } = await w.post('/account/sign-up', who);
    expect(await waiting(w)).toEqual([]);
    await w.post('/account/email/verify', { token: await tokenTo(w, who.email), claim: body.claim });
    await w.rows('UPDATE users SET is_staff = 1 WHERE email = ?', who.email);
    const token = (await w.logIn(who)).body.access;
    const added = await w.post('/admin/api/users', person(), { token });
    await w.patch(`/admin/api/users/${added.body.id}`, { is_active: false, name: 'Jin' }, { token });
    await w.delete(`/admin/api/users/${added.body.id}`, undefined, { token });
    expect(received().map(([type]) => type)).toEqual([
      'user.created',
      'user.signed_in',
      'user.created',
      'user.updated',
      'user.deleted',
    ]);
    expect(received()).toEqual(told);
  });

  it('are not written for what was refused, or lost a race', async () => {
    const { w, to } = sending();
    const who = await w.signUp();
    await w.signUp(who);
    await w.logIn({ ...who, password: 'wrong horse battery' });
    await w.delete('/account/me', { password: 'wrong horse battery' }, { token: who.access });
    const passwords = { current_password: who.password, new_password: 'another horse battery' };
    const change = () => w.post('/account/password/change', passwords, { token: who.access });
    const changed = (await atOnce(5, change)).filter(({ status }) => status === 204);
    expect(changed).toHaveLength(1);
    expect(to.types()).toEqual(['user.created', 'password.changed']);
    expect(await waiting(w)).toEqual([]);
  });

  it('are written once for fifty sign-ups of one address', async () => {
    const { w, to } = sending();
    const who = person();
    await atOnce(50, () => w.signUp(who));
    expect(to.types()).toEqual(['user.created']);
  });

  it('are not written if events are off', async () => {
    const { w } = sending({ EVENTS_URL: undefined, EVENTS_SECRET: undefined });
    const who = await w.signUp();
    await w.logIn(who);
    await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect(await waiting(w)).toEqual([]);
  });

  it('cost five written rows, and three round trips after the response', async () => {
    const costs = async (vars: Vars) => {
      const counted = counting();
      const { w } = sending(vars, {}, counted.bindings);
      const who = await w.signUp();
      return (await counted.of(() => w.logIn(who))).d1;
    };
    const off = await costs({ EVENTS_URL: undefined, EVENTS_SECRET: undefined });
    const on = await costs({});
    // Written with its entry in the index, claimed, deleted.
    expect(on.rowsWritten - off.rowsWritten).toBe(5);
    expect(on.roundTrips - off.roundTrips).toBe(3);
  });
});
