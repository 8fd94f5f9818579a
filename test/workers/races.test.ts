/**
 * Two endpoints at once, one of which revokes something: fifty calls (ten if both revoke), whose statements reach D1 in
 * another order for every seed. Once the revoking endpoint has answered, nothing older is valid, whatever ran at the same
 * time and whatever tokens were issued in the meantime.
 *
 * Each race is run three times, or as often as the binding RACE_REPEATS says; its seed is in the test's name.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { faulty, seeded, shuffled } from '../support/faulty.ts';
import { watchedConsole } from '../support/log-check.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  person,
  RACE,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = watchedConsole();

const AT_ONCE = 50;
/** Of each, where both endpoints revoke, begun within a few milliseconds; fifty in all where more repeats are wanted. */
const EACH = RACE.repeats > 2 ? AT_ONCE / 2 : 5;
const LONGEST_PAUSE_MS = 8;
const SEEDS = Array.from({ length: RACE.repeats + 1 }, (_, i) => i + 1);
/** Fewer than there are, even where a rival ends one. */
const MAX_SESSIONS = 3;
/** Milliseconds that a race may take on a busy machine. */
const PATIENT = 30_000;
const NEW_PASSWORD = 'staple another battery';

interface Pair {
  access: string;
  refresh: string;
}

/** Who is there before the race. */
interface Ground {
  /** Through bindings that answer in another order for each seed. */
  w: World;
  /** Of another, who may act on everybody. */
  staffAccess: string;
  who: { id: string; email: string; password: string };
  /** The oldest session; one whose first token is too old to be a retry; one whose first token is not; the caller's. */
  oldest: Pair;
  replayed: Pair & { used: string };
  rotated: Pair & { used: string };
  own: Pair;
  /** Of the sessions above. */
  before: ReadonlySet<unknown>;
  /** What the mails of before carry, by what they are for. */
  links: Record<Link, string>;
}

type Link = 'reset' | 'disown' | 'change' | 'takeBack';
/** Where a link is used, and what makes it work. */
const USES: Record<Link, { path: string; more?: object }> = {
  reset: { path: '/account/password/reset/confirm', more: { new_password: NEW_PASSWORD } },
  disown: { path: '/account/email/disown' },
  change: { path: '/account/email/verify' },
  takeBack: { path: '/account/email/take-back' },
};
const use = (w: World, link: Link, links: Ground['links']) =>
  w.post(USES[link].path, { token: links[link], ...USES[link].more });

interface Claims {
  sid: string;
  token_type: string;
  jti: string;
}
const claims = (token: string) => claimsOf(token) as unknown as Claims;

interface Revoker {
  name: string;
  vars?: Vars;
  act: (ground: Ground) => Promise<Answer>;
  /** Its answer says that it has revoked. */
  success: number;
  /** Every answer it may have against any rival. */
  statuses: number[];
  /** What is dead then. */
  kills: (token: Claims, ground: Ground) => boolean;
  /** Nobody comes in with the password of before. */
  voidsPassword?: true;
  /** Which links of before do nothing any more. */
  voids?: readonly Link[];
  /** Who is there before the race is staff. */
  ofStaff?: true;
  /** The address was changed before, and the user is known by the one of before. */
  moved?: true;
  /** The audit log has it then: an answer alone may say that nothing was left to do. */
  leaves?: string;
}

const NO_CHANGE = { status: 503, headers: new Headers(), body: undefined, text: '' };
/** As the console does it, which says 503 where the user keeps changing meanwhile. */
async function byStaff({ w, staffAccess, who }: Ground, body: object): Promise<Answer> {
  let answer: Answer = NO_CHANGE;
  for (let left = 50; answer.status === 503 && left > 0; left--) {
    answer = await w.patch(`/admin/api/users/${who.id}`, body, { token: staffAccess });
  }
  return answer;
}
const ALL_LINKS = Object.keys(USES) as Link[];
const INBOX = { MAIL: 'inbox' };

