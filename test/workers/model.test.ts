/**
 * The Worker against a model of itself: random commands, in random order and at random times, and after each of them the
 * answer is the one that the rules of support/model/ expect. What the model knows is the contract: who may come in,
 * which token is consumed, which session lives, what a link in mail still does, who is staff. What it does not know
 * (keys, SQL, KV) must make no difference, the sweep least of all.
 *
 * Fixed seed; `MODEL_SEED` and `MODEL_RUNS` as bindings for other and longer searches. A failure prints the shortest
 * list of commands that fast-check finds.
 */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sweep } from '../../src/sweep.ts';
import { faulty } from '../support/faulty.ts';
import { watchedConsole } from '../support/log-check.ts';
import { command, outcomes, PASSWORDS, type Real } from '../support/model/command.ts';
import {
  DAY,
  disowns,
  GRACE,
  HOUR,
  type LinkKind,
  MAX_SESSIONS,
  type Model,
  newModel,
  tokenStatus,
  works,
} from '../support/model/rules.ts';
import {
  changePassword,
  list,
  logIn,
  logInRightly,
  logOut,
  logOutEverywhere,
  me,
  meAtTheEnd,
  refresh,
  refreshAtTheEndOfTheGrace,
  refreshNewest,
  refreshOnceMore,
  refreshTwoBack,
  signUp,
  staffPath,
  verify,
  withdraw,
} from '../support/model/sessions.ts';
import {
  activate,
  askChange,
  askReset,
  askResets,
  confirmAddress,
  confirmChange,
  deactivateForAWhile,
  demote,
  disown,
  ENDS,
  moveTo,
  promote,
  remove,
  reset,
  signUpAndConfirm,
  takeBackAddress,
} from '../support/model/users.ts';
import { person, type Vars, world } from '../support/world.ts';

const log = watchedConsole();

const SEED = Number(env.MODEL_SEED ?? 20_261_123);
const RUNS = Number(env.MODEL_RUNS ?? 60);

const VARS: Vars = {
  MAIL: 'inbox',
  SESSION_MAX_LIFETIME: '26h',
  MAX_SESSIONS_PER_USER: String(MAX_SESSIONS),
};

/** Few, so that commands meet; of passwords too. */
const ADDRESSES = ['ada', 'bob', 'eve', 'kim'] as const;

const wait = (seconds: number) =>
  command(`${seconds} s pass`, async (model, real) => {
    model.now += seconds;
    real.clock.now += seconds * 1_000;
  });

/** Takes rows away, and nothing that anybody could notice. */
const sweeps = () =>
  command('the sweep', async (_, real) => {
    await env.DB.prepare('DELETE FROM sweep_progress').run();
    const { revokedTokens, sessions } = await sweep({ DB: env.DB }, () => real.clock.now);
    if (revokedTokens > 0) outcomes.add('the sweep took a token');
    if (sessions > 0) outcomes.add('the sweep took a session');
  });

const address = fc.constantFrom(...ADDRESSES);
const password = fc.constantFrom(PASSWORDS[0], PASSWORDS[0], PASSWORDS[0], PASSWORDS[1]);
const which = fc.nat({ max: 40 });
const recent = fc.constantFrom(0, 0, 0, 1, 2);
/** Mostly around the grace, at times around what ends later. The command itself takes a second. */
const seconds = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1, GRACE - 3, GRACE - 2, GRACE - 1, GRACE, 3 * GRACE) },
  { weight: 1, arbitrary: fc.constantFrom(HOUR - 2, 3 * HOUR, 12 * HOUR, DAY - 2, DAY, 2 * DAY) },
);

const people = [
  fc.tuple(address, password).map((given) => signUp(...given)),
  fc.tuple(address, password).map((given) => signUp(...given)),
  fc.tuple(address, password).map((given) => logIn(...given)),
  address.map(logInRightly),
  which.map(me),
  which.map(logOutEverywhere),
  fc.tuple(which, password, password).map((given) => changePassword(...given)),
  fc.tuple(which, password).map((given) => withdraw(...given)),
  fc.tuple(address, fc.boolean()).map((given) => activate(...given)),
  seconds.map(wait),
  fc.constant(null).map(sweeps),
];

