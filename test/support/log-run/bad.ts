/** Requests that are refused, and what each writes to the log. */
import { env } from 'cloudflare:workers';
import { webCryptoRandom } from '../../../src/random.ts';
import { FORGERIES, OTHER_SIGNING_KEY, signed } from '../tokens.ts';
import { claimsOf, person } from '../world.ts';
import { at, form, known, NEW_PASSWORD, note, PLANTED, type Step, somebody } from './run.ts';

export const BAD: readonly Step[] = [
  [
    'a sign-up with a taken address',
    [],
    409,
    async () => {
      const { email, password } = await somebody();
      return at().post('/account/sign-up', { email, password });
    },
  ],
  [
    'a sign-up with a common password',
    [],
    400,
    () => at().post('/account/sign-up', { email: known(person().email), password: known('password1') }),
  ],
  [
    'a log-in with a wrong password',
    ['no_active_account'],
    401,
    async () => at().logIn({ email: (await somebody()).email, password: known('wrong but long enough') }),
  ],
  [
    'a log-in of nobody',
    ['no_active_account'],
    401,
    () => at().logIn({ email: known(person('nobody').email), password: NEW_PASSWORD }),
  ],
  [
    'a log-in of somebody inactive',
    ['no_active_account'],
    401,
    async () => {
      const who = await somebody();
      await env.DB.prepare('UPDATE users SET is_active = 0 WHERE id = ?').bind(who.user.id).run();
      return at().logIn(who);
    },
  ],
  [
    'a wrong current password',
    ['password_incorrect'],
    400,
    async () => {
      const change = { current_password: known('wrong but long enough'), new_password: NEW_PASSWORD };
      return at().post('/account/password/change', change, { token: (await somebody()).access });
    },
  ],
  [
    'a replay',
    ['refresh_token_replayed', 'token_blacklisted'],
    401,
    async () => {
      const w = at({ REFRESH_REUSE_GRACE: '0s' });
      const { refresh } = await somebody(w);
      note(await w.refresh(refresh));
      return w.refresh(refresh);
    },
  ],
  [
    'a refresh of an ended session',
    ['token_blacklisted'],
    401,
    async () => {
      const { refresh } = await somebody();
      await at().logOut(refresh);
      return at().refresh(refresh);
    },
  ],
  ...FORGERIES.flatMap(([what, forge]): Step[] => [
    [
      `a refresh with ${what}`,
      ['refresh_token_not_valid'],
      401,
      async () => at().refresh(known(await forge((await somebody()).refresh))),
    ],
    [
      `a log-out with ${what}`,
      ['refresh_token_not_valid'],
      401,
      async () => at().logOut(known(await forge((await somebody()).refresh))),
    ],
  ]),
  [
    'me with a forged token',
    ['access_token_not_valid'],
    401,
    async () => {
      const token = await signed(claimsOf((await somebody()).access), OTHER_SIGNING_KEY);
      return at().me(known(token));
    },
  ],
  [
    'a token in the query',
    [],
    401,
    async () => at().get(`/account/me?access_token=${(await somebody()).access}`),
  ],
  ['a token in the path', [], 404, async () => at().get(`/account/email/${(await somebody()).access}`)],
  [
    'a token in place of a session’s id',
    [],
    404,
    async () => {
      const { access, refresh } = await somebody();
      return at().delete(`/account/sessions/${refresh}`, undefined, { token: access });
    },
  ],
  [
    'a made-up token of a mail',
    [],
    400,
    () =>
      at().post('/account/email/verify', {
        token: `${crypto.randomUUID()}.${known(webCryptoRandom.secret(32))}`,
      }),
  ],
  [
    'a body that is no JSON',
    [],
    400,
    () => at().ask('POST', '/account/login', { body: `{"password": "${NEW_PASSWORD}"` }),
  ],
  [
    'a blacklist called twice',
    ['token_blacklisted'],
    401,
    async () => {
      const { refresh } = await somebody();
      await at().post('/api/token/blacklist/', { refresh });
      return at().post('/api/token/blacklist/', { refresh });
    },
  ],
  [
    'an origin that is not allowed',
    [],
    403,
    async () => {
      const { email, password } = await somebody();
      return at({ REFRESH_TRANSPORT: 'cookie' }).post(
        '/account/login',
        { email, password },
        { headers: { Origin: `https://${PLANTED}.example` } },
      );
    },
  ],
  [
    'the console’s log-in by one who is not staff',
    ['no_active_account'],
    401,
    async () => {
      const { email, password } = await somebody();
      return at().ask('POST', '/admin/login', form({ username: email, password }));
    },
  ],
  [
    'the console’s JSON for one who is not staff',
    [],
    403,
    async () => at().get('/admin/api/users', { token: (await somebody()).access }),
  ],
  [
    'too many log-ins',
    ['throttled'],
    429,
    async () => {
      const full = { limit: async () => ({ success: false }) };
      const limits = { LIMIT_LOG_IN: full, LIMIT_LOG_IN_ACCOUNT: full, LIMIT_LOG_IN_CLIENT: full };
      return at({ RATE_LIMITS: 'on' }, limits).logIn({
        email: known(person().email),
        password: NEW_PASSWORD,
      });
    },
  ],
];