const sidOf = (pair: Pair) => claims(pair.refresh).sid;

const REVOKERS: readonly Revoker[] = [
  {
    name: 'log-out',
    act: ({ w, own }) => w.logOut(own.refresh),
    success: 204,
    statuses: [204],
    kills: ({ sid }, { own }) => sid === sidOf(own),
  },
  {
    name: 'simplejwt’s blacklist',
    act: ({ w, rotated }) => w.post('/api/token/blacklist/', { refresh: rotated.used }),
    success: 200,
    statuses: [200, 401],
    kills: ({ sid }, { rotated }) => sid === sidOf(rotated),
  },
  {
    name: 'the end of one session',
    act: ({ w, own, oldest }) =>
      w.delete(`/account/sessions/${sidOf(oldest)}`, undefined, { token: own.access }),
    success: 204,
    statuses: [204, 401],
    kills: ({ sid }, { oldest }) => sid === sidOf(oldest),
  },
  {
    name: 'the end of all sessions',
    vars: INBOX,
    voids: ['change'],
    act: ({ w, own }) => w.delete('/account/sessions', undefined, { token: own.access }),
    success: 204,
    statuses: [204, 401],
    kills: ({ sid }, { before }) => before.has(sid),
  },
  {
    name: 'a password change',
    vars: INBOX,
    voids: ['reset', 'change'],
    act: ({ w, own, who }) =>
      w.post(
        '/account/password/change',
        { current_password: who.password, new_password: NEW_PASSWORD },
        { token: own.access },
      ),
    success: 204,
    statuses: [204, 400, 401],
    kills: ({ sid }, { own }) => sid !== sidOf(own),
    voidsPassword: true,
  },
  {
    name: 'a reset',
    vars: INBOX,
    voids: ['reset', 'disown', 'change'],
    act: ({ w, links }) => use(w, 'reset', links),
    success: 204,
    statuses: [204, 400],
    kills: () => true,
    voidsPassword: true,
  },
  {
    name: '“This wasn’t me”',
    vars: INBOX,
    voids: ALL_LINKS,
    act: ({ w, links }) => use(w, 'disown', links),
    success: 204,
    statuses: [204, 400],
    kills: () => true,
    voidsPassword: true,
  },
  {
    name: 'taking an address back',
    vars: INBOX,
    voids: ALL_LINKS,
    moved: true,
    act: ({ w, links }) => use(w, 'takeBack', links),
    success: 200,
    statuses: [200, 400],
    kills: () => true,
    voidsPassword: true,
  },
  {
    name: 'withdrawal',
    vars: INBOX,
    voids: ALL_LINKS,
    act: ({ w, own, who }) => w.delete('/account/me', { password: who.password }, { token: own.access }),
    success: 204,
    statuses: [204, 400, 401],
    kills: () => true,
    voidsPassword: true,
  },
  {
    name: 'deactivation',
    vars: INBOX,
    voids: ALL_LINKS,
    act: (ground) => byStaff(ground, { is_active: false }),
    success: 200,
    statuses: [200, 404],
    kills: () => true,
    voidsPassword: true,
  },
  {
    name: 'promotion',
    vars: INBOX,
    voids: ['change'],
    act: (ground) => byStaff(ground, { is_staff: true, unverified: true }),
    success: 200,
    statuses: [200, 404],
    kills: ({ sid }, { before }) => before.has(sid),
    leaves: 'user.promoted',
  },
  {
    name: 'demotion',
    vars: INBOX,
    voids: ['change'],
    ofStaff: true,
    act: (ground) => byStaff(ground, { is_staff: false }),
    success: 200,
    statuses: [200, 404],
    kills: ({ sid }, { before }) => before.has(sid),
    leaves: 'user.demoted',
  },
  {
    name: 'eviction',
    vars: { MAX_SESSIONS_PER_USER: String(MAX_SESSIONS) },
    act: ({ w, who }) => w.logIn(who),
    success: 200,
    statuses: [200, 401],
    kills: ({ sid }, { oldest }) => sid === sidOf(oldest),
  },
  {
    name: 'a replay',
    act: ({ w, replayed }) => w.refresh(replayed.used),
    success: 401,
    statuses: [401],
    kills: ({ sid }, { replayed }) => sid === sidOf(replayed),
  },
];

