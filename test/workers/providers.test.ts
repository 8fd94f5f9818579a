/** The providers with presets, each with a stand-in that answers as its documentation says. */
import { describe, expect, it } from 'vitest';
import {
  begin,
  browser,
  CLIENT,
  callback,
  dance,
  exchange,
  issuer,
  outcomeOf,
  signInWith,
  verified,
  worldWith,
} from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import { gitHub, naver } from '../support/stand-ins.ts';
import { claimsOf, person, type World } from '../support/world.ts';

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

  it('does not vouch for the public address, if the list of addresses is refused', async () => {
    const hub = gitHub();
    const w = at(hub, 'github');
    const { email } = person();
    hub.as({ user: { email }, emails: null });
    expect((await signInWith(w, hub, 'github')).body.user).toMatchObject({ email, email_verified: false });
  });

  it.each<[string, { user?: object; emails?: unknown }, string]>([
    ['no address', { emails: [] }, 'email_missing'],
    ['no id', { user: { id: undefined } }, 'provider_error'],
    ['an id that is an object', { user: { id: {} } }, 'provider_error'],
    ['no list of addresses, and no public one', { emails: null }, 'email_missing'],
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
    op.set({
      claims: ({ email_verified: _, ...rest }) => rest,
      metadata: {
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        authorization_response_iss_parameter_supported: undefined,
      },
    });
    const url = new URL(await begin(browser(w), { provider: 'kakao' }));
    expect(url.searchParams.get('scope')).toBe('openid account_email profile_nickname');
    expect((await signInWith(w, op, 'kakao')).body.user).toMatchObject({
      email,
      email_verified: true,
      name: '미나',
    });
    const token = op.asked.find(({ path }) => path === '/token');
    expect(token?.body).toContain('client_secret=');
    expect(token?.headers.has('Authorization')).toBe(false);
  });

  it.each<[string, object, string]>([
    ['an address that is not verified', { email_verified: false }, 'account_exists'],
    ['no consent to give the address', { email: undefined, email_verified: undefined }, 'email_missing'],
  ])('with %s', async (_, change, error) => {
    const op = await issuer();
    const w = at(op, 'kakao');
    const who = await w.signUp();
    op.as({ ...verified(who.email), ...change });
    op.set({ claims: ({ email_verified: _verified, ...rest }) => rest });
    expect((await dance(w, op, 'kakao')).error).toBe(error);
  });
});

describe('Apple', () => {
  const posted = (w: World, form: Record<string, string>) =>
    w.ask('POST', '/account/login/with/apple/callback', {
      body: String(new URLSearchParams(form)),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://appleid.apple.com' },
    });
  const apple = async () => {
    const op = await issuer();
    op.set({
      metadata: { userinfo_endpoint: undefined, authorization_response_iss_parameter_supported: undefined },
    });
    const w = at(op, 'apple');
    /** From the start to the callback, as a browser that posts the form. */
    const signIn = async (user?: string) => {
      const b = browser(w);
      const parameters = op.browse(await begin(b, { provider: 'apple' }));
      parameters.delete('iss');
      const form = await posted(w, {
        ...Object.fromEntries(parameters),
        ...(user !== undefined && { user }),
      });
      const to = new URL(form.headers.get('Location') ?? '');
      const { code } = outcomeOf(await b.get(to.pathname + to.search));
      return { url: to.href, answer: await exchange(w, code) };
    };
    return { op, w, signIn };
  };

  it('sends the name in its form, at the first sign-in only; no URL shows it', async () => {
    const { op, signIn } = await apple();
    const relay = `${crypto.randomUUID()}@privaterelay.appleid.com`;
    const { sub } = op.as({ email: relay, email_verified: true, is_private_email: true });
    const user = JSON.stringify({ name: { firstName: 'Mina', lastName: 'Kim' }, email: 'other@example.com' });
    const first = await signIn(user);
    expect(first.answer.body.user).toMatchObject({ email: relay, email_verified: true, name: 'Mina Kim' });
    expect(decodeURIComponent(first.url)).not.toMatch(/Mina|Kim|example\.com|firstName/);
    op.as({ sub, email: relay, email_verified: true });
    const second = await signIn();
    expect([second.answer.status, claimsOf(second.answer.body.access).sub]).toEqual([
      200,
      first.answer.body.user.id,
    ]);
  });

  it.each<[string, string, string | null]>([
    ['a first name alone', '{"name":{"firstName":"Mina"}}', 'Mina'],
    ['no name', '{"name":{}}', null],
    ['names that are no text', '{"name":{"firstName":5,"lastName":["x"]}}', null],
    ['a name with a control character', '{"name":{"firstName":"Mi\\u0007na"}}', null],
    ['a name that is too long', `{"name":{"firstName":"${'x'.repeat(151)}"}}`, null],
    ['null', 'null', null],
    ['no JSON', '{', null],
  ])('with %s in its form', async (_, user, name) => {
    const { op, signIn } = await apple();
    op.as(verified());
    expect((await signIn(user)).answer.body.user.name).toBe(name);
  });

  it('does not get a name from the URL, or from the form of another sign-in', async () => {
    const { op, w } = await apple();
    op.as(verified());
    const of = async (state: string) => {
      const form = await posted(w, { state, user: '{"name":{"firstName":"Mallory"}}' });
      return new URL(form.headers.get('Location') ?? '').searchParams.get('name') ?? '';
    };
    for (const name of ['Mallory', await of('another-state')]) {
      op.as(verified());
      const b = browser(w);
      const parameters = op.browse(await begin(b, { provider: 'apple' }));
      parameters.delete('iss');
      parameters.set('name', name);
      const { code } = outcomeOf(await callback(b, parameters, 'apple'));
      expect((await exchange(w, code)).body.user.name).toBeNull();
    }
  });

  it('leads back with access_denied if the user cancels', async () => {
    const { w } = await apple();
    const b = browser(w);
    const state = new URL(await begin(b, { provider: 'apple' })).searchParams.get('state') ?? '';
    const form = await posted(w, { state, error: 'user_cancelled_authorize' });
    const to = new URL(form.headers.get('Location') ?? '');
    expect(outcomeOf(await b.get(to.pathname + to.search))).toEqual({ code: null, error: 'access_denied' });
  });

  it('answers with a form post, and sends "true" as text', async () => {
    const op = await issuer();
    const w = at(op, 'apple');
    const { email } = op.as({ email: person().email, email_verified: 'true', is_private_email: 'true' });
    const b = browser(w);
    const url = new URL(await begin(b, { provider: 'apple' }));
    expect(url.search).toContain('scope=openid%20email%20name');
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

  it('does not believe a tenant that says that an address is verified', async () => {
    const { op, w, without } = await common((right) => ({
      ...right,
      tid: TENANT,
      iss: `${right.iss}/${TENANT}/v2.0`,
      xms_edov: true,
    }));
    const who = await w.signUp();
    op.as(verified(who.email));
    expect((await dance(w, without, 'microsoft')).error).toBe('account_exists');
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
