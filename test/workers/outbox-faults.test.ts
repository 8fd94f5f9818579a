/** Events over Workers that die, Workers that deliver at once, receivers and queues that fail; and whom they name. */
import { env } from 'cloudflare:workers';
import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { connectD1 } from '../../src/db/client.ts';
import { d1Outbox } from '../../src/outbox/d1-outbox.ts';
import { recordEvent } from '../../src/outbox/d1-record.ts';
import { sweep } from '../../src/sweep.ts';
import { type Received, sending, VARS, waiting } from '../support/events.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { atOnce, claimsOf, type World, world } from '../support/world.ts';

const log = capturedLog();
const DAY = 86_400;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM account_events').run();
});

describe('a statement about events', () => {
  it('finds its rows by key, however many are pending', async () => {
    const seen = new Map<string, unknown[]>();
    const { DB } = watchedD1({
      before: ({ statements }) => {
        for (const { sql: text, params } of statements) {
          if (text.includes('account_events')) seen.set(text, params);
        }
      },
    });
    const { w, to, cron } = sending({}, {}, { DB });
    const who = await w.signUp();
    await w.logIn(who);
    to.answers(() => new Response(null, { status: 500 }));
    await w.logIn(who);
    await w.get('/account/export', { token: who.access });
    w.clock.advance(DAY);
    await cron(DB);
    expect(seen.size).toBeGreaterThanOrEqual(8);
    for (const [text, params] of seen) {
      const plan = await w.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...params);
      const scans = plan
        .map(({ detail }) => detail)
        .filter((detail) => /SCAN .*(account_events|due|dead|last|waiting|head)/.test(detail));
      expect([text, scans]).toEqual([text, []]);
    }
  });
});