interface Rival {
  name: string;
  vars?: Vars;
  /** Changes something with the access token of the caller's own session. */
  changes?: true;
  /** Where it is not against all. */
  against?: (revoker: Revoker) => boolean;
  act: (ground: Ground, i: number) => Promise<Answer>;
  statuses: number[];
}

const RIVALS: readonly Rival[] = [
  { name: 'refresh', act: ({ w, own }) => w.refresh(own.refresh), statuses: [200, 401] },
  {
    name: 'refresh of the other sessions',
    // Not together with the successor of `rotated.used`: once that is used, the older token is a replay.
    act: ({ w, oldest, rotated, replayed }, i) =>
      w.refresh([oldest.refresh, rotated.used, replayed.refresh][i % 3] as string),
    statuses: [200, 401],
  },
  { name: 'log-in', act: ({ w, who }) => w.logIn(who), statuses: [200, 401] },
  {
    name: 'a change of name',
    changes: true,
    act: ({ w, own }, i) => w.patch('/account/me', { name: `N${i}` }, { token: own.access }),
    statuses: [200, 401],
  },
  {
    name: 'a change of address',
    changes: true,
    vars: INBOX,
    act: ({ w, own, who }, i) =>
      w.post(
        '/account/email/change',
        { new_email: `next-${i}-${who.email}`, password: who.password },
        { token: own.access },
      ),
    statuses: [202, 400, 401],
  },
  {
    name: 'the confirmation of another address',
    changes: true,
    // It would leave the other two nothing to do.
    against: ({ name, voids }) => voids?.includes('change') === true && !/wasn’t me|a reset/.test(name),
    act: ({ w, links }) => use(w, 'change', links),
    statuses: [204, 400],
  },
];

const rows = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<T>()
  ).results;

async function prepare(seed: number, vars: Vars, before: { moved?: boolean; ofStaff?: boolean } = {}) {
  // No log-in of a rival is to end what the race is about.
  const settings = { MAIL: 'off', MAX_SESSIONS_PER_USER: '100', ...vars };
  const clock = { now: Date.now() };
  const parts = { clock: () => clock.now };
  const store = faulty();
  const calm = world({
    vars: { ...settings, MAX_SESSIONS_PER_USER: '100' },
    bindings: store.bindings as never,
    parts,
  });
  const { bindings, reached } = shuffled(seed);
  const w = world({ vars: settings, bindings: bindings as never, parts });

  const staff = await calm.signUp(person('staff'));
  await calm.rows('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE id = ?', staff.user.id);
  const { email, password } = person();
  const signedUp = await calm.signUp({ email, password });
  if (before.ofStaff) await calm.rows('UPDATE users SET is_staff = 1 WHERE id = ?', signedUp.user.id);
  const who = { id: signedUp.user.id, email, password };
  const logIn = async (): Promise<Pair> => {
    clock.now += 1_000;
    return (await calm.logIn(who)).body as Pair;
  };
  const rotate = async (pair: Pair) => ({
    ...((await calm.refresh(pair.refresh)).body as Pair),
    used: pair.refresh,
  });
  const replayed = await rotate(await logIn());
  clock.now += 61_000;
  const rotated = await rotate(await logIn());
  await logIn();
  const own = await logIn();
  const tokenTo = (address: string) => store.mails.findLast(({ to }) => to === address)?.token ?? 'none';
  const links = { reset: 'none', disown: tokenTo(email), change: 'none', takeBack: 'none' };
  const change = async (address: string) => {
    await calm.post('/account/email/change', { new_email: address, password }, { token: own.access });
    return tokenTo(address);
  };
  if (before.moved) {
    await calm.post('/account/email/verify', { token: await change(`moved-${email}`) });
    links.takeBack = tokenTo(email);
  }
  if (settings.MAIL === 'inbox') {
    const address = before.moved ? `moved-${email}` : email;
    await calm.post('/account/password/reset', { email: address });
    links.reset = tokenTo(address);
    links.change = await change(`another-${email}`);
  }
  const all = [signedUp, replayed, rotated, own];
  const ground: Ground = {
    w,
    staffAccess: staff.access,
    who,
    oldest: { access: signedUp.access, refresh: signedUp.refresh },
    replayed,
    rotated,
    own,
    before: new Set(all.map(sidOf)),
    links,
  };
  return { ground, calm, reached, random: seeded(seed + 1_000) };
}

