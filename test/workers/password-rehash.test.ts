/** Hashes of an older or lower kind are replaced at log-in. */
import { describe, expect, it } from 'vitest';
import { userRow } from '../support/accounts.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, person, RACE, tally, type World, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';

describe('a hash of an older or lower kind', () => {
  const ours = (iterations: number) => new RegExp(`^\\$pbkdf2-sha256-chain\\$i=${iterations},c=100000\\$`);
  const b64 = (bits: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bits)));

  async function djangoHash(password: string, digest: 'SHA-1' | 'SHA-256', iterations = 2_000) {
    const text = new TextEncoder();
    const key = await crypto.subtle.importKey('raw', text.encode(password), 'PBKDF2', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits(
      { name: 'PBKDF2', hash: digest, salt: text.encode('seasalt'), iterations },
      key,
      digest === 'SHA-1' ? 160 : 256,
    );
    return `pbkdf2_${digest.toLowerCase().replace('-', '')}$${iterations}$seasalt$${b64(bits)}`;
  }

  const old: [string, (w: World, id: string) => Promise<unknown>][] = [
    ['of ours with fewer iterations', async () => undefined],
    [
      'of Django’s pbkdf2_sha256',
      async (w, id) =>
        w.rows('UPDATE users SET password_hash = ? WHERE id = ?', await djangoHash(PASSWORD, 'SHA-256'), id),
    ],
    [
      'of Django’s pbkdf2_sha1',
      async (w, id) =>
        w.rows('UPDATE users SET password_hash = ? WHERE id = ?', await djangoHash(PASSWORD, 'SHA-1'), id),
    ],
  ];

  it.each(old)('%s is replaced at the next log-in, and the version does not change', async (_, age) => {
    const before = world();
    const who = await before.signUp();
    await age(before, who.user.id);
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    expect((await w.logIn(who)).status).toBe(200);
    const row = await userRow(w, who.user.id);
    expect(row?.password_hash).toMatch(ours(2_000));
    expect(row?.password_version).toBe(1);
    expect((await w.logIn(who)).status).toBe(200);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(row?.password_hash);
    await expect(w.me(who.access)).resolves.toMatchObject({ status: 200 });
  });

  it.each(old)('%s is not replaced if the password is wrong', async (_, age) => {
    const before = world();
    const who = await before.signUp();
    await age(before, who.user.id);
    const { password_hash } = (await userRow(before, who.user.id)) ?? {};
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    expect((await w.logIn({ ...who, password: 'wrong horse battery' })).status).toBe(401);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(password_hash);
  });

  it.each(old)('%s: four log-ins at once while it is replaced all succeed', RACE, async (_, age) => {
    const before = world();
    const who = await before.signUp();
    await age(before, who.user.id);
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    const answers = await atOnce(4, () => w.logIn(who));
    expect(tally(answers)).toEqual({ 200: 4 });
    expect(tally(await Promise.all(answers.map(({ body }) => w.me(body.access))))).toEqual({ 200: 4 });
    const row = await userRow(w, who.user.id);
    expect(row?.password_hash).toMatch(ours(2_000));
    expect(row?.password_version).toBe(1);
    expect((await w.logIn(who)).status).toBe(200);
  });

  it('of more iterations than configured is not replaced', async () => {
    const before = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    const who = await before.signUp();
    const w = world();
    expect((await w.logIn(who)).status).toBe(200);
    expect((await userRow(w, who.user.id))?.password_hash).toMatch(ours(2_000));
  });

  it('is replaced although UPDATE_LAST_LOGIN=false', async () => {
    const who = await world().signUp();
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000', UPDATE_LAST_LOGIN: 'false' } });
    await w.logIn(who);
    expect((await userRow(w, who.user.id))?.password_hash).toMatch(ours(2_000));
  });

  it('of Django verifies the password as typed, not its NFKC form', async () => {
    const w = world();
    const who = await w.signUp();
    const typed = 'ﬁne horse battery';
    await w.rows(
      'UPDATE users SET password_hash = ? WHERE id = ?',
      await djangoHash(typed, 'SHA-256'),
      who.user.id,
    );
    expect((await w.logIn({ ...who, password: typed.normalize('NFKC') })).status).toBe(401);
    expect((await w.logIn({ ...who, password: typed })).status).toBe(200);
    expect((await w.logIn({ ...who, password: typed.normalize('NFKC') })).status).toBe(200);
  });
});

describe('PASSWORD_HASHER', () => {
  const SCRYPT = /^\$scrypt-nfkc\$ln=14,r=8,p=5\$/;
  const PBKDF2 = /^\$pbkdf2-sha256-chain\$i=1000,c=100000\$/;
  const hard = () => world({ vars: { PASSWORD_HASHER: 'scrypt' } });

  it('scrypt hashes at every log-in, change and reset', async () => {
    const w = hard();
    const who = await w.signUp();
    expect((await userRow(w, who.user.id))?.password_hash).toMatch(SCRYPT);
    expect((await w.logIn(who)).status).toBe(200);
    expect((await w.logIn({ ...who, password: 'wrong horse battery' })).status).toBe(401);
    expect((await w.logIn(person())).status).toBe(401);
  });

  it.each([
    ['up', () => world(), hard, SCRYPT],
    ['down', hard, () => world(), PBKDF2],
  ])(
    'changed, replaces a hash %s at the next log-in, and the version does not change',
    async (_, from, to, form) => {
      const who = await from().signUp();
      const w = to();
      expect((await w.logIn({ ...who, password: 'wrong horse battery' })).status).toBe(401);
      expect((await userRow(w, who.user.id))?.password_hash).not.toMatch(form);
      expect((await w.logIn(who)).status).toBe(200);
      const row = await userRow(w, who.user.id);
      expect([row?.password_hash, row?.password_version]).toEqual([expect.stringMatching(form), 1]);
      expect((await w.logIn(who)).status).toBe(200);
      expect((await userRow(w, who.user.id))?.password_hash).toBe(row?.password_hash);
    },
  );
});
