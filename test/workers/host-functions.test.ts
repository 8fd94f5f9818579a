/** What a host brings: claims, hooks, a mailer; and the example that shows each. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env as testEnv } from 'cloudflare:workers';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, it } from 'vitest';
import example from '../../examples/host.ts';
import type { Overrides } from '../../src/app.ts';
import { type AccountEvent, createAccounts, createAdmin, type HostMail } from '../../src/index.ts';
import { capturedLog } from '../support/log.ts';
import { tokenTo } from '../support/mail.ts';
import { claimsOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();
const PASSWORD = 'correct horse battery';
const hosted = (parts: Overrides, vars: Vars = {}) => world({ parts, vars: { RATE_LIMITS: 'off', ...vars } });

describe('claims', () => {
  it('are in the access token of a sign-up, a log-in, a refresh and a reauthentication', async () => {
    let seat = 0;
    const asked: unknown[] = [];
    const w = hosted({
      claims: async (user, { sessionId, requestId, client, env }) => {
        asked.push({
          ...user,
          sessionId,
          requestId: typeof requestId,
          agent: client.userAgent,
          db: 'DB' in env,
        });
        seat += 1;
        return { seat };
      },
    });
    asked.length = 0;
    seat = 0;
    const username = `cook${crypto.randomUUID().slice(0, 8)}`;
    const who = await w.signUp({ ...person(), username, name: 'Mina' });
    expect(claimsOf(who.access).seat).toBe(1);
    const { body } = await w.logIn(who);
    expect(claimsOf(body.access).seat).toBe(2);
    expect(claimsOf((await w.refresh(body.refresh)).body.access).seat).toBe(3);
    const proof = { password: PASSWORD };
    const again = await w.post('/account/reauthenticate', proof, { token: who.access });
    expect(claimsOf(again.body.access).seat).toBe(4);
    const { id, email, name } = who.answer.body.user;
    const user = { id, email, username, name, isStaff: false, emailVerified: false, dateJoined: w.clock.now };
    const sessions = [who.access, body.access, body.access, who.access].map((token) => claimsOf(token).sid);
    expect(asked).toEqual(
      sessions.map((sessionId) => ({ ...user, sessionId, requestId: 'string', agent: null, db: true })),
    );
  });

  it('are in no refresh token', async () => {
    const w = hosted({ claims: () => ({ role: 'cook' }) });
    expect(claimsOf((await w.signUp()).refresh)).not.toHaveProperty('role');
  });

  it.each([
    ['that name one of ours', { is_staff: true }, 'is_staff'],
    ['that name the user by USER_ID_CLAIM', { user_id: 'other' }, 'user_id'],
    ['that are too long', { x: 'x'.repeat(1_024) }, '1024 bytes'],
    ['that are none', 'cook', 'object'],
  ])('%s are a 500 that the log explains', async (_, claims, problem) => {
    const w = hosted({ claims: async () => claims as never }, { USER_ID_CLAIM: 'user_id' });
    const { answer } = await w.signUp();
    expect(answer.status).toBe(500);
    expect(answer.body.code).toBe('internal_error');
    expect(log.of('claims_refused')).toEqual([
      expect.objectContaining({ level: 'error', problem: expect.stringContaining(problem) }),
    ]);
  });

  it('that fail with an HTTPException are a 500 in the log like any other', async () => {
    const claims = async () => {
      throw new HTTPException(502);
    };
    const { answer } = await hosted({ claims }).signUp();
    expect(answer.status).toBe(500);
    expect(log.of('internal_error')).toHaveLength(1);
  });

  it('that fail at a refresh do not end the session: the next try gets the same token', async () => {
    let fails = false;
    const w = hosted({
      claims: async () => {
        if (fails) throw new Error('the table of roles is away');
        return { role: 'cook' };
      },
    });
    const { refresh } = await w.signUp();
    fails = true;
    expect((await w.refresh(refresh)).status).toBe(500);
    fails = false;
    expect((await w.refresh(refresh)).status).toBe(200);
  });
});

/** A world whose hooks record their calls. */
function listening(vars: Vars = {}) {
  const told: AccountEvent[] = [];
  const note = (event: AccountEvent) => {
    told.push(event);
  };
  const on = {
    userCreated: note,
    userUpdated: note,
    userDeleted: note,
    emailVerified: note,
    emailChanged: note,
    passwordChanged: note,
    signedIn: note,
  };
  const w = hosted({ on }, { MAIL: 'inbox', ...vars });
  return {
    w,
    /** The calls since the last time, without timestamps. */
    news: () => told.splice(0).map(({ type, data }) => [type, data] as const),
    told,
  };
}

