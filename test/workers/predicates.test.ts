/** Each SQL condition that decides a race says what its pure twin says, over the same cases. */
import { env } from 'cloudflare:workers';
import { type SQL, sql } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  canSignIn,
  isTheLastStaff,
  keepsAWayIn as keepsAWayInRule,
  actorMayAct as mayActRule,
} from '../../src/account/staff.ts';
import { connectD1 } from '../../src/db/client.ts';
import {
  activeUser,
  actorMayAct,
  canSignInWithout,
  isReplay,
  isSession,
  keepsAWayIn,
  liveSession,
  notTheLastStaff,
  sessionLives,
  userExists,
} from '../../src/db/predicates.ts';
import { connections, revokedTokens, sessions, users } from '../../src/db/schema.ts';
import {
  isReplay as isReplayRule,
  judgeRotation,
  newSession,
  statusFault,
  touchRule,
} from '../../src/token/rotation.ts';

const NOW = 1_800_000_000;
const d1 = connectD1(env.DB as D1Database, 20_000);
const holds = async (condition: SQL): Promise<boolean> => {
  const [row] = await d1.run('test', (db) => db.all<{ holds: number }>(sql`SELECT ${condition} AS holds`));
  return row?.holds === 1;
};
/** Whether the condition holds of a row of the table. */
const holdsOf = (from: SQL, condition: SQL) => holds(sql`EXISTS (SELECT 1 FROM ${from} AND ${condition})`);

const addUser = async (flags: {
  isActive: boolean;
  isStaff: boolean;
  passwordHash?: string;
  passkeyCount?: number;
  isConnected?: boolean;
}): Promise<string> => {
  const id = crypto.randomUUID();
  const { isConnected = false, ...row } = flags;
  await d1.run('test', (db) =>
    db.insert(users).values({ id, email: `${id}@example.com`, passwordHash: 'x', dateJoined: NOW, ...row }),
  );
  if (isConnected) {
    const identity = { provider: 'acme', issuer: 'https://id.example', subject: id, createdAt: NOW };
    await d1.run('test', (db) => db.insert(connections).values({ userId: id, id, ...identity }));
  }
  return id;
};
const sessionOf = (change: { revokedAt?: number; absoluteEndAt?: number }) => ({
  ...newSession(
    { amr: ['pwd'], userId: '', id: crypto.randomUUID() },
    NOW - 100,
    { touch: touchRule(86_400, 3_600), maxLifetimeSeconds: 1_000_000 },
    { ip: null, userAgent: null, country: null, city: null },
  ),
  ...change,
});
const addSession = (session: typeof sessions.$inferInsert) =>
  d1.run('test', (db) => db.insert(sessions).values(session));

const FLAGS = [true, false].flatMap((isActive) => [true, false].map((isStaff) => ({ isActive, isStaff })));
const SESSIONS: [string, { revokedAt?: number; absoluteEndAt?: number } | null][] = [
  ['none', null],
  ['a live one', {}],
  ['one that ends in a second', { absoluteEndAt: NOW + 1 }],
  ['one that ends now', { absoluteEndAt: NOW }],
  ['one past its end', { absoluteEndAt: NOW - 1 }],
  ['a revoked one', { revokedAt: NOW - 1 }],
  ['a revoked one past its end', { revokedAt: NOW - 5, absoluteEndAt: NOW - 1 }],
];
const CASES = FLAGS.flatMap((flags) => SESSIONS.map(([name, change]) => ({ ...flags, name, change })));

describe.each(CASES)('a user (active: $isActive, staff: $isStaff) with $name of a session', (made) => {
  let key: { userId: string; id: string };
  const flags = { isActive: made.isActive, isStaff: made.isStaff };
  const session = made.change && sessionOf(made.change);
  beforeEach(async () => {
    key = { userId: await addUser(flags), id: session?.id ?? crypto.randomUUID() };
    if (session) await addSession({ ...session, userId: key.userId });
  });

  it('has a live session exactly if statusFault finds no fault in it', async () => {
    const expected = statusFault({ user: { isActive: true }, session }, NOW) === null;
    expect(await holds(sessionLives(key.userId, key.id, NOW))).toBe(expected);
    expect(await holdsOf(sql`sessions WHERE ${isSession(key.userId, key.id)}`, liveSession(NOW))).toBe(
      expected,
    );
  });

  it('is active exactly if statusFault finds no fault in the user', async () => {
    const expected = statusFault({ user: flags, session: sessionOf({}) }, NOW) === null;
    expect(await holds(userExists(key.userId, activeUser))).toBe(expected);
  });

  it('may act exactly if the rule says so', async () => {
    const expected = mayActRule({ user: flags, session }, NOW);
    expect(await holds(actorMayAct({ actorId: key.userId, sessionId: key.id, now: NOW }))).toBe(expected);
  });
});

