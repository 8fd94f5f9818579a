/** Counters that behave as a test says, and every endpoint with the counters it asks. */
import { LIMIT_BINDINGS, type LimitBinding } from '../../src/limits.ts';
import { type Answer, claimsOf, type Person, person, type Vars, type World, world } from './world.ts';

const PASSWORD = 'correct horse battery';
const WRONG = 'wrong horse battery';
const NEW = 'staple of another colour';
export const username = () => `u${crypto.randomUUID().slice(0, 8)}`;

export interface Asked {
  binding: LimitBinding;
  key: string;
}

/** Bindings that record their calls and behave as prescribed; `count` is the number of calls to that binding. */
export function limiter(behave: (binding: LimitBinding, count: number) => boolean = () => true) {
  const asked: Asked[] = [];
  const bindings = Object.fromEntries(
    LIMIT_BINDINGS.map((binding) => [
      binding,
      {
        limit: async ({ key }: { key: string }) => {
          asked.push({ binding, key });
          return { success: behave(binding, asked.filter((one) => one.binding === binding).length) };
        },
      },
    ]),
  );
  return {
    asked,
    bindings,
    /** What was asked while `work` ran. */
    of: async (work: () => Promise<unknown>) => {
      asked.length = 0;
      await work();
      return [...asked];
    },
  };
}
const ON: Vars = { RATE_LIMITS: 'on' };
export const limited = (
  limit: ReturnType<typeof limiter>,
  vars: Vars = {},
  more: Record<string, unknown> = {},
) => world({ vars: { ...ON, ...vars }, bindings: { ...limit.bindings, ...more } });

/** A call at an endpoint by somebody who has an account. */
export type Endpoint = (
  w: World,
  who: Person & { access: string; refresh: string },
  more?: object,
) => Promise<Answer>;
const MAIL = ['LIMIT_MAIL', 'LIMIT_MAIL_ADDRESS', 'LIMIT_MAIL_CLIENT'] as const;
const PASSWORD_CHECK = ['LIMIT_LOG_IN', 'LIMIT_LOG_IN_ACCOUNT'] as const;
/** By the name before the look-up, and by the user after it. */
export const LOG_IN = [...PASSWORD_CHECK, 'LIMIT_LOG_IN_CLIENT', ...PASSWORD_CHECK] as const;

export const ENDPOINTS: [string, Vars, LimitBinding[], number, Endpoint][] = [
  [
    'a log-in',
    {},
    [...LOG_IN],
    200,
    (w, { email, password }, more) => w.post('/account/login', { email, password }, more),
  ],
  [
    'a log-in with a wrong password',
    {},
    [...LOG_IN],
    401,
    (w, { email }, more) => w.post('/account/login', { email, password: WRONG }, more),
  ],
  [
    'simplejwt’s log-in',
    {},
    [...LOG_IN],
    200,
    (w, { email, password }, more) => w.post('/api/token/', { username: email, password }, more),
  ],
  [
    'a sign-up without mail',
    { MAIL: 'off' },
    ['LIMIT_SIGN_UP'],
    201,
    (w, _, more) => w.post('/account/sign-up', person(), more),
  ],
  [
    'a sign-up',
    {},
    [...MAIL, 'LIMIT_SIGN_UP'],
    201,
    (w, _, more) => w.post('/account/sign-up', person(), more),
  ],
  [
    'a pending sign-up',
    { SIGN_UP: 'verify' },
    [...MAIL, 'LIMIT_SIGN_UP'],
    202,
    (w, _, more) => w.post('/account/sign-up', person(), more),
  ],
  [
    'a refresh',
    {},
    ['LIMIT_REFRESH'],
    200,
    (w, { refresh }, more) => w.post('/account/token/refresh', { refresh }, more),
  ],
  [
    'simplejwt’s refresh',
    {},
    ['LIMIT_REFRESH'],
    200,
    (w, { refresh }, more) => w.post('/api/token/refresh/', { refresh }, more),
  ],
  [
    'asking for a reset',
    {},
    [...MAIL],
    202,
    (w, { email }, more) => w.post('/account/password/reset', { email }, more),
  ],
  [
    'asking for a code to sign in',
    { SIGN_IN_BY_EMAIL: 'on' },
    [...MAIL],
    202,
    (w, { email }, more) => w.post('/account/login/email', { email }, more),
  ],
  [
    'signing in with a code',
    { SIGN_IN_BY_EMAIL: 'on' },
    ['LIMIT_ANONYMOUS'],
    401,
    (w, { email }, more) => w.post('/account/login/email/confirm', { email, code: '00000000' }, more),
  ],
  [
    'a second factor',
    { ENCRYPTION_KEY: btoa('0123456789abcdef0123456789abcdef') },
    ['LIMIT_ANONYMOUS'],
    401,
    (w, _, more) => w.post('/account/login/second-factor', { mfa_token: 'x', code: '000000' }, more),
  ],
  [
    'signing in with a passkey',
    {},
    ['LIMIT_ANONYMOUS'],
    401,
    (w, _, more) => w.post('/account/login/passkey', { credential: {} }, more),
  ],
  [
    'asking for the verification mail again',
    {},
    ['LIMIT_CHANGE', ...MAIL],
    202,
    (w, { access }, more) => w.post('/account/email/verify/resend', undefined, { token: access, ...more }),
  ],
  [
    'asking for the verification mail of an address',
    {},
    [...MAIL],
    202,
    (w, { email }, more) => w.post('/account/email/verify/resend', { email }, more),
  ],
  [
    'asking for a change of address',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK, ...MAIL],
    202,
    (w, { access }, more) =>
      w.post(
        '/account/email/change',
        { new_email: person('wanted').email, password: PASSWORD },
        { token: access, ...more },
      ),
  ],
  [
    'a change of password',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK],
    204,
    (w, { access }, more) =>
      w.post(
        '/account/password/change',
        { current_password: PASSWORD, new_password: NEW },
        { token: access, ...more },
      ),
  ],
  [
    'a removal of the password',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK],
    // Nothing else is left to sign in with.
    409,
    (w, { access }, more) =>
      w.delete('/account/password', { password: PASSWORD }, { token: access, ...more }),
  ],
  [
    'a withdrawal',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK],
    204,
    (w, { access }, more) => w.delete('/account/me', { password: PASSWORD }, { token: access, ...more }),
  ],
];

