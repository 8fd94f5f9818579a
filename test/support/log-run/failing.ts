/** Requests that fail, and what each writes to the log. */
import { webCryptoRandom } from '../../../src/random.ts';
import { D1_ERRORS, d1Error } from '../faulty.ts';
import { OTHER_SIGNING_KEY, signed } from '../tokens.ts';
import { claimsOf, person } from '../world.ts';
import { at, away, guarded, known, PLANTED, type Step, somebody, talkative, WEAK_SECRET } from './run.ts';

export const FAILING: readonly Step[] = [
  ...D1_ERRORS.map(
    ({ message }): Step => [
      `D1 that says "${message}"`,
      ['unavailable'],
      503,
      async () => at({}, { DB: away(() => d1Error(message)).DB }).logIn(await somebody()),
    ],
  ),
  [
    'D1 that says more than it should',
    ['unavailable'],
    503,
    async () => {
      const who = person();
      known(who.email);
      return at({}, { DB: away(() => talkative(who.email)).DB }).post('/account/sign-up', who);
    },
  ],
  [
    'KV that says more than it should',
    ['kv_unavailable'],
    200,
    async () => {
      const { email, refresh } = await somebody();
      return at({}, { BLACKLIST: away(() => talkative(email)).BLACKLIST }).refresh(refresh);
    },
  ],
  [
    'KV that takes nothing',
    ['kv_unavailable', 'logged_out'],
    204,
    async () => {
      const { email, refresh } = await somebody();
      return at({}, { BLACKLIST: away(() => talkative(email)).BLACKLIST }).logOut(refresh);
    },
  ],
  [
    'a mail that is refused with the address and the mail in the error',
    ['password_reset_asked', 'mail_failed'],
    202,
    async () => {
      const { email } = await somebody();
      const send = async (mail: { text: string }) => {
        known(/#token=[\w-]+\.([\w-]+)/.exec(mail.text)?.[1] ?? PLANTED);
        throw new Error(`554 <${email}>: ${mail.text}`);
      };
      return at({}, { EMAIL: { send } }).post('/account/password/reset', { email });
    },
  ],
  [
    'a limiter that fails',
    ['limiter_failed', 'unavailable'],
    503,
    async () => {
      const { email, password } = await somebody();
      const broken = { limit: () => Promise.reject(talkative(email)) };
      const limits = { LIMIT_LOG_IN: broken, LIMIT_LOG_IN_ACCOUNT: broken, LIMIT_LOG_IN_CLIENT: broken };
      return at({ RATE_LIMITS: 'on' }, limits).logIn({ email, password });
    },
  ],
  [
    'a breach check that fails',
    ['breach_check_failed', 'signed_up'],
    201,
    async () => {
      const who = person();
      known(who.email);
      const fetch = async (url: unknown) => Promise.reject(new Error(`${url} of ${who.password}`));
      return at({ PASSWORD_BREACH_CHECK: 'on' }, {}, { fetch: fetch as never }).post('/account/sign-up', who);
    },
  ],
  [
    'a fault of our own with everything in its message',
    ['internal_error'],
    500,
    async () => {
      const who = person();
      known(who.email);
      const random = {
        ...webCryptoRandom,
        uuid7: () => {
          throw talkative(who.email);
        },
      };
      return at({}, {}, { random }).post('/account/sign-up', who);
    },
  ],
  ['a weak secret', ['misconfigured'], 503, () => at({ SIGNING_KEY: WEAK_SECRET }).get('/readyz')],
  [
    'a key that is public',
    ['misconfigured'],
    503,
    () =>
      at({ SIGNING_KEY: JSON.stringify({ kty: 'EC', crv: 'P-256', x: known(PLANTED), alg: 'ES256' }) }).get(
        '/readyz',
      ),
  ],
  ['a setting of another kind', ['misconfigured'], 503, () => at({ LEEWAY: PLANTED }).get('/readyz')],
  [
    'readyz without KV',
    ['kv_unavailable', 'unavailable'],
    503,
    () => at({}, { BLACKLIST: away(() => new Error(PLANTED)).BLACKLIST }).get('/readyz'),
  ],
  [
    'a guard without either store',
    ['kv_unavailable', 'unavailable'],
    503,
    async () => {
      const { access, email } = await somebody();
      return guarded(
        access,
        away(() => talkative(email)),
      );
    },
  ],
  [
    'a guard before a forged token',
    ['access_token_not_valid'],
    401,
    async () => guarded(known(await signed(claimsOf((await somebody()).access), OTHER_SIGNING_KEY)), {}),
  ],
];