it('an unknown user is not active, has no live session and may not act', async () => {
  const [actorId, sessionId] = [crypto.randomUUID(), crypto.randomUUID()];
  expect(await holds(userExists(actorId))).toBe(false);
  expect(await holds(sessionLives(actorId, sessionId, NOW))).toBe(false);
  expect(await holds(actorMayAct({ actorId, sessionId, now: NOW }))).toBe(false);
});

it('another user’s live session does not let a user act', async () => {
  const [actorId, other] = await Promise.all([
    addUser({ isActive: true, isStaff: true }),
    addUser({ isActive: true, isStaff: true }),
  ]);
  const session = sessionOf({});
  await addSession({ ...session, userId: other });
  expect(await holds(actorMayAct({ actorId, sessionId: session.id, now: NOW }))).toBe(false);
});

const WAYS_IN = [
  { passwordHash: 'x', passkeyCount: 0 },
  { passwordHash: '', passkeyCount: 0 },
  { passwordHash: '', passkeyCount: 2 },
  { passwordHash: '', passkeyCount: 0, isConnected: true },
];
const STAFF = FLAGS.flatMap((flags) => WAYS_IN.map((ways) => ({ ...flags, ...ways })));
const OTHERS = [
  [],
  ...STAFF.map((flags) => [flags]),
  [
    { isActive: false, isStaff: true, passwordHash: 'x', passkeyCount: 0 },
    { isActive: true, isStaff: true, passwordHash: 'x', passkeyCount: 0 },
  ],
];
describe.each(STAFF)(
  'a user (active: $isActive, staff: $isStaff, hash: "$passwordHash", passkeys: $passkeyCount)',
  (flags) => {
    it.each(OTHERS.map((others) => ({ others })))(
      'with $others is or is not the last of the staff',
      async ({ others }) => {
        await d1.run('test', (db) => db.delete(users));
        const id = await addUser(flags);
        for (const other of others) await addUser(other);
        expect(await holds(userExists(id, notTheLastStaff))).toBe(!isTheLastStaff(flags, others));
      },
    );
  },
);

const METHODS = ['', 'x'].flatMap((passwordHash) =>
  [0, 1, 2].flatMap((passkeyCount) =>
    [true, false].map((isConnected) => ({ passwordHash, passkeyCount, isConnected })),
  ),
);
const withMethods = (methods: (typeof METHODS)[number]) =>
  addUser({ isActive: true, isStaff: false, ...methods });

it.each(METHODS.filter(({ passkeyCount }) => passkeyCount > 0))(
  'a user (hash: "$passwordHash", passkeys: $passkeyCount, connected: $isConnected) can do without a passkey where what is left says so',
  async (methods) => {
    const left = { ...methods, passkeyCount: methods.passkeyCount - 1 };
    expect(await holds(userExists(await withMethods(methods), canSignInWithout('passkey')))).toBe(
      canSignIn(left),
    );
  },
);

it.each(METHODS)(
  'a user (hash: "$passwordHash", passkeys: $passkeyCount, connected: $isConnected) can do without a password where what is left says so',
  async (methods) => {
    const left = { ...methods, passwordHash: '' };
    expect(await holds(userExists(await withMethods(methods), canSignInWithout('password')))).toBe(
      canSignIn(left),
    );
  },
);

it.each(METHODS.filter(({ isConnected }) => isConnected))(
  'a user (hash: "$passwordHash", passkeys: $passkeyCount, connected) can do without the connection where what is left says so',
  async (methods) => {
    const id = await withMethods(methods);
    const left = { ...methods, isConnected: false };
    // The connection has the id of its user.
    expect(await holds(userExists(id, canSignInWithout({ connection: id })))).toBe(canSignIn(left));
    expect(await holds(userExists(id, canSignInWithout({ connection: 'another' })))).toBe(true);
  },
);