/** One of each kind and session, and every refresh token: the access tokens of a session differ in `jti` alone. */
function representatives(tokens: readonly string[]): string[] {
  const byMeaning = new Map<string, string>();
  for (const token of tokens) {
    const { sid, token_type, jti, is_staff } = claimsOf(token);
    byMeaning.set([sid, token_type, is_staff, token_type === 'refresh' ? jti : ''].join(), token);
  }
  return [...byMeaning.values()];
}

const statusAt = async (w: World, token: string): Promise<number> =>
  (await (claims(token).token_type === 'access' ? w.me(token) : w.refresh(token))).status;

const deadAt = async (w: World, tokens: readonly string[]) => {
  const statuses = await Promise.all(representatives(tokens).map((token) => statusAt(w, token)));
  return statuses.every((status) => status === 401);
};

const handedOut = ({ body }: Answer): string[] =>
  [body?.access, body?.refresh].filter((token) => typeof token === 'string');

/** What the rivals change with the token of the caller's own session. */
const changesOf = (id: string) =>
  rows(
    `SELECT name, email, username, (SELECT group_concat(hash) FROM one_time_tokens WHERE subject = users.id) AS tokens
     FROM users WHERE id = ?`,
    id,
  );

const isInHistory = async (id: string, action: string) =>
  (await rows('SELECT 1 FROM admin_log WHERE subject_id = ? AND action = ?', id, action)).length > 0;

/** Runs them all at once and returns their answers. */
async function race(
  { ground, calm, reached, random }: Awaited<ReturnType<typeof prepare>>,
  revokers: readonly Revoker[],
  rival: Rival | null,
) {
  const { w, oldest, replayed, rotated, own } = ground;
  const before = [oldest, replayed, rotated, own].flatMap(({ access, refresh }) => [access, refresh]);
  const asked: { statuses: number[]; answer: Answer }[] = [];
  const won = new Set<Revoker>();
  /** Of what is dead at the very moment when the first revoking answer arrives. */
  const atOnceDead: boolean[] = [];
  /** As it was then; null where nothing of the caller's own session is dead. */
  let changes: unknown[] | null = null;

  const revoke = async (revoker: Revoker) => {
    const answer = await revoker.act(ground);
    asked.push({ statuses: revoker.statuses, answer });
    if (answer.status !== revoker.success || won.has(revoker)) return;
    if (revoker.leaves && !(await isInHistory(ground.who.id, revoker.leaves))) return;
    won.add(revoker);
    const dead = before.filter((token) => revoker.kills(claims(token), ground));
    if (rival?.changes && dead.includes(own.access)) changes = await changesOf(ground.who.id);
    atOnceDead.push(await deadAt(w, dead));
  };
  const run = async (rival: Rival, i: number) => {
    const answer = await rival.act(ground, i);
    asked.push({ statuses: rival.statuses, answer });
  };

  const pause = () => new Promise((resolve) => setTimeout(resolve, random() * LONGEST_PAUSE_MS));
  if (rival === null) {
    const calls = revokers.flatMap((revoker) => Array.from({ length: EACH }, () => revoker));
    await Promise.all(calls.map((revoker) => pause().then(() => revoke(revoker))));
  } else {
    // The one that revokes begins somewhere in the midst of what the others do in D1.
    const running = atOnce(AT_ONCE - 1, (i) => run(rival, i));
    const midst = reached(Math.ceil(random() * 1.5 * AT_ONCE));
    await Promise.race([midst, running]);
    await Promise.all([running, ...revokers.map(revoke)]);
  }

  const tokens = [...before, ...asked.flatMap(({ answer }) => handedOut(answer))];
  return { calm, ground, asked, won, tokens, atOnceDead, changes };
}

