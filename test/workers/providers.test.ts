/** The providers with presets, each with a stand-in that answers as its documentation says. */
import { describe, expect, it } from 'vitest';
import {
  begin,
  browser,
  CLIENT,
  callback,
  dance,
  issuer,
  outcomeOf,
  signInWith,
  verified,
  worldWith,
} from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { gitHub, naver } from '../support/stand-ins.ts';
import { claimsOf, person } from '../support/world.ts';

capturedLog();

const at = (op: { fetch: typeof fetch; base: string }, id: string, more: object = {}) =>
  worldWith(op, {}, { providers: [{ id, issuer: op.base, ...CLIENT, ...more }] });

describe.each(['google', 'github', 'apple', 'microsoft', 'kakao', 'naver'])('%s', (id) => {
  it('needs only a client', async () => {
    const w = worldWith({ fetch, base: '' }, {}, { providers: [{ id, ...CLIENT }] });
    const { body } = await w.get('/account/providers');
    expect(body.providers).toEqual([{ id, name: expect.stringMatching(/^[A-Z]/) }]);
  });
});

describe('GitHub', () => {
  it('is called at its documented paths, with PKCE and without nonce', async () => {
    const hub = gitHub();
    const url = new URL(await begin(browser(at(hub, 'github')), { provider: 'github' }));
    expect(url.origin + url.pathname).toBe(`${hub.base}/login/oauth/authorize`);
    expect([...url.searchParams.keys()].sort()).toEqual(
      [
        'client_id',
        'code_challenge',
        'code_challenge_method',
        'redirect_uri',
        'response_type',
        'scope',
        'state',
      ].sort(),
    );
    expect(url.searchParams.get('scope')).toBe('read:user user:email');
  });

  it('returns the primary address, if it is verified', async () => {
    const hub = gitHub();
    const w = at(hub, 'github');
    const { email } = person();
    hub.as({
      emails: [
        { email: person().email, primary: false, verified: true, visibility: null },
        { email, primary: true, verified: true, visibility: 'private' },
      ],
    });
    const { status, body } = await signInWith(w, hub, 'github');
    expect([status, body.user.email, body.user.email_verified, body.user.name]).toEqual([
      201,
      email,
      true,
      'Mina Kim',
    ]);
    expect(hub.asked.map(({ path }) => path)).toEqual(['/login/oauth/access_token', '/user', '/user/emails']);
  });

  it('has its API below /api/v3 on an Enterprise Server', async () => {
    const hub = gitHub(undefined, '/api/v3');
    const { email } = person();
    hub.as({ emails: [{ email, primary: true, verified: true, visibility: null }] });
    const { status, body } = await signInWith(at(hub, 'github'), hub, 'github');
    expect([status, body.user.email]).toEqual([201, email]);
    expect(hub.asked.map(({ path }) => path).slice(-2)).toEqual(['/api/v3/user', '/api/v3/user/emails']);
  });

  it('does not vouch for an unverified address', async () => {
    const hub = gitHub();
    const w = at(hub, 'github');
    const { email } = person();
    hub.as({ emails: [{ email, primary: true, verified: false, visibility: null }] });
    expect((await signInWith(w, hub, 'github')).body.user).toMatchObject({ email, email_verified: false });
  });

  it.each<[string, { user?: object; emails?: unknown }, string]>([
    ['no address', { emails: [] }, 'email_missing'],
    ['no id', { user: { id: undefined } }, 'provider_error'],
    ['an id that is an object', { user: { id: {} } }, 'provider_error'],
    ['no list of addresses', { emails: null }, 'provider_error'],
  ])('with %s is %s', async (_, who, error) => {
    const hub = gitHub();
    hub.as(who as Parameters<typeof hub.as>[0]);
    expect(await dance(at(hub, 'github'), hub, 'github')).toEqual({ code: null, error });
  });

  it('refuses a code with 200, which is an error all the same', async () => {
    const hub = gitHub();
    hub.as({});
    const b = browser(at(hub, 'github'));
    const parameters = hub.browse(await begin(b, { provider: 'github' }));
    parameters.set('code', 'made-up');
    expect(outcomeOf(await callback(b, parameters, 'github')).error).toBe('provider_error');
  });

  it('identifies an account by its number, whatever its name', async () => {
    const hub = gitHub();
    const w = at(hub, 'github');
    const { email } = person();
    const emails = [{ email, primary: true, verified: true }];
    const { id } = hub.as({ emails }) as { id: number };
    const first = await signInWith(w, hub, 'github');
    hub.as({ user: { id, login: 'renamed' }, emails: [{ ...emails[0], email: person().email }] });
    expect(claimsOf((await signInWith(w, hub, 'github')).body.access).sub).toBe(first.body.user.id);
  });

  it.each<[string, string | null]>([
    ['https://evil.example', 'provider_error'],
    ['/login/oauth', null],
    ['', null],
  ])('with iss %s', async (iss, error) => {
    const hub = gitHub();
    hub.as({ emails: [{ email: person().email, primary: true, verified: true }] });
    const b = browser(at(hub, 'github'));
    const parameters = hub.browse(await begin(b, { provider: 'github' }));
    parameters.set('iss', iss.startsWith('https:') ? iss : hub.base + iss);
    expect(outcomeOf(await callback(b, parameters, 'github')).error).toBe(error);
  });
});

