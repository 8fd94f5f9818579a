/** An account without a password: who may take it away, what ends with it, and the last way in, which stays. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  change,
  expectAlive,
  expectDead,
  logIn,
  mailsTo,
  oneTimeTokensOf,
  type Pair,
  requestPasswordReset,
  resetToken,
  verified,
} from '../support/passwords.ts';
import { giveMethod, type Kind } from '../support/sign-in-methods.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import {
  type Answer,
  codeOf,
  faultsOf,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

type Who = Awaited<ReturnType<World['signUp']>>;
const remove = (
  w: World,
  { access, password }: Pick<Who, 'access' | 'password'>,
  body: object = { password },
) => w.delete('/account/password', body, { token: access });
const give = (w: World, { user }: Pick<Who, 'user'>, kind: Kind) =>
  giveMethod(kind, user.id, (sql, ...values) => w.rows(sql, ...values));
const isSet = async (w: World, { access }: Pick<Who, 'access'>) =>
  (await w.get('/account/password', { token: access })).body.is_set;
const hashOf = async (w: World, { user }: Pick<Who, 'user'>) =>
  (await w.rows<{ password_hash: string }>('SELECT password_hash FROM users WHERE id = ?', user.id))[0]
    ?.password_hash;

/** Somebody with another way in. */
async function withPasskey(w: World): Promise<Who> {
  const who = await w.signUp();
  await give(w, who, 'passkeys');
  return who;
}

describe('removing the password', () => {
  it('is 204 without a body: the password is no way in any more, and a reset sets one again', async () => {
    const w = world();
    const who = await withPasskey(w);
    expect(await isSet(w, who)).toBe(true);
    const answer = await remove(w, who);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await isSet(w, who)).toBe(false);
    expect(codeOf(await logIn(w, who.email, who.password))).toBe('no_active_account');
    expect(codeOf(await logIn(w, who.email, ''))).toBe('invalid');
    const token = await resetToken(w, who.email);
    await w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id);
    await w.post('/account/password/reset/confirm', { token, new_password: 'staple of another colour' });
    expect((await logIn(w, who.email, 'staple of another colour')).status).toBe(200);
  });

  it('ends all other sessions at once, and leaves the caller’s', async () => {
    const w = world();
    const who = await withPasskey(w);
    const others: Pair[] = [(await w.logIn(who)).body, (await w.logIn(who)).body];
    await remove(w, who);
    for (const other of others) {
      await expectDead(w, other);
      expect(await w.kvOf(other.refresh)).toBe('password_changed');
    }
    await expectAlive(w, who);
    expect(log.of('password_removed')).toMatchObject([{ user: who.user.id, ended: 2 }]);
  });

  it('voids what was sent by mail, and notifies the owner', async () => {
    const w = world();
    const who = await verified(w);
    await give(w, who, 'connections');
    await requestPasswordReset(w, who.email);
    expect(await oneTimeTokensOf(w, who.user.id)).toHaveLength(1);
    await remove(w, who);
    expect(await oneTimeTokensOf(w, who.user.id)).toEqual([]);
    expect((await mailsTo(w, who.email))[0]).toMatchObject({
      subject: 'Your password was removed',
      token: null,
    });
  });

  it('of who has none is 404', async () => {
    const w = world();
    const who = await withPasskey(w);
    await remove(w, who);
    for (const body of [{}, { password: who.password }])
      expect((await remove(w, who, body)).status).toBe(404);
  });

  it('is undone in the settings: who has none sets one without a current one', async () => {
    const w = world();
    const who = await withPasskey(w);
    await remove(w, who);
    const set = { new_password: 'staple of another colour' };
    expect((await w.post('/account/password/change', set, { token: who.access })).status).toBe(204);
    expect(await isSet(w, who)).toBe(true);
  });
});

describe('the proof for it', () => {
  it.each<[string, object, string]>([
    ['none', {}, 'required'],
    ['a wrong password', { password: 'wrong horse battery' }, 'password_incorrect'],
    ['an empty one', { password: '' }, 'blank'],
  ])('%s is 400, and changes nothing', async (_, body, code) => {
    const w = world();
    const who = await withPasskey(w);
    const answer = await remove(w, who, body);
    expect([answer.status, faultsOf(answer)]).toEqual([400, { password: [code] }]);
    expect((await logIn(w, who.email, who.password)).status).toBe(200);
  });

  it('may be a reauthentication within REAUTH_WINDOW, and no older one', async () => {
    const w = world();
    const who = await withPasskey(w);
    const prove = () => w.post('/account/reauthenticate', { password: who.password }, { token: who.access });
    await prove();
    w.clock.advance(601);
    expect((await remove(w, who, {})).status).toBe(400);
    await prove();
    expect((await remove(w, who, {})).status).toBe(204);
  });

  it('with a second factor is the password in the body, or a code; the password again is too little', async () => {
    const w = world({ vars: { ENCRYPTION_KEY } });
    const who = await withPasskey(w);
    const { secret } = await enrol(w, who.access);
    await w.post('/account/reauthenticate', { password: who.password }, { token: who.access });
    expect((await remove(w, who, {})).status).toBe(400);
    const code = totp(w, secret);
    expect((await w.post('/account/reauthenticate', { code }, { token: who.access })).status).toBe(200);
    expect((await remove(w, who, {})).status).toBe(204);
  });
});

