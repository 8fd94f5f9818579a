/** What staff do to several users at once. */
import { describe, expect, it } from 'vitest';
import {
  actionsOn,
  atConsole,
  beside,
  browser,
  everything,
  historyOf,
  linksOf,
  location,
  makeStaff,
  makeUser,
  makeUserWithLinks,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { counting } from '../support/counting.ts';
import { directoryFaults } from '../support/directory.ts';
import { capturedLog } from '../support/log.ts';
import { subjectsTo } from '../support/mail.ts';
import { type Answer, atOnce, RACE } from '../support/world.ts';

const log = capturedLog();
type Console = Awaited<ReturnType<typeof atConsole>>;
const AT = '/admin/users/group';
const fields = (act: string, ids: string[], more: Record<string, string> = {}) =>
  new URLSearchParams([['act', act], ...ids.map((id) => ['user', id]), ...Object.entries(more)]).toString();
const ask = (admin: Pick<Console, 'get'>, act: string, ...ids: string[]) =>
  admin.get(`${AT}?${fields(act, ids)}`);
/** As its form does, after the question. */
const act = async (admin: Pick<Console, 'cookie'>, name: string, ids: string[], more = {}, on = w) =>
  on.ask('POST', AT, {
    body: fields(name, ids, more),
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: 'http://localhost',
      Accept: 'text/html',
      Cookie: `__Host-accounts_admin=${admin.cookie}`,
    },
  });
const makeUsers = (count: number) => atOnce(count, () => makeUser());
const idsOf = (people: { id: string }[]) => people.map(({ id }) => id);
/** What the page after it says. */
async function said(admin: Console, answer: Answer) {
  const notice = /(__Host-accounts_admin_notice=[^;]*)/.exec(answer.headers.get('Set-Cookie') ?? '')?.[1];
  const { text } = await browser(`${admin.cookie}; ${notice}`).get(location(answer) ?? '');
  return /<p class="note good"[^>]*>(.*?)<\/p>/s.exec(text)?.[1]?.replace(/<[^>]*>/g, '');
}
const leaveStaff = (...ids: string[]) =>
  w.rows(`UPDATE users SET is_staff = 0 WHERE id NOT IN (${ids.map(() => '?').join(', ')})`, ...ids);