/** What staff do by the JSON of the console. */
const staffOf = async (w: World) => {
  const who = await w.signUp();
  await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
  const { body } = await w.logIn(who);
  return (method: string, path: string, sent?: unknown) =>
    w.ask(method, `/admin/api${path}`, { token: body.access, ...(sent !== undefined && { body: sent }) });
};

describe('hooks', () => {
  it('are called through the life of an account: created, verified, signed in, changed, deleted', async () => {
    const { w, news, told } = listening();
    const who = await w.signUp();
    const user_id = who.user.id;
    expect(told[0]?.timestamp).toBe(new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z'));
    expect(news()).toEqual([['user.created', { user_id, email_verified: false }]]);

    await w.post('/account/email/verify', { token: await tokenTo(w, who.email) });
    expect(news()).toEqual([['email.verified', { user_id }]]);

    const { body } = await w.logIn(who);
    const session_id = claimsOf(body.access).sid;
    expect(news()).toEqual([['user.signed_in', { user_id, session_id, amr: ['pwd'] }]]);

    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    expect(news()).toEqual([['user.updated', { user_id, changed: ['name'] }]]);
    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    expect(news()).toEqual([]);

    const new_email = person().email;
    await w.post('/account/email/change', { new_email, password: PASSWORD }, { token: who.access });
    expect(news()).toEqual([]);
    await w.post('/account/email/verify', { token: await tokenTo(w, new_email) });
    expect(news()).toEqual([['email.changed', { user_id }]]);

    const passwords = { current_password: PASSWORD, new_password: 'another horse battery' };
    await w.post('/account/password/change', passwords, { token: who.access });
    expect(news()).toEqual([['password.changed', { user_id, by: 'change' }]]);

    await w.delete('/account/me', { password: 'another horse battery' }, { token: who.access });
    expect(news()).toEqual([['user.deleted', { user_id }]]);
  });

  it('are called after a reset, which verifies the address of an imported account', async () => {
    const { w, news } = listening();
    const who = await w.signUp();
    const user_id = who.user.id;
    // As an import leaves it.
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', user_id);
    news();
    await w.post('/account/password/reset', { email: who.email });
    const confirm = { token: await tokenTo(w, who.email), new_password: 'another horse battery' };
    await w.post('/account/password/reset/confirm', confirm);
    expect(news()).toEqual([
      ['email.verified', { user_id }],
      ['password.changed', { user_id, by: 'reset' }],
    ]);
  });

  it('are called when an unproven account passes to the owner of its address', async () => {
    const { w, news } = listening();
    const who = await w.signUp();
    news();
    await w.post('/account/password/reset', { email: who.email });
    const confirm = { token: await tokenTo(w, who.email), new_password: 'another horse battery' };
    await w.post('/account/password/reset/confirm', confirm);
    const [owner] = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', who.email);
    expect(owner?.id).not.toBe(who.user.id);
    expect(news()).toEqual([
      ['user.deleted', { user_id: who.user.id }],
      ['user.created', { user_id: owner?.id, email_verified: true }],
    ]);
  });

  it('are called for a sign-up once its email is confirmed', async () => {
    const { w, news } = listening({ SIGN_UP: 'verify' });
    const who = person();
    const { body } = await w.post('/account/sign-up', who);
    expect(news()).toEqual([]);
    await w.post('/account/email/verify', { token: await tokenTo(w, who.email), claim: body.claim });
    const [user] = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', who.email);
    expect(news()).toEqual([['user.created', { user_id: user?.id, email_verified: true }]]);
  });

  it('are called for what staff do', async () => {
    const { w, news } = listening();
    const act = await staffOf(w);
    news();
    const added = await act('POST', '/users', person());
    const user_id = added.body.id as string;
    expect(news()).toEqual([['user.created', { user_id, email_verified: false }]]);
    await act('PATCH', `/users/${user_id}`, { is_active: false, name: 'Jin' });
    expect(news()).toEqual([['user.updated', { user_id, changed: ['name', 'is_active'] }]]);
    await act('DELETE', `/users/${user_id}`);
    expect(news()).toEqual([['user.deleted', { user_id }]]);
  });

  it('are not called for what was refused', async () => {
    const { w, news } = listening();
    const who = await w.signUp();
    news();
    await w.signUp(who);
    await w.logIn({ ...who, password: 'wrong horse battery' });
    await w.patch('/account/me', { username: 'not@yours.example' }, { token: who.access });
    await w.delete('/account/me', { password: 'wrong horse battery' }, { token: who.access });
    expect(news()).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new RangeError('correct horse battery');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('correct horse battery'))],
  ])('that %s do not change the answer, and are logged', async (_, userCreated) => {
    const w = hosted({ on: { userCreated } });
    const { answer, user } = await w.signUp();
    expect(answer.status).toBe(201);
    expect(log.of('hook_failed')).toEqual([
      expect.objectContaining({ level: 'error', hook: 'userCreated', user: user.id, error: 'RangeError' }),
    ]);
  });

  it('have the bindings of the Worker and the request', async () => {
    const calls: unknown[] = [];
    const w = hosted({
      on: {
        userCreated: (_, { env, requestId, client, language }) => {
          calls.push({ bound: 'DB' in env, requestId, ip: client.ip, language });
        },
      },
    });
    const { answer } = await w.signUp();
    const requestId = answer.headers.get('X-Request-Id');
    expect(calls).toEqual([{ bound: true, requestId, ip: null, language: 'en' }]);
  });
});

