/** SIGN_UP: the sign-up that waits for its email, and none at all. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  DEAD_TOKEN,
  mailsTo,
  OTHER_PASSWORD,
  PASSWORD,
  subjectsTo,
  tokensOf,
  tokenTo,
  username,
  userOf,
  usersOf,
  verify,
  wanted,
} from '../support/mail.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  atOnce,
  codeOf,
  faultsOf,
  type Person,
  person,
  RACE,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

capturedLog();

const DAY = 86_400;

describe('SIGN_UP=verify', () => {
  const vars: Vars = { SIGN_UP: 'verify' };
  const signUp = (w: World, who: object) => w.post('/account/sign-up', who);
  /** Confirms with the password that was chosen. */
  const prove = (w: World, token: unknown, password = PASSWORD) =>
    w.post('/account/email/verify', { token, password });

  afterEach(() => vi.restoreAllMocks());

  it('is 202 with a claim: no token, no user, until the mail is confirmed', async () => {
    const w = world({ vars });
    const who = { ...person('pending'), name: 'Mina Kim', username: username() };
    const answer = await signUp(w, who);
    expect([answer.status, answer.body]).toEqual([202, { claim: expect.stringMatching(/^[\w-]{43}$/) }]);
    expect(await usersOf(w, who.email)).toEqual([]);
    expect((await w.logIn(who)).status).toBe(401);
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your sign-up']);

    w.clock.advance(600);
    const confirmed = await prove(w, await tokenTo(w, who.email));
    expect([confirmed.status, confirmed.text]).toEqual([204, '']);
    expect(await usersOf(w, who.email)).toMatchObject([
      {
        name: 'Mina Kim',
        username: who.username,
        is_active: 1,
        is_staff: 0,
        email_verified_at: w.clock.now,
        date_joined: w.clock.now,
        last_login_at: null,
      },
    ]);
    const { access } = (await w.logIn(who)).body;
    expect(await userOf(w, access)).toMatchObject({
      email: who.email,
      email_verified: true,
      is_staff: false,
    });
    expect((await w.logIn({ username: who.username, password: who.password })).status).toBe(200);
  });

  it('leaves nothing of the pending sign-up once it is completed', async () => {
    const w = world({ vars });
    const who = person('pending');
    await signUp(w, who);
    const token = await tokenTo(w, who.email);
    await prove(w, token);
    expect(await tokensOf(w, token.split('.')[0] ?? '')).toEqual([]);
    expect(faultsOf(await prove(w, token))).toEqual(DEAD_TOKEN);
  });

  it('keeps the password as a hash, never as text', async () => {
    const w = world({ vars });
    const who = { ...person('pending'), password: 'a very own horse battery' };
    await signUp(w, who);
    const [row] = await tokensOf(w, (await tokenTo(w, who.email)).split('.')[0] ?? '');
    expect(row?.payload).toContain('$pbkdf2-sha256-chain$');
    expect(row?.payload).not.toContain(who.password);
  });

  it('returns the same for a known address, and notifies its owner by email', async () => {
    const w = world({ vars });
    const owner = person('owner');
    await signUp(w, owner);
    await prove(w, await tokenTo(w, owner.email));
    const before = await usersOf(w, owner.email);
    const unknown = await signUp(w, person('pending'));
    const known = await signUp(w, { email: ` ${owner.email.toUpperCase()}`, password: OTHER_PASSWORD });
    expect(known.status).toBe(unknown.status);
    expect(Object.keys(known.body)).toEqual(Object.keys(unknown.body));
    expect(known.text.length).toBe(unknown.text.length);
    expect([...known.headers.keys()]).toEqual([...unknown.headers.keys()]);
    const [mail] = await mailsTo(w, owner.email);
    expect(mail).toMatchObject({ subject: 'You already have an account', token: null });
    expect(`${mail?.text}${mail?.html}`).not.toMatch(/token=|https?:|href/);
    expect(await usersOf(w, owner.email)).toEqual(before);
    expect((await w.logIn({ ...owner, password: OTHER_PASSWORD })).status).toBe(401);
    expect((await w.logIn(owner)).status).toBe(200);
  });

  it('does the same work for a known and an unknown address', async () => {
    const counted = counting();
    const w = world({ vars, bindings: counted.bindings });
    const { email } = await world().signUp();
    // The first request tries what the platform allows: no work of this one.
    await w.get('/.well-known/jwks.json');
    const derive = vi.spyOn(crypto.subtle, 'deriveBits');
    const costOf = async (address: string) => {
      derive.mockClear();
      const { d1, kv } = await counted.of(() => signUp(w, { email: address, password: PASSWORD }));
      const { roundTrips, rowsWritten } = d1;
      return { roundTrips, rowsWritten, kv, hashes: derive.mock.calls.length };
    };
    const expected = { roundTrips: 1, rowsWritten: 1, kv: { gets: 0, puts: 1 }, hashes: 1 };
    expect([await costOf(person('pending').email), await costOf(email)]).toEqual([expected, expected]);
  });

  it.each<[string, object, Record<string, string[]>]>([
    ['a password too short', { password: 'short' }, { password: ['password_too_short'] }],
    ['a common password', { password: 'Password123' }, { password: ['password_too_common'] }],
    ['no password', { password: undefined }, { password: ['required'] }],
    ['a username that is no name', { username: 'a b' }, { username: ['invalid'] }],
    ['a username that is another’s address', { username: 'other@example.org' }, { username: ['invalid'] }],
  ])('refuses %s for a known and an unknown address alike, without a mail', async (_, change, faults) => {
    const w = world({ vars });
    const [known, unknown] = [await world().signUp(), person('pending')];
    for (const { email } of [known, unknown]) {
      const mails = (await mailsTo(w, email)).length;
      const answer = await signUp(w, { email, password: PASSWORD, ...change });
      expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
      expect(await mailsTo(w, email)).toHaveLength(mails);
    }
  });

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])(
    'of two pending sign-ups for one address %s, confirmed, sets the password, and the other is dead',
    async (_, i) => {
      const w = world({ vars });
      const { email } = person('pending');
      const passwords = ['staple of the first', 'staple of the second'];
      const tokens: string[] = [];
      for (const password of passwords) {
        await signUp(w, { email, password });
        tokens.push(await tokenTo(w, email));
      }
      expect((await prove(w, tokens[i], passwords[i])).status).toBe(204);
      expect(faultsOf(await prove(w, tokens[1 - i], passwords[1 - i]))).toEqual(DEAD_TOKEN);
      expect((await w.logIn({ email, password: passwords[i] ?? '' })).status).toBe(200);
      expect((await w.logIn({ email, password: passwords[1 - i] ?? '' })).status).toBe(401);
    },
  );

  it('of fifty confirmations at once, of two pending sign-ups, one makes the account', RACE, async () => {
    const w = world({ vars });
    const { email } = person('pending');
    const tokens: string[] = [];
    for (const password of [PASSWORD, OTHER_PASSWORD]) {
      await signUp(w, { email, password });
      tokens.push(await tokenTo(w, email));
    }
    const answers = await atOnce(50, (i) => prove(w, tokens[i % 2], i % 2 ? OTHER_PASSWORD : PASSWORD));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => ![204, 400, 409].includes(status))).toEqual([]);
    expect(await usersOf(w, email)).toHaveLength(1);
  });

  it('keeps five pending sign-ups of one address at most, the newest, known and unknown alike', async () => {
    const counted = counting();
    const w = world({ vars, bindings: { DB: counted.bindings.DB } });
    const { email: known } = await world().signUp();
    const { email: unknown } = person('pending');
    const written: Record<string, number[]> = { [known]: [], [unknown]: [] };
    for (let i = 0; i < 7; i++) {
      for (const email of [known, unknown]) {
        const { d1 } = await counted.of(() => signUp(w, { email, password: PASSWORD }));
        written[email]?.push(d1.rowsWritten);
        w.clock.advance(1);
      }
    }
    expect(written[known]).toEqual(written[unknown]);
    const subject = (await tokenTo(w, unknown)).split('.')[0] ?? '';
    expect(await tokensOf(w, subject)).toHaveLength(5);
    const tokens = (await mailsTo(w, unknown)).map(({ token }) => token);
    for (const token of tokens.slice(5)) expect(faultsOf(await prove(w, token))).toEqual(DEAD_TOKEN);
  });

  it('keeps nothing of a pending sign-up for an address that has an owner', async () => {
    const w = world({ vars });
    const owner = await world().signUp();
    await signUp(w, { email: owner.email, password: OTHER_PASSWORD });
    const rows = await w.rows<{ payload: string | null }>(
      "SELECT payload FROM one_time_tokens WHERE purpose = 'sign_up' AND created_at = ?",
      w.clock.now,
    );
    expect(JSON.stringify(rows)).not.toContain(owner.email);
  });

  it('makes the account without a username that another took meanwhile', async () => {
    const w = world({ vars });
    const [who, name] = [person('pending'), username()];
    await signUp(w, { ...who, username: name.toUpperCase() });
    await world().signUp({ ...person(), username: name });
    expect((await prove(w, await tokenTo(w, who.email))).status).toBe(204);
    expect(await usersOf(w, who.email)).toMatchObject([{ username: null, username_key: null }]);
    expect((await w.logIn(who)).status).toBe(200);
  });

  it('does not tell whether a username is taken', async () => {
    const w = world({ vars });
    const name = username();
    await world().signUp({ ...person(), username: name });
    const answer = await signUp(w, { ...person('pending'), username: name });
    expect([answer.status, Object.keys(answer.body)]).toEqual([202, ['claim']]);
  });

  it('is 409 where the address was taken meanwhile by a change of address', async () => {
    const w = world({ vars });
    const who = person('pending');
    await signUp(w, who);
    const token = await tokenTo(w, who.email);
    const other = await world().signUp();
    await prove(w, (await wanted(w, other.access, who.email)).token);
    const answer = await prove(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'email_taken']);
    expect(await usersOf(w, who.email)).toMatchObject([{ id: other.user.id }]);
  });

  it.each<[number, number]>([
    [DAY - 1, 204],
    [DAY, 400],
    [DAY + 1, 400],
  ])('confirmed %i seconds later is %i', async (after, status) => {
    const w = world({ vars });
    const who = person('pending');
    await signUp(w, who);
    const token = await tokenTo(w, who.email);
    w.clock.advance(after);
    expect((await prove(w, token)).status).toBe(status);
    expect(await usersOf(w, who.email)).toHaveLength(status === 204 ? 1 : 0);
  });

  it('lets a sign-up for a username that is the own address through', async () => {
    const w = world({ vars });
    const who = person('pending');
    await signUp(w, { ...who, username: who.email.toUpperCase() });
    await prove(w, await tokenTo(w, who.email));
    expect((await w.logIn({ username: who.email, password: who.password })).status).toBe(200);
  });

  it('grants nothing else that a body contains', async () => {
    const w = world({ vars });
    const who = person('pending');
    await signUp(w, { ...who, is_staff: true, is_active: false, id: 'x', email_verified: true });
    await prove(w, await tokenTo(w, who.email));
    expect(await usersOf(w, who.email)).toMatchObject([{ is_staff: 0, is_active: 1 }]);
  });

  describe('requires proof that the one who confirms is the one who signed up', () => {
    const confirm = (w: World, token: unknown, proof: object) =>
      w.post('/account/email/verify', { token, ...proof });
    /** A sign-up, its claim and the token of its mail. */
    async function pending(w: World, who: Person) {
      const { claim } = (await signUp(w, who)).body as { claim: string };
      return { claim, token: await tokenTo(w, who.email) };
    }

    it.each<[string, (claim: string) => object, string]>([
      ['the claim', (claim) => ({ claim }), PASSWORD],
      ['the claim beside a wrong password', (claim) => ({ claim, password: 'x' }), PASSWORD],
      ['the password', () => ({ password: PASSWORD }), PASSWORD],
      [
        'the password beside a claim of another browser',
        () => ({ claim: 'x', password: PASSWORD }),
        PASSWORD,
      ],
      ['a new password', () => ({ new_password: OTHER_PASSWORD }), OTHER_PASSWORD],
      [
        'a new password beside a wrong claim',
        () => ({ claim: 'x', new_password: OTHER_PASSWORD }),
        OTHER_PASSWORD,
      ],
    ])('by %s: 204', async (_, proofOf, password) => {
      const w = world({ vars });
      const who = person('pending');
      const { claim, token } = await pending(w, who);
      expect((await confirm(w, token, proofOf(claim))).status).toBe(204);
      const other = password === PASSWORD ? OTHER_PASSWORD : PASSWORD;
      expect((await w.logIn({ email: who.email, password })).status).toBe(200);
      expect((await w.logIn({ email: who.email, password: other })).status).toBe(401);
    });

    it.each<[string, object, Record<string, string[]>]>([
      ['nothing', {}, { password: ['required'] }],
      ['a claim of another sign-up', { claim: 'A'.repeat(43) }, { password: ['required'] }],
      ['a wrong password', { password: OTHER_PASSWORD }, { password: ['password_incorrect'] }],
      ['a weak new password', { new_password: 'short' }, { new_password: ['password_too_short'] }],
      ['a claim that is no text', { claim: 7 }, { claim: ['invalid'] }],
    ])('and %s is 400, makes no account and leaves the token good', async (_, proof, faults) => {
      const w = world({ vars });
      const who = person('pending');
      const { token } = await pending(w, who);
      const answer = await confirm(w, token, proof);
      expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
      expect(await usersOf(w, who.email)).toEqual([]);
      expect((await confirm(w, token, { password: PASSWORD })).status).toBe(204);
    });

    it('and an invalid token is reported before the proof is checked', async () => {
      const w = world({ vars });
      const dead = `${'a'.repeat(64)}.${'A'.repeat(43)}`;
      for (const proof of [{}, { password: PASSWORD }, { new_password: OTHER_PASSWORD }]) {
        expect(faultsOf(await confirm(w, dead, proof))).toEqual(DEAD_TOKEN);
      }
    });

    it('of which the claim of another sign-up with the same address is none', async () => {
      const w = world({ vars });
      const { email } = person('pending');
      const stranger = await pending(w, { email, password: OTHER_PASSWORD });
      const owner = await pending(w, { email, password: PASSWORD });
      const answer = await confirm(w, stranger.token, { claim: owner.claim });
      expect(faultsOf(answer)).toEqual({ password: ['required'] });
      expect((await confirm(w, owner.token, { claim: owner.claim })).status).toBe(204);
    });

    it('and with a new password starts without the name and username that somebody else may have chosen', async () => {
      const w = world({ vars });
      const who = { ...person('pending'), name: 'Mina Kim', username: username() };
      const { token } = await pending(w, who);
      expect((await confirm(w, token, { new_password: OTHER_PASSWORD })).status).toBe(204);
      expect(await usersOf(w, who.email)).toMatchObject([{ name: null, username: null, username_key: null }]);
    });

    it('and keeps the claim as a hash alone', async () => {
      const w = world({ vars });
      const { claim } = await pending(w, person('pending'));
      expect(JSON.stringify(await w.rows('SELECT * FROM one_time_tokens'))).not.toContain(claim);
    });

    it('and answers a claim for a known address too, which opens nothing', async () => {
      const w = world({ vars });
      const owner = await world().signUp();
      const { claim } = (await signUp(w, { email: owner.email, password: OTHER_PASSWORD })).body;
      expect(claim).toMatch(/^[\w-]{43}$/);
    });
  });
});

describe('SIGN_UP=closed', () => {
  const vars: Vars = { SIGN_UP: 'closed' };

  it('is 403 sign_up_closed, for a known and an unknown address, without D1 or a mail', async () => {
    const watched = watchedD1();
    const w = world({ vars, bindings: { DB: watched.DB } });
    const [known, unknown] = [await world().signUp(), person()];
    for (const { email } of [known, unknown]) {
      const answer = await w.post('/account/sign-up', { email, password: PASSWORD });
      expect([answer.status, codeOf(answer), answer.body.detail]).toEqual([
        403,
        'sign_up_closed',
        'Sign-up is closed.',
      ]);
    }
    expect(watched.trips).toEqual([]);
    expect(await subjectsTo(w, unknown.email)).toEqual([]);
  });

  it('leaves everything else open', async () => {
    const who = await world().signUp();
    const w = world({ vars });
    expect((await w.logIn(who)).status).toBe(200);
    expect((await verify(w, await tokenTo(w, who.email))).status).toBe(204);
  });
});
