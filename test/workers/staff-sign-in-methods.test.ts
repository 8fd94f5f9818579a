/** Passkeys and connected accounts of users in the console: staff see them and remove them. */
import { describe, expect, it } from 'vitest';
import { authenticator } from '../support/authenticator.ts';
import {
  actionsOn,
  api,
  atConsole,
  beside,
  browser,
  cookieOf,
  historyOf,
  location,
  logInAt,
  makeStaff,
  makeUser,
  PAGE,
  path,
  rowOf,
  w,
} from '../support/console.ts';
import { dance, exchange, issuer, signInWith, verified, worldWith } from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { giveMethod, KINDS, type Kind } from '../support/sign-in-methods.ts';
import { atOnce, codeOf, RACE, tally, type World } from '../support/world.ts';

const log = capturedLog();

const OF = {
  passkeys: {
    act: 'remove-passkey',
    action: 'user.passkey_removed',
    subject: 'A passkey was removed',
    koreanSubject: '패스키가 삭제되었습니다',
    event: 'passkey_removed',
  },
  connections: {
    act: 'remove-connection',
    action: 'user.connection_removed',
    subject: 'A connected account was removed',
    koreanSubject: '외부 계정 연결이 해제되었습니다',
    event: 'connection_removed',
  },
} as const;

const give = (kind: Kind, userId: string) => giveMethod(kind, userId, w.rows);
const left = async (kind: Kind, userId: string) =>
  (await w.rows<{ id: string }>(`SELECT id FROM ${kind} WHERE user_id = ? ORDER BY id`, userId)).map(
    ({ id }) => id,
  );
const remove = (kind: Kind, userId: string, id: string, token: string, on = w) =>
  on.delete(api(userId, `/${kind}/${id}`), undefined, { token });
const withoutPassword = (id: string) => w.rows("UPDATE users SET password_hash = '' WHERE id = ?", id);
const newestMail = async (email: string, on: World = w) =>
  (await on.get(`/dev/mail?to=${encodeURIComponent(email)}`, { headers: { Accept: 'application/json' } }))
    .body.messages[0];

describe('the page of a user', () => {
  it('shows passkeys and connected accounts, each with its removal', async () => {
    const admin = await atConsole();
    const { id } = await makeUser();
    const [passkey, connection] = [await give('passkeys', id), await give('connections', id)];
    const { text } = await admin.get(path(id));
    expect(text).toContain('<bdi>My &lt;phone&gt;</bdi>');
    expect(text).toContain('<bdi>acme</bdi>');
    expect(text).toContain('<bdi>at@provider.example</bdi>');
    expect(text).toContain('2023-11-14 22:13');
    expect(text).toContain(path(id, `/passkeys/${passkey}/remove`));
    expect(text).toContain(path(id, `/connections/${connection}/remove`));
    for (const [kind, list] of [
      [
        'passkeys',
        [
          {
            id: passkey,
            name: 'My <phone>',
            created_at: '2023-11-14T22:13:20Z',
            last_used_at: null,
            synced: true,
          },
        ],
      ],
      [
        'connections',
        [
          {
            id: connection,
            provider: 'acme',
            email: 'at@provider.example',
            created_at: '2023-11-14T22:13:20Z',
            last_used_at: null,
          },
        ],
      ],
    ] as const) {
      const answer = await w.get(api(id, `/${kind}`), { token: admin.access });
      expect([answer.status, answer.body]).toEqual([200, { [kind]: list }]);
    }
  });

  it('is in Korean', async () => {
    const admin = await atConsole();
    const { id } = await makeUser();
    const passkey = await give('passkeys', id);
    await give('connections', id);
    const headers = { ...PAGE, Cookie: `__Host-accounts_admin=${admin.cookie}`, 'Accept-Language': 'ko' };
    expect((await w.get(path(id), { headers })).text).toContain('<caption>연결된 계정</caption>');
    const asked = await w.get(path(id, `/passkeys/${passkey}/remove`), { headers });
    expect(asked.text).toContain('<h1><bdi>이 사용자의 패스키를 삭제할까요?</bdi></h1>');
  });
});

it('the overview counts users with either, each once, and names the providers', async () => {
  const op = await issuer();
  const on = worldWith(op, {}, { now: w.clock.now * 1_000 });
  const admin = await makeStaff('admin', on);
  const overview = async () => {
    const { body } = await on.get('/admin/api/overview', { token: admin.access });
    return [body.with_passkey.count, body.with_connection.count, body.providers];
  };
  const [passkeys, connections, providers] = await overview();
  expect(providers).toEqual([{ id: 'acme', name: 'Acme' }]);
  const { id } = await makeUser();
  for (const kind of KINDS) for (let i = 0; i < 2; i++) await give(kind, id);
  expect(await overview()).toEqual([passkeys + 1, connections + 1, providers]);
  const page = (await browser(cookieOf(await logInAt(admin, on)), on).get('/admin')).text;
  expect(page).toContain('With a passkey');
  expect(page).toContain('With a connected account');
  expect(page).toMatch(/Providers that are set up: *<bdi>Acme<\/bdi>/);
  expect(page).not.toContain('our-client');
});