describe('a mailer', () => {
  const PRODUCTION = {
    ENVIRONMENT: 'production',
    PASSWORD_ITERATIONS_UNSAFE: 'on',
    PUBLIC_URL: 'https://accounts.example.org',
  };
  const posted = (vars: Vars) => {
    const mails: HostMail[] = [];
    const w = hosted({ mailer: { send: (mail) => void mails.push(mail) } }, vars);
    return { w, mails };
  };

  it.each([
    ['in production, where MAIL is off', PRODUCTION],
    ['where MAIL says off', { ...PRODUCTION, MAIL: 'off' }],
    ['in place of the inbox', { MAIL: 'inbox' }],
  ])('counts as MAIL being on: %s', async (_, vars) => {
    const { w, mails } = posted({ ...vars, MAIL_FROM: 'Accounts <accounts@example.org>' });
    const from = { email: 'accounts@example.org', name: 'Accounts' };
    const { email } = await w.signUp();
    await w.post('/account/password/reset', { email }, { headers: { 'Accept-Language': 'ko' } });
    expect(mails.map(({ kind, to, from, language }) => ({ kind, to, from, language }))).toEqual([
      { kind: 'verify_email', to: email, from, language: 'en' },
      { kind: 'password_reset', to: email, from, language: 'ko' },
    ]);
    const [mail] = mails;
    expect(mail?.text).toContain(mail?.token);
    expect(mail?.html).toContain(mail?.token);
    expect((await w.get('/dev/mail')).status).toBe(404);
  });

  it('serves SIGN_UP=verify', async () => {
    const { w, mails } = posted({ ...PRODUCTION, SIGN_UP: 'verify' });
    const { body } = await w.post('/account/sign-up', person());
    const confirm = { token: mails[0]?.token, claim: body.claim };
    expect((await w.post('/account/email/verify', confirm)).status).toBe(204);
    expect(mails[0]?.from).toBeNull();
  });

  it('needs PUBLIC_URL in production for its links', async () => {
    const { w } = posted({ ...PRODUCTION, PUBLIC_URL: undefined });
    expect((await w.get('/account/me')).body.code).toBe('misconfigured');
    expect(log.of('misconfigured')[0]?.settings).toEqual(['PUBLIC_URL']);
  });

  it('that fails is logged, and does not change the answer', async () => {
    const w = hosted({ mailer: { send: () => Promise.reject(new RangeError('no such address')) } });
    expect((await w.signUp()).answer.status).toBe(201);
    expect(log.of('mail_failed')).toEqual([
      expect.objectContaining({ mail: 'verify_email', error: 'RangeError' }),
    ]);
  });
});