interface Rotation {
  jti: string;
  session_id: string;
  successor_jti: string | null;
}

async function expectNothingOlderLives({
  calm,
  ground,
  asked,
  won,
  tokens,
  atOnceDead,
  changes,
}: Awaited<ReturnType<typeof race>>) {
  const { who, w } = ground;
  // Every answer is one that the contract knows.
  for (const { statuses, answer } of asked) expect(statuses).toContain(answer.status);
  expect(won.size).toBeGreaterThan(0);
  expect(atOnceDead.every(Boolean)).toBe(true);
  // What was begun before the answer has no effect after it.
  expect(changes && (await changesOf(who.id))).toEqual(changes);

  // A confirmation may have come before.
  const [user] = await rows<{ email: string; is_staff: number }>(
    'SELECT email, is_staff FROM users WHERE id = ?',
    who.id,
  );
  const oldPassword = await w.logIn({ ...who, email: user?.email ?? who.email });
  expect(oldPassword.status).toBe([...won].some(({ voidsPassword }) => voidsPassword) ? 401 : 200);

  // Who was made inactive is made active again: nothing comes back.
  const sids = JSON.stringify(tokens.map((token) => claims(token).sid));
  const [, living, consumed, thieves] = (await env.DB.batch([
    env.DB.prepare('UPDATE users SET is_active = 1 WHERE id = ? AND is_active = 0').bind(who.id),
    env.DB.prepare('SELECT id FROM sessions WHERE user_id = ? AND revoked_at IS NULL').bind(who.id),
    env.DB.prepare('SELECT * FROM revoked_tokens WHERE session_id IN (SELECT value FROM json_each(?))').bind(
      sids,
    ),
    env.DB.prepare("SELECT id FROM sessions WHERE user_id = ? AND revoked_reason = 'replayed'").bind(who.id),
  ])) as [D1Result, D1Result<{ id: string }>, D1Result<Rotation>, D1Result<{ id: string }>];
  const alive = new Set(living.results.map(({ id }) => id));
  const killed = tokens.map(claims).filter((token) => [...won].some(({ kills }) => kills(token, ground)));
  expect(killed.length).toBeGreaterThan(0);
  expect(killed.filter(({ sid }) => alive.has(sid))).toEqual([]);

  // No valid token claims more about its user than is true.
  for (const token of tokens) {
    const { sid, token_type, is_staff = false } = claimsOf(token);
    if (token_type === 'access' && alive.has(sid as string)) expect(is_staff).toBe(user?.is_staff === 1);
  }
  for (const link of new Set([...won].flatMap(({ voids = [] }) => voids))) {
    expect((await use(calm, link, ground.links)).status, link).toBe(400);
  }

  // What D1 holds dead is dead at the endpoints, whenever and to whomever it was handed out; the rest is not.
  const looked = representatives(tokens).filter(
    (token) => claims(token).token_type === 'access' || !alive.has(claims(token).sid),
  );
  const told = await Promise.all(looked.map(async (token) => [token, await statusAt(calm, token)] as const));
  for (const [token, status] of told) expect(status).toBe(alive.has(claims(token).sid) ? 200 : 401);

  // One successor of each token, and no more than one that is not consumed of each session.
  const gone = new Set<unknown>(consumed.results.map(({ jti }) => jti));
  const held = new Map<string, Set<unknown>>();
  const refreshTokens = tokens.map(claims).filter(({ token_type }) => token_type === 'refresh');
  const minted = consumed.results.map(({ session_id, successor_jti }) => ({
    sid: session_id,
    jti: successor_jti,
  }));
  for (const { sid, jti } of [...refreshTokens, ...minted].filter(({ jti }) => jti && !gone.has(jti))) {
    held.set(sid, (held.get(sid) ?? new Set()).add(jti));
  }
  expect(Math.max(0, ...[...held.values()].map((jtis) => jtis.size))).toBeLessThanOrEqual(1);

  // Nobody was taken for a thief who is none.
  const stolen = thieves.results.map(({ id }) => id);
  expect(stolen.filter((id) => id !== sidOf(ground.replayed))).toEqual([]);
}

