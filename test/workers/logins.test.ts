/** The directory says what the rows of users say, whatever way a user is made, changed or gone. */
import { afterEach, describe, expect, it } from 'vitest';
import { directoryFaults } from '../support/directory.ts';
import { capturedLog } from '../support/log.ts';
import { type Answer, atOnce, person, RACE, tally, type World, world } from '../support/world.ts';

capturedLog();
const w = world();
const verifying = world({ vars: { SIGN_UP: 'verify' } });
const unique = (name = 'name') => `${name}-${crypto.randomUUID().slice(0, 8)}`;

afterEach(async () => expect(await directoryFaults()).toEqual([]));

const entriesOf = (userId: string) =>
  w.rows<{ kind: string; key: string }>(
    'SELECT kind, key FROM logins WHERE user_id = ? ORDER BY kind',
    userId,
  );
const ownerOf = async (key: string) =>
  (await w.rows<{ user_id: string }>('SELECT user_id FROM logins WHERE key = ?', key))[0]?.user_id;
const mailed = async (email: string): Promise<string> =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`)).body.messages[0].token;
const staff = async () => {
  const admin = await w.signUp();
  await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', admin.user.id);
  return admin;
};
type Someone = Awaited<ReturnType<World['signUp']>>;

describe('a user', () => {
  it('a sign-up adds address and username', async () => {
    const username = unique('Mina');
    const who = await w.signUp({ ...person(), username });
    expect(await entriesOf(who.user.id)).toEqual([
      { kind: 'email', key: who.email },
      { kind: 'username', key: username.toLowerCase() },
    ]);
  });

  it('without a username is added by address only', async () => {
    const who = await w.signUp();
    expect(await entriesOf(who.user.id)).toEqual([{ kind: 'email', key: who.email }]);
  });

  it('a confirmed sign-up is added, without a username that was taken in the meantime', async () => {
    const [who, username] = [person(), unique()];
    await verifying.post('/account/sign-up', { ...who, username });
    const first = await w.signUp({ ...person(), username });
    expect(
      (
        await verifying.post('/account/email/verify', {
          token: await mailed(who.email),
          password: who.password,
        })
      ).status,
    ).toBe(204);
    expect(await ownerOf(username)).toBe(first.user.id);
    expect(await entriesOf((await ownerOf(who.email)) ?? '')).toEqual([{ kind: 'email', key: who.email }]);
  });

  it('a user added by staff is in it', async () => {
    const [admin, who, username] = [await staff(), person(), unique()];
    const made = await w.post('/admin/api/users', { ...who, username }, { token: admin.access });
    expect(made.status).toBe(201);
    expect(await entriesOf(made.body.id)).toEqual([
      { kind: 'email', key: who.email },
      { kind: 'username', key: username },
    ]);
  });

  const gone: [string, (who: Someone) => Promise<Answer>][] = [
    ['withdraws', (who) => w.delete('/account/me', { password: who.password }, { token: who.access })],
    [
      'is disowned by the owner of the address',
      async (who) => w.post('/account/email/disown', { token: await mailed(who.email) }),
    ],
    [
      'is deleted by staff',
      async (who) =>
        w.delete(`/admin/api/users/${who.user.id}`, undefined, { token: (await staff()).access }),
    ],
  ];
  it.each(gone)('who %s frees both names', async (_, go) => {
    const [who, username] = [person(), unique()];
    const first = await w.signUp({ ...who, username });
    expect((await go(first)).status).toBe(204);
    expect(await entriesOf(first.user.id)).toEqual([]);
    expect((await w.signUp({ ...who, username })).answer.status).toBe(201);
  });

  it('a user who may not withdraw keeps both names', async () => {
    await w.rows('UPDATE users SET is_staff = 0');
    const username = unique();
    const who = await w.signUp({ ...person(), username });
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const answer = await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect(answer.status).toBe(403);
    expect(await entriesOf(who.user.id)).toHaveLength(2);
  });
});

describe('a change', () => {
  const patches: [string, (who: Someone, change: object) => Promise<Answer>][] = [
    ['of one’s own', (who, change) => w.patch('/account/me', change, { token: who.access })],
    [
      'by staff',
      async (who, change) =>
        w.patch(`/admin/api/users/${who.user.id}`, change, { token: (await staff()).access }),
    ],
  ];
  describe.each(patches)('%s', (_, patch) => {
    it('of the username moves its entry, and frees the old one', async () => {
      const [before, after] = [unique('before'), unique('after')];
      const who = await w.signUp({ ...person(), username: before });
      expect((await patch(who, { username: after })).status).toBe(200);
      expect([await ownerOf(before), await ownerOf(after)]).toEqual([undefined, who.user.id]);
    });

    it('of its case alone keeps the entry', async () => {
      const username = unique();
      const who = await w.signUp({ ...person(), username });
      expect((await patch(who, { username: username.toUpperCase() })).status).toBe(200);
      expect(await ownerOf(username)).toBe(who.user.id);
    });

    it('that removes the username removes the entry', async () => {
      const username = unique();
      const who = await w.signUp({ ...person(), username });
      expect((await patch(who, { username: null })).status).toBe(200);
      expect(await ownerOf(username)).toBeUndefined();
    });

    it('to a username that is taken changes nothing', async () => {
      const [mine, theirs] = [unique('mine'), unique('theirs')];
      const who = await w.signUp({ ...person(), username: mine });
      const other = await w.signUp({ ...person(), username: theirs });
      expect((await patch(who, { username: theirs })).status).toBe(409);
      expect([await ownerOf(mine), await ownerOf(theirs)]).toEqual([who.user.id, other.user.id]);
    });

    it('of the name only does not change the entries', async () => {
      const who = await w.signUp({ ...person(), username: unique() });
      expect((await patch(who, { name: 'Mina' })).status).toBe(200);
      expect(await entriesOf(who.user.id)).toHaveLength(2);
    });
  });

  const change = async (who: Someone, email: string) => {
    await w.post(
      '/account/email/change',
      { new_email: email, password: who.password },
      { token: who.access },
    );
    return mailed(email);
  };

  it('of the address moves its entry, and takes a username that was the old address', async () => {
    const who = person();
    const first = await w.signUp({ ...who, username: who.email });
    const email = person('moved').email;
    const answer = await w.post('/account/email/verify', { token: await change(first, email) });
    expect(answer.status).toBe(204);
    expect(await entriesOf(first.user.id)).toEqual([{ kind: 'email', key: email }]);
    expect(await ownerOf(who.email)).toBeUndefined();
  });

  it('to an address that was taken in the meantime changes nothing', async () => {
    const first = await w.signUp({ ...person(), username: unique() });
    const email = person('moved').email;
    const token = await change(first, email);
    const other = await w.signUp({ ...person(), email });
    expect((await w.post('/account/email/verify', { token })).status).toBe(409);
    expect(await ownerOf(email)).toBe(other.user.id);
    expect(await entriesOf(first.user.id)).toHaveLength(2);
  });
});

describe('of many at once', RACE, () => {
  it('one user has the username after many sign-ups and changes', async () => {
    const username = unique();
    const others = await atOnce(5, () => w.signUp());
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => w.post('/account/sign-up', { ...person(), username })),
      ...others.map((who) => w.patch('/account/me', { username }, { token: who.access })),
    ]);
    const { 409: refused = 0, ...rest } = tally(answers);
    expect(refused).toBe(9);
    expect(Object.values(rest)).toEqual([1]);
    expect(await w.rows('SELECT 1 FROM users WHERE username_key = ?', username)).toHaveLength(1);
  });

  it('one user has the address after many sign-ups and confirmations', async () => {
    const email = person('wanted').email;
    const others = await atOnce(3, () => w.signUp());
    const tokens: string[] = [];
    for (const who of others) {
      const ask = { new_email: email, password: who.password };
      await w.post('/account/email/change', ask, { token: who.access });
      tokens.push(await mailed(email));
    }
    const answers = await Promise.all([
      ...tokens.map((token) => w.post('/account/email/verify', { token })),
      ...Array.from({ length: 3 }, () => w.post('/account/sign-up', { ...person(), email })),
    ]);
    const { 409: refused = 0, ...rest } = tally(answers);
    expect(refused).toBe(5);
    expect(Object.values(rest)).toEqual([1]);
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', email)).toHaveLength(1);
  });
});