it.each(METHODS.filter(({ passwordHash }) => passwordHash !== ''))(
  'a user (passkeys: $passkeyCount, connected: $isConnected) can do without the password where what is left says so',
  async (methods) => {
    const left = { ...methods, passwordHash: '' };
    expect(await holds(userExists(await withMethods(methods), canSignInWithout('password')))).toBe(
      canSignIn(left),
    );
  },
);

const GIVING_UP = [true, false].flatMap((emailSignIn) =>
  [true, false].flatMap((emailVerified) =>
    [0, 1].flatMap((passkeyCount) =>
      [true, false].flatMap((isStaff) =>
        [true, false].flatMap((beside) =>
          [true, false].map((passkeys) => ({
            ...{ emailSignIn, emailVerified, passkeys },
            ...{ passkeyCount, isStaff, beside },
          })),
        ),
      ),
    ),
  ),
);
it.each(GIVING_UP)(
  'a user keeps a way in when the password goes: $emailSignIn, $emailVerified, $passkeys, $passkeyCount, $isStaff, $beside',
  async ({ emailSignIn, emailVerified, passkeys, beside, ...flags }) => {
    await d1.run('test', (db) => db.delete(users));
    const now = { isActive: true, passwordHash: 'x', ...flags };
    const others = beside ? [{ isActive: true, isStaff: true, passwordHash: 'x', passkeyCount: 0 }] : [];
    const id = await addUser(now);
    for (const other of others) await addUser(other);
    if (emailVerified) await d1.run('test', (db) => db.update(users).set({ emailVerifiedAt: NOW }));
    const rule = keepsAWayInRule(
      { now, left: { ...now, passwordHash: '' }, others },
      { emailSignIn, passkeys, emailVerified },
    );
    expect(await holds(userExists(id, keepsAWayIn('password', { emailSignIn, passkeys })))).toBe(rule);
  },
);

describe.each([0, 1, 10])('with a grace of %i seconds', (graceSeconds) => {
  const LIFETIME = 1_000;
  const cases = ['rotated', 'logged_out'].flatMap((reason) =>
    [-5, 0, 1, 9, 10, 11, 5_000].flatMap((ago) =>
      // The end of the session lies beyond the successor's lifetime, or cuts it short.
      [NOW + 9_000, NOW + 7].flatMap((absoluteEndAt) =>
        [true, false].map((successorUsed) => ({ reason, ago, absoluteEndAt, successorUsed })),
      ),
    ),
  );
  it.each(cases)(
    'a token $reason $ago seconds ago in a session until $absoluteEndAt is a replay or none (successor used: $successorUsed)',
    async ({ reason, ago, absoluteEndAt, successorUsed }) => {
      const userId = await addUser({ isActive: true, isStaff: false });
      const session = { ...sessionOf({ absoluteEndAt }), userId };
      await addSession(session);
      const token = { jti: crypto.randomUUID(), expiresAt: NOW + 50, revokedAt: NOW - ago, reason };
      const consumed = { ...token, sessionId: session.id, successorJti: crypto.randomUUID() };
      const judged = judgeRotation(
        {
          user: { isActive: true },
          session,
          token: { ...consumed, successorUsed },
        },
        consumed.successorJti,
        NOW,
        { graceSeconds, refreshLifetimeSeconds: LIFETIME },
      );
      if (judged.fault !== null) throw new Error(judged.fault);
      const { successor } = judged;
      await d1.run('test', (db) =>
        db.insert(revokedTokens).values([
          consumed,
          {
            ...consumed,
            jti: successorUsed ? successor.jti : crypto.randomUUID(),
            expiresAt: successor.exp,
            successorJti: null,
          },
        ]),
      );
      expect(
        await holdsOf(
          sql`revoked_tokens JOIN sessions ON sessions.id = session_id WHERE jti = ${token.jti}`,
          isReplay(NOW, graceSeconds, LIFETIME),
        ),
      ).toBe(isReplayRule({ ...consumed, successorUsed }, NOW, graceSeconds));
    },
  );
});