describe.each(KINDS)('one of the %s', (kind) => {
  const { act, action, subject, koreanSubject, event } = OF[kind];

  it.each(['page', 'API'] as const)('is removed by the %s, in the history and by mail', async (by) => {
    const admin = await atConsole();
    const who = await makeUser();
    const [id, other] = [await give(kind, who.id), await give(kind, who.id)];
    if (by === 'page') {
      const at = path(who.id, `/${kind}/${id}/remove`);
      const asked = await admin.get(at);
      expect(asked.status).toBe(200);
      expect(asked.text).toContain(`action="${at}"`);
      expect(asked.text).toContain(kind === 'passkeys' ? 'My &lt;phone&gt;' : 'acme');
      expect(location(await admin.post(at))).toBe(path(who.id, `?done=${act}`));
    } else {
      expect((await remove(kind, who.id, id, admin.access)).status).toBe(204);
    }
    expect(await left(kind, who.id)).toEqual([other]);
    expect((await rowOf(who.id))?.passkey_count).toBe(kind === 'passkeys' ? 1 : 0);
    expect(await w.rows('SELECT * FROM logins WHERE key = ?', id)).toEqual([]);
    expect(await historyOf(who.id)).toMatchObject([{ action, actor_id: admin.id }]);
    const { body } = await w.get(`/admin/api/history?user=${who.id}`, { token: admin.access });
    expect(body.history[0].changes).toEqual(
      kind === 'passkeys'
        ? { passkey: { from: 'My <phone>', to: null } }
        : { connection: { from: 'acme', to: null } },
    );
    expect((await newestMail(who.email)).subject).toBe(subject);
    expect(log.of('admin_acted')).toMatchObject([{ actor: admin.id, action, user: who.id }]);
    expect(log.of(event)).toMatchObject([{ user: who.id }]);
    expect((await w.me(who.access)).status).toBe(200);
  });

  it('is told in the language of the user, whatever that of the staff', async () => {
    const admin = await makeStaff();
    const who = await makeUser();
    await w.rows("UPDATE users SET language = 'ko' WHERE id = ?", who.id);
    expect((await remove(kind, who.id, await give(kind, who.id), admin.access)).status).toBe(204);
    expect((await newestMail(who.email)).subject).toBe(koreanSubject);
  });

  it('is removed once, by fifty at once', RACE, async () => {
    const admin = await makeStaff();
    const who = await makeUser();
    const [id, other] = [await give(kind, who.id), await give(kind, who.id)];
    const answers = await atOnce(50, () => remove(kind, who.id, id, admin.access));
    expect(tally(answers)).toEqual({ 204: 1, 404: 49 });
    expect(await actionsOn(who.id)).toEqual([action]);
    expect(await left(kind, who.id)).toEqual([other]);
  });

  it('is not there: 404 for an unknown id, another’s, and an unknown user; nothing in the history', async () => {
    const admin = await atConsole();
    const [who, other] = [await makeUser(), await makeUser()];
    const theirs = await give(kind, other.id);
    for (const [user, id] of [
      [who.id, crypto.randomUUID()],
      [who.id, theirs],
      [crypto.randomUUID(), theirs],
    ] as const) {
      expect((await remove(kind, user, id, admin.access)).status).toBe(404);
      expect((await admin.get(path(user, `/${kind}/${id}/remove`))).status).toBe(404);
      expect((await admin.post(path(user, `/${kind}/${id}/remove`))).status).toBe(404);
    }
    expect(await left(kind, other.id)).toEqual([theirs]);
    expect([...(await actionsOn(who.id)), ...(await actionsOn(other.id))]).toEqual([]);
  });

  it('is seen and removed by staff alone, and from a page of the console', async () => {
    const admin = await atConsole();
    const who = await makeUser();
    const id = await give(kind, who.id);
    const at = path(who.id, `/${kind}/${id}/remove`);
    expect((await remove(kind, who.id, id, who.access)).status).toBe(403);
    expect((await w.get(api(who.id, `/${kind}`), { token: who.access })).status).toBe(403);
    expect((await w.get(api(who.id, `/${kind}`))).status).toBe(401);
    for (const answer of [await browser('').get(at), await browser('').post(at)]) {
      expect([answer.status, location(answer)?.split('?')[0]]).toEqual([303, '/admin/login']);
    }
    expect((await admin.post(at, {}, { Origin: 'https://evil.example' })).status).toBe(403);
    expect(await left(kind, who.id)).toEqual([id]);
  });

  it('stays where the caller is demoted, or logged out, between the check and the removal', async () => {
    const admin = await makeStaff();
    const who = await makeUser();
    const id = await give(kind, who.id);
    for (const loss of [
      'UPDATE users SET is_staff = 0 WHERE id = ?',
      'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?',
    ]) {
      const DB = new Proxy(w.env.DB, {
        get(binding, name) {
          const value = Reflect.get(binding, name) as unknown;
          if (name === 'batch') {
            return async (statements: D1PreparedStatement[]) => {
              await w.rows(loss, admin.id);
              return binding.batch(statements);
            };
          }
          return typeof value === 'function' ? value.bind(binding) : value;
        },
      });
      const answer = await remove(kind, who.id, id, admin.access, beside({ bindings: { DB } }));
      expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
      await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', admin.id);
    }
    expect(log.of('permission_denied')).toMatchObject([
      { reason: 'no_longer_staff' },
      { reason: 'no_longer_staff' },
    ]);
    expect(await left(kind, who.id)).toEqual([id]);
    expect(await actionsOn(who.id)).toEqual([]);
  });

  it('is removed although it is the only way to sign in, and a reset of the password is the way back', async () => {
    const admin = await makeStaff();
    const who = await makeUser();
    await withoutPassword(who.id);
    expect((await remove(kind, who.id, await give(kind, who.id), admin.access)).status).toBe(204);
    expect(await left(kind, who.id)).toEqual([]);
    expect((await w.post('/account/password/reset', { email: who.email })).status).toBe(202);
    const { token } = await newestMail(who.email);
    const reset = { token, new_password: 'another horse battery' };
    expect((await w.post('/account/password/reset/confirm', reset)).status).toBe(204);
    expect((await w.logIn({ email: who.email, password: reset.new_password })).status).toBe(200);
  });

  it('stays where it is the only way of the last staff member who can sign in', async () => {
    const admin = await makeStaff();
    const id = await give(kind, admin.id);
    await withoutPassword(admin.id);
    await w.rows('UPDATE users SET is_staff = 0 WHERE id <> ?', admin.id);
    const answer = await remove(kind, admin.id, id, admin.access);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
    expect(answer.body.detail).toContain('The last active staff member');
    expect(await left(kind, admin.id)).toEqual([id]);
    expect(await actionsOn(admin.id)).toEqual([]);

    const second = await give(kind, admin.id);
    expect((await remove(kind, admin.id, id, admin.access)).status).toBe(204);
    await makeStaff();
    expect((await remove(kind, admin.id, second, admin.access)).status).toBe(204);
  });
});