export const CHANGES: [string, number, Endpoint][] = [
  ['exporting', 200, (w, { access }, more) => w.get('/account/export', { token: access, ...more })],
  [
    'changing /me',
    200,
    (w, { access }, more) => w.patch('/account/me', { name: 'Mina' }, { token: access, ...more }),
  ],
  [
    'ending a session',
    204,
    (w, { access }, more) =>
      w.delete(`/account/sessions/${claimsOf(access).sid}`, undefined, { token: access, ...more }),
  ],
  [
    'ending all',
    204,
    (w, { access }, more) => w.delete('/account/sessions', undefined, { token: access, ...more }),
  ],
];
for (const [name, status, endpoint] of CHANGES)
  ENDPOINTS.push([name, {}, ['LIMIT_CHANGE'], status, endpoint]);

export const ANONYMOUS: [string, number, Endpoint][] = [
  ['log-out', 204, (w, { refresh }, more) => w.post('/account/logout', { refresh }, more)],
  [
    'simplejwt’s blacklist',
    200,
    (w, { refresh }, more) => w.post('/api/token/blacklist/', { refresh }, more),
  ],
  ['verify', 200, (w, { access }, more) => w.post('/account/token/verify', { token: access }, more)],
  ['simplejwt’s verify', 200, (w, { access }, more) => w.post('/api/token/verify/', { token: access }, more)],
  ['taking an address back', 400, (w, _, more) => w.post('/account/email/take-back', { token: 'x' }, more)],
  ['disowning an account', 400, (w, _, more) => w.post('/account/email/disown', { token: 'x' }, more)],
  ['confirming an address', 400, (w, _, more) => w.post('/account/email/verify', { token: 'x' }, more)],
  ['checking a reset', 400, (w, _, more) => w.post('/account/password/reset/check', { token: 'x' }, more)],
  [
    'confirming a reset',
    400,
    (w, _, more) => w.post('/account/password/reset/confirm', { token: 'x', new_password: NEW }, more),
  ],
];
for (const [name, status, endpoint] of ANONYMOUS)
  ENDPOINTS.push([name, {}, ['LIMIT_ANONYMOUS'], status, endpoint]);
export const from = (ip: string | undefined, more: Record<string, string> = {}) => ({
  headers: { ...(ip !== undefined && { 'CF-Connecting-IP': ip }), ...more },
});