describe('Naver', () => {
  it('is called at its documented paths, with the state at the token too', async () => {
    const op = naver();
    const w = at(op, 'naver');
    const { email } = person();
    op.as({ email, name: '김미나', nickname: 'mina' });
    const { status, body } = await signInWith(w, op, 'naver');
    expect([status, body.user.email, body.user.email_verified, body.user.name]).toEqual([
      201,
      email,
      false,
      '김미나',
    ]);
    expect(op.asked.map(({ path }) => path)).toEqual(['/oauth2.0/token', '/v1/nid/me']);
    expect(op.asked[0]?.form.get('client_id')).toBe(CLIENT.client_id);
  });

  it('vouches for no address: an account with the address is not opened', async () => {
    const op = naver();
    const w = at(op, 'naver');
    const who = await w.signUp();
    op.as({ email: who.email });
    expect((await dance(w, op, 'naver')).error).toBe('account_exists');
  });

  it.each<[string, object, string, string]>([
    ['no address', {}, '00', 'email_missing'],
    ['a result code that is not 00', { email: 'x@example.com' }, '028', 'provider_error'],
    ['no id', { id: undefined, email: 'x@example.com' }, '00', 'provider_error'],
  ])('with %s', async (_, user, code, error) => {
    const op = naver();
    op.as(user as Record<string, unknown>, code);
    expect((await dance(at(op, 'naver'), op, 'naver')).error).toBe(error);
  });
});

describe('Kakao', () => {
  it('has the address in the ID token, and its verification at the userinfo endpoint', async () => {
    const op = await issuer();
    const w = at(op, 'kakao');
    const { email } = op.as({ ...verified(), nickname: '미나' });
    op.set({ claims: ({ email_verified: _, ...rest }) => rest });
    const url = new URL(await begin(browser(w), { provider: 'kakao' }));
    expect(url.searchParams.get('scope')).toBe('openid account_email profile_nickname');
    expect((await signInWith(w, op, 'kakao')).body.user).toMatchObject({ email, email_verified: true });
  });
});

describe('Apple', () => {
  it('answers with a form post, and sends "true" as text', async () => {
    const op = await issuer();
    const w = at(op, 'apple');
    const { email } = op.as({ email: person().email, email_verified: 'true', is_private_email: 'true' });
    const b = browser(w);
    const url = new URL(await begin(b, { provider: 'apple' }));
    expect([url.searchParams.get('response_mode'), url.searchParams.get('scope')]).toEqual([
      'form_post',
      'openid email name',
    ]);
    const posted = await w.ask('POST', '/account/login/with/apple/callback', {
      body: String(op.browse(url.href)),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: op.base },
    });
    const to = new URL(posted.headers.get('Location') ?? '');
    expect(outcomeOf(await b.get(to.pathname + to.search)).code).not.toBeNull();
    expect(
      await w.rows('SELECT id FROM users WHERE email = ? AND email_verified_at > 0', email),
    ).toHaveLength(1);
  });
});

describe('Microsoft', () => {
  const TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
  const common = async (claims: (right: Record<string, unknown>) => Record<string, unknown>) => {
    const op = await issuer();
    op.set({
      metadata: {
        issuer: `${op.base}/{tenantid}/v2.0`,
        authorization_response_iss_parameter_supported: undefined,
      },
      claims,
    });
    const w = at(op, 'microsoft');
    const without = {
      browse: (url: string) => {
        const parameters = op.browse(url);
        parameters.delete('iss');
        return parameters;
      },
    };
    return { op, w, without };
  };

  it('has the tenant’s issuer in its ID tokens, and vouches for no address', async () => {
    const { op, w, without } = await common((right) => ({
      ...right,
      tid: TENANT,
      iss: `${right.iss}/${TENANT}/v2.0`,
    }));
    const { email } = op.as({ email: person().email });
    const { status, body } = await signInWith(w, without, 'microsoft');
    expect([status, body.user.email, body.user.email_verified]).toEqual([201, email, false]);
    const [row] = await w.rows<{ issuer: string }>(
      'SELECT issuer FROM connections WHERE user_id = ?',
      body.user.id,
    );
    expect(row?.issuer).toBe(`${op.base}/${TENANT}/v2.0`);
  });

  it.each<[string, (right: Record<string, unknown>) => Record<string, unknown>]>([
    ['another tenant than it says', (right) => ({ ...right, tid: TENANT, iss: `${right.iss}/other/v2.0` })],
    ['no tenant', (right) => right],
    ['a tenant that is a path', (right) => ({ ...right, tid: '../x', iss: `${right.iss}/../x/v2.0` })],
    ['another host', (right) => ({ ...right, tid: TENANT, iss: `https://evil.example/${TENANT}/v2.0` })],
  ])('refuses a token of %s', async (_, claims) => {
    const { op, w, without } = await common(claims);
    op.as({ email: person().email });
    expect((await dance(w, without, 'microsoft')).error).toBe('provider_error');
  });
});