/** Each race has seeds of its own. */
const cases = <T>(races: readonly (readonly [name: string, race: T])[]) =>
  races.flatMap(([name, race]) => {
    const letters = [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
    return SEEDS.map((seed) => [name, 10_000 * seed + letters, race] as const);
  });

describe('one revocation during other requests', () => {
  const races = REVOKERS.flatMap((revoker) =>
    RIVALS.filter(({ against }) => against?.(revoker) ?? true).map(
      (rival) => [`${revoker.name}, and meanwhile ${rival.name}`, { revoker, rival }] as const,
    ),
  );
  it.each(cases(races))(
    '%s (seed %i)',
    async (_, seed, { revoker, rival }) => {
      const prepared = await prepare(seed, { ...revoker.vars, ...rival.vars }, revoker);
      await expectNothingOlderLives(await race(prepared, [revoker], rival));
    },
    PATIENT,
  );
});

describe('two revocations at once', () => {
  const races = REVOKERS.flatMap((one, i) =>
    REVOKERS.slice(i + 1).map((other) => [`${one.name} and ${other.name}`, [one, other]] as const),
  );
  it.each(cases(races))(
    '%s (seed %i)',
    async (_, seed, [one, other]) => {
      const prepared = await prepare(
        seed,
        { ...one.vars, ...other.vars },
        {
          moved: one.moved || other.moved || false,
          // Of the two about staff, the promotion begins.
          ofStaff: one.ofStaff || (other.ofStaff && one.name !== 'promotion') || false,
        },
      );
      await expectNothingOlderLives(await race(prepared, [one, other], null));
    },
    PATIENT,
  );
});

describe('a deactivated user', () => {
  it.each(SEEDS)(
    'who is activated again while tokens are refreshed gets none of them back (seed %i)',
    async (seed) => {
      const { ground, calm, reached, random } = await prepare(seed, {});
      const deactivation = REVOKERS.find(({ name }) => name === 'deactivation') as Revoker;
      const reactivate = async () => {
        await deactivation.act(ground);
        await byStaff(ground, { is_active: true });
      };
      const running = atOnce(AT_ONCE - 1, (i) => (RIVALS[1] as Rival).act(ground, i));
      await Promise.race([reached(Math.ceil(random() * AT_ONCE)), running]);
      const [answers] = await Promise.all([running, reactivate()]);
      const { oldest, replayed, rotated, own } = ground;
      const before = [oldest, replayed, rotated, own].flatMap(({ access, refresh }) => [access, refresh]);
      expect(await deadAt(calm, [...before, ...answers.flatMap(handedOut)])).toBe(true);
      expect((await calm.logIn(ground.who)).status).toBe(200);
    },
    PATIENT,
  );
});

describe('after all of them', () => {
  it('no row has a dangling reference', async () => {
    const orphans = await rows(
      `SELECT user_id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)
       UNION ALL SELECT subject FROM one_time_tokens
         WHERE length(subject) <> 64 AND subject NOT IN (SELECT id FROM users)`,
    );
    expect(orphans).toEqual([]);
  });

  it('nothing is in the log that does not belong there', () => {
    expect(log.dirty(['correct horse battery', NEW_PASSWORD])).toEqual([]);
  });
});
