/** Staff add, change, promote and delete users. */
import { describe, expect, it } from 'vitest';
import {
  actionsOn,
  api,
  atConsole,
  beside,
  everything,
  type Form,
  historyOf,
  location,
  logInAt,
  makeStaff,
  makeUser,
  path,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { rebuildDirectory } from '../support/directory.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { atOnce, codeOf, faultsOf, person, RACE } from '../support/world.ts';

capturedLog();
const NOT_VERIFIED = 'This address is not verified';

describe('adding a user', () => {
  it('creates one who can log in, and records who did it', async () => {
    const admin = await atConsole();
    const { email } = person();
    const form = {
      email: ` ${email.toUpperCase()} `,
      password: 'correct horse battery',
      name: ' Mina ',
      username: unique('Ｍ'),
    };
    const answer = await admin.post('/admin/users/add', form);
    expect(answer.status).toBe(303);
    const id = /users\/([^?]+)\?done=added$/.exec(location(answer) ?? '')?.[1] ?? '';
    expect(await rowOf(id)).toMatchObject({
      email,
      name: 'Mina',
      username: form.username.normalize('NFKC'),
      username_key: form.username.normalize('NFKC').toLowerCase(),
      is_staff: 0,
      is_active: 1,
      email_verified_at: null,
      date_joined: w.clock.now,
      last_login_at: null,
    });
    expect((await w.logIn({ email, password: form.password })).status).toBe(200);
    expect(await historyOf(id)).toMatchObject([{ actor_id: admin.id, action: 'user.added', detail: null }]);
    expect((await admin.get(location(answer) ?? '')).text).toContain('The user was added.');
  });

  it('creates staff if both boxes are ticked', async () => {
    const admin = await atConsole();
    const { email } = person();
    const form = { email, password: 'correct horse battery', is_staff: 'true' };
    const refused = await admin.post('/admin/users/add', form);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(NOT_VERIFIED);
    expect(await w.rows('SELECT * FROM users WHERE email = ?', email)).toEqual([]);
    await admin.post('/admin/users/add', { ...form, unverified: 'true' });
    const [row] = await w.rows('SELECT * FROM users WHERE email = ?', email);
    expect(row).toMatchObject({ is_staff: 1 });
    expect(await actionsOn(String(row?.id))).toEqual(['user.added_as_staff']);
    expect((await logInAt({ email, password: 'correct horse battery' })).status).toBe(303);
  });

  it('refuses what sign-up refuses, and shows the form again without the password', async () => {
    const admin = await atConsole();
    const taken = await makeUser({ username: unique() });
    const count = async () => (await w.rows('SELECT count(*) AS n FROM users'))[0]?.n;
    const before = await count();
    const good = { email: person().email, password: 'correct horse battery' };
    const FAULTS: [Form, number, string][] = [
      [{ ...good, email: 'nonsense' }, 400, 'Enter a valid email address.'],
      [{ ...good, email: '' }, 400, 'This field may not be blank.'],
      [{ ...good, password: 'short' }, 400, 'This password is too short.'],
      [{ ...good, password: '0123456789' }, 400, 'entirely numeric'],
      [{ ...good, username: 'has space' }, 400, 'Enter a valid username'],
      [{ ...good, username: 'other@example.com' }, 400, 'A username with @ must be'],
      [{ ...good, name: 'x'.repeat(151) }, 400, 'no more than 150 characters'],
      [{ ...good, name: 'a\u0000b' }, 400, 'Control characters'],
      [{ ...good, email: taken.email }, 409, 'An account with this e-mail address already exists.'],
      [
        { ...good, username: (taken.answer.body.user.username as string).toUpperCase() },
        409,
        'A user with that username already exists.',
      ],
    ];
    for (const [form, status, sentence] of FAULTS) {
      const answer = await admin.post('/admin/users/add', form);
      expect([form, answer.status]).toEqual([form, status]);
      expect(answer.text).toContain(sentence);
      expect(answer.text).toContain('aria-invalid="true"');
      expect(answer.text).not.toContain('correct horse battery');
    }
    expect((await admin.post('/admin/users/add', { ...good, name: 'x'.repeat(17_000) })).status).toBe(413);
    expect(await count()).toBe(before);
  });

  it('makes one account of many tries at once', RACE, async () => {
    const admin = await atConsole();
    const { email } = person();
    const answers = await atOnce(10, () =>
      w.post('/admin/api/users', { email, password: 'correct horse battery' }, { token: admin.access }),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === 'email_taken')).toHaveLength(9);
    const [row] = await w.rows('SELECT id FROM users WHERE email = ?', email);
    expect(await actionsOn(String(row?.id))).toEqual(['user.added']);
  });
});

