/**
 * Whether response times reveal who has an account: log-in as deployed; then, with minimal hashing so that it hides nothing,
 * a reset, codes by e-mail and of a second factor, and a sign-up with SIGN_UP=verify. Sent in random order, one after another
 * on one connection, and compared by ranks.
 */
import type { Deployed } from '../lib/bundle.ts';
import { type Ask, drive, fromList } from '../lib/load.ts';
import { FEW_ITERATIONS, OWASP_ITERATIONS, passwordHash } from '../lib/password.ts';
import { type Product, product } from '../lib/product.ts';
import { type Ranked, rankTest } from '../lib/ranks.ts';
import { PASSWORD, seeded } from '../lib/seed.ts';
import type { Size } from '../lib/size.ts';
import { type Summary, summarize } from '../lib/stats.ts';

const USERS = 20_000;
/** Half of them. */
const INACTIVE_FROM = USERS / 2;
/** The active ones with a second factor. */
const FACTOR_FROM = USERS / 4;
/** Verifying a hash with more iterations than configured takes longer: docs/SECURITY.md. */
const CONTROL = seeded(INACTIVE_FROM - 1);
const CONTROL_ITERATIONS = 1.05 * OWASP_ITERATIONS;

const WITH_FACTOR = `id >= '${seeded(FACTOR_FROM).userId}' AND id < '${CONTROL.userId}'`;

export interface Compared extends Ranked {
  endpoint: string;
  names: readonly [string, string];
  ms: readonly [Summary, Summary];
  /** A pair that must differ, to show that the test can detect it. */
  control: boolean;
}

interface Endpoint {
  endpoint: string;
  people: People;
  control?: true;
}
type People = Readonly<Record<string, (n: number) => Ask>>;

const post = (path: string, body: unknown, expect: number): Ask => ({
  method: 'POST',
  path,
  // With e-mail, and SIGN_UP=verify.
  headers: { 'x-bench': 'mail' },
  body: JSON.stringify(body),
  expect,
});
const known = (n: number) => seeded(1 + (n % (FACTOR_FROM - 1))).email;
const inactive = (n: number) => seeded(INACTIVE_FROM + (n % INACTIVE_FROM)).email;
const unknown = (n: number) => `nobody.${n}@example.com`;

const logIn = (email: string, password: string, expect: number) =>
  post('/account/login', { email, password }, expect);
const reset = (email: string) => post('/account/password/reset', { email }, 202);
const code = (email: string) => post('/account/login/email', { email }, 202);
const wrongCode = (email: string) => post('/account/login/email/confirm', { email, code: '00000000' }, 401);
/** The token of a log-in that never happened. */
const secondStep = (userId: string) =>
  post('/account/login/second-factor', { mfa_token: `${userId}.${'A'.repeat(43)}`, code: '000000' }, 401);
const signUp = (email: string) => post('/account/sign-up', { email, password: PASSWORD }, 202);
const WRONG = 'not the right one';

/** With OWASP's number of iterations. Rate limits are off, as they would refuse so many requests. */
const LOG_IN: Endpoint[] = [
  {
    endpoint: 'log-in',
    people: {
      known: (n) => logIn(known(n), WRONG, 401),
      unknown: (n) => logIn(unknown(n), WRONG, 401),
      inactive: (n) => logIn(inactive(n), PASSWORD, 401),
    },
  },
  {
    endpoint: `log-in, a hash of ${CONTROL_ITERATIONS} iterations and one of ${OWASP_ITERATIONS}`,
    people: {
      more: () => logIn(CONTROL.email, WRONG, 401),
      usual: (n) => logIn(known(n), WRONG, 401),
    },
    control: true,
  },
];
const MAILED: Endpoint[] = [
  {
    endpoint: 'reset',
    people: {
      known: (n) => reset(known(n)),
      unknown: (n) => reset(unknown(n)),
      inactive: (n) => reset(inactive(n)),
    },
  },
  {
    endpoint: 'a code to sign in',
    people: {
      known: (n) => code(known(n)),
      unknown: (n) => code(unknown(n)),
      inactive: (n) => code(inactive(n)),
    },
  },
  {
    endpoint: 'a wrong code',
    people: {
      known: (n) => wrongCode(known(n)),
      unknown: (n) => wrongCode(unknown(n)),
      inactive: (n) => wrongCode(inactive(n)),
    },
  },
  {
    endpoint: 'a second factor for a made-up log-in',
    people: {
      'with one': (n) => secondStep(seeded(FACTOR_FROM + (n % (FACTOR_FROM - 2))).userId),
      without: (n) => secondStep(seeded(1 + (n % (FACTOR_FROM - 1))).userId),
      unknown: () => secondStep(crypto.randomUUID()),
    },
  },
  {
    endpoint: 'sign-up with SIGN_UP=verify',
    people: { free: (n) => signUp(`new.${n}@example.com`), taken: (n) => signUp(known(n)) },
  },
  {
    endpoint: 'log-in without hashing, the right password and a wrong one',
    people: {
      right: (n) => logIn(known(n), PASSWORD, 200),
      wrong: (n) => logIn(known(n), WRONG, 401),
    },
    control: true,
  },
];

export async function measureDurations(
  deployed: Deployed,
  size: Size,
  say: (text: string) => void,
): Promise<Compared[]> {
  return [
    ...(await compare(deployed, OWASP_ITERATIONS, LOG_IN, size.slowDurations, say)),
    ...(await compare(deployed, FEW_ITERATIONS, MAILED, size.durations, say)),
  ];
}

async function compare(
  deployed: Deployed,
  iterations: number,
  endpoints: readonly Endpoint[],
  each: number,
  say: (text: string) => void,
): Promise<Compared[]> {
  const app = await product(deployed, USERS, iterations);
  try {
    await app.db.batch([
      app.db.prepare(`UPDATE users SET is_active = 0 WHERE id >= '${seeded(INACTIVE_FROM).userId}'`),
      app.db
        .prepare('UPDATE users SET password_hash = ? WHERE id = ?')
        .bind(passwordHash(PASSWORD, CONTROL_ITERATIONS), CONTROL.userId),
      app.db.prepare(`UPDATE users SET has_second_factor = 1 WHERE ${WITH_FACTOR}`),
      app.db.prepare(
        `INSERT INTO totp_secrets (user_id, secret, confirmed_at) SELECT id, 'sealed', 1 FROM users WHERE ${WITH_FACTOR}`,
      ),
    ]);
    const compared: Compared[] = [];
    for (const { endpoint, people, control = false } of endpoints) {
      say(endpoint);
      const times = await timePeople(app, people, each);
      const [[name, first] = ['', []], ...others] = Object.entries(times);
      for (const [other, second] of others) {
        compared.push({
          endpoint,
          names: [name, other],
          ms: [summarize(first), summarize(second)],
          control,
          ...rankTest(first, second),
        });
      }
    }
    return compared;
  } finally {
    await app.stop();
  }
}

async function timePeople(app: Product, people: People, each: number): Promise<Record<string, number[]>> {
  const names = Object.keys(people);
  const warm = names.flatMap((name) => Array.from({ length: 20 }, (_, n) => ({ name, n: each + n })));
  const order = shuffled(names.flatMap((name) => Array.from({ length: each }, (_, n) => ({ name, n }))));
  const asks = [...warm, ...order].map(({ name, n }) => (people[name] as (n: number) => Ask)(n));
  const { times } = await drive(app.origin, { requests: asks.length, connections: 1 }, fromList(asks));
  const counted = times.slice(warm.length);
  return Object.fromEntries(names.map((name) => [name, counted.filter((_, i) => order[i]?.name === name)]));
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
