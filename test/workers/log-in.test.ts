/** Log-in: the answer, the faults of its fields, and the same work for known and unknown users. */
import { describe, expect, it, vi } from 'vitest';
import {
  type Body,
  CHANGE_PASSWORD,
  DEACTIVATE,
  meanwhile,
  NOT_TEXT,
  nameSpellings,
  nonce,
  sessionsOf,
  spellings,
  userRow,
  wide,
} from '../support/accounts.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, claimsOf, codeOf, faultsOf, person, type World, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';
const DELETE = ['DELETE FROM users WHERE id = ?'];

describe('log-in knows no rules for passwords', () => {
  it.each([
    ['of 257 characters', 'x'.repeat(257)],
    ['of 15,000 characters', 'x'.repeat(15_000)],
    ['with a lone surrogate', `${PASSWORD}\ud800`],
    ['with a NUL', `${PASSWORD}\u0000`],
    ['of spaces', '   '],
    ['of one character', 'x'],
  ])('a password %s is a wrong one, to a known user and an unknown one', async (_, password) => {
    const w = world();
    const { email } = await w.signUp();
    for (const name of [email, person().email]) {
      const answer = await w.post('/account/login', { email: name, password });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
    }
  });
});

describe('log-in validates every field', () => {
  const good = { email: 'nobody@example.com', password: PASSWORD };
  const byName = { username: 'nobody', password: PASSWORD };

  it.each<[string, Body, Record<string, string[]>]>([
    ['nothing at all', {}, { email: ['required'], password: ['required'] }],
    ['no name', { password: PASSWORD }, { email: ['required'] }],
    ['no password', { email: good.email }, { password: ['required'] }],
    ['a password of null', { ...good, password: null }, { password: ['null'] }],
    ['an empty password', { ...good, password: '' }, { password: ['blank'] }],
    ...NOT_TEXT.map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `a password that is ${what}`,
      { ...good, password: value },
      { password: [code] },
    ]),
    ...NOT_TEXT.map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `an e-mail that is ${what}`,
      { ...good, email: value },
      { email: [code] },
    ]),
    ['an e-mail of null', { ...good, email: null }, { email: ['null'] }],
    ['an empty e-mail', { ...good, email: '' }, { email: ['blank'] }],
    ['an e-mail that is none', { ...good, email: 'nobody' }, { email: ['invalid'] }],
    ['an e-mail with a NUL', { ...good, email: 'no\u0000body@example.com' }, { email: ['invalid'] }],
    ...NOT_TEXT.map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `a username that is ${what}`,
      { ...byName, username: value },
      { username: [code] },
    ]),
    ['a username of null', { ...byName, username: null }, { username: ['null'] }],
    ['an empty username', { ...byName, username: '' }, { username: ['blank'] }],
    [
      'a username with a control character',
      { ...byName, username: 'no\u0001body' },
      { username: ['invalid'] },
    ],
    ['a username with a lone surrogate', { ...byName, username: 'no\ud800' }, { username: ['invalid'] }],
    ['a username of 255 characters', { ...byName, username: 'x'.repeat(255) }, { username: ['max_length'] }],
  ])('%s is 400', async (_, body, faults) => {
    const w = world();
    const answer = await w.post('/account/login', body);
    expect([answer.status, codeOf(answer), faultsOf(answer)]).toEqual([400, 'invalid', faults]);
  });
});

