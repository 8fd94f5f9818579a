/**
 * The five classes of account pre-hijacking (Sudhodanan and Paverd, USENIX Security 2022): an attacker makes an account
 * with the victim's address, and waits for the victim to come. Whoever proves the mailbox gets an account that nothing of
 * the attacker's opens, whichever way they come.
 */
import { describe, expect, it } from 'vitest';
import { authenticator } from '../support/authenticator.ts';
import {
  APP,
  browser,
  callback,
  challengeOf,
  dance,
  exchange,
  type FakeIssuer,
  issuer,
  outcomeOf,
  signInWith,
  VERIFIER,
  verified,
  worldWith,
} from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { enrol, totp } from '../support/totp.ts';
import { atOnce, claimsOf, person, RACE, type World } from '../support/world.ts';

const log = capturedLog();

const ATTACKERS = 'the attacker knows this one';
const VICTIMS = 'the victim chose this one';

const set = async () => {
  const op = await issuer();
  const w = worldWith(op, { ENCRYPTION_KEY: btoa('k'.repeat(32)), SIGN_IN_BY_EMAIL: 'on' });
  op.set({ now: () => w.clock.now });
  return { op, w };
};
const inbox = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`, { headers: { Accept: 'application/json' } })).body
    .messages as { subject: string; token: string; text: string }[];

interface Attacker {
  id: string;
  access: string;
  refresh: string;
  /** Tries every way in that the attacker kept; says which one worked. */
  comesBack: () => Promise<string[]>;
}
const sessionsOf = async (w: World, { access, refresh }: { access: string; refresh: string }) => {
  const ways: string[] = [];
  if ((await w.me(access)).status === 200) ways.push('access token');
  if ((await w.refresh(refresh)).status === 200) ways.push('refresh token');
  return ways;
};
const signUp = async (w: World, email: string) => {
  const made = await w.signUp({
    email,
    password: ATTACKERS,
    ...{ username: `u${crypto.randomUUID().slice(0, 8)}`, name: 'Mallory' },
  });
  return { id: made.user.id, access: made.access, refresh: made.refresh };
};
const byPassword = async (w: World, email: string) =>
  (await w.logIn({ email, password: ATTACKERS })).status === 200 ? ['password'] : [];

/** The path that adds a connection, for the browser. */
async function linkPath(w: World, token: string): Promise<string> {
  const body = { return_to: APP, code_challenge: await challengeOf(VERIFIER) };
  const { pathname, search } = new URL((await w.post('/account/connections/acme', body, { token })).body.url);
  return pathname + search;
}

/** What the attacker does first, and tries afterwards. */
const CLASSES: [string, (w: World, op: FakeIssuer, email: string) => Promise<Attacker>][] = [
  [
    'classic-federated merge',
    async (w, _, email) => {
      const made = await signUp(w, email);
      return {
        ...made,
        comesBack: async () => [...(await sessionsOf(w, made)), ...(await byPassword(w, email))],
      };
    },
  ],
  [
    'unexpired session',
    async (w, _, email) => {
      const made = await signUp(w, email);
      const other = (await w.logIn({ email, password: ATTACKERS })).body as {
        access: string;
        refresh: string;
      };
      const rotated = (await w.refresh(other.refresh)).body as { access: string; refresh: string };
      return {
        ...made,
        comesBack: async () => [...(await sessionsOf(w, made)), ...(await sessionsOf(w, rotated))],
      };
    },
  ],
  [
    'trojan identifier',
    async (w, op, email) => {
      const made = await signUp(w, email);
      const attackers = { sub: crypto.randomUUID(), ...verified() };
      op.as(attackers);
      const b = browser(w);
      const there = await b.get(await linkPath(w, made.access));
      const { code } = outcomeOf(await callback(b, op.browse(there.headers.get('Location') ?? '')));
      expect((await exchange(w, code)).status).toBe(200);
      return {
        ...made,
        comesBack: async () => {
          op.as(attackers);
          const { body: entered } = await signInWith(w, op);
          const { sub } = claimsOf(entered.access);
          const [owner] = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', email);
          return [...(sub === owner?.id ? ['connection'] : []), ...(await byPassword(w, email))];
        },
      };
    },
  ],
  [
    'unexpired email change',
    async (w, _, email) => {
      const made = await signUp(w, email);
      const own = person().email;
      const asked = await w.post(
        '/account/email/change',
        { new_email: own, password: ATTACKERS },
        { token: made.access },
      );
      expect(asked.status).toBe(202);
      const [mail] = await inbox(w, own);
      return {
        ...made,
        comesBack: async () => {
          const changed = await w.post('/account/email/verify', { token: mail?.token });
          return [...(changed.status === 204 ? ['e-mail change'] : []), ...(await byPassword(w, own))];
        },
      };
    },
  ],
  [
    'non-verifying provider',
    async (w, op, email) => {
      const attackers = op.as({ email, email_verified: false });
      const { body } = await signInWith(w, op);
      const made = { id: body.user.id, access: body.access, refresh: body.refresh };
      return {
        ...made,
        comesBack: async () => {
          op.as(attackers);
          const { code } = await dance(w, op);
          const [owner] = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', email);
          return [
            ...(await sessionsOf(w, made)),
            ...(code?.startsWith(owner?.id ?? '-') ? ['connection'] : []),
          ];
        },
      };
    },
  ],
];

/** How the victim proves the mailbox; the id of whose account they are in then. */
const PROOFS: [string, (w: World, op: FakeIssuer, email: string) => Promise<string>][] = [
  [
    'a provider that vouches for the address',
    async (w, op, email) => {
      op.as(verified(email));
      return String(claimsOf((await signInWith(w, op)).body.access).sub);
    },
  ],
  [
    'a reset of the password',
    async (w, _, email) => {
      await w.post('/account/password/reset', { email });
      const mail = (await inbox(w, email)).find(({ subject }) => subject === 'Reset your password');
      const done = await w.post('/account/password/reset/confirm', {
        token: mail?.token,
        new_password: VICTIMS,
      });
      expect(done.status).toBe(204);
      return String(claimsOf((await w.logIn({ email, password: VICTIMS })).body.access).sub);
    },
  ],
  [
    'a code sent by e-mail',
    async (w, _, email) => {
      await w.post('/account/login/email', { email });
      const mail = (await inbox(w, email)).find(({ subject }) => subject === 'Your sign-in code');
      const entered = await w.post('/account/login/email/confirm', { token: mail?.token });
      expect([200, 201]).toContain(entered.status);
      return String(claimsOf(entered.body.access).sub);
    },
  ],
];

describe.each(CLASSES)('%s', (_, attack) => {
  it.each(PROOFS)('fails if the owner signs in with %s', async (_name, prove) => {
    const { op, w } = await set();
    const { email } = person();
    const attacker = await attack(w, op, email);
    const id = await prove(w, op, email);
    expect(id).not.toBe(attacker.id);
    expect(await attacker.comesBack()).toEqual([]);
    const [owner] = await w.rows(
      'SELECT id, username, name, email_verified_at FROM users WHERE email = ?',
      email,
    );
    expect(owner).toMatchObject({ id, username: null, email_verified_at: expect.any(Number) });
    expect(owner?.name).not.toBe('Mallory');
    expect(await w.rows('SELECT id FROM users WHERE id = ?', attacker.id)).toEqual([]);
    expect(await w.rows('SELECT * FROM logins WHERE user_id = ?', attacker.id)).toEqual([]);
    expect(await w.rows('SELECT * FROM one_time_tokens WHERE subject = ?', attacker.id)).toEqual([]);
    expect(log.of('account_passed')).toHaveLength(1);
  });
});

interface Victim {
  email: string;
  /** At the provider. */
  identity: Record<string, unknown>;
  user: { id: string };
  access: string;
}
const ownersOf = (w: World, email: string) =>
  w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', email);

/** What the attacker does to an account that its owner has made; says what it was good for. */
const LATE: [string, (w: World, op: FakeIssuer, victim: Victim) => Promise<string[]>][] = [
  [
    'classic-federated merge',
    async (w, _, { email }) => {
      const { status } = await w.post('/account/sign-up', { email, password: ATTACKERS });
      return [...(status === 409 ? [] : ['sign-up']), ...(await byPassword(w, email))];
    },
  ],
  [
    'unexpired session',
    async (w, _, { email }) => {
      const made = await signUp(w, person().email);
      const asked = { new_email: email, password: ATTACKERS };
      expect((await w.post('/account/email/change', asked, { token: made.access })).status).toBe(202);
      const [mail] = await inbox(w, email);
      const changed = await w.post('/account/email/verify', { token: mail?.token ?? 'none' });
      const { body } = await w.me(made.access);
      return [...(changed.status === 400 ? [] : ['e-mail']), ...(body.email === email ? ['session'] : [])];
    },
  ],
  [
    'trojan identifier',
    async (w, op, { identity }) => {
      const made = await signUp(w, person().email);
      // The victim opens it, signed in at the provider.
      const browserOfVictim = browser(w);
      const there = await browserOfVictim.get(await linkPath(w, made.access));
      op.as(identity);
      const { error } = outcomeOf(
        await callback(browserOfVictim, op.browse(there.headers.get('Location') ?? '')),
      );
      const { body } = await w.get('/account/connections', { token: made.access });
      return [...(error === 'connection_taken' ? [] : ['connection']), ...body.connections];
    },
  ],
  [
    'unexpired email change',
    async (w, _, { email }) => {
      // Of an account that the attacker made later, to the victim's address and back.
      const own = person().email;
      const made = await signUp(w, own);
      const asked = { new_email: email, password: ATTACKERS };
      await w.post('/account/email/change', asked, { token: made.access });
      const mails = await inbox(w, own);
      const tried = await Promise.all(
        mails.map(({ token }) => w.post('/account/email/take-back', { token: token ?? 'none' })),
      );
      const { status } = await w.logIn({ email, password: ATTACKERS });
      return [
        ...tried.filter((answer) => answer.status < 400).map(() => 'link'),
        ...(status === 401 ? [] : ['password']),
      ];
    },
  ],
  [
    'non-verifying provider',
    async (w, op, { email }) => {
      op.as({ email, email_verified: false });
      const { error } = await dance(w, op);
      return error === 'account_exists' ? [] : ['provider'];
    },
  ],
];

describe('if the owner was there first', () => {
  it.each(LATE)('%s fails', async (_, attack) => {
    const { op, w } = await set();
    const { email } = person();
    const identity = op.as(verified(email));
    const { body } = await signInWith(w, op);
    expect(await attack(w, op, { email, identity, ...body })).toEqual([]);
    expect(await ownersOf(w, email)).toEqual([{ id: body.user.id }]);
    expect((await w.me(body.access)).body).toMatchObject({ id: body.user.id, email, email_verified: true });
    op.as(identity);
    expect(claimsOf((await signInWith(w, op)).body.access).sub).toBe(body.user.id);
  });

  it('an attacker who has moved the account to their own address keeps only that', async () => {
    const { op, w } = await set();
    const [{ email }, { email: own }] = [person(), person()];
    const attacker = await signUp(w, email);
    const asked = { new_email: own, password: ATTACKERS };
    await w.post('/account/email/change', asked, { token: attacker.access });
    const [mail] = await inbox(w, own);
    expect((await w.post('/account/email/verify', { token: mail?.token })).status).toBe(204);
    op.as(verified(email));
    const { status, body } = await signInWith(w, op);
    expect(status).toBe(201);
    expect(body.user.id).not.toBe(attacker.id);
    expect(await ownersOf(w, own)).toEqual([{ id: attacker.id }]);
  });
});

/** What the attacker has begun when the owner proves the mailbox, and finishes afterwards; the status of the last step. */
const HALF_DONE: [
  string,
  (w: World, op: FakeIssuer, access: string, refresh: string) => Promise<() => Promise<number>>,
][] = [
  [
    'a URL that adds a connection',
    async (w, _, access) => {
      const path = await linkPath(w, access);
      return async () => (await w.get(path)).status;
    },
  ],
  [
    'a connection, at the provider',
    async (w, op, access) => {
      const b = browser(w);
      const there = await b.get(await linkPath(w, access));
      op.as(verified());
      const parameters = op.browse(there.headers.get('Location') ?? '');
      return async () => {
        const { code, error } = outcomeOf(await callback(b, parameters));
        return code === null && error === 'expired' ? 400 : 302;
      };
    },
  ],
  [
    'a connection, back from the provider',
    async (w, op, access) => {
      const b = browser(w);
      const there = await b.get(await linkPath(w, access));
      op.as(verified());
      const { code } = outcomeOf(await callback(b, op.browse(there.headers.get('Location') ?? '')));
      expect(code).not.toBeNull();
      return async () => (await exchange(w, code)).status;
    },
  ],
  [
    'a return from the pages to an app',
    async (w, _, __, refresh) => {
      const { body } = await w.post('/account/login/return', {
        refresh,
        return_to: APP,
        code_challenge: await challengeOf(VERIFIER),
      });
      const code = new URL(body.url).searchParams.get('code');
      return async () => (await exchange(w, code)).status;
    },
  ],
];

describe.each(HALF_DONE)('%s, begun by the attacker', (_, attack) => {
  it.each(PROOFS)('comes to nothing after %s', async (_name, prove) => {
    const { op, w } = await set();
    const { email } = person();
    const attacker = await signUp(w, email);
    const finish = await attack(w, op, attacker.access, attacker.refresh);
    const id = await prove(w, op, email);
    expect([400, 401]).toContain(await finish());
    expect(await ownersOf(w, email)).toEqual([{ id }]);
    expect(await w.rows('SELECT id FROM users WHERE id = ?', attacker.id)).toEqual([]);
    const kept = await w.rows('SELECT 1 FROM one_time_tokens WHERE subject = ?', attacker.id);
    expect(kept).toEqual([]);
  });
});

it('leaves nothing of the attacker without e-mail either, if a provider vouches for the address', async () => {
  const op = await issuer();
  const w = worldWith(op, { MAIL: 'off' });
  const { email } = person();
  const attacker = await signUp(w, email);
  op.as(verified(email));
  const { status, body } = await signInWith(w, op);
  expect([status, body.user]).toMatchObject([
    201,
    { email, username: null, name: null, email_verified: true },
  ]);
  expect(body.user.id).not.toBe(attacker.id);
  expect(await w.rows('SELECT id FROM users WHERE id = ?', attacker.id)).toEqual([]);
  expect(await sessionsOf(w, attacker)).toEqual([]);
  expect(await byPassword(w, email)).toEqual([]);
});

describe('an imported account', () => {
  it('keeps its id and names, and loses every sign-in method, when a provider vouches for its address', async () => {
    const { op, w } = await set();
    const who = await w.signUp({
      ...person(),
      username: `u${crypto.randomUUID().slice(0, 8)}`,
      name: 'Mina',
    });
    // As an import leaves it: no verification says that somebody signed up.
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', who.user.id);
    op.as(verified(who.email));
    const { status, body } = await signInWith(w, op);
    expect([status, claimsOf(body.access).sub]).toEqual([200, who.user.id]);
    expect((await w.me(body.access)).body).toMatchObject({
      id: who.user.id,
      username: expect.any(String),
      name: 'Mina',
      email_verified: true,
    });
    expect((await w.logIn(who)).status).toBe(401);
    expect((await w.me(who.access)).status).toBe(401);
    expect((await w.refresh(who.refresh)).status).toBe(401);
  });

  it.each(PROOFS)('loses what was added before its address was proven, by %s', async (_, prove) => {
    const { op, w } = await set();
    const who = await w.signUp({ ...person(), password: ATTACKERS });
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', who.user.id);
    const { secret } = await enrol(w, who.access);
    const device = authenticator();
    const proven = await w.post('/account/reauthenticate', { code: totp(w, secret) }, { token: who.access });
    const options = await w.post('/account/passkeys/options', {}, { token: proven.body.access });
    const credential = await device.create(options.body);
    const added = await w.post('/account/passkeys', { credential }, { token: proven.body.access });
    expect(added.status).toBe(201);
    await w.rows(
      `INSERT INTO connections (user_id, id, provider, issuer, subject, email, created_at, last_used_at)
       VALUES (?, ?, 'acme', 'https://elsewhere.example', ?, NULL, 1, NULL)`,
      who.user.id,
      crypto.randomUUID(),
      who.user.id,
    );
    await w.rows(
      "INSERT INTO logins (kind, key, user_id) VALUES ('oidc:https://elsewhere.example', ?, ?)",
      who.user.id,
      who.user.id,
    );

    expect(await prove(w, op, who.email)).toBe(who.user.id);
    for (const table of ['totp_secrets', 'recovery_codes', 'passkeys']) {
      expect(await w.rows(`SELECT 1 FROM ${table} WHERE user_id = ?`, who.user.id)).toEqual([]);
    }
    const connected = await w.rows('SELECT issuer FROM connections WHERE user_id = ?', who.user.id);
    expect(connected).not.toContainEqual({ issuer: 'https://elsewhere.example' });
    const request = (await w.post('/account/login/passkey/options', {})).body;
    const again = await w.post('/account/login/passkey', { credential: await device.get(request) });
    expect(again.status).toBe(401);
    const kinds = await w.rows<{ kind: string }>('SELECT kind FROM logins WHERE user_id = ?', who.user.id);
    expect(kinds.map(({ kind }) => kind)).not.toContain('passkey');
    expect(kinds.map(({ kind }) => kind)).not.toContain('oidc:https://elsewhere.example');
  });

  it.each(PROOFS.slice(1))('of staff keeps its factors, by %s', async (_, prove) => {
    const { op, w } = await set();
    const who = await w.signUp({ ...person(), password: ATTACKERS });
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', who.user.id);
    await enrol(w, who.access);
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    // The second factor is asked for.
    await prove(w, op, who.email).catch(() => undefined);
    expect(await w.rows('SELECT 1 FROM totp_secrets WHERE user_id = ?', who.user.id)).toHaveLength(1);
    await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', who.user.id);
  });
});

describe('at once', () => {
  it('one account is left of ten sign-ins by the provider beside the attacker’s own', RACE, async () => {
    const { op, w } = await set();
    const { email } = person();
    const attacker = await signUp(w, email);
    op.as(verified(email));
    await Promise.all([
      atOnce(10, () => dance(w, op)),
      atOnce(5, () => w.logIn({ email, password: ATTACKERS })),
      atOnce(5, () => w.patch('/account/me', { name: 'Mallory' }, { token: attacker.access })),
    ]);
    const owners = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', email);
    expect(owners).toHaveLength(1);
    expect(owners[0]?.id).not.toBe(attacker.id);
    expect((await w.logIn({ email, password: ATTACKERS })).status).toBe(401);
    expect(claimsOf((await signInWith(w, op)).body.access).sub).toBe(owners[0]?.id);
  });
});
