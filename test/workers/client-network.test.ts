/** The client where networks fail, stores are slow and platforms lack things. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AccountChange,
  createClient,
  type KeptTokens,
  memoryStore,
  type Tokens,
} from '../../src/client/index.ts';
import { clientOf, countOf, signedInClient } from '../support/client.ts';
import { person, world } from '../support/world.ts';

const ME = 'http://localhost/account/me';
const HTML = { 'Content-Type': 'text/html' };
/** Milliseconds: long enough for a slow machine to begin, short enough to wait for. */
const LIMIT = 400;
const never = () => new Promise<Response>(() => {});

/** Two tabs with one store; the network of the first is dead for refreshes. */
async function deadTab(more: Partial<Parameters<typeof createClient>[0]> = {}) {
  const { client, make, calls, store, w } = clientOf(world(), { refreshTimeout: LIMIT, ...more });
  const who = person();
  await client.signUp(who);
  w.clock.advance(3_600);
  const hung: string[] = [];
  const dead = make({
    fetch: (input) => {
      hung.push(String(input));
      return never();
    },
  });
  const waiting = dead.me();
  waiting.catch(() => {});
  await vi.waitFor(() => expect(hung).toHaveLength(1));
  calls.length = 0;
  return { dead, waiting, alive: client, calls, store, w, who };
}

describe('a refresh that gets no answer', () => {
  it('times out for the caller', async () => {
    const { waiting } = await deadTab();
    await expect(waiting).rejects.toMatchObject({ name: 'AccountsError', code: 'timeout', status: 0 });
  });

  it('keeps the session', async () => {
    const { dead, waiting } = await deadTab();
    await waiting.catch(() => {});
    expect(dead.isSignedIn).toBe(true);
  });

  it('does not block another tab', async () => {
    const { alive, who } = await deadTab();
    expect((await alive.me()).email).toBe(who.email);
  });

  it('does not block another tab although the first holds the lock for ever', async () => {
    const { client, store, w } = clientOf(world(), {
      refreshTimeout: LIMIT,
      alone: () => new Promise(() => {}),
    });
    const who = person();
    await client.signUp(who);
    w.clock.advance(3_600);
    expect((await client.me()).email).toBe(who.email);
    expect(store.get()).not.toBeNull();
  });

  it('does not block another tab although the lock fails', async () => {
    const alone = () => Promise.reject(new DOMException('denied', 'SecurityError'));
    const { client, w } = clientOf(world(), { alone });
    await client.signUp(person());
    w.clock.advance(3_600);
    expect((await client.me()).is_active).toBe(true);
  });

  it.each([
    ['dead', 200],
    ['alive', 401],
  ] as const)('does not delay a log-out of the %s tab, which is signed out at once', async (tab, status) => {
    const tabs = await deadTab();
    const { refresh = '' } = tabs.store.get() as Tokens;
    const done = tabs[tab].logOut();
    expect(tabs.store.get()).toBeNull();
    expect(tabs.dead.isSignedIn).toBe(false);
    await done.catch(() => {});
    expect((await tabs.w.refresh(refresh)).status).toBe(status);
  });

  it('does not delay a log-in', async () => {
    const { alive, calls, w } = await deadTab({ refreshTimeout: 60_000 });
    const other = await w.signUp();
    await alive.logIn(other);
    expect(calls).toEqual(['/account/login']);
    expect((await alive.me()).email).toBe(other.email);
  });

  it('does not sign the user in again after a log-out', async () => {
    const { client, faults, store, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_600);
    let release = () => {};
    faults.push(
      (answer) =>
        new Promise((resolve) => {
          release = () => resolve(answer);
        }),
    );
    const waiting = client.fetch(ME);
    await vi.waitFor(() => expect(faults).toHaveLength(0));
    await client.logOut();
    release();
    expect((await waiting).status).toBe(401);
    expect(store.get()).toBeNull();
  });

  it('is retried if only the body of the answer was lost', async () => {
    const { client, calls, faults, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_600);
    const broken = () =>
      new ReadableStream({ start: (body) => body.error(new TypeError('connection lost')) });
    faults.push(() => new Response(broken()));
    expect((await client.me()).is_active).toBe(true);
    expect(countOf(calls, '/account/token/refresh')).toBe(2);
  });
});