describe('changing a user', () => {
  it('writes what differs, with the old and new values in the history', async () => {
    const admin = await atConsole();
    const target = await makeUser({ name: 'Before' });
    const username = unique('New');
    const answer = await admin.post(path(target.id), { name: 'After', username });
    expect(location(answer)).toBe(path(target.id, '?done=changed'));
    expect(await rowOf(target.id)).toMatchObject({
      name: 'After',
      username,
      username_key: username.toLowerCase(),
    });
    await admin.post(path(target.id), { name: 'After', username });
    w.clock.advance(1);
    await admin.post(path(target.id), { name: '', username });
    expect((await rowOf(target.id))?.name).toBeNull();
    const history = await historyOf(target.id);
    expect(history.map(({ action, detail }) => [action, JSON.parse(String(detail))])).toEqual([
      ['user.changed', { name: ['Before', 'After'], username: [null, username] }],
      ['user.changed', { name: ['After', null] }],
    ]);
    const { body } = await w.get(`/admin/api/history?user=${target.id}`, { token: admin.access });
    expect(body.history).toMatchObject([
      { fields: ['name'], changes: { name: { from: 'After', to: null } } },
      { fields: ['name', 'username'], changes: { username: { from: null, to: username } } },
    ]);
    const { text } = await admin.get(path(target.id));
    expect(text).toContain('Name: <bdi>Before</bdi> → <bdi>After</bdi>');
    expect(text).toContain('Name: <bdi>After</bdi> → none');
  });

  it('shows the form again with what was typed', async () => {
    const admin = await atConsole();
    const taken = unique();
    await makeUser({ username: taken });
    const target = await makeUser();
    const conflict = await admin.post(path(target.id), { name: 'Kept', username: taken.toUpperCase() });
    expect(conflict.status).toBe(409);
    expect(conflict.text).toContain('A user with that username already exists.');
    expect(conflict.text).toContain('value="Kept"');
    const invalid = await admin.post(path(target.id), { name: 'x', username: 'a b' });
    expect(invalid.status).toBe(400);
    expect(invalid.text).toContain('value="a b"');
    expect(await historyOf(target.id)).toEqual([]);
  });

  it('lets a user have the own address as username, and nobody else’s', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const own = await w.patch(api(target.id), { username: target.email }, { token: admin.access });
    expect([own.status, own.body.username]).toEqual([200, target.email]);
    const other = await w.patch(api(target.id), { username: person().email }, { token: admin.access });
    expect(faultsOf(other)).toEqual({ username: ['invalid'] });
  });

  it('does not remove the only name', async () => {
    const admin = await makeStaff();
    const target = await makeUser({ username: unique() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', target.id);
    const answer = await w.patch(api(target.id), { username: null }, { token: admin.access });
    expect(faultsOf(answer)).toEqual({ username: ['null'] });
  });

  it('gives a username to one of many who want it at once', RACE, async () => {
    const admin = await makeStaff();
    const targets = await atOnce(8, () => makeUser());
    const username = unique();
    const answers = await atOnce(8, (i) =>
      w.patch(api(targets[i]?.id ?? ''), { username }, { token: admin.access }),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === 'username_taken')).toHaveLength(7);
    expect(await w.rows('SELECT id FROM users WHERE username_key = ?', username)).toHaveLength(1);
  });
});

