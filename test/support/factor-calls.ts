/** Each call of passkeys, second factors and codes by e-mail, in an order in which each succeeds: for what they cost. */
import { expect } from 'vitest';
import { authenticator } from './authenticator.ts';
import { ENCRYPTION_KEY, totp } from './totp.ts';
import { type Answer, person, type World, world } from './world.ts';

/** What the world of the calls has. */
export const FACTOR_VARS = { ENCRYPTION_KEY, MAIL: 'inbox', SIGN_IN_BY_EMAIL: 'on' };

/** `before`: what makes it possible, and does not count. */
type Call = [name: string, status: number, ask: () => Promise<Answer>, before?: () => Promise<void>];

export async function factorCalls(w: World): Promise<readonly Call[]> {
  const who = await w.signUp();
  // Past whatever counts the calls of `w`.
  const inbox = world({ vars: FACTOR_VARS });
  const newest = async () => (await inbox.get(`/dev/mail?to=${who.email}`)).body.messages[0];
  await w.post('/account/email/verify', { token: (await newest()).token });
  const device = authenticator();
  let token = who.access;
  const known = { secret: '', mfa: '', passkey: '', code: '', proof: {} };
  const post = (path: string, body: object = {}) => w.post(path, body, { token });
  /** Free: see `the options of a sign-in`. */
  const shown = async () => device.get((await w.post('/account/login/passkey/options', {})).body);
  const codeOfNow = () => {
    w.clock.advance(30);
    return totp(w, known.secret);
  };
  const logIn = async () => {
    const answer = await w.logIn(who);
    known.mfa = answer.body.mfa_token;
    return answer;
  };
  const created = await device.create((await post('/account/passkeys/options')).body);

  return [
    ['the options of a registration', 200, () => post('/account/passkeys/options')],
    [
      'adding a passkey',
      201,
      async () => {
        const answer = await post('/account/passkeys', { credential: created });
        known.passkey = answer.body.id;
        return answer;
      },
    ],
    ['the list of passkeys', 200, () => w.get('/account/passkeys', { token })],
    [
      'another name for a passkey',
      200,
      () => w.patch(`/account/passkeys/${known.passkey}`, { name: 'Phone' }, { token }),
    ],
    ['the options of a sign-in', 200, () => w.post('/account/login/passkey/options', {})],
    [
      'a sign-in with a passkey',
      200,
      async () => w.post('/account/login/passkey', { credential: await shown() }),
    ],
    [
      'a sign-in with a false passkey',
      401,
      async () =>
        w.post('/account/login/passkey', { credential: { ...(await shown()), id: 'AAAA', rawId: 'AAAA' } }),
    ],
    ['the options of fresh proof', 200, () => post('/account/reauthenticate/options')],
    [
      'fresh proof by a passkey',
      200,
      () => post('/account/reauthenticate', { passkey: known.proof }),
      async () => {
        known.proof = await device.get((await post('/account/reauthenticate/options')).body);
      },
    ],
    [
      'setting up an app',
      201,
      async () => {
        const answer = await post('/account/factors/totp');
        known.secret = answer.body.secret;
        return answer;
      },
    ],
    [
      'the first code of an app',
      200,
      () => post('/account/factors/totp/confirm', { code: totp(w, known.secret) }),
    ],
    ['the list of factors', 200, () => w.get('/account/factors', { token })],
    ['a log-in that asks for a second factor', 401, logIn],
    [
      'a wrong code',
      401,
      () => w.post('/account/login/second-factor', { mfa_token: known.mfa, code: 'none' }),
    ],
    [
      'a log-in finished with a code',
      200,
      async () => {
        const answer = await w.post('/account/login/second-factor', {
          mfa_token: known.mfa,
          code: codeOfNow(),
        });
        token = answer.body.access;
        return answer;
      },
    ],
    ['a second log-in that asks for it', 401, logIn],
    [
      'a log-in finished with a passkey',
      200,
      async () => w.post('/account/login/second-factor', { mfa_token: known.mfa, passkey: await shown() }),
    ],
    ['fresh proof by a code', 200, () => post('/account/reauthenticate', { code: codeOfNow() })],
    ['new recovery codes', 200, () => post('/account/factors/recovery-codes')],
    ['switching an app off', 204, () => w.delete('/account/factors/totp', {}, { token })],
    ['asking for a code by e-mail', 202, () => w.post('/account/login/email', { email: who.email })],
    ['asking for a code for nobody', 202, () => w.post('/account/login/email', { email: person().email })],
    [
      'a sign-in by a code from a mail',
      200,
      () => w.post('/account/login/email/confirm', { email: who.email, code: known.code }),
      async () => {
        known.code = /^\d{8}$/m.exec((await newest()).text)?.[0] ?? '';
      },
    ],
    ['removing a passkey', 204, () => w.delete(`/account/passkeys/${known.passkey}`, {}, { token })],
  ];
}

/** Makes each call, one after the other. `counts` looks at what it costs. */
export async function eachFactorCall<Counts>(
  w: World,
  counts: (work: () => Promise<void>) => Promise<Counts>,
): Promise<Record<string, Counts>> {
  const costs: Record<string, Counts> = {};
  for (const [name, status, ask, before] of await factorCalls(w)) {
    // Sessions of one second have no order: what an eviction reads of them would vary.
    w.clock.advance(1);
    await before?.();
    costs[name] = await counts(async () => expect((await ask()).status, name).toBe(status));
  }
  return costs;
}
