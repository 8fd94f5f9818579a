/** Dead letters in the console: events that nobody took for a day are listed, and sent again. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { actionsOn, browser, cookieOf, location, logInAt, makeStaff } from '../support/console.ts';
import { type Left, leave, retryPath, sending, waiting } from '../support/events.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { atOnce, codeOf, RACE, tally, type World, world } from '../support/world.ts';

const log = capturedLog();
const DAY = 86_400;
const PAGE = '/admin/dead-letters';
const API = '/admin/api/dead-letters';

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM account_events').run();
});

async function staffAt(w: World) {
  const who = await makeStaff('admin', w);
  return { ...who, ...browser(cookieOf(await logInAt(who, w)), w) };
}

const dead = (w: World, userId: string, seq = 1, deadAt = w.clock.now - 60) => leave(w, userId, seq, deadAt);
const retry = (w: World, letter: Left, token: string) => w.post(retryPath(API, letter), undefined, { token });

describe('the list', () => {
  it('shows type, user, time and cause, but not the content of the event', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    const who = await w.signUp();
    const letter = await dead(w, who.user.id, 7, w.clock.now - 60);
    const page = await admin.get(PAGE);
    expect(page.status).toBe(200);
    for (const shown of [
      who.email,
      `/admin/users/${who.user.id}`,
      letter.id,
      'user.signed_in',
      'response 500',
    ]) {
      expect(page.text).toContain(shown);
    }
    const answer = await w.get(API, { token: admin.access });
    const iso = (at: number) => new Date(at * 1_000).toISOString().replace('.000Z', 'Z');
    expect(answer.body).toEqual({
      dead_letters: [
        {
          user: { id: who.user.id, email: who.email, username: null },
          seq: 7,
          id: letter.id,
          type: 'user.signed_in',
          created_at: iso(w.clock.now - 2 * DAY),
          dead_at: iso(w.clock.now - 60),
          attempts: 30,
          failure: 'status_500',
        },
      ],
      next_cursor: null,
    });
    for (const { text } of [page, answer]) expect(text).not.toContain('what-it-says');
  });

  it.each([
    ['timeout', 'no response in time'],
    ['network', 'could not be reached'],
    ['queue', 'not taken by the queue'],
    ['status_410', 'response 410'],
  ])('says what %s means', async (failure, words) => {
    const { w } = sending();
    const admin = await staffAt(w);
    const letter = await dead(w, (await w.signUp()).user.id);
    await w.rows('UPDATE account_events SET failure = ? WHERE id = ?', failure, letter.id);
    const { text } = await admin.get(PAGE);
    expect(text).toContain(words);
    expect(text).not.toContain(`>${failure}<`);
  });

  it('is newest first, page by page', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    const [one = '', two = ''] = [crypto.randomUUID(), crypto.randomUUID()].sort();
    const now = w.clock.now;
    const expected = [
      await dead(w, one, 9, now - 1),
      await dead(w, two, 1, now - 2),
      await dead(w, one, 3, now - 2),
      await dead(w, one, 2, now - 2),
      await dead(w, two, 5, now - 3),
    ].map(({ id }) => id);
    await leave(w, two, 6, null, now + 60);
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await w.get(`${API}?limit=2&cursor=${cursor}`, { token: admin.access });
      pages.push(body.dead_letters.map(({ id }: Left) => id));
      cursor = body.next_cursor;
    }
    expect(pages).toEqual([expected.slice(0, 2), expected.slice(2, 4), expected.slice(4)]);
    expect((await admin.get(`${PAGE}?limit=2`)).text).toContain(`${PAGE}?limit=2&amp;cursor=`);
  });

  it('says if it is empty, and names no deleted user', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    expect((await admin.get(PAGE)).text).toContain('No dead letters here.');
    const gone = crypto.randomUUID();
    await dead(w, gone);
    const { text } = await admin.get(PAGE);
    expect(text).toContain('former user');
    expect(text).not.toContain(`/admin/users/${gone}`);
  });

  it('uses statements that find their rows by key', async () => {
    const { DB, trips } = watchedD1();
    const { w } = sending({}, {}, { DB });
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    const letters = [await dead(w, user.id, 1), await dead(w, user.id, 2)];
    trips.length = 0;
    const { body } = await w.get(`${API}?limit=1`, { token: admin.access });
    await w.get(`${API}?limit=1&cursor=${body.next_cursor}`, { token: admin.access });
    for (const letter of letters) expect((await retry(w, letter, admin.access)).status).toBe(202);
    const statements = trips.flatMap((trip) => trip.statements);
    const ours = statements.filter(({ sql }) => sql.includes('account_events'));
    expect(ours.length).toBeGreaterThanOrEqual(6);
    for (const { sql, params } of ours) {
      const plan = await w.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params);
      const scans = plan
        .map(({ detail }) => detail)
        .filter((detail) => /^SCAN (?!CONSTANT ROW)|TEMP B-TREE/.test(detail));
      expect([sql, scans]).toEqual([sql, []]);
    }
  });
});

describe('the overview', () => {
  const TILE = `href="${PAGE}"`;

  it('counts them if events are on', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    expect((await admin.get('/admin')).text).toContain(TILE);
    await dead(w, admin.id);
    const { body } = await w.get('/admin/api/overview', { token: admin.access });
    expect(body.dead_letters).toEqual({ count: 1, more: false });
  });

  it('does not mention them if events are off, unless some are left', async () => {
    const w = world();
    const admin = await staffAt(w);
    expect((await admin.get('/admin')).text).not.toContain(TILE);
    await dead(w, admin.id);
    expect((await admin.get('/admin')).text).toContain(TILE);
  });
});

describe('a dead letter that is sent again', () => {
  it('is delivered under its id by the next cron run, and is in the history', async () => {
    const { w, to, cron } = sending();
    to.answers(() => new Response(null, { status: 500 }));
    const { user } = await w.signUp();
    w.clock.advance(DAY);
    await cron();
    const [letter] = await waiting(w);
    expect(letter).toMatchObject({ user_id: user.id, dead_at: w.clock.now });
    to.answers(() => new Response(null, { status: 204 }));
    const admin = await staffAt(w);
    const answer = await admin.post(retryPath(PAGE, letter as Left));
    expect([answer.status, location(answer)]).toEqual([303, `${PAGE}?done=retry`]);
    expect(await waiting(w)).toMatchObject([
      { id: letter?.id, dead_at: null, due_at: w.clock.now, attempts: 0, failure: null },
    ]);
    await cron();
    expect(to.received.filter(({ data }) => data.user_id === user.id)).toEqual([
      expect.objectContaining({ id: letter?.id, type: 'user.created' }),
    ]);
    expect(await waiting(w)).toEqual([]);
    expect(await actionsOn(user.id)).toEqual(['user.event_retried']);
    expect(log.of('admin_acted')).toMatchObject([{ actor: admin.id, user: user.id }]);
    expect((await admin.get('/admin/history')).text).toContain('sent an event again');
  });

  it('comes after other pending events of its user, of which one is due at a time', async () => {
    const { w, to, cron } = sending();
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    const letters = [await dead(w, user.id, 1), await dead(w, user.id, 2)];
    const waits = [await leave(w, user.id, 3, null, w.clock.now), await leave(w, user.id, 4, null)];
    for (const letter of letters) expect((await retry(w, letter, admin.access)).status).toBe(202);
    const rows = await waiting(w);
    expect(rows.map(({ id }) => id)).toEqual([...waits, ...letters].map(({ id }) => id));
    expect(rows.map(({ due_at }) => due_at !== null)).toEqual([true, false, false, false]);
    to.received.length = 0;
    await cron();
    expect(to.received.map(({ id }) => id)).toEqual([...waits, ...letters].map(({ id }) => id));
  });

  it('is retried for another day', async () => {
    const { w, to, cron } = sending();
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    await retry(w, await dead(w, user.id), admin.access);
    to.answers(() => new Response(null, { status: 500 }));
    for (const isDead of [false, true]) {
      await cron();
      expect((await waiting(w)).map(({ dead_at }) => dead_at !== null)).toEqual([isDead]);
      w.clock.advance(DAY);
    }
  });

  it('is sent once, by fifty at once', RACE, async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    await env.DB.prepare('DELETE FROM account_events').run();
    const letter = await dead(w, user.id);
    const answers = await atOnce(50, () => retry(w, letter, admin.access));
    expect(tally(answers)).toEqual({ 202: 1, 404: 49 });
    expect(await waiting(w)).toMatchObject([{ id: letter.id, dead_at: null }]);
    expect(await actionsOn(user.id)).toEqual(['user.event_retried']);
  });

  it('of a deleted user is in the history under a pseudonym', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    const gone = crypto.randomUUID();
    expect((await retry(w, await dead(w, gone), admin.access)).status).toBe(202);
    expect(await actionsOn(gone)).toEqual([]);
    const left = await w.rows('SELECT action, subject_id FROM admin_log WHERE actor_id = ?', admin.id);
    expect(left).toEqual([
      { action: 'user.event_retried', subject_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
    expect((await admin.get('/admin/history')).text).toContain('former user');
  });

  it.each([
    ['another place', '2'],
    ['no number', 'x'],
    ['a fraction', '1.0'],
    ['a number in another notation', '1e0'],
    ['a negative number', '-1'],
    ['a number that is too long', '1'.repeat(40)],
  ])('is not found by %s', async (_, seq) => {
    const { w } = sending();
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    await dead(w, user.id);
    const answer = await w.post(`${API}/${user.id}/${seq}/retry`, undefined, { token: admin.access });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
  });

  it('is not found among the pending events', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    const letter = await leave(w, crypto.randomUUID(), 1, null, w.clock.now + 60);
    const before = await waiting(w);
    expect((await retry(w, letter, admin.access)).status).toBe(404);
    expect(await waiting(w)).toEqual(before);
  });
});

describe('nothing is sent again', () => {
  it('by anybody who is not staff, nor from another origin', async () => {
    const { w } = sending();
    const admin = await staffAt(w);
    const who = await w.signUp();
    const letter = await dead(w, who.user.id);
    const before = await waiting(w);
    expect((await retry(w, letter, who.access)).status).toBe(403);
    expect((await w.post(retryPath(API, letter))).status).toBe(401);
    const stranger = await browser('', w).post(retryPath(PAGE, letter));
    expect([stranger.status, location(stranger)]).toEqual([303, '/admin/login']);
    const foreign = await admin.post(retryPath(PAGE, letter), {}, { Origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(await waiting(w)).toEqual(before);
  });

  it('by staff who were demoted between the check and the write', async () => {
    let demote = async () => {};
    const { DB } = watchedD1({
      before: ({ statements }) =>
        statements.some(({ sql }) => /insert into "admin_log"/i.test(sql)) ? demote() : null,
    });
    const { w } = sending({}, {}, { DB });
    const admin = await staffAt(w);
    const { user } = await w.signUp();
    const letter = await dead(w, user.id);
    const before = await waiting(w);
    demote = async () => {
      await env.DB.prepare('UPDATE users SET is_staff = 0 WHERE id = ?').bind(admin.id).run();
    };
    const answer = await retry(w, letter, admin.access);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
    expect(await waiting(w)).toEqual(before);
    expect(await actionsOn(user.id)).toEqual([]);
  });

  it('while events are off, and the page does not offer it', async () => {
    const w = world();
    const admin = await staffAt(w);
    const letter = await dead(w, admin.id);
    const before = await waiting(w);
    const { text } = await admin.get(PAGE);
    expect(text).toContain('Events are off');
    expect(text).not.toContain('/retry');
    expect((await retry(w, letter, admin.access)).status).toBe(404);
    expect((await admin.post(retryPath(PAGE, letter))).status).toBe(404);
    expect(await waiting(w)).toEqual(before);
  });
});