describe('the list of users', () => {
  it('has a box for each, and a button for each act, in one form', async () => {
    const admin = await atConsole();
    const { text } = await admin.get('/admin/users');
    const boxes = text.match(/<input type="checkbox" name="user"[^>]* form="group" aria-labelledby="u-/g);
    expect(boxes?.length).toBe(text.match(/<th scope="row"/g)?.length);
    expect(text).toContain(`<form id="group" class="acts" method="get" action="${AT}"`);
    for (const name of ['activate', 'deactivate', 'end-sessions', 'delete']) {
      expect(text).toContain(`name="act" value="${name}"`);
    }
  });
});

describe('the question', () => {
  it('counts the users and their sessions, and names them', async () => {
    const admin = await atConsole();
    const people = await makeUsers(3);
    await w.logIn(people[0] as (typeof people)[0]);
    const { text } = await ask(admin, 'deactivate', ...idsOf(people), ...idsOf(people));
    expect(text).toContain('Users: 3');
    expect(text).toContain('Ends 4 sessions.');
    for (const { email } of people) expect(text).toContain(`<bdi>${email}</bdi>`);
    expect(text).not.toContain('Left out');
  });

  it('says who is left out, and why', async () => {
    const admin = await atConsole();
    const [user, staff] = [await makeUser(), await makeStaff('staff')];
    const idle = await makeUser();
    await w.rows('UPDATE users SET is_active = 0 WHERE id IN (?, ?)', staff.id, idle.id);
    const activate = (await ask(admin, 'activate', admin.id, user.id, staff.id, idle.id)).text;
    expect(activate).toContain('Users: 1');
    expect(activate).toContain('Left out: 3');
    expect(activate).toContain(`<bdi>${admin.email}</bdi>: this is you`);
    expect(activate).toContain(`<bdi>${user.email}</bdi>: nothing to do`);
    expect(activate).toContain(`<bdi>${staff.email}</bdi>: staff whose address is not verified`);
    expect((await ask(admin, 'deactivate', admin.id)).text).toContain(
      'None of the selected users can be changed this way.',
    );
    expect((await ask(admin, 'deactivate')).text).toContain(
      'None of the selected users can be changed this way.',
    );
  });

  it('is 400 about more than a hundred, and 404 about an act that there is not', async () => {
    const admin = await atConsole();
    const many = Array.from({ length: 101 }, () => crypto.randomUUID());
    for (const answer of [await ask(admin, 'delete', ...many), await act(admin, 'delete', many)]) {
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('Select at most 100 users at once.');
      expect(answer.text).not.toContain('None of the selected users');
    }
    expect((await ask(admin, 'delete', ...many.slice(1))).status).toBe(200);
    expect((await ask(admin, 'promote', many[0] as string)).status).toBe(404);
    expect((await act(admin, 'promote', many.slice(1))).status).toBe(404);
  });
});

describe('an act on several users', () => {
  it('deactivates them, ends their sessions and voids their links, each with a row in the history', async () => {
    const admin = await atConsole();
    const people = await makeUsers(3);
    const answer = await act(admin, 'deactivate', [...idsOf(people), admin.id]);
    expect(location(answer)).toBe('/admin/users?done=group-deactivate');
    expect(await said(admin, answer)).toBe('Deactivated: 3. Left out: 1.');
    for (const { id, access } of people) {
      expect(await rowOf(id)).toMatchObject({ is_active: 0 });
      expect(await w.sessionOf(access)).toMatchObject({ revoked_reason: 'deactivated' });
      await expect.poll(() => w.kvOf(access)).toBe('deactivated');
      expect(await w.rows('SELECT 1 FROM one_time_tokens WHERE subject = ?', id)).toEqual([]);
      expect(await historyOf(id)).toMatchObject([
        { actor_id: admin.id, action: 'user.deactivated', detail: '{"is_active":[true,false]}' },
      ]);
    }
    expect(await rowOf(admin.id)).toMatchObject({ is_active: 1 });
    expect(log.of('admin_acted')).toEqual(
      expect.arrayContaining(
        people.map(({ id }) =>
          expect.objectContaining({ actor: admin.id, action: 'user.deactivated', user: id, ended: 1 }),
        ),
      ),
    );
  });

  it('leads back to the list that they were chosen from, at its first page', async () => {
    const admin = await atConsole();
    const { id } = await makeUser({ name: 'Yuna' });
    const list = { search: 'yuna', is_active: 'true', ordering: '-email' };
    const { text } = await admin.get(
      `/admin/users?${new URLSearchParams({ ...list, cursor: 'x', page: '2' })}`,
    );
    for (const [name, value] of Object.entries(list)) {
      expect(text.split('<form id="group"')[1]).toContain(`name="${name}" value="${value}"`);
    }
    const question = await admin.get(`${AT}?${fields('deactivate', [id], list)}`);
    expect(question.text).toContain('href="/admin/users?search=yuna&amp;is_active=true&amp;ordering=-email"');
    for (const [name, value] of Object.entries(list)) {
      expect(question.text).toContain(`name="${name}" value="${value}"`);
    }
    const answer = await act(admin, 'deactivate', [id], { ...list, next: 'https://evil.example' });
    expect(location(answer)).toBe(
      '/admin/users?search=yuna&is_active=true&ordering=-email&done=group-deactivate',
    );
    expect(await said(admin, answer)).toBe('Deactivated: 1. Left out: 0.');
  });

  it('activates them, and revives nothing', async () => {
    const admin = await atConsole();
    const people = await makeUsers(2);
    await act(admin, 'deactivate', idsOf(people));
    w.clock.advance(1);
    const answer = await act(admin, 'activate', idsOf(people));
    expect(await said(admin, answer)).toBe('Activated: 2. Left out: 0.');
    for (const who of people) {
      expect((await w.me(who.access)).status).toBe(401);
      expect((await w.logIn(who)).status).toBe(200);
      expect(await actionsOn(who.id)).toEqual(['user.deactivated', 'user.activated']);
    }
  });

  it('ends their sessions', async () => {
    const admin = await atConsole();
    const people = await makeUsers(2);
    const idle = await makeUser();
    await w.rows('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', idle.id);
    const answer = await act(admin, 'end-sessions', [...idsOf(people), idle.id]);
    expect(await said(admin, answer)).toBe('Users whose sessions have ended: 2. Left out: 1.');
    for (const { id, refresh } of people) {
      expect((await w.refresh(refresh)).status).toBe(401);
      expect(await actionsOn(id)).toEqual(['user.all_sessions_ended']);
    }
    expect(await historyOf(idle.id)).toEqual([]);
  });

  it('voids their pending changes of address with their sessions', async () => {
    const admin = await atConsole();
    const target = await makeUserWithLinks();
    await act(admin, 'end-sessions', [target.id]);
    expect(await linksOf(target.id)).toEqual(['email_verify', 'password_reset']);
  });

  it('deletes them once the number is typed: nothing is left of them, and they are told', async () => {
    const admin = await atConsole();
    const people = await makeUsers(3);
    const other = await makeUser({ name: 'Stays' });
    await act(admin, 'end-sessions', idsOf(people));
    w.clock.advance(1);
    await w.post('/account/password/reset', { email: people[0]?.email });
    for (const confirm of ['', '2', 'yes']) {
      const refused = await act(admin, 'delete', idsOf(people), { confirm });
      expect([refused.status, refused.text.includes('That is not the number of users.')]).toEqual([
        400,
        true,
      ]);
    }
    const answer = await act(admin, 'delete', idsOf(people), { confirm: '3' });
    expect(await said(admin, answer)).toBe('Deleted: 3. Left out: 0.');
    const dump = JSON.stringify(await everything());
    for (const { id, email, access } of people) {
      expect(dump).not.toContain(id);
      expect(dump).not.toContain(email);
      await expect.poll(() => w.kvOf(access)).toBe('ended');
      expect((await subjectsTo(w, email))[0]).toBe('Your account was deleted');
    }
    expect(await directoryFaults()).toEqual([]);
    expect(await rowOf(other.id)).toMatchObject({ name: 'Stays' });
    const rows = await w.rows<{ action: string; subject_id: string }>(
      'SELECT action, subject_id FROM admin_log WHERE actor_id = ? ORDER BY action, id',
      admin.id,
    );
    expect(rows.map(({ action }) => action)).toEqual([
      ...Array(3).fill('user.all_sessions_ended'),
      ...Array(3).fill('user.deleted'),
    ]);
    // One pseudonym each, in both of their rows.
    expect(new Set(rows.map(({ subject_id }) => subject_id)).size).toBe(3);
  });

  it('leaves out who changed since the question', async () => {
    const admin = await atConsole();
    const [one, two] = [await makeUser(), await makeUser()];
    await w.rows('DELETE FROM users WHERE id = ?', two.id);
    const answer = await act(admin, 'deactivate', [one.id, two.id, 'x', unique()]);
    expect(await said(admin, answer)).toBe('Deactivated: 1. Left out: 0.');
    expect(await rowOf(one.id)).toMatchObject({ is_active: 0 });
  });

  it.each(['deactivate', 'delete'])('never takes all of the staff: %s', async (name) => {
    const [admin, ...others] = [await atConsole(), await makeStaff('one'), await makeStaff('two')];
    await leaveStaff(admin.id, ...idsOf(others));
    const user = await makeUser();
    // Whoever acts has no way in any more: the others are the last of the staff who can sign in.
    await w.rows("UPDATE users SET password_hash = '' WHERE id = ?", admin.id);
    const question = await ask(admin, name, user.id, ...idsOf(others));
    expect(question.text).toContain('no other staff user would be left');
    await act(admin, name, [user.id, ...idsOf(others)], { confirm: '1' });
    for (const { id } of others) expect(await rowOf(id)).toMatchObject({ is_active: 1, is_staff: 1 });
    // One of the two may go.
    await act(admin, name, [String(others[0]?.id)], { confirm: '1' });
    expect((await rowOf(String(others[0]?.id)))?.is_active ?? 0).toBe(0);
  });

  it.each(['deactivate', 'delete'])(
    'leaves one of the staff, whoever does it to whom at once: %s',
    RACE,
    async (name) => {
      const staff = await atOnce(4, () => atConsole());
      await leaveStaff(...idsOf(staff));
      await atOnce(12, (i) => {
        const admin = staff[i % 4] as Console;
        return act(admin, name, idsOf(staff), { confirm: '3' });
      });
      const left = await w.rows('SELECT id FROM users WHERE is_staff = 1 AND is_active = 1');
      expect(left).toHaveLength(1);
    },
  );

  it('is not there where the staff member loses the right meanwhile, nor where the batch fails', async () => {
    const admin = await atConsole();
    const people = await makeUsers(2);
    const withBatch = (batch: (real: D1Database, all: D1PreparedStatement[]) => Promise<D1Result[]>) =>
      new Proxy(w.env.DB, {
        get(binding, name) {
          if (name === 'batch') return (all: D1PreparedStatement[]) => batch(binding, all);
          const value = Reflect.get(binding, name) as unknown;
          return typeof value === 'function' ? value.bind(binding) : value;
        },
      });
    const failing = withBatch((real, all) =>
      real.batch([...all, real.prepare('INSERT INTO admin_log (id) VALUES (NULL)')]),
    );
    const late = withBatch(async (real, all) => {
      await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', admin.id);
      return real.batch(all);
    });
    for (const name of ['deactivate', 'end-sessions', 'delete']) {
      const before = await everything();
      const lost = beside({ bindings: { DB: failing } });
      expect((await act(admin, name, idsOf(people), { confirm: '2' }, lost)).status).toBe(503);
      expect(await everything()).toEqual(before);
      const refused = await act(
        admin,
        name,
        idsOf(people),
        { confirm: '2' },
        beside({ bindings: { DB: late } }),
      );
      expect(refused.status).toBe(403);
      await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', admin.id);
      expect(await everything()).toEqual(before);
    }
  });

  it('costs the same round trips for two and for thirty', async () => {
    const admin = await atConsole();
    const people = await makeUsers(32);
    const cost = async (ids: string[]) => {
      const counted = counting();
      const on = beside({ bindings: counted.bindings });
      return (await counted.of(() => act(admin, 'deactivate', ids, {}, on))).d1.roundTrips;
    };
    expect(await cost(idsOf(people.slice(0, 2)))).toBe(await cost(idsOf(people.slice(2))));
  });
});
