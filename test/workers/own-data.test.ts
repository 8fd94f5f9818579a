import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { d1Error } from '../support/faulty.ts';
import { capturedLog } from '../support/log.ts';
import { verify, wanted } from '../support/mail.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { claimsOf, person, world } from '../support/world.ts';

const log = capturedLog();
const ask = (w: ReturnType<typeof world>, token: string) => w.get('/account/export', { token });

describe('the export of the user’s own data', () => {
  it('is a file with the user, the sessions, pending requests and actions of staff', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), name: 'Mina Kim' });
    w.clock.advance(1);
    await w.env.DB.prepare(
      `INSERT INTO connections VALUES (?, 'c1', 'acme', 'https://id.example', '1', NULL, 7, NULL)`,
    )
      .bind(who.user.id)
      .run();
    const other = await w.logIn(who);
    await w.logOut(String(other.body.refresh));
    await w.env.DB.prepare(
      `INSERT INTO admin_log (id, at, actor_id, action, subject_id, detail)
       VALUES (?, 7, ?, ?, ?, '{"is_active":[true,false],"name":[]}')`,
    )
      .bind(crypto.randomUUID(), 'somebody', 'user.deactivated', who.user.id)
      .run();
    const answer = await ask(w, who.access);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Disposition')).toBe('attachment; filename="account.json"');
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(Object.keys(answer.body)).toEqual([
      'exported_at',
      'user',
      'language',
      'sessions',
      'connections',
      'passkeys',
      'pending',
      'history',
      'events',
    ]);
    expect(answer.body.user).toEqual((await w.me(who.access)).body);
    expect(answer.body.sessions).toMatchObject([
      { id: claimsOf(who.refresh).sid, current: true, ended_at: null, ended_because: null, amr: ['pwd'] },
      { current: false, ended_at: expect.any(String), ended_because: 'logged_out' },
    ]);
    expect(answer.body.connections).toEqual([
      {
        ...{ id: 'c1', provider: 'acme', issuer: 'https://id.example', subject: '1', email: null },
        ...{ created_at: '1970-01-01T00:00:07Z', last_used_at: null },
      },
    ]);
    expect(answer.body.pending).toMatchObject([{ purpose: 'email_verify', new_email: null }]);
    expect(answer.body.history).toEqual([
      {
        at: '1970-01-01T00:00:07Z',
        action: 'user.deactivated',
        changes: { is_active: { from: true, to: false } },
      },
    ]);
  });

  it('has what the links sent by email store: where the account was created, the new address and the old one', async () => {
    const w = world();
    const who = person();
    const place = { headers: { 'CF-Connecting-IP': '203.0.113.7' } };
    const { access } = (await w.post('/account/sign-up', who, place)).body;
    await w.rows(`UPDATE one_time_tokens SET payload = json_set(payload, '$.country', 'KR')
      WHERE purpose = 'email_verify'`);
    const pending = async () => (await ask(w, access)).body.pending;
    const nothing = { new_email: null, old_email: null, ip: null, country: null };
    const [asked] = await pending();
    expect(asked).toMatchObject({
      ...nothing,
      purpose: 'email_verify',
      ip: '203.0.113.7',
      country: 'KR',
    });
    const next = await wanted(w, access);
    expect(await pending()).toMatchObject([
      { ...nothing, purpose: 'email_change', new_email: next.email },
      { purpose: 'email_verify' },
    ]);
    await verify(w, next.token);
    expect(await pending()).toMatchObject([{ ...nothing, purpose: 'email_take_back', old_email: who.email }]);
  });

  it('has nothing of other users, no hash and no token', async () => {
    const w = world();
    const who = await w.signUp();
    const stranger = await w.signUp();
    const text = JSON.stringify((await ask(w, who.access)).body);
    for (const secret of [stranger.user.id, stranger.email, who.refresh, 'hash', 'pbkdf2', 'password']) {
      expect(text).not.toContain(secret);
    }
    const rows = await w.env.DB.prepare('SELECT hash FROM one_time_tokens WHERE subject = ?')
      .bind(who.user.id)
      .all<{ hash: string }>();
    expect(rows.results.length).toBeGreaterThan(0);
    for (const { hash } of rows.results) expect(text).not.toContain(hash);
  });

  const insertSessions = (w: ReturnType<typeof world>, userId: string, count: number) =>
    w.env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at, revoked_at)
       SELECT ?, printf('00000000-0000-7000-8000-%012d', i), i, i, i, i, i FROM n`,
    )
      .bind(count, userId)
      .run();

  it.each([199, 200, 399, 1_000])('lists %i sessions and the current one, each once', async (count) => {
    const w = world();
    const who = await w.signUp();
    await insertSessions(w, who.user.id, count);
    const { sessions } = (await ask(w, who.access)).body as { sessions: { id: string }[] };
    const ids = sessions.map(({ id }) => id);
    expect(ids).toHaveLength(count + 1);
    expect(new Set(ids).size).toBe(count + 1);
    expect(ids).toEqual([...ids].sort());
  });

  it('costs two round trips, and one more for every 200 sessions', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings, vars: { MAIL: 'off' } });
    const who = await w.signUp();
    const cost = async () => (await counted.of(() => ask(w, who.access))).d1;
    expect(await cost()).toMatchObject({ roundTrips: 2, rowsWritten: 0 });
    await insertSessions(w, who.user.id, 450);
    expect((await cost()).roundTrips).toBe(4);
  });

  it('is aborted if D1 fails in the middle, so that nobody takes it for complete', async () => {
    let left = Number.POSITIVE_INFINITY;
    const { DB } = watchedD1({
      before: () => {
        left -= 1;
        if (left < 0) throw d1Error('Network connection lost.');
      },
    });
    const w = world({ bindings: { DB } });
    const who = await w.signUp();
    await insertSessions(w, who.user.id, 450);
    left = 3;
    const request = new Request('http://localhost/account/export', {
      headers: { Authorization: `Bearer ${who.access}` },
    });
    await expect(w.fetch(request)).rejects.toThrow();
    expect(log.of('export_broken_off')).toMatchObject([{ user: who.user.id }]);
  });
});