describe('invalid options', () => {
  it('are a TypeError in every app that has them', () => {
    const wrong = { claims: () => ({ sub: 'x' }) };
    for (const create of [createAccounts, createAdmin]) expect(() => create(wrong)).toThrow(TypeError);
    expect(() => createAccounts({ maler: {} } as never)).toThrow(/unknown option maler/);
    expect(() => createAdmin({ accountsAt: '/auth', on: {} })).not.toThrow();
  });
});

describe('examples/host.ts', () => {
  /** The example with the services that it binds. */
  async function ask(
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const sent: { to: string; body: string }[] = [];
    const service: Pick<Fetcher, 'fetch'> = {
      fetch: async (input, init) => {
        sent.push({ to: String(input), body: String(init?.body) });
        return new Response();
      },
    };
    const context = createExecutionContext();
    const env = { ...testEnv, GREETINGS: service, MAIL_SERVICE: service } as never;
    const request = new Request(`http://localhost${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = await example.fetch(request as never, env, context);
    const text = answer.webSocket ? '' : await answer.text();
    await waitOnExecutionContext(context);
    return { answer, text, sent, json: text.startsWith('{') ? JSON.parse(text) : {} };
  }
  const signedUp = async () => {
    const who = person();
    const { json, sent } = await ask('/auth/sign-up', { body: who });
    return { ...who, id: json.user.id as string, access: json.access as string, sent };
  };

  it('greets each new user, and sends email through its own service', async () => {
    const { id, email, sent } = await signedUp();
    expect(sent.find(({ to }) => to.startsWith('https://greetings'))?.body).toBe(id);
    const mail = JSON.parse(sent.find(({ to }) => to.startsWith('https://mail'))?.body ?? '{}');
    expect(mail).toMatchObject({ to: email, subject: 'Confirm your e-mail address' });
  });

  it('adds each user’s company', async () => {
    const { access } = await signedUp();
    const { json } = await ask('/company', { headers: { Authorization: `Bearer ${access}` } });
    expect(json).toEqual({ company: 'example.com' });
  });

  it('allows pages of its shops', async () => {
    const corsOf = async (origin: string) =>
      (await ask('/auth/me', { headers: { Origin: origin } })).answer.headers.get(
        'Access-Control-Allow-Origin',
      );
    expect(await corsOf('https://mina.shop.example')).toBe('https://mina.shop.example');
    expect(await corsOf('https://mina.shop.example.evil.example')).toBeNull();
  });

  it('reads the token from a cookie for a page, and from the query for an EventSource', async () => {
    const { access, id } = await signedUp();
    expect((await ask('/page', { headers: { Cookie: `a=b; __Host-access=${access}` } })).text).toContain(id);
    expect((await ask(`/news?access_token=${access}`)).answer.status).toBe(200);
    expect((await ask(`/notes?access_token=${access}`)).answer.status).toBe(401);
    expect((await ask('/notes', { headers: { Cookie: `__Host-access=${access}` } })).answer.status).toBe(401);
  });

  it('reads the token from the subprotocols of a WebSocket, and selects bearer', async () => {
    const { access, id } = await signedUp();
    const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': `bearer, ${access}` };
    const { answer } = await ask('/chat', { headers });
    expect(answer.status).toBe(101);
    expect(answer.headers.get('Sec-WebSocket-Protocol')).toBe('bearer');
    const socket = answer.webSocket as WebSocket;
    const message = new Promise((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(data));
    });
    socket.accept();
    expect(await message).toBe(`Hello, ${id}`);
    socket.close();
  });
});