describe('promotion', () => {
  const verify = (id: string) => w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', id);

  it.each([
    [
      'in the console',
      (id: string, admin: Awaited<ReturnType<typeof atConsole>>) => admin.post(path(id, '/promote')),
    ],
    [
      'by its JSON',
      (id: string, admin: Awaited<ReturnType<typeof atConsole>>) =>
        w.patch(api(id), { is_staff: true }, { token: admin.access }),
    ],
  ])(
    'ends the sessions and the pending change of address of the new staff member, %s',
    async (_, promote) => {
      const admin = await atConsole();
      const target = await makeUser();
      await verify(target.id);
      const wanted = { new_email: person('wanted').email, password: target.password };
      expect((await w.post('/account/email/change', wanted, { token: target.access })).status).toBe(202);
      expect((await promote(target.id, admin)).status).toBeLessThan(400);
      expect(await rowOf(target.id)).toMatchObject({ is_staff: 1 });
      expect(await w.sessionOf(target.access)).toMatchObject({ revoked_reason: 'promoted' });
      expect(await w.kvOf(target.access)).toBe('promoted');
      expect((await w.get('/admin/api/overview', { token: target.access })).status).toBe(401);
      expect((await w.refresh(target.refresh)).status).toBe(401);
      const pending = "SELECT 1 FROM one_time_tokens WHERE subject = ? AND purpose = 'email_change'";
      expect(await w.rows(pending, target.id)).toEqual([]);
      const again = (await w.logIn(target)).body;
      expect((await w.get('/admin/api/overview', { token: again.access })).status).toBe(200);
    },
  );

  it('of somebody whose address is not verified needs a ticked box in the console', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    expect((await admin.get(path(target.id, '/promote'))).text).toContain('name="unverified"');
    const refused = await admin.post(path(target.id, '/promote'));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(NOT_VERIFIED);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 0 });
    expect(await historyOf(target.id)).toEqual([]);
    expect((await admin.post(path(target.id, '/promote'), { unverified: 'true' })).status).toBe(303);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 1, email_verified_at: null });
    await verify(target.id);
    expect((await admin.get(path(target.id, '/promote'))).text).not.toContain('name="unverified"');
  });

  it.each([[undefined], [false]])('… and in the JSON "unverified": true, not %j', async (unverified) => {
    const admin = await makeStaff();
    const target = await makeUser();
    const patch = (body: unknown) => w.patch(api(target.id), body, { token: admin.access });
    const refused = await patch({ is_staff: true, name: 'N', unverified });
    expect([refused.status, faultsOf(refused)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 0, name: null });
    expect((await w.me(target.access)).status).toBe(200);
    expect((await patch({ is_staff: true, unverified: true })).body).toMatchObject({ is_staff: true });
    // Who is staff already may be changed without the word.
    expect((await patch({ is_staff: true, name: 'N' })).status).toBe(200);
  });

  it('… and of a staff member who becomes active again', async () => {
    const [admin, boss] = [await makeStaff(), await atConsole()];
    const target = await makeStaff('target');
    const patch = (body: unknown) => w.patch(api(target.id), body, { token: admin.access });
    await patch({ is_active: false });
    const refused = await patch({ is_active: true });
    expect([refused.status, faultsOf(refused)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    const atOnce = await patch({ is_active: true, is_staff: true, unverified: false });
    expect([atOnce.status, faultsOf(atOnce)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect((await boss.get(path(target.id))).text).toContain(`href="${path(target.id, '/activate')}"`);
    expect((await boss.get(path(target.id, '/activate'))).text).toContain('name="unverified"');
    const unticked = await boss.post(path(target.id, '/activate'));
    expect([unticked.status, unticked.text.includes(NOT_VERIFIED)]).toEqual([400, true]);
    expect(await rowOf(target.id)).toMatchObject({ is_active: 0, is_staff: 1 });

    // Without the rights nothing has to be said.
    expect((await patch({ is_active: true, is_staff: false })).status).toBe(200);
    expect(await rowOf(target.id)).toMatchObject({ is_active: 1, is_staff: 0 });
    await patch({ is_active: false, is_staff: true, unverified: true });
    expect((await boss.post(path(target.id, '/activate'), { unverified: 'true' })).status).toBe(303);
    expect(await rowOf(target.id)).toMatchObject({ is_active: 1, is_staff: 1 });
  });

  it('… but not of a verified user, or one who is not staff', async () => {
    const boss = await atConsole();
    const [ordinary, verified] = [await makeUser(), await makeStaff('verified')];
    await verify(verified.id);
    for (const { id } of [ordinary, verified]) {
      await boss.post(path(id, '/deactivate'));
      expect((await boss.get(path(id))).text).not.toContain(`href="${path(id, '/activate')}"`);
      expect((await boss.post(path(id, '/activate'))).status).toBe(303);
      expect(await rowOf(id)).toMatchObject({ is_active: 1 });
    }
  });

  it('of a new user needs it too', async () => {
    const admin = await makeStaff();
    const who = { ...person(), is_staff: true };
    const refused = await w.post('/admin/api/users', who, { token: admin.access });
    expect([refused.status, faultsOf(refused)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', who.email)).toEqual([]);
  });

  it('during a change of address does not promote a user with another address', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    await verify(target.id);
    const stranger = person('stranger').email;
    // Between the read of the user and the batch that promotes.
    let changed = false;
    const { DB } = watchedD1({
      before: async ({ statements }) => {
        if (changed || statements.length === 1) return;
        changed = true;
        const unverify = 'UPDATE users SET email = ?, email_verified_at = NULL WHERE id = ?';
        await w.rows(unverify, stranger, target.id);
      },
    });
    const on = beside({ bindings: { DB } });
    const answer = await on.patch(api(target.id), { is_staff: true }, { token: admin.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, { is_staff: ['email_not_verified'] }]);
    expect(await rowOf(target.id)).toMatchObject({ is_staff: 0, email: stranger });
  });
});

describe('deleting a user', () => {
  it('leaves no row of the user, and a pseudonym in the history', async () => {
    const [boss, admin] = [await atConsole(), await atConsole()];
    const target = await atConsole();
    const other = await makeUser();
    w.clock.advance(1);
    await target.post(path(other.id), { name: 'By the target', username: '' });
    w.clock.advance(1);
    await admin.post(path(target.id), { name: 'Target', username: unique('target') });
    await w.post('/account/password/reset', { email: target.email });
    const verifying = beside({ vars: { SIGN_UP: 'verify' } });
    await verifying.rows('UPDATE users SET email = ? WHERE id = ?', `moved-${target.email}`, target.id);
    await rebuildDirectory();
    await verifying.post('/account/sign-up', { email: target.email, password: 'correct horse battery' });
    await verifying.rows('UPDATE users SET email = ? WHERE id = ?', target.email, target.id);
    await rebuildDirectory();
    const { refresh } = (await w.logIn(target)).body as { refresh: string };
    await w.refresh(refresh);

    w.clock.advance(1);
    const answer = await boss.post(path(target.id, '/delete'), { confirm: target.email });
    expect(location(answer)).toBe('/admin/users?done=delete');
    const dump = JSON.stringify(await everything());
    expect(dump).not.toContain(target.id);
    expect(dump).not.toContain(target.email);
    const keys = await w.env.BLACKLIST.list();
    expect(JSON.stringify(keys.keys)).not.toContain(target.id);
    expect(await w.kvOf(target.access)).toBe('withdrawn');
    expect(codeOf(await w.me(target.access))).toBe('user_not_found');
    expect((await target.get('/admin')).status).toBe(303);

    const log = await w.rows<{ actor_id: string; subject_id: string; action: string }>(
      'SELECT * FROM admin_log ORDER BY id DESC LIMIT 3',
    );
    const pseudonym = log[0]?.subject_id ?? '';
    expect(log).toMatchObject([
      { actor_id: boss.id, subject_id: pseudonym, action: 'user.deleted', detail: null },
      {
        actor_id: admin.id,
        subject_id: pseudonym,
        action: 'user.changed',
        detail: '{"name":[],"username":[]}',
      },
      {
        actor_id: pseudonym,
        subject_id: other.id,
        action: 'user.changed',
        detail: '{"name":[null,"By the target"]}',
      },
    ]);
    const page = await boss.get('/admin/history');
    expect(page.text).toContain(`former user <code>${pseudonym.slice(0, 8)}</code>`);
    expect(page.text).toContain(other.email);
  });

  it('happens once', RACE, async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const answers = await atOnce(8, () => w.delete(api(target.id), undefined, { token: admin.access }));
    expect(answers.filter((answer) => answer.status === 204)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 404)).toHaveLength(7);
  });

  it('can be oneself', async () => {
    const [admin] = [await atConsole(), await makeStaff()];
    expect((await admin.post(path(admin.id, '/delete'), { confirm: admin.email })).status).toBe(303);
    expect(await rowOf(admin.id)).toBeUndefined();
    expect(JSON.stringify(await everything())).not.toContain(admin.id);
  });

  it('works although the address changes meanwhile', async () => {
    const admin = await makeStaff();
    const target = await makeUser();
    const answers = await Promise.all([
      w.delete(api(target.id), undefined, { token: admin.access }),
      ...Array.from({ length: 4 }, (_, i) =>
        w.rows('UPDATE users SET email = ? WHERE id = ?', `moved-${i}-${target.email}`, target.id),
      ),
    ]);
    expect([204, 503]).toContain(answers[0].status);
    expect((await rowOf(target.id)) === undefined).toBe(answers[0].status === 204);
  });
});