describe('a caller’s signal', () => {
  it('ends the wait for a turn of a log-in, which then does not happen', async () => {
    let release = () => {};
    const turn = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client, calls } = clientOf(world(), {
      cookie: true,
      refreshTimeout: 60_000,
      alone: (work) => turn.then(work),
    });
    const abort = new AbortController();
    const waiting = client.logIn(person(), { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    release();
    await turn;
    expect(calls).toEqual([]);
  });

  it('ends its own wait for a refresh, not that of others', async () => {
    const { client, faults, w } = clientOf(world(), { refreshTimeout: 60_000 });
    const who = person();
    await client.signUp(who);
    w.clock.advance(3_600);
    let release = () => {};
    faults.push(
      (answer) =>
        new Promise((resolve) => {
          release = () => resolve(answer);
        }),
    );
    const impatient = client.fetch(ME, { signal: AbortSignal.timeout(50) });
    const patient = client.me();
    await expect(impatient).rejects.toMatchObject({ name: 'TimeoutError' });
    release();
    expect((await patient).email).toBe(who.email);
  });

  it.each<[string, (client: ReturnType<typeof createClient>, signal: AbortSignal) => Promise<unknown>]>([
    ['a Request', (client, signal) => client.fetch(new Request(ME, { signal }))],
    ['me', (client, signal) => client.me({ signal })],
    ['accessToken', (client, signal) => client.accessToken({ signal })],
    [
      'changeEmail',
      (client, signal) => client.changeEmail({ new_email: 'a@b.example', password: 'x' }, { signal }),
    ],
  ])('is obeyed by %s', async (_, call) => {
    const { dead } = await deadTab({ refreshTimeout: 60_000 });
    await expect(call(dead, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('that has aborted sends nothing', async () => {
    const { client, calls } = await signedInClient();
    calls.length = 0;
    await expect(client.fetch(ME, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
    expect(calls).toEqual([]);
  });
});

describe('an answer that is not from the server', () => {
  it.each<[string, () => Response]>([
    ['401 with a page', () => new Response('<h1>Welcome to our hotel</h1>', { status: 401, headers: HTML })],
    ['200 with a page', () => new Response('<h1>Welcome to our hotel</h1>', { headers: HTML })],
    ['401 without a body', () => new Response(null, { status: 401 })],
    ['401 with JSON of its own', () => new Response('{"error":"proxy authentication"}', { status: 401 })],
    ['401 with a code of its own', () => new Response('{"code":"no_ticket"}', { status: 401 })],
    ['200 with other JSON', () => new Response('{"ok":true}')],
    ['200 with null', () => new Response('null')],
  ])('to a refresh does not sign the user out: %s', async (_, portal) => {
    const { client, faults, store, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_600);
    const before = store.get();
    faults.push(portal);
    await expect(client.me()).rejects.toMatchObject({ code: 'invalid_response', message: /captive portal/ });
    expect(store.get()).toEqual(before);
    expect((await client.me()).is_active).toBe(true);
  });

  it('to any other call is an error, and does not sign the user out', async () => {
    const { client, faults } = await signedInClient();
    faults.push(() => new Response('<h1>Welcome</h1>', { headers: HTML }));
    await expect(client.me()).rejects.toMatchObject({ code: 'invalid_response', status: 200 });
    const page = () => new Response('<h1>Welcome</h1>', { status: 401, headers: HTML });
    faults.push(page, (answer) => answer, page);
    await expect(client.me()).rejects.toMatchObject({ status: 401, code: 'unknown' });
    expect(client.isSignedIn).toBe(true);
  });

  it.each(['user_inactive', 'user_not_found', 'token_not_valid'])(
    'is distinguished from one with %s',
    async (code) => {
      const { client, faults, w } = clientOf();
      await client.signUp(person());
      w.clock.advance(3_600);
      faults.push(() => Response.json({ code }, { status: 401 }));
      await expect(client.me()).rejects.toMatchObject({ code: 'not_authenticated' });
      expect(client.isSignedIn).toBe(false);
    },
  );
});

describe('fetch', () => {
  it.each<[string, () => [string | URL | Request, RequestInit?]]>([
    [
      'text',
      () => [
        ME,
        { method: 'PATCH', body: '{"name":"Neo"}', headers: { 'Content-Type': 'application/json' } },
      ],
    ],
    [
      'a URL',
      () => [
        new URL(ME),
        { method: 'PATCH', body: '{"name":"Neo"}', headers: { 'Content-Type': 'application/json' } },
      ],
    ],
    [
      'a Request',
      () => [
        new Request(ME, {
          method: 'PATCH',
          body: '{"name":"Neo"}',
          headers: { 'Content-Type': 'application/json' },
        }),
      ],
    ],
    [
      'a Request and more',
      () => [
        new Request(ME, { method: 'PATCH', body: '{"name":"Neo"}' }),
        { headers: { 'Content-Type': 'application/json' } },
      ],
    ],
  ])('sends method, headers and body of %s, and again after a 401', async (_, input) => {
    const { client, store, w } = clientOf();
    await client.signUp(person());
    expect(await (await client.fetch(...input())).json()).toMatchObject({ name: 'Neo' });
    // Of unknown age: sent until the server refuses it.
    const { access, refresh } = store.get() as Tokens;
    store.set({ access, refresh });
    w.clock.advance(3_600);
    expect(await (await client.fetch(...input())).json()).toMatchObject({ name: 'Neo' });
  });

  it('sends a Request to another origin as it is', async () => {
    const { make } = await signedInClient();
    const sent: unknown[] = [];
    const client = make({
      fetch: async (...given) => {
        sent.push(...given);
        return new Response();
      },
    });
    const request = new Request('https://evil.example/', { headers: { Authorization: 'Basic eA==' } });
    await client.fetch(request);
    expect(sent[0]).toBe(request);
    expect(request.headers.get('Authorization')).toBe('Basic eA==');
  });

  it.each([undefined, null, 1, {}, [], { url: ME }, { href: ME }, new Date(), new Response('x')])(
    'rejects %j as a programming error',
    async (input) => {
      const { client, calls } = await signedInClient();
      calls.length = 0;
      await expect(client.fetch(input as unknown as string)).rejects.toThrow(TypeError);
      expect(calls).toEqual([]);
    },
  );

  it.each([
    'file:///etc',
    'capacitor://localhost',
    'data:text/plain,x',
    'https://',
    'http://[',
    'javascript:1',
  ])('belongs to no account app at %s', (url) => {
    expect(() => createClient({ url })).toThrow(TypeError);
  });

  describe('in a page of an app scheme', () => {
    afterEach(() => vi.unstubAllGlobals());
    it.each(['capacitor://localhost/', 'file:///app/index.html', 'about:blank'])(
      'does not send the token to other URLs whose origin is null: %s',
      async (href) => {
        const { make } = await signedInClient();
        vi.stubGlobal('location', { href });
        const sent: (string | null)[] = [];
        const client = make({
          fetch: async (_, init) => {
            sent.push(new Headers(init?.headers).get('Authorization'));
            return new Response('{}');
          },
        });
        for (const url of ['foo://evil/', 'file:///x', 'data:text/plain,x', 'http://[', '/x'])
          await client.fetch(url);
        await client.fetch(ME);
        expect(sent.map((token) => token !== null)).toEqual([false, false, false, false, false, true]);
      },
    );
  });
});

describe('on React Native', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** As its URL was for long: it parses nothing. */
  class NoUrl {
    get origin(): string {
      throw new Error('URL.origin is not implemented');
    }
  }

  it('works without ReadableStream, URL.origin and BroadcastChannel', async () => {
    vi.stubGlobal('ReadableStream', undefined);
    vi.stubGlobal('BroadcastChannel', undefined);
    vi.stubGlobal('URL', NoUrl);
    const sent: [string, string | null][] = [];
    const client = createClient({
      url: 'http://localhost:8787/account',
      fetch: async (input, init) => {
        const headers = new Headers(input instanceof Request ? input.headers : init?.headers);
        sent.push([String(input), headers.get('Authorization')]);
        if (String(input).endsWith('/login')) return Response.json({ access: 'a', refresh: 'r' });
        if (String(input).endsWith('/refresh')) return Response.json({ access: 'b', refresh: 's' });
        return Response.json({}, { status: headers.get('Authorization') === 'Bearer a' ? 401 : 200 });
      },
    });
    await client.logIn(person());
    const body = '{"name":"Neo"}';
    expect((await client.fetch('http://localhost:8787/notes', { method: 'POST', body })).status).toBe(200);
    await client.fetch('https://user@evil.example/');
    await client.fetch('//evil.example/');
    expect(sent.map(([, token]) => token)).toEqual([null, 'Bearer a', null, 'Bearer b', null, null]);
  });

  /** As secure storage is: every call takes a while, and to write takes longer than to delete. */
  function slowStore() {
    let kept: string | null = null;
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    return {
      get: async () => {
        await pause(5);
        return JSON.parse(kept ?? 'null') as KeptTokens | null;
      },
      set: async (tokens: KeptTokens | null) => {
        await pause(tokens ? 60 : 20);
        kept = tokens && JSON.stringify(tokens);
      },
    };
  }

  it('keeps the session in a store that returns promises', async () => {
    const store = slowStore();
    const { client, make, calls, w } = clientOf(world(), { store });
    await client.ready;
    expect(client.isSignedIn).toBe(false);
    const who = person();
    await client.signUp(who);
    expect(client.isSignedIn).toBe(true);
    w.clock.advance(3_600);
    const restarted = make();
    expect(restarted.isSignedIn).toBe(false);
    await restarted.ready;
    expect(restarted.isSignedIn).toBe(true);
    calls.length = 0;
    const people = await Promise.all([restarted.me(), restarted.me(), client.me()]);
    expect(people.map(({ email }) => email)).toEqual([who.email, who.email, who.email]);
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
    await restarted.logOut();
    expect(restarted.isSignedIn).toBe(false);
    expect(await store.get()).toBeNull();
  });

  it('is not signed in again by a refresh during a log-out in a slow store', async () => {
    const store = slowStore();
    const { client, faults, w } = clientOf(world(), { store });
    await client.signUp(person());
    w.clock.advance(3_600);
    const changes: string[] = [];
    client.onChange(({ type }) => changes.push(type));
    let out: Promise<void> | undefined;
    faults.push((answer) => {
      out = client.logOut();
      return answer;
    });
    await client.fetch(ME);
    await out;
    expect(changes).toEqual(['signedOut']);
    expect(await store.get()).toBeNull();
    expect(client.isSignedIn).toBe(false);
  });

  it('throws the error of a store that fails', async () => {
    const store = { get: () => Promise.reject(new Error('locked')), set: async () => {} };
    const { client } = clientOf(world(), { store });
    await client.ready;
    expect(client.isSignedIn).toBe(false);
    await expect(client.me()).rejects.toThrow('locked');
  });
});

describe('onChange', () => {
  function heard(client: ReturnType<typeof createClient>) {
    const changes: AccountChange[] = [];
    const stop = client.onChange((change) => changes.push(change));
    return { changes, stop };
  }

  it('calls listeners for log-in, refresh and log-out until they unsubscribe', async () => {
    const { client, w } = clientOf();
    const { changes, stop } = heard(client);
    const who = person();
    await client.signUp(who);
    w.clock.advance(3_600);
    await client.me();
    await client.logOut();
    await client.logOut();
    await client.logIn(who);
    await client.withdraw(who.password);
    const elsewhere = false;
    expect(changes).toEqual([
      { type: 'signedIn', elsewhere },
      { type: 'refreshed', elsewhere },
      { type: 'signedOut', reason: 'logOut', elsewhere },
      { type: 'signedIn', elsewhere },
      { type: 'signedOut', reason: 'withdrawal', elsewhere },
    ]);
    stop();
    await client.signUp(person());
    expect(changes).toHaveLength(5);
  });

  it('reports why the server ended the session', async () => {
    const { client, w } = clientOf();
    const who = person();
    await client.signUp(who);
    const { changes } = heard(client);
    const other = await w.logIn(who);
    await w.ask('DELETE', '/account/sessions', { token: other.body.access });
    await client.me().catch(() => {});
    expect(changes).toEqual([{ type: 'signedOut', reason: 'token_not_valid', elsewhere: false }]);
  });

  it('continues if one listener throws', async () => {
    const { client } = clientOf();
    const failures: unknown[] = [];
    const { changes } = heard(client);
    client.onChange(() => {
      failures.push('thrown');
      return Promise.resolve() as unknown as undefined;
    });
    await client.signUp(person());
    expect([changes.length, failures.length]).toEqual([1, 1]);
  });
});

describe('the methods for the API', () => {
  it('changes the profile and the password, lists and ends sessions, logs out everywhere', async () => {
    const { client, w } = clientOf();
    const who = person();
    await client.signUp(who);
    expect(await client.updateMe({ name: 'Neo' })).toMatchObject({ name: 'Neo' });
    const changed = { current_password: who.password, new_password: 'there is no spoon' };
    await client.changePassword(changed);
    const other = await w.logIn({ ...who, password: changed.new_password });
    const { sessions } = await client.sessions();
    expect(await client.exportAccount()).toMatchObject({ user: { name: 'Neo' }, history: [] });
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    await client.endSession(sessions.find(({ current }) => !current)?.id ?? '');
    expect((await w.me(other.body.access)).status).toBe(401);
    await client.logOutEverywhere();
    expect(client.isSignedIn).toBe(false);
    await expect(client.sessions()).rejects.toMatchObject({ code: 'not_authenticated' });
  });

  it('verifies and changes the address, and resets the password', async () => {
    const { client, w } = clientOf();
    const [who, next] = [person(), person()];
    await client.signUp(who);
    const tokenFor = async (email: string): Promise<string> =>
      (await w.ask('GET', `/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } })).body
        .messages[0].token;
    await client.resendVerification();
    await client.verifyEmail({ token: await tokenFor(who.email) });
    expect(await client.me()).toMatchObject({ email_verified: true });
    await client.changeEmail({ new_email: next.email, password: who.password });
    await client.verifyEmail({ token: await tokenFor(next.email) });
    expect(await client.me()).toMatchObject({ email: next.email });
    await client.requestPasswordReset({ email: next.email });
    const token = await tokenFor(next.email);
    await client.resetPassword({ token, new_password: 'there is no spoon' });
    await client.logIn({ email: next.email, password: 'there is no spoon' });
    await expect(client.resetPassword({ token, new_password: 'once more, please' })).rejects.toMatchObject({
      code: 'invalid',
      errors: { token: [{ code: 'token_not_valid' }] },
    });
  });

  it('disowns an account that somebody else made with this address', async () => {
    const { client, w } = clientOf();
    const { email } = await w.signUp();
    const inbox = await w.get(`/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } });
    await client.disownAccount({ token: inbox.body.messages[0].token });
    await expect(client.disownAccount({ token: 'nonsense' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('reaches any other endpoint, with errors as they are', async () => {
    const { client } = await signedInClient();
    expect(await client.request('PATCH', '/me', { name: 'Neo' })).toMatchObject({ name: 'Neo' });
    await expect(client.request('GET', '/nothing')).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
      problem: { title: 'Not Found' },
    });
  });

  it('keeps the tokens of any other way to sign in', async () => {
    const { client, w } = clientOf();
    const who = await w.signUp();
    await client.signIn('/login', { email: who.email, password: who.password });
    expect((await client.me()).email).toBe(who.email);
  });

  it('returns a valid access token', async () => {
    const { client, w } = clientOf();
    expect(await client.accessToken()).toBeNull();
    await client.signUp(person());
    w.clock.advance(3_600);
    expect((await w.me((await client.accessToken()) ?? '')).status).toBe(200);
  });
});

it('has one lock for each store in memory, so that users of a server do not wait for each other', async () => {
  const { w } = await signedInClient();
  const slow = clientOf(w, { store: memoryStore(), refreshTimeout: 60_000 });
  const quick = clientOf(w, { store: memoryStore(), refreshTimeout: 60_000 });
  await Promise.all([slow.client.signUp(person()), quick.client.signUp(person())]);
  w.clock.advance(3_600);
  slow.faults.push(never);
  slow.client.me().catch(() => {});
  expect((await quick.client.me()).is_active).toBe(true);
});