it(
  'a passkey and a connection of the last staff member: one stays, however both are removed',
  RACE,
  async () => {
    const admin = await makeStaff();
    await w.rows('UPDATE users SET is_staff = 0 WHERE id <> ?', admin.id);
    await withoutPassword(admin.id);
    const ids = {
      passkeys: await give('passkeys', admin.id),
      connections: await give('connections', admin.id),
    };
    const answers = await atOnce(2, (i) => {
      const kind = KINDS[i] as Kind;
      return remove(kind, admin.id, ids[kind], admin.access);
    });
    expect(tally(answers)).toEqual({ 204: 1, 403: 1 });
    expect([...(await left('passkeys', admin.id)), ...(await left('connections', admin.id))]).toHaveLength(1);
  },
);

describe('what was removed', () => {
  it('signs in no more: a passkey, also where PASSKEYS is off meanwhile', async () => {
    const admin = await makeStaff();
    const who = await makeUser();
    const device = authenticator();
    const options = (await w.post('/account/passkeys/options', {}, { token: who.access })).body;
    const added = await w.post(
      '/account/passkeys',
      { credential: await device.create(options) },
      { token: who.access },
    );
    const signIn = async () => {
      const asked = (await w.post('/account/login/passkey/options', {})).body;
      return (await w.post('/account/login/passkey', { credential: await device.get(asked) })).status;
    };
    expect(await signIn()).toBe(200);
    const off = beside({ vars: { PASSKEYS: 'off' } });
    expect((await remove('passkeys', who.id, added.body.id, admin.access, off)).status).toBe(204);
    expect(await signIn()).toBe(401);
  });

  it('signs in no more: a connection, with the code of a sign-in that is not exchanged yet', async () => {
    const op = await issuer();
    const on = worldWith(op, {}, { now: w.clock.now * 1_000 });
    op.set({ now: () => on.clock.now });
    op.as(verified());
    const { user } = (await signInWith(on, op)).body;
    const admin = await makeStaff('admin', on);
    const { code } = await dance(on, op);
    const [connection] = (await on.get(api(user.id, '/connections'), { token: admin.access })).body
      .connections;
    expect(connection).toMatchObject({ provider: 'acme', email: user.email });
    expect((await remove('connections', user.id, connection.id, admin.access, on)).status).toBe(204);
    expect((await exchange(on, code)).status).toBe(401);
    expect(await left('connections', user.id)).toEqual([]);
  });
});