describe('faults', () => {
  /** Users with three events each that nobody has sent yet, as a Worker leaves them that dies after the commit. */
  async function left(w: World, users: number, each = 3): Promise<string[]> {
    const d1 = connectD1(env.DB, 10_000, { recordsEvents: true });
    const ids = Array.from({ length: users }, () => crypto.randomUUID());
    for (const userId of ids) {
      for (let nth = 0; nth < each; nth++) {
        await d1.run('test', (db) =>
          db.batch(
            recordEvent(
              db,
              'user.signed_in',
              { userId, now: w.clock.now },
              { session_id: String(nth), amr: [] },
              sql`1`,
            ) as unknown as [never],
          ),
        );
      }
    }
    return ids;
  }
  const byUser = (received: readonly Received[]) =>
    Map.groupBy(
      received.map(({ data }) => data),
      ({ user_id }) => user_id,
    );
  const IN_ORDER = ['0', '1', '2'];

  it('a Worker that dies between the commit and the delivery: the cron delivers', async () => {
    const { w, to, cron } = sending();
    const ids = await left(w, 7);
    await cron();
    expect(byUser(to.received).size).toBe(7);
    for (const id of ids) {
      expect(
        byUser(to.received)
          .get(id)
          ?.map(({ session_id }) => session_id),
      ).toEqual(IN_ORDER);
    }
    expect(await waiting(w)).toEqual([]);
  });

  it('a Worker that dies while it delivers: after a minute another one sends the event again', async () => {
    const { w, to, cron, clock } = sending();
    const [id] = await left(w, 1);
    const outbox = d1Outbox(connectD1(env.DB, 10_000));
    const claim = { userId: null, limit: 10, now: w.clock.now, leaseSeconds: 60 };
    const [claimed] = await outbox.claim(claim);
    expect(claimed?.userId).toBe(id);
    await cron();
    expect(to.received).toEqual([]);
    w.clock.advance(60);
    await cron();
    expect(to.received.map(({ data }) => data.session_id)).toEqual(IN_ORDER);
    // The first one wakes up: what it had claimed is not its any more.
    if (claimed) expect(await outbox.delivered(claimed, Math.floor(clock() / 1_000), 60)).toBeNull();
    expect(await waiting(w)).toEqual([]);
  });

  it('a claim that has passed to another Worker changes nothing', async () => {
    const { w } = sending();
    await left(w, 1);
    const outbox = d1Outbox(connectD1(env.DB, 10_000));
    const claim = { userId: null, limit: 10, leaseSeconds: 60 };
    const [first] = await outbox.claim({ ...claim, now: w.clock.now });
    const [second] = await outbox.claim({ ...claim, now: w.clock.now + 60 });
    expect(second).toMatchObject({ id: first?.id, attempts: 2 });
    if (!first) throw new Error('nothing was claimed');
    const before = await waiting(w);
    expect(await outbox.delivered(first, w.clock.now + 61, 60)).toBeNull();
    await outbox.failed(first, { failure: 'x', dueAt: null, now: w.clock.now + 61 });
    await outbox.release(first, w.clock.now + 61);
    expect(await waiting(w)).toEqual(before);
  });

  it('delivered, and the answer or the deletion lost: sent again with the same id', async () => {
    const { w, to, cron } = sending();
    let deletions = 0;
    const watched = watchedD1({
      before: ({ statements }) => {
        if (!statements.some((one) => /^delete from "account_events"/i.test(one.sql))) return;
        if (!statements.some((one) => /"attempts" = \?/i.test(one.sql))) return;
        deletions += 1;
        if (deletions === 1) throw new Error('D1_ERROR: Network connection lost.');
      },
    });
    await left(w, 1, 1);
    await cron(watched.DB).catch(() => undefined);
    expect(to.received).toHaveLength(1);
    expect(await waiting(w)).toHaveLength(1);
    w.clock.advance(60);
    await cron();
    expect(to.received).toHaveLength(2);
    expect(new Set(to.received.map(({ id }) => id)).size).toBe(1);
    expect(await waiting(w)).toEqual([]);
  });

  it('several Workers that deliver at once: each event once, in order for each user', async () => {
    const { w, to, cron } = sending();
    const ids = await left(w, 12);
    const active = new Map<string, number>();
    let overlaps = 0;
    to.answers(async ({ data }) => {
      const now = (active.get(data.user_id) ?? 0) + 1;
      active.set(data.user_id, now);
      if (now > 1) overlaps += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
      active.set(data.user_id, now - 1);
      return new Response();
    });
    await atOnce(5, () => cron());
    expect(to.received).toHaveLength(36);
    expect(overlaps).toBe(0);
    for (const id of ids) {
      expect(
        byUser(to.received)
          .get(id)
          ?.map(({ session_id }) => session_id),
      ).toEqual(IN_ORDER);
    }
    expect(await waiting(w)).toEqual([]);
  });

  it('one event that fails delays only its user’s events, which stay in order', async () => {
    const { w, to, cron } = sending();
    const [stuck, free] = await left(w, 2);
    let fails = true;
    to.answers(({ data }) => new Response(null, { status: fails && data.user_id === stuck ? 500 : 200 }));
    await cron();
    expect(byUser(to.received).get(free ?? '')).toHaveLength(3);
    expect(byUser(to.received).get(stuck ?? '')).toBeUndefined();
    fails = false;
    w.clock.advance(30);
    await cron();
    expect(
      byUser(to.received)
        .get(stuck ?? '')
        ?.map(({ session_id }) => session_id),
    ).toEqual(IN_ORDER);
  });

  it('a receiver that is down is tried for a few users, not for all', async () => {
    const { w, to, cron } = sending();
    await left(w, 40, 1);
    to.answers(() => new Response(null, { status: 500 }));
    await cron();
    expect(to.requests).toHaveLength(5);
  });

  it('a run that exceeds its time releases what it has not sent', async () => {
    const { w, to, cron } = sending();
    await left(w, 1);
    to.answers(() => {
      w.clock.advance(300);
      return new Response();
    });
    await cron();
    expect(to.received).toHaveLength(1);
    expect(await waiting(w)).toMatchObject([{ due_at: w.clock.now, attempts: 0 }, { due_at: null }]);
    await cron();
    await cron();
    expect(to.received.map(({ data }) => data.session_id)).toEqual(IN_ORDER);
  });

  it('a commit that D1 refused has no event, and one whose answer was lost has one', async () => {
    for (const [when, events] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      await env.DB.prepare('DELETE FROM account_events').run();
      const lost = ({ statements }: { statements: { sql: string }[] }) => {
        if (statements.some((one) => /insert into "users"/i.test(one.sql))) {
          throw new Error('D1_ERROR: Network connection lost.');
        }
      };
      const { DB } = watchedD1({ [when]: lost });
      const { w, to, cron } = sending({}, {}, { DB });
      expect((await w.signUp()).answer.status).toBe(503);
      await cron();
      expect(to.types()).toEqual(Array(events).fill('user.created'));
    }
  });
});