describe('log-in', () => {
  it('returns a pair of a new session', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.logIn(who);
    expect([answer.status, Object.keys(answer.body).sort()]).toEqual([200, ['access', 'refresh']]);
    expect(claimsOf(answer.body.refresh).sid).not.toBe(claimsOf(who.refresh).sid);
    expect(claimsOf(answer.body.refresh).sub).toBe(who.user.id);
    expect((await w.me(answer.body.access)).body.id).toBe(who.user.id);
  });

  it.each(Object.keys(spellings().all))(
    'finds an address written %s, as e-mail and as username',
    async (which) => {
      const w = world();
      const { canonical, all } = spellings();
      await w.signUp({ email: canonical, password: PASSWORD });
      const typed = all[which as keyof typeof all];
      expect((await w.logIn({ email: typed, password: PASSWORD })).status).toBe(200);
      expect((await w.logIn({ username: typed, password: PASSWORD })).status).toBe(200);
    },
  );

  it.each(Object.keys(nameSpellings().all))('finds a username written %s', async (which) => {
    const w = world();
    const { canonical, all } = nameSpellings();
    await w.signUp({ ...person(), username: canonical });
    expect((await w.logIn({ username: all[which as keyof typeof all], password: PASSWORD })).status).toBe(
      200,
    );
  });

  it('uses the e-mail if both are given', async () => {
    const w = world();
    const [who, other] = [await w.signUp({ ...person(), username: nonce() }), await w.signUp()];
    const answer = await w.post('/account/login', {
      email: other.email,
      username: who.username,
      password: PASSWORD,
    });
    expect(claimsOf(answer.body.access).sub).toBe(other.user.id);
  });

  it('of staff says so in the access token only', async () => {
    const w = world();
    const who = await w.signUp();
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const { body } = await w.logIn(who);
    expect(claimsOf(body.access).is_staff).toBe(true);
    expect(claimsOf(body.refresh)).not.toHaveProperty('is_staff');
  });

  it('of a user with a verified address says so in the access token only', async () => {
    const w = world();
    const who = await w.signUp();
    expect(claimsOf(who.access).email_verified).toBe(false);
    await w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id);
    const { body } = await w.logIn(who);
    expect(claimsOf(body.access).email_verified).toBe(true);
    expect(claimsOf(body.refresh)).not.toHaveProperty('email_verified');
    const next = await w.refresh(who.refresh);
    expect(claimsOf(next.body.access).email_verified).toBe(true);
  });

  it.each([
    ['that ends in a space', `${PASSWORD} `, PASSWORD],
    ['that begins with a space', ` ${PASSWORD}`, PASSWORD],
    ['that ends in a line end', `${PASSWORD}\n`, PASSWORD],
    ['that ends in a NUL', `${PASSWORD}\u0000`, PASSWORD],
    ['with two spaces inside', 'correct  horse battery', PASSWORD],
    ['in capitals', 'CORRECT HORSE BATTERY', PASSWORD],
    ['that differs in its 256th character', `${'kR7!xq_z'.repeat(31)}kR7!xq_Z`, 'kR7!xq_z'.repeat(32)],
  ])('a password %s matches exactly', async (_, password, other) => {
    const w = world();
    const who = await w.signUp({ ...person(), password });
    expect((await w.logIn(who)).status).toBe(200);
    expect((await w.logIn({ ...who, password: other })).status).toBe(401);
  });

  it.each([
    ['composed and decomposed', 'pâté crémeux', 'pâté crémeux'.normalize('NFD')],
    ['with a ligature and without', 'ﬁne horse battery', 'fine horse battery'],
    ['in full-width letters and plain ones', wide('zqxjkvbw'), 'zqxjkvbw'],
    ['in Hangul syllables and in Jamo', '비밀번호가깁니다', '비밀번호가깁니다'.normalize('NFD')],
    ['with a no-break space and with a space', 'correct\u00a0horse', 'correct horse'],
  ])('two passwords %s are one', async (_, first, second) => {
    expect(first).not.toBe(second);
    const w = world();
    const who = await w.signUp({ ...person(), password: first });
    const other = await w.signUp({ ...person(), password: second });
    expect((await w.logIn({ ...who, password: second })).status).toBe(200);
    expect((await w.logIn({ ...other, password: first })).status).toBe(200);
  });

  it.each([
    ['true', true],
    ['false', false],
  ])('UPDATE_LAST_LOGIN=%s', async (setting, written) => {
    const w = world({ vars: { UPDATE_LAST_LOGIN: setting } });
    const who = await w.signUp();
    const at = () => new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z');
    expect((await w.me(who.access)).body.last_login).toBe(written ? at() : null);
    w.clock.advance(60);
    await w.logIn(who);
    expect((await w.me(who.access)).body.last_login).toBe(written ? at() : null);
    w.clock.advance(60);
    await w.refresh(who.refresh);
    await w.logIn({ ...who, password: 'wrong horse battery' });
    expect((await userRow(w, who.user.id))?.last_login_at).toBe(written ? w.clock.now - 60 : null);
  });
});