/** What each search begins with and draws from. Both know the same model. */
const SEARCHES = {
  'sessions and their tokens': {
    begins: [],
    runs: RUNS,
    drawn: [
      ...people,
      which.map(refreshNewest),
      which.map(refreshNewest),
      which.map(refresh),
      which.map(refresh),
      fc.constant(null).map(refreshOnceMore),
      fc.constant(null).map(refreshOnceMore),
      fc.constant(null).map(refreshTwoBack),
      fc.constantFrom(0, 1).map(refreshAtTheEndOfTheGrace),
      fc.constantFrom(0, 1).map(refreshAtTheEndOfTheGrace),
      which.map(verify),
      which.map(verify),
      fc.tuple(which, fc.constantFrom(-1, 0)).map((given) => meAtTheEnd(...given)),
      which.map(list),
      which.map(logOut),
      seconds.map(wait),
      address.map(demote),
      fc.tuple(address, fc.boolean()).map((given) => promote(...given)),
    ],
  },
  'staff and links in mail': {
    begins: [
      signUpAndConfirm('ada', PASSWORDS[0]),
      moveTo(0, 'kim', ENDS[1]),
      moveTo(0, 'ada', ENDS[1]),
      signUp('bob', PASSWORDS[0]),
      signUpAndConfirm('eve', PASSWORDS[0]),
      promote('eve', false),
      logInRightly('eve'),
    ],
    runs: Math.ceil((RUNS * 2) / 3),
    drawn: [
      ...people,
      which.map(refreshNewest),
      which.map(staffPath),
      address.map(logInRightly),
      address.map(demote),
      fc.tuple(address, fc.boolean()).map((given) => promote(...given)),
      fc.tuple(address, fc.boolean()).map((given) => promote(...given)),
      address.map(deactivateForAWhile),
      address.map(remove),
      address.map(askReset),
      address.map(askResets),
      recent.map(confirmAddress),
      fc.tuple(address, password).map((given) => signUpAndConfirm(...given)),
      recent.map(disown),
      fc.tuple(recent, password).map((given) => reset(...given)),
      fc.tuple(recent, password).map((given) => reset(...given)),
      fc.tuple(which, password, address).map((given) => askChange(...given)),
      fc.tuple(which, address, fc.constantFrom(...ENDS)).map((given) => moveTo(...given)),
      fc.tuple(which, address, fc.constantFrom(...ENDS)).map((given) => moveTo(...given)),
      recent.map(confirmChange),
      recent.map(confirmChange),
      recent.map(takeBackAddress),
      recent.map(takeBackAddress),
    ],
  },
};

async function setup(): Promise<{ model: Model; real: Real }> {
  const clock = { now: Date.now() };
  const run = crypto.randomUUID().slice(0, 13);
  const { bindings, mails } = faulty();
  const w = world({ vars: VARS, bindings: bindings as never, parts: { clock: () => clock.now } });
  const staff = await w.signUp(person('staff'));
  await w.rows('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE id = ?', staff.user.id);
  mails.length = 0;
  return {
    model: newModel(Math.floor(clock.now / 1_000)),
    real: {
      w,
      clock,
      emailOf: (address) => `${address}-${run}@example.com`,
      staff: { ...staff, until: 0 },
      tokens: [],
      mails,
      links: [],
    },
  };
}

/** Where a link of a kind is used; a verification may disown the account instead. */
const USES: Record<LinkKind, readonly string[]> = {
  verify: ['/account/email/verify', '/account/email/disown'],
  reset: ['/account/password/reset/confirm'],
  change: ['/account/email/verify'],
  take_back: ['/account/email/take-back'],
};