describe('a user who withdrew', () => {
  it('is named only by the event of the withdrawal, and by nothing once that is delivered', async () => {
    const { w, to, cron } = sending();
    to.answers(() => new Response(null, { status: 500 }));
    const who = await w.signUp();
    await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect((await waiting(w)).map(({ type }) => type)).toEqual(['user.created', 'user.deleted']);
    expect(JSON.stringify(await waiting(w))).not.toContain(who.email);
    to.answers(() => new Response());
    w.clock.advance(30);
    await cron();
    expect(to.types()).toEqual(['user.created', 'user.deleted']);
    expect(await waiting(w)).toEqual([]);
  });

  it('finds pending events in the export before', async () => {
    const { w, to } = sending();
    to.answers(() => new Response(null, { status: 500 }));
    const who = await w.signUp();
    const { body } = await w.get('/account/export', { token: who.access });
    const at = new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z');
    expect(body.events).toEqual([
      { type: 'user.created', at, data: { user_id: who.user.id, email_verified: false } },
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['no secret', { EVENTS_SECRET: undefined }],
    ['an invalid secret', { EVENTS_SECRET: 'short' }],
    ['a queue too', { EVENTS: { send: async () => undefined } }],
  ])('waits while the URL has %s', async (_, wrong) => {
    const { w, to } = sending();
    to.answers(() => new Response(null, { status: 500 }));
    await w.signUp();
    const before = await waiting(w);
    const tries = to.requests.length;
    w.clock.advance(DAY / 24);
    const cron = (more: Record<string, unknown>) =>
      sweep({ ...w.env, ...more } as never, () => w.clock.now * 1_000, undefined, { fetch: to.fetch });
    await cron(wrong);
    expect(to.requests).toHaveLength(tries);
    expect(await waiting(w)).toEqual(before);
    expect(log.of('misconfigured')).toHaveLength(1);
    await cron({});
    expect(to.requests).toHaveLength(tries + 1);
  });

  it('is forgotten 30 days after events were switched off', async () => {
    const { w, to } = sending();
    to.answers(() => new Response(null, { status: 500 }));
    await w.signUp();
    const off = { ...w.env, EVENTS_URL: undefined } as never;
    const sweepAt = (ms: number) => sweep(off, () => ms);
    await sweepAt((w.clock.now + 30 * DAY) * 1_000);
    expect(await waiting(w)).toHaveLength(1);
    await sweepAt((w.clock.now + 31 * DAY) * 1_000);
    expect(await waiting(w)).toEqual([]);
  });
});

describe('a queue', () => {
  const queued = (send: (message: unknown) => Promise<void>) => ({ EVENTS: { send } });

  it('gets the same events as a webhook, with ids, in order', async () => {
    const messages: unknown[] = [];
    const bindings = queued(async (message) => void messages.push(message));
    const w = world({ vars: { RATE_LIMITS: 'off' }, bindings });
    const who = await w.signUp();
    await w.logIn(who);
    const timestamp = new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z');
    const id = expect.stringMatching(/^evt_/);
    const user_id = who.user.id;
    expect(messages).toEqual([
      { id, type: 'user.created', timestamp, data: { user_id, email_verified: false } },
      {
        id,
        type: 'user.signed_in',
        timestamp,
        data: { user_id, session_id: expect.any(String), amr: ['pwd'] },
      },
    ]);
    expect(messages[1]).not.toMatchObject({ data: { session_id: claimsOf(who.access).sid } });
    expect(await waiting(w)).toEqual([]);
  });

  it('that is unavailable gets them later', async () => {
    let away = true;
    const messages: unknown[] = [];
    const bindings = queued(async (message) => {
      if (away) throw new Error('Queue is overloaded');
      messages.push(message);
    });
    const w = world({ vars: { RATE_LIMITS: 'off' }, bindings });
    await w.signUp();
    expect(await waiting(w)).toMatchObject([{ failure: 'queue', attempts: 1 }]);
    away = false;
    w.clock.advance(30);
    await sweep(w.env as never, () => w.clock.now * 1_000);
    expect(messages).toHaveLength(1);
  });

  it('in addition to a URL is misconfigured, and a variable of that name is not a queue', async () => {
    const w = world({ vars: VARS, bindings: queued(async () => undefined) });
    expect((await w.get('/account/me')).body.code).toBe('misconfigured');
    const plain = world({ vars: { EVENTS: 'on' } });
    expect((await plain.signUp()).answer.status).toBe(201);
    expect(await waiting(plain)).toEqual([]);
  });
});