describe('known, unknown, inactive: the same answer and the same work', () => {
  interface Attempt {
    email?: string;
    username?: string;
    password: string;
  }
  const WRONG = 'wrong horse battery';
  const attempts: [string, (w: World) => Promise<Attempt>][] = [
    ['a wrong password', async (w) => ({ email: (await w.signUp()).email, password: WRONG })],
    ['an unknown address', async () => person()],
    ['an unknown username', async () => ({ username: nonce(), password: PASSWORD })],
    ['a username that nobody can have', async () => ({ username: 'no!body', password: PASSWORD })],
    ['a username that is no address', async () => ({ username: '@', password: PASSWORD })],
    [
      'an inactive user with the right password',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
        return { email: who.email, password: who.password };
      },
    ],
    [
      'an inactive user with a wrong password',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
        return { email: who.email, password: WRONG };
      },
    ],
    [
      'a user without a usable password',
      async (w) => {
        const who = await w.signUp();
        await w.rows("UPDATE users SET password_hash = '!unusable' WHERE id = ?", who.user.id);
        return { email: who.email, password: who.password };
      },
    ],
    [
      'a withdrawn user',
      async (w) => {
        const who = await w.signUp();
        await w.delete('/account/me', { password: who.password }, { token: who.access });
        return { email: who.email, password: who.password };
      },
    ],
  ];

  /** The first request tries what the platform allows: that is not the work of a log-in. */
  const ready = (w: World) => w.get('/.well-known/jwks.json');

  /** The iterations of each PBKDF2 call that `work` makes. */
  async function derivations(work: () => Promise<unknown>): Promise<number[]> {
    const spy = vi.spyOn(crypto.subtle, 'deriveBits');
    await work();
    const made = spy.mock.calls.map(([algorithm]) => (algorithm as { iterations: number }).iterations);
    spy.mockRestore();
    return made;
  }

  it.each(attempts)('%s', async (_, attempt) => {
    const watched = watchedD1();
    const w = world({ bindings: { DB: watched.DB } });
    await ready(w);
    const given = await attempt(w);
    watched.trips.length = 0;
    let answer: Answer | undefined;
    const made = await derivations(async () => {
      answer = await w.post('/account/login', given);
    });
    expect(answer?.status).toBe(401);
    expect(answer?.body).toStrictEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'No active account found with the given credentials',
      code: 'no_active_account',
    });
    expect(answer?.headers.get('WWW-Authenticate')).toBe('Bearer realm="api"');
    expect(made).toEqual([1_000]);
    expect(watched.trips).toHaveLength(1);
  });

  it.each(attempts)(
    '%s, with the iterations of production in calls the platform allows',
    async (_, attempt) => {
      const w = world({ vars: { PASSWORD_ITERATIONS: undefined } });
      await ready(w);
      const given = await attempt(w);
      const made = await derivations(() => w.post('/account/login', given));
      expect(made).toEqual(Array(6).fill(100_000));
    },
  );

  it('the right password costs as much as a wrong one', async () => {
    const w = world({ vars: { PASSWORD_ITERATIONS: '250000' } });
    const who = await w.signUp();
    const right = await derivations(() => w.logIn(who));
    const wrong = await derivations(() => w.logIn({ ...who, password: WRONG }));
    expect(right).toEqual([100_000, 100_000, 50_000]);
    expect(wrong).toEqual(right);
  });

  it('a weaker hash of ours costs as much, so that it reveals nothing', async () => {
    const who = await world().signUp();
    const w = world({ vars: { PASSWORD_ITERATIONS: '3000' } });
    await ready(w);
    const known = await derivations(() => w.logIn({ ...who, password: WRONG }));
    const unknown = await derivations(() => w.logIn(person()));
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    expect([sum(known), sum(unknown)]).toEqual([3_000, 3_000]);
  });

  it('a password of a megabyte, or a new one too long, is never hashed', async () => {
    const w = world();
    await ready(w);
    const made = await derivations(async () => {
      expect((await w.logIn({ ...person(), password: 'x'.repeat(1_048_576) })).status).toBe(413);
      expect((await w.signUp({ ...person(), password: 'x'.repeat(257) })).answer.status).toBe(400);
    });
    expect(made).toEqual([]);
  });

  it('sign-up hashes once, with the iterations of production, for a taken address too', async () => {
    const w = world({ vars: { PASSWORD_ITERATIONS: undefined } });
    await ready(w);
    const who = person();
    expect(await derivations(() => w.signUp(who))).toEqual(Array(6).fill(100_000));
    expect(await derivations(() => w.signUp(who))).toEqual(Array(6).fill(100_000));
    const [row] = await w.rows<{ password_hash: string }>(
      'SELECT password_hash FROM users WHERE email = ?',
      who.email,
    );
    expect(row?.password_hash).toMatch(/^\$pbkdf2-sha256-chain\$i=600000,c=100000\$/);
  });
});

describe('a log-in that read the user just before', () => {
  it.each([
    ['the password was changed', CHANGE_PASSWORD],
    ['the user became staff', ['UPDATE users SET is_staff = 1 WHERE id = ?']],
    ['the user was deactivated', DEACTIVATE],
    ['the user withdrew', DELETE],
  ])('%s is refused and opens no session', async (_, statements) => {
    const who = await world().signUp();
    const w = meanwhile(who.user.id, statements);
    const answer = await w.logIn(who);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
    const left = (await sessionsOf(w, who.user.id)).map(({ id }) => id);
    expect(left.filter((id) => id !== claimsOf(who.refresh).sid)).toEqual([]);
  });

  it('does not evict a session, replace the new hash or update the last log-in', async () => {
    const who = await world().signUp();
    const w = meanwhile(who.user.id, CHANGE_PASSWORD, {
      PASSWORD_ITERATIONS: '2000',
      MAX_SESSIONS_PER_USER: '1',
    });
    const before = await userRow(w, who.user.id);
    w.clock.advance(60);
    expect((await w.logIn(who)).status).toBe(401);
    expect(await userRow(w, who.user.id)).toEqual({ ...before, password_hash: 'new', password_version: 2 });
    expect(await sessionsOf(w, who.user.id)).toMatchObject([{ revoked_at: null }]);
  });
});