describe('the Worker and its model', () => {
  it.each(Object.entries(SEARCHES))(
    'agree after any commands about %s',
    { timeout: 300_000 * Math.ceil(RUNS / 60) },
    async (_, { begins, runs, drawn }) => {
      await fc.assert(
        fc.asyncProperty(fc.commands(drawn, { maxCommands: 60, size: 'max' }), async (commands) => {
          const { model, real } = await setup();
          for (const command of begins) await command.run(model, real);
          await fc.asyncModelRun(() => ({ model, real }), commands);
          // At the end every access token that was ever handed out is what the model says it is.
          const statuses = await Promise.all(
            real.tokens.map(async (token) => (await real.w.me(token)).status),
          );
          expect(statuses).toEqual(
            model.tokens.map((token) =>
              token.kind === 'access' && tokenStatus(token, model.now) === 'ok' ? 200 : 401,
            ),
          );
          // The way back to an older address outlives the use of a newer one.
          for (const one of [takeBackAddress(0), takeBackAddress(1)]) {
            if (one.check(model)) await one.run(model, real);
          }
          // A link that is void does nothing, also of those who are active again.
          for (const { address } of model.users.filter((user) => !user.gone && !user.active)) {
            await activate(address, true).run(model, real);
          }
          for (const [at, link] of model.links.entries()) {
            if (works(link, model.now) || disowns(link) || link.expiresAt <= model.now) continue;
            for (const path of USES[link.kind]) {
              const body = { token: real.links[at], new_password: PASSWORDS[0] };
              expect((await real.w.post(path, body)).status, `${link.kind} at ${path}`).toBe(400);
            }
          }
        }),
        { seed: SEED, numRuns: runs },
      );
    },
  );

  const LINK_OUTCOMES = [
    ...['verification', '“This wasn’t me”'].flatMap((use) => [`${use}: ok`, `${use}: void`]),
    ...['ok', 'another account', 'void'].map((outcome) => `reset: ${outcome}`),
    ...['ok', 'taken', 'void'].map((outcome) => `change of address: ${outcome}`),
    ...['ok', 'ok, from another', 'taken', 'void'].map((outcome) => `taking back: ${outcome}`),
  ];

  it('met every kind of answer', () => {
    const refreshes = [
      'first',
      'again',
      'replay',
      'replay within the grace',
      'expired',
      'user_not_found',
      'user_inactive',
      'blacklisted',
    ];
    expect([...outcomes]).toEqual(
      expect.arrayContaining([
        'sign-up, taken: true',
        'sign-up, taken: false',
        'log-in: true',
        'log-in: false',
        'log-in: true, staff',
        ...refreshes.map((outcome) => `refresh: ${outcome}`),
        ...['ok', 'expired', 'user_not_found', 'user_inactive', 'blacklisted'].map(
          (verdict) => `me: ${verdict}`,
        ),
        ...['access', 'refresh'].flatMap((kind) => [`verify ${kind}: alive`, `verify ${kind}: dead`]),
        ...[204, 400, 401].flatMap((status) => [`password change: ${status}`, `withdrawal: ${status}`]),
        'log-out everywhere: true',
        'me at the end: ok',
        'me at the end: expired',
        'the sweep took a token',
        'the sweep took a session',
        ...[200, 401, 403].map((status) => `console: ${status}`),
        ...['activated: true', 'activated: false', 'deactivated: true', 'demoted'].map(
          (done) => `${done}, anew: true`,
        ),
        'promoted: true, anew: true',
        'promoted: false, anew: false',
        'deleted by staff',
        'reset asked, mailed: true',
        'reset asked, mailed: false',
        ...[202, 400, 401].map((status) => `change asked: ${status}`),
        'change asked: 202, taken',
        ...LINK_OUTCOMES,
      ]),
    );
  });

  it('left nothing in the log that does not belong there', () => {
    expect(log.dirty([...PASSWORDS])).toEqual([]);
  });
});