describe('the last way in stays', () => {
  const BY_EMAIL: Vars = { SIGN_IN_BY_EMAIL: 'on' };
  type Ready = (w: World, who: Who) => Promise<unknown>;
  const asVerified: Ready = (w, { user }) =>
    w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', user.id);
  const asStaff: Ready = async (w, who) => {
    await asVerified(w, who);
    await w.rows('UPDATE users SET is_staff = (id = ?)', who.user.id);
  };

  it.each<[string, number, Vars, Ready]>([
    ['the password alone', 409, BY_EMAIL, async () => {}],
    ['a passkey', 204, {}, (w, who) => give(w, who, 'passkeys')],
    ['a passkey, with PASSKEYS=off', 409, { PASSKEYS: 'off' }, (w, who) => give(w, who, 'passkeys')],
    ['a connected account', 204, {}, (w, who) => give(w, who, 'connections')],
    ['a verified address where e-mail signs in', 204, BY_EMAIL, asVerified],
    ['a verified address where e-mail does not sign in', 409, {}, asVerified],
    ['a verified address, of the last of the staff', 409, BY_EMAIL, asStaff],
    [
      'a passkey, of the last of the staff',
      204,
      {},
      async (w, who) => {
        await asStaff(w, who);
        await give(w, who, 'passkeys');
      },
    ],
  ])('with %s: %i', async (_, status, vars, ready) => {
    const w = world({ vars });
    const who = await w.signUp();
    await ready(w, who);
    const answer = await remove(w, who);
    expect([answer.status, codeOf(answer)]).toEqual([
      status,
      status === 409 ? 'last_sign_in_method' : undefined,
    ]);
    expect(await isSet(w, who)).toBe(status === 409);
    await expectAlive(w, who);
  });

  it('refused, it ends no session and voids no link', async () => {
    const w = world();
    const who = await verified(w);
    const other = (await w.logIn(who)).body as Pair;
    await requestPasswordReset(w, who.email);
    expect((await remove(w, who)).status).toBe(409);
    await expectAlive(w, other);
    expect(await oneTimeTokensOf(w, who.user.id)).toHaveLength(1);
  });

  it.each<Kind>(['passkeys', 'connections'])(
    'of a password and one of the %s, removed at once, one stays',
    RACE,
    async (kind) => {
      const w = world();
      const who = await w.signUp();
      const id = await give(w, who, kind);
      const answers = await Promise.all([
        remove(w, who),
        w.delete(`/account/${kind}/${id}`, {}, { token: who.access }),
      ]);
      expect(tally(answers)).toEqual({ 204: 1, 409: 1 });
      const left = await w.rows(`SELECT 1 FROM ${kind} WHERE user_id = ?`, who.user.id);
      expect(Number((await hashOf(w, who)) !== '') + left.length).toBe(1);
    },
  );
});

describe('at the same time', () => {
  it('fifty removals are one, whose mail is one', RACE, async () => {
    const w = world();
    const who = await withPasskey(w);
    const answers: Answer[] = await Promise.all(Array.from({ length: 50 }, () => remove(w, who)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => ![204, 400, 404].includes(status))).toEqual([]);
    const mails = await mailsTo(w, who.email);
    expect(mails.filter(({ subject }) => subject === 'Your password was removed')).toHaveLength(1);
  });

  it(
    'a removal and a change: whichever comes first, the caller’s session and one outcome stand',
    RACE,
    async () => {
      const w = world();
      const who = await withPasskey(w);
      const next = 'staple of another colour';
      const [removed, changed] = await Promise.all([
        remove(w, who),
        change(w, who.access, next, who.password),
      ]);
      const hash = await hashOf(w, who);
      expect([removed.status, changed.status]).toContain(204);
      // Where both were made, the change was the later one: who has no password sets one.
      expect(hash === '').toBe(removed.status === 204 && changed.status !== 204);
      await expectAlive(w, who);
    },
  );

  it('a removal from two sessions: the one that loses ends nothing', RACE, async () => {
    const w = world();
    const who = await withPasskey(w);
    const other = (await w.logIn(who)).body as Pair;
    const answers = await Promise.all([remove(w, who), remove(w, { ...other, password: who.password })]);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const alive = await Promise.all(
      [who, other].map(async ({ access }) => (await w.me(access)).status === 200),
    );
    expect(alive).toEqual(answers.map(({ status }) => status === 204));
  });
});

it('it costs one read and one batch, however it ends', async () => {
  const counted = counting();
  const w = world({ bindings: counted.bindings, vars: { MAIL: 'off' } });
  const [who, alone] = [await withPasskey(w), await w.signUp()];
  await w.logIn(who);
  const done = await counted.of(async () => expect((await remove(w, who)).status).toBe(204));
  // The user; the session that ends.
  expect(done.d1).toMatchObject({ roundTrips: 2, rowsWritten: 2 });
  expect(done.d1.rowsRead).toBeLessThanOrEqual(40);
  expect(done.kv.puts).toBe(1);
  const refused = await counted.of(async () => expect((await remove(w, alone)).status).toBe(409));
  expect(refused.d1).toMatchObject({ roundTrips: 2, rowsWritten: 0 });
  const asked = await counted.of(() => w.get('/account/password', { token: who.access }));
  expect(asked.d1).toMatchObject({ roundTrips: 1, rowsWritten: 0 });
});
