/** A receiver of events in the tests, which believes what the library verifies, and a world that sends to it. */
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { vi } from 'vitest';
import type { Overrides } from '../../src/app.ts';
import { sweep } from '../../src/sweep.ts';
import { type Vars, type World, world } from './world.ts';

export const EVENTS_URL = 'https://hooks.example/in';
export const SECRET = `whsec_${btoa('a secret of thirty-two bytes long')}`;
export const VARS: Vars = { EVENTS_URL, EVENTS_SECRET: SECRET, RATE_LIMITS: 'off', MAIL: 'inbox' };

export interface Received {
  id: string;
  type: string;
  timestamp: string;
  data: { user_id: string } & Record<string, unknown>;
}

/** A receiver that believes what the library verifies, by the clock of the world. */
export function receiver(clock: () => number, secret = SECRET) {
  const received: Received[] = [];
  const requests: { url: string; init: RequestInit }[] = [];
  let answer: (message: Received) => Response | Promise<Response> = () => new Response(null, { status: 204 });
  const verified = (init: RequestInit): Received => {
    const headers = Object.fromEntries(new Headers(init.headers));
    const now = vi.spyOn(Date, 'now').mockReturnValue(clock());
    try {
      const message = new Webhook(secret).verify(String(init.body), headers) as Omit<Received, 'id'>;
      return { ...message, id: headers['webhook-id'] ?? '' };
    } finally {
      now.mockRestore();
    }
  };
  const fetch = (async (url: string, init: RequestInit) => {
    requests.push({ url, init });
    const message = verified(init);
    const response = await answer(message);
    if (response.ok) received.push(message);
    return response;
  }) as unknown as typeof globalThis.fetch;
  return {
    fetch,
    received,
    requests,
    answers: (with_: typeof answer) => {
      answer = with_;
    },
    types: () => received.map(({ type }) => type),
  };
}

/** A world whose events go to a receiver. */
/** `besides`: who answers at other addresses. */
export function sending(vars: Vars = {}, parts: Overrides = {}, bindings = {}, besides?: typeof fetch) {
  let clock = () => Date.now();
  const to = receiver(() => clock());
  const fetcher = ((url: string, init: RequestInit) =>
    url === EVENTS_URL || !besides ? to.fetch(url, init) : besides(url, init)) as typeof fetch;
  const w = world({ vars: { ...VARS, ...vars }, parts: { fetch: fetcher, ...parts }, bindings });
  clock = () => w.clock.now * 1_000;
  const cron = (DB: D1Database = env.DB) =>
    sweep({ ...w.env, DB } as never, clock, undefined, { fetch: to.fetch });
  return { w, to, cron, clock };
}

export const waiting = (w: World) =>
  w.rows<{
    user_id: string;
    seq: number;
    id: string;
    type: string;
    due_at: number | null;
    attempts: number;
    dead_at: number | null;
    failure: string | null;
  }>('SELECT * FROM account_events ORDER BY user_id, seq');

const DAY_SECONDS = 86_400;

export interface Left {
  user_id: string;
  seq: number;
  id: string;
}
/** An event of two days ago, dead since `deadAt`, or waiting where that is null. */
export async function leave(
  w: World,
  userId: string,
  seq: number,
  deadAt: number | null,
  dueAt: number | null = null,
) {
  const id = `evt_${crypto.randomUUID().replaceAll('-', '')}`;
  const at = w.clock.now - 2 * DAY_SECONDS;
  await w.rows(
    `INSERT INTO account_events (user_id, seq, id, type, data, created_at, give_up_at, due_at, attempts, dead_at, failure)
      VALUES (?, ?, ?, 'user.signed_in', ?, ?, ?, ?, 30, ?, 'status_500')`,
    ...[userId, seq, id, JSON.stringify({ user_id: userId, session_id: 'what-it-says', amr: [] })],
    ...[at, w.clock.now + (deadAt === null ? DAY_SECONDS : 0), dueAt, deadAt],
  );
  return { user_id: userId, seq, id };
}
/** `base`: the list of the page, or of the JSON. */
export const retryPath = (base: string, { user_id, seq }: Left) => `${base}/${user_id}/${seq}/retry`;
