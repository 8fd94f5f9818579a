/** PATCH /account/me, and what a withdrawal leaves. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/encoding.ts';
import {
  type Body,
  CHANGE_PASSWORD,
  DEACTIVATE,
  meanwhile,
  NAMES,
  nonce,
  REQUIRED,
  sessionsOf,
  USERNAMES,
  userRow,
} from '../support/accounts.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, codeOf, faultsOf, person, RACE, tally, type World, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';
const END_SESSIONS = 'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?';
const DELETE = ['DELETE FROM users WHERE id = ?'];

describe('PATCH /account/me', () => {
  it.each<[string, Body, Body]>([
    ['a name', { name: 'Mina' }, { name: 'Mina' }],
    ['a name with white space around', { name: '  Mina Kim \n' }, { name: 'Mina Kim' }],
    ['a name of null', { name: null }, { name: null }],
    ['an empty name', { name: '' }, { name: null }],
    ['a name of white space', { name: '   ' }, { name: null }],
    ['a name of 150 emoji', { name: '🦊'.repeat(150) }, { name: '🦊'.repeat(150) }],
    ['a username of null', { username: null }, { username: null }],
    ['an empty username', { username: '' }, { username: null }],
    ['both taken away', { name: null, username: null }, { name: null, username: null }],
    ['nothing', {}, {}],
    ['unknown fields', { nickname: 'x', is_superuser: true }, {}],
    [
      'what is not for the user to change',
      {
        id: 'x',
        email: 'other@example.com',
        is_staff: true,
        is_active: false,
        email_verified: true,
        password: 'x',
        date_joined: 'x',
        last_login: null,
        passwordHash: 'x',
        isStaff: true,
        usernameKey: 'x',
      },
      {},
    ],
  ])('%s', async (_, change, expected) => {
    const w = world();
    const who = await w.signUp({ ...person(), name: 'Before', username: nonce() });
    const before = (await w.me(who.access)).body;
    const hash = (await userRow(w, who.user.id))?.password_hash;
    const answer = await w.patch('/account/me', change, { token: who.access });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({ ...before, ...expected });
    expect((await w.me(who.access)).body).toStrictEqual(answer.body);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(hash);
  });

  it('sets a username, which then logs in, and frees the old one', async () => {
    const w = world();
    const [first, second] = [nonce(), nonce()];
    const who = await w.signUp({ ...person(), username: first });
    const answer = await w.patch('/account/me', { username: second.toUpperCase() }, { token: who.access });
    expect(answer.body.username).toBe(second.toUpperCase());
    expect((await w.logIn({ username: second, password: PASSWORD })).status).toBe(200);
    expect((await w.logIn({ username: first, password: PASSWORD })).status).toBe(401);
    expect((await w.signUp({ ...person(), username: first })).answer.status).toBe(201);
  });

  it('sets the own username in another spelling', async () => {
    const w = world();
    const username = nonce();
    const who = await w.signUp({ ...person(), username });
    const answer = await w.patch('/account/me', { username: username.toUpperCase() }, { token: who.access });
    expect([answer.status, answer.body.username]).toEqual([200, username.toUpperCase()]);
  });

  it('sets the own address as username', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.patch('/account/me', { username: who.email.toUpperCase() }, { token: who.access });
    expect(answer.status).toBe(200);
    expect((await w.logIn({ username: who.email, password: PASSWORD })).status).toBe(200);
  });

  it.each([
    ...NAMES.map(([what, value, code]): [string, string, unknown, string] => ['name', what, value, code]),
    ...USERNAMES.map(([what, value, code]): [string, string, unknown, string] => [
      'username',
      what,
      value,
      code,
    ]),
  ])('%s %s is 400 and changes nothing', async (field, _, value, code) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.patch(
      '/account/me',
      { name: 'x', username: 'x', [field]: value },
      { token: who.access },
    );
    expect([answer.status, faultsOf(answer)]).toEqual([400, { [field]: [code] }]);
    expect((await w.me(who.access)).body).toMatchObject({ name: null, username: null });
  });

  it('a taken username is 409 and changes nothing', async () => {
    const w = world();
    const other = await w.signUp({ ...person(), username: nonce() });
    const who = await w.signUp();
    const answer = await w.patch(
      '/account/me',
      { username: other.username?.toUpperCase(), name: 'x' },
      { token: who.access },
    );
    expect([answer.status, codeOf(answer)]).toEqual([409, 'username_taken']);
    expect((await w.me(who.access)).body).toMatchObject({ username: null, name: null });
  });

  it('one username requested by many at once goes to one', RACE, async () => {
    const w = world();
    const username = nonce();
    const people = await atOnce(10, () => w.signUp());
    const answers = await Promise.all(
      people.map(({ access }) => w.patch('/account/me', { username }, { token: access })),
    );
    expect(tally(answers)).toEqual({ 200: 1, 409: 9 });
    expect(await w.rows('SELECT 1 FROM users WHERE username_key = ?', username)).toHaveLength(1);
  });

  it('removes no user’s last name to log in by', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: nonce() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    const answer = await w.patch('/account/me', { username: null }, { token: who.access });
    expect([answer.status, Object.keys(faultsOf(answer))]).toEqual([400, ['username']]);
    expect((await w.logIn({ username: who.username ?? '', password: PASSWORD })).status).toBe(200);
  });

  it.each([
    ['the session ended', [END_SESSIONS], 'token_not_valid'],
    ['the user withdrew', DELETE, 'user_not_found'],
    ['the user was deactivated', DEACTIVATE, 'user_inactive'],
  ])('is refused if %s between the check and the change', async (_, statements, code) => {
    const who = await world().signUp();
    const w = meanwhile(who.user.id, statements);
    const answer = await w.patch('/account/me', { name: 'late' }, { token: who.access });
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    expect((await userRow(w, who.user.id))?.name ?? null).toBeNull();
  });
});

describe('withdrawal', () => {
  const withdraw = (w: World, who: { access: string; password: string }) =>
    w.delete('/account/me', { password: who.password }, { token: who.access });

  /** Everything that D1 holds, as text, by table. */
  async function everyRow(w: World): Promise<[string, string[]][]> {
    const tables = await w.rows<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    return Promise.all(
      tables.map(
        async ({ name }): Promise<[string, string[]]> => [
          name,
          (await w.rows(`SELECT * FROM "${name}"`)).map((row) => JSON.stringify(row)),
        ],
      ),
    );
  }
  async function everyKey(): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.BLACKLIST.list({ ...(cursor !== undefined && { cursor }) });
      for (const { name, metadata } of page.keys) {
        found.push(`${name} ${JSON.stringify(metadata)} ${await env.BLACKLIST.get(name)}`);
      }
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    return found;
  }

  it('leaves no address in the pending change of somebody else who asked for it while it was taken', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    const change = { new_email: who.email, password: other.password };
    expect((await w.post('/account/email/change', change, { token: other.access })).status).toBe(202);
    expect((await withdraw(w, who)).status).toBe(204);
    const rows = await w.rows("SELECT * FROM one_time_tokens WHERE purpose = 'email_change'");
    expect(rows.map(({ subject }) => subject)).toContain(other.user.id);
    expect(JSON.stringify(rows)).not.toContain(who.email);
  });

  it('leaves no row in any table and no KV entry that holds the person', async () => {
    const w = world({ vars: { MAIL: 'off' } });
    const who = await w.signUp({ ...person('gone'), name: `Name ${nonce()}`, username: nonce() });
    const bystander = await w.signUp();
    await w.refresh(who.refresh);
    const { refresh } = (await w.logIn(who)).body;
    await w.logOut(refresh);
    const { password_hash: hash } = (await userRow(w, who.user.id)) ?? {};
    const subject = await sha256Hex(who.email);
    const now = w.clock.now;
    const token = (owner: string, purpose: string) =>
      w.rows(
        'INSERT INTO one_time_tokens (subject, purpose, hash, payload, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
        owner,
        purpose,
        crypto.randomUUID(),
        JSON.stringify({ email: who.email }),
        now,
        now + 60,
      );
    for (const purpose of ['password_reset', 'email_verify', 'email_change'])
      await token(who.user.id, purpose);
    await token(subject, 'sign_up');
    const logged = (actor: string, about: string) =>
      w.rows(
        'INSERT INTO admin_log (id, at, actor_id, action, subject_id, detail) VALUES (?, ?, ?, ?, ?, NULL)',
        crypto.randomUUID(),
        now,
        actor,
        'user.update',
        about,
      );
    await logged(who.user.id, bystander.user.id);
    await logged(bystander.user.id, who.user.id);
    await logged(who.user.id, who.user.id);

    expect((await withdraw(w, who)).status).toBe(204);

    const traces = [who.user.id, who.email, who.name, who.username, String(hash), subject].map(String);
    const holding = (texts: readonly string[]) =>
      texts.filter((text) => traces.some((trace) => text.includes(trace)));
    for (const [table, rows] of await everyRow(w)) expect([table, holding(rows)]).toEqual([table, []]);
    expect(holding(await everyKey())).toEqual([]);

    const history = await w.rows<{ actor_id: string; subject_id: string }>(
      'SELECT actor_id, subject_id FROM admin_log WHERE at = ? AND action = ?',
      now,
      'user.update',
    );
    expect(history).toHaveLength(3);
    const pseudonyms = new Set(history.flatMap((row) => [row.actor_id, row.subject_id]));
    pseudonyms.delete(bystander.user.id);
    expect(pseudonyms.size).toBe(1);
    expect(await w.rows('PRAGMA foreign_key_check')).toEqual([]);
    expect((await w.me(bystander.access)).status).toBe(200);
  });

  it('makes every token of every session invalid, as user_not_found at every endpoint', async () => {
    const w = world();
    const who = await w.signUp();
    const other = (await w.logIn(who)).body;
    const rotated = (await w.refresh(who.refresh)).body;
    expect((await withdraw(w, who)).status).toBe(204);
    for (const pair of [who, other, rotated]) {
      for (const answer of [
        await w.me(pair.access),
        await w.verify(pair.access),
        await w.refresh(pair.refresh),
        await w.verify(pair.refresh),
        await w.patch('/account/me', { name: 'x' }, { token: pair.access }),
        await withdraw(w, { ...who, access: pair.access }),
      ]) {
        expect([answer.status, codeOf(answer)]).toEqual([401, 'user_not_found']);
      }
      expect((await w.logOut(pair.refresh)).status).toBe(204);
    }
    expect(codeOf(await w.logIn(who))).toBe('no_active_account');
  });

  it('frees address and username, and their new owner gets nothing of the old one', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: nonce(), name: 'Before' });
    await withdraw(w, who);
    const again = await w.signUp({
      email: who.email,
      password: 'another horse entirely',
      username: who.username ?? '',
    });
    expect(again.answer.status).toBe(201);
    expect(again.user.id).not.toBe(who.user.id);
    expect((await w.me(again.access)).body.name).toBeNull();
    expect(codeOf(await w.me(who.access))).toBe('user_not_found');
    expect(codeOf(await w.refresh(who.refresh))).toBe('user_not_found');
    expect((await w.logIn({ ...who, password: PASSWORD })).status).toBe(401);
  });

  it.each<[string, Body, Record<string, string[]>]>([
    ['a wrong password', { password: 'wrong horse battery' }, { password: ['password_incorrect'] }],
    ['the password in capitals', { password: PASSWORD.toUpperCase() }, { password: ['password_incorrect'] }],
    ['the password with a space', { password: `${PASSWORD} ` }, { password: ['password_incorrect'] }],
    ['no body', {}, { password: ['required'] }],
    ...REQUIRED.slice(1).map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `a password that is ${what}`,
      { password: value },
      { password: [code] },
    ]),
    ['a password of 257 characters', { password: 'x'.repeat(257) }, { password: ['password_incorrect'] }],
    ['a password with a lone surrogate', { password: 'x\ud800' }, { password: ['password_incorrect'] }],
  ])('with %s is 400, and deletes nothing', async (_, body, faults) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.delete('/account/me', body, { token: who.access });
    expect([answer.status, codeOf(answer), faultsOf(answer)]).toEqual([400, 'invalid', faults]);
    expect((await w.me(who.access)).status).toBe(200);
    expect((await w.refresh(who.refresh)).status).toBe(200);
  });

  it('without a token is 401', async () => {
    const w = world();
    expect(codeOf(await w.delete('/account/me', { password: PASSWORD }))).toBe('not_authenticated');
  });

  it('takes a password equal after NFKC', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), password: 'pâté crémeux' });
    expect((await withdraw(w, { ...who, password: 'pâté crémeux'.normalize('NFD') })).status).toBe(204);
  });

  it('ten times at once: one is 204, the others are 401, none fails', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const answers = await atOnce(10, () => withdraw(w, who));
    const gone = answers.filter(({ status }) => status === 204);
    const told = answers.filter(({ status }) => status === 401);
    expect(gone).toHaveLength(1);
    expect(told).toHaveLength(9);
    expect(new Set(told.map(codeOf))).toEqual(new Set(['user_not_found']));
    expect(await userRow(w, who.user.id)).toBeUndefined();
  });

  it('during log-ins leaves no session and no token valid', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const [ended, ...logIns] = await Promise.all([
      withdraw(w, who),
      // Fewer than the limit of sessions, which would end the one that withdraws.
      ...Array.from({ length: 15 }, () => w.logIn(who)),
    ]);
    expect(ended?.status).toBe(204);
    expect(await sessionsOf(w, who.user.id)).toEqual([]);
    for (const { body } of logIns.filter(({ status }) => status === 200)) {
      expect((await w.me(body.access)).status).toBe(401);
      expect((await w.refresh(body.refresh)).status).toBe(401);
    }
  });

  it.each([
    ['the password was changed', CHANGE_PASSWORD, 400, 'invalid'],
    ['the session ended', [END_SESSIONS], 401, 'token_not_valid'],
    ['the user was deleted', DELETE, 401, 'user_not_found'],
    ['the user was deactivated', DEACTIVATE, 401, 'user_inactive'],
  ])('is refused if %s between the check and the change', async (_, statements, status, code) => {
    const who = await world().signUp();
    const answer = await withdraw(meanwhile(who.user.id, statements), who);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  describe('of staff', () => {
    const staff = async (w: World, active = 1) => {
      const who = await w.signUp();
      await w.rows('UPDATE users SET is_staff = 1, is_active = ? WHERE id = ?', active, who.user.id);
      return who;
    };
    const noStaff = (w: World) => w.rows('UPDATE users SET is_staff = 0');

    it('the last active one cannot withdraw', async () => {
      const w = world();
      await noStaff(w);
      const who = await staff(w);
      const answer = await withdraw(w, who);
      expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
      expect((await w.me(who.access)).status).toBe(200);
    });

    it('an inactive one does not count', async () => {
      const w = world();
      await noStaff(w);
      const who = await staff(w);
      await staff(w, 0);
      expect((await withdraw(w, who)).status).toBe(403);
    });

    it('one of two can, the other cannot', async () => {
      const w = world();
      await noStaff(w);
      const [one, two] = [await staff(w), await staff(w)];
      expect((await withdraw(w, one)).status).toBe(204);
      expect((await withdraw(w, two)).status).toBe(403);
    });

    it('of two at once exactly one stays', RACE, async () => {
      const w = world();
      await noStaff(w);
      const people = [await staff(w), await staff(w)];
      const answers = await Promise.all(people.map((who) => withdraw(w, who)));
      expect(tally(answers)).toEqual({ 204: 1, 403: 1 });
      expect(await w.rows('SELECT 1 FROM users WHERE is_staff = 1 AND is_active = 1')).toHaveLength(1);
    });

    it('a wrong password is reported first', async () => {
      const w = world();
      await noStaff(w);
      const who = await staff(w);
      expect((await withdraw(w, { ...who, password: 'wrong horse battery' })).status).toBe(400);
    });
  });
});

describe('foreign keys', () => {
  it('are enforced: no session without its user', async () => {
    const w = world();
    const insert = w.rows(
      'INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at) VALUES (?, ?, 1, 1, 1, 1)',
      crypto.randomUUID(),
      crypto.randomUUID(),
    );
    await expect(insert).rejects.toThrow(/FOREIGN KEY/);
  });

  it('delete a user’s sessions with the user, and nobody else’s', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    await w.logIn(who);
    await w.rows('DELETE FROM users WHERE id = ?', who.user.id);
    expect(await sessionsOf(w, who.user.id)).toEqual([]);
    expect(await sessionsOf(w, other.user.id)).toHaveLength(1);
  });

  it('leave no row with a dangling reference', async () => {
    expect(await world().rows('PRAGMA foreign_key_check')).toEqual([]);
  });
});
