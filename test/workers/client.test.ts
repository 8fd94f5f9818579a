import { afterEach, describe, expect, it, vi } from 'vitest';
import { AccountsError, createClient, memoryStore, type Tokens, webStorage } from '../../src/client/index.ts';
import { clientOf, countOf, signedInClient } from '../support/client.ts';
import { atOnce, type Person, person, world } from '../support/world.ts';

describe('the client', () => {
  it('signs up, returns the user, logs out and withdraws', async () => {
    const { client, store } = clientOf();
    const who = person();
    const { user } = await client.signUp(who);
    expect(user?.email).toBe(who.email);
    expect((await client.me()).email).toBe(who.email);
    await client.logOut();
    expect(client.isSignedIn).toBe(false);
    await client.logIn(who);
    await client.withdraw(who.password);
    expect(store.get()).toBeNull();
    await expect(client.logIn(who)).rejects.toMatchObject({ status: 401, code: 'no_active_account' });
  });

  it('throws the server’s refusal', async () => {
    const { client } = clientOf();
    const refused = client.signUp({ email: 'nobody', password: '1' });
    await expect(refused).rejects.toBeInstanceOf(AccountsError);
    await expect(refused).rejects.toMatchObject({
      code: 'invalid',
      errors: { email: [{ code: 'invalid' }] },
    });
  });

  it('sends a wrong code once without a refresh: a second try would count', async () => {
    const w = world({ vars: { ENCRYPTION_KEY: 'A'.repeat(43) } });
    const { client, calls } = clientOf(w);
    await client.signUp(person());
    const wrong = client.request('POST', '/reauthenticate', { code: '000000' });
    await expect(wrong).rejects.toMatchObject({ status: 401, code: 'code_not_valid' });
    expect(calls).toEqual(['/account/sign-up', '/account/reauthenticate']);
  });

  it('refreshes before the access token ends, once for many calls at once', async () => {
    const { client, calls, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_590);
    const people = await atOnce(20, () => client.me());
    expect(new Set(people.map((one) => one.id)).size).toBe(1);
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
  });

  it('refreshes once for two clients that share a store and a lock, as tabs do', async () => {
    let last: Promise<unknown> = Promise.resolve();
    const alone = <T>(work: () => Promise<T>) => {
      const mine = last.then(work, work);
      last = mine.catch(() => {});
      return mine;
    };
    const { client, make, calls, w } = clientOf(world(), { alone });
    await client.signUp(person());
    w.clock.advance(3_590);
    await Promise.all([client.me(), make().me(), make().me()]);
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
  });

  it('gets the same successor if the answer to a refresh was lost', async () => {
    const { client, faults, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_590);
    faults.push(() => {
      throw new TypeError('connection lost');
    });
    expect((await client.me()).is_active).toBe(true);
  });

  it('keeps its refresh token if the server does not rotate', async () => {
    const { client, store, w } = clientOf(world({ vars: { ROTATE_REFRESH_TOKENS: 'false' } }));
    await client.signUp(person());
    const { access, refresh } = store.get() as Tokens;
    w.clock.advance(3_600);
    await client.me();
    expect(store.get()).toMatchObject({ refresh });
    expect(store.get()?.access).not.toBe(access);
  });

  it('forgets the session when the server ended it', async () => {
    const { client, store, w } = clientOf();
    await client.signUp(person());
    const kept = store.get() as Tokens & { refresh: string };
    await w.logOut(kept.refresh);
    await expect(client.me()).rejects.toMatchObject({ status: 401 });
    expect(client.isSignedIn).toBe(false);
  });

  it('keeps the session when the server is unavailable', async () => {
    const { client, faults, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_600);
    const away = () => new Response('{}', { status: 503, headers: { 'Retry-After': '1' } });
    faults.push(away, away);
    await expect(client.me()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
    expect(client.isSignedIn).toBe(true);
    expect((await client.me()).is_active).toBe(true);
  });

  const lost = () => {
    throw new TypeError('connection lost');
  };
  it.each<[string, (() => Response)[]]>([
    ['503 twice', Array(2).fill(() => new Response('{}', { status: 503 }))],
    ['429', [() => new Response('{}', { status: 429 })]],
    ['no answer twice', [lost, lost]],
  ])('sends a token that is still valid if an early refresh gets %s', async (_, away) => {
    const { client, calls, faults, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_599);
    faults.push(...away);
    expect((await client.me()).is_active).toBe(true);
    expect(countOf(calls, '/account/token/refresh')).toBe(away.length);
  });

  describe.each([-86_400, -3_600, 0, 3_600, 86_400])('on a device whose clock is %i s wrong', (wrong) => {
    const device = () => {
      const w = world();
      return clientOf(w, { clock: () => (w.clock.now + wrong) * 1_000 });
    };

    it('refreshes when the token is about to end, and not before', async () => {
      const { client, calls, w } = device();
      await client.signUp(person());
      await client.me();
      w.clock.advance(3_569);
      await client.me();
      expect(countOf(calls, '/account/token/refresh')).toBe(0);
      w.clock.advance(2);
      await client.me();
      await client.me();
      expect(countOf(calls, '/account/token/refresh')).toBe(1);
      w.clock.advance(3_569);
      await client.me();
      expect(countOf(calls, '/account/token/refresh')).toBe(1);
      expect(countOf(calls, '/account/me')).toBe(5);
    });

    it('knows the age of the token after a reload', async () => {
      const kept = new Map<string, string>();
      const storage = {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
      };
      const w = world();
      const load = () =>
        clientOf(w, { store: webStorage(storage), clock: () => (w.clock.now + wrong) * 1_000 });
      await load().client.signUp(person());
      w.clock.advance(3_569);
      const page = load();
      await page.client.me();
      expect(page.calls).toEqual(['/account/me']);
      w.clock.advance(2);
      const later = load();
      await later.client.me();
      expect(later.calls).toEqual(['/account/token/refresh', '/account/me']);
    });
  });

  it('refreshes once if the clock was set forward, and after a 401 if it was set back', async () => {
    const { client, calls, make, w } = clientOf();
    await client.signUp(person());
    const forward = make({ clock: () => (w.clock.now + 7_200) * 1_000 });
    await forward.me();
    await forward.me();
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
    w.clock.advance(3_600);
    expect((await client.me()).is_active).toBe(true);
    expect(countOf(calls, '/account/token/refresh')).toBe(2);
  });

  it('sends a token of unknown age, and refreshes it after a 401', async () => {
    const { client, calls, store, w } = clientOf();
    await client.signUp(person());
    const { access, refresh } = store.get() as Tokens;
    w.clock.advance(3_599);
    store.set({ access, refresh });
    await client.me();
    expect(countOf(calls, '/account/token/refresh')).toBe(0);
    w.clock.advance(1);
    expect((await client.me()).is_active).toBe(true);
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
  });

  it('refreshes after the 401 of a stream too, which it cannot resend', async () => {
    const { client, store, w } = clientOf();
    await client.signUp(person());
    const { access, refresh } = store.get() as Tokens;
    w.clock.advance(3_600);
    store.set({ access, refresh });
    const rename = async () => {
      const headers = { 'Content-Type': 'application/json' };
      const { body } = new Response('{"name":"Neo"}');
      const init = { method: 'PATCH', headers, body: body as ReadableStream };
      return (await client.fetch('http://localhost/account/me', init)).status;
    };
    expect([await rename(), await rename()]).toEqual([401, 200]);
  });

  it.each([null, 'not json', '{"refresh":"x"}', '[]'])('ignores %j in a web storage', (text) => {
    const store = webStorage({ getItem: () => text, setItem: () => {}, removeItem: () => {} });
    expect(store.get()).toBeNull();
  });
});

describe('what changes the session', () => {
  type Client = ReturnType<typeof createClient>;
  /** A call of the client that is begun while another's answer is on its way; `calls` tells the order. */
  function meanwhile(calls: string[], work: () => Promise<unknown>) {
    let begun: Promise<unknown> = Promise.resolve();
    const fault = async (answer: Response) => {
      begun = work();
      for (let i = 0; i < 100; i++) await null;
      calls.push('answered');
      return answer;
    };
    return { fault, done: () => begun };
  }

  it.each<[string, string, (client: Client, who: Person) => Promise<unknown>]>([
    ['a log-in', '/account/login', (client, who) => client.logIn(who)],
    ['a sign-up', '/account/sign-up', (client) => client.signUp(person())],
    ['a log-out', '/account/logout', (client) => client.logOut()],
  ])('does not wait for a pending refresh: %s', async (_, path, work) => {
    const { client, calls, faults, w } = clientOf();
    const who = person();
    await client.signUp(who);
    w.clock.advance(3_590);
    calls.length = 0;
    const { fault, done } = meanwhile(calls, () => work(client, who));
    faults.push(fault);
    await client.fetch('http://localhost/healthz');
    await done();
    expect(calls.slice(0, 3)).toEqual(['/account/token/refresh', path, 'answered']);
  });

  it('withdraws without ending a newer log-in', async () => {
    const { client, faults, w } = clientOf();
    const [who, other] = [person(), await w.signUp()];
    await client.signUp(who);
    faults.push(async (answer) => {
      await client.logIn(other);
      return answer;
    });
    await client.withdraw(who.password);
    expect((await client.me()).email).toBe(other.email);
  });

  it('withdraws with a token that had expired', async () => {
    const { client, store, w } = clientOf();
    const who = person();
    await client.signUp(who);
    w.clock.advance(3_600);
    await client.withdraw(who.password);
    expect(store.get()).toBeNull();
  });

  it.each<[string, (answer: Response) => Response]>([
    ['the answer', (answer) => answer],
    ['a 401', () => new Response('{}', { status: 401 })],
    ['a 429', () => new Response('{}', { status: 429 })],
  ])('is not undone by %s of an older refresh, even without a shared lock', async (_, late) => {
    const { client, faults, make, store, w } = clientOf();
    const other = await w.signUp();
    await client.signUp(person());
    w.clock.advance(3_600);
    faults.push(async (answer) => {
      await make().logIn(other);
      return late(answer);
    });
    expect((await client.me()).email).toBe(other.email);
    const kept = store.get();
    faults.push(async (answer) => {
      await make().logOut();
      return late(answer);
    });
    w.clock.advance(3_600);
    await expect(client.me()).rejects.toMatchObject({ status: 401 });
    expect(kept).not.toBeNull();
    expect(store.get()).toBeNull();
  });
});

describe('the client in cookie mode', () => {
  const PAGE = 'https://app.example.com';
  /** A browser's: workerd knows no credentials. */
  type WithCredentials = RequestInit & { credentials?: 'include' | 'omit' };

  /** Pages of another origin of the same site: a cookie goes and comes only where the call says so. */
  function pages() {
    const w = world({ vars: { REFRESH_TRANSPORT: 'cookie', ALLOWED_ORIGINS: PAGE } });
    const jar = new Map<string, string>();
    const calls: string[] = [];
    const included: string[] = [];
    const faults: (() => Response)[] = [];
    /** A page that was just loaded: nothing is in its memory. */
    const load = (store = memoryStore()) =>
      createClient({
        url: 'http://localhost/account',
        cookie: true,
        store,
        clock: () => w.clock.now * 1_000,
        fetch: async (input, sent: WithCredentials = {}) => {
          const { credentials, ...init } = sent;
          const { pathname } = new URL(new Request(input).url);
          calls.push(pathname);
          const include = credentials === 'include';
          if (include) included.push(pathname);
          const headers = new Headers(init.headers);
          headers.set('Origin', PAGE);
          const value = jar.get('__Secure-refresh');
          if (include && value !== undefined) headers.set('Cookie', `__Secure-refresh=${value}`);
          const fault = faults.shift();
          if (fault) return fault();
          const answer = await w.fetch(new Request(input, { ...init, headers }));
          for (const line of include ? answer.headers.getSetCookie() : []) {
            const [, name = '', text = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
            if (text === '') jar.delete(name);
            else jar.set(name, text);
          }
          return new Response(answer.status === 204 ? null : answer.text, {
            status: answer.status,
            headers: answer.headers,
          });
        },
      });
    return { w, jar, calls, included, faults, load };
  }

  it('resumes the session after a reload, with one refresh for many calls at once', async () => {
    const { load, calls } = pages();
    const who = person();
    await load().signUp(who);
    const page = load();
    expect(page.isSignedIn).toBe(false);
    const people = await atOnce(20, () => page.me());
    expect(new Set(people.map((one) => one.email))).toEqual(new Set([who.email]));
    expect(page.isSignedIn).toBe(true);
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
    expect(countOf(calls, '/account/me')).toBe(20);
  });

  it('sends calls without a token if nobody is signed in, and refreshes once for many', async () => {
    const { load, calls } = pages();
    const page = load();
    const ask = async () => (await page.fetch('http://localhost/healthz')).status;
    expect(await atOnce(20, ask)).toEqual(Array(20).fill(200));
    expect(await ask()).toBe(200);
    expect(countOf(calls, '/account/token/refresh')).toBe(1);
    expect(page.isSignedIn).toBe(false);
  });

  it('returns 401 if nobody is signed in, after one refresh', async () => {
    const { load, calls } = pages();
    await expect(load().me()).rejects.toMatchObject({ status: 401, code: 'not_authenticated' });
    expect(calls).toEqual(['/account/token/refresh', '/account/me']);
  });

  it('finds a session that another page has started since', async () => {
    const { load } = pages();
    const [page, other] = [load(), load()];
    await expect(page.me()).rejects.toMatchObject({ status: 401 });
    const who = person();
    await other.signUp(who);
    expect((await page.me()).email).toBe(who.email);
  });

  describe('with another tab open', () => {
    afterEach(() => vi.unstubAllGlobals());

    /** As in a browser: everybody of the same name hears, but who speaks. */
    function channels() {
      const open = new Set<FakeChannel>();
      class FakeChannel {
        onmessage: ((event: { data: unknown }) => void) | null = null;
        readonly name: string;
        constructor(name: string) {
          this.name = name;
          open.add(this);
        }
        postMessage(data: unknown) {
          for (const other of open)
            if (other !== this && other.name === this.name) other.onmessage?.({ data });
        }
      }
      vi.stubGlobal('BroadcastChannel', FakeChannel);
    }

    it('forgets its user once the cookie is another user’s', async () => {
      channels();
      const { load } = pages();
      const [page, other] = [load(), load()];
      await page.signUp(person());
      const next = person();
      await other.signUp(next);
      expect((await page.me()).email).toBe(next.email);
    });

    it('forgets its user once the other tab logs out', async () => {
      channels();
      const { load } = pages();
      const [page, other] = [load(), load()];
      await page.signUp(person());
      await other.logOut();
      await vi.waitFor(() => expect(page.isSignedIn).toBe(false));
      await expect(page.me()).rejects.toMatchObject({ status: 401 });
    });
  });

  it('does not take an unavailable server for a signed-out user', async () => {
    const { load, faults } = pages();
    await load().signUp(person());
    const page = load();
    const away = () => new Response('{}', { status: 503 });
    faults.push(away, away);
    await expect(page.me()).rejects.toMatchObject({ status: 503 });
    expect((await page.me()).is_active).toBe(true);
  });

  it('logs out after a reload too: the session ends and the cookie goes', async () => {
    const { load, jar, w } = pages();
    const { access = '' } = await load().signUp(person());
    expect(jar.size).toBe(1);
    await load().logOut();
    expect(jar.size).toBe(0);
    expect((await w.me(access)).status).toBe(401);
  });

  it('clears the cookie with the account, and with all sessions', async () => {
    const { load, jar } = pages();
    const who = person();
    const page = load();
    await page.signUp(who);
    await page.fetch('http://localhost/account/sessions', { method: 'DELETE' });
    expect(jar.size).toBe(0);
    await page.logIn(who);
    expect(jar.size).toBe(1);
    await page.withdraw(who.password);
    expect(jar.size).toBe(0);
  });

  it('sends credentials to the account app only, unless the caller says otherwise', async () => {
    const { load, included } = pages();
    const page = load();
    await page.signUp(person());
    included.length = 0;
    await page.fetch('http://localhost/healthz');
    await page.fetch('http://localhost/accounting');
    await page.fetch('http://localhost/account/me', { credentials: 'omit' } as WithCredentials);
    expect(included).toEqual([]);
    await page.fetch('http://localhost/account/me');
    await page.fetch('http://localhost/healthz', { credentials: 'include' } as WithCredentials);
    expect(included).toEqual(['/account/me', '/healthz']);
  });
});

describe('the access token', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A client that is signed in, and for each call of its `fetch` whether the token was in it. */
  async function spy(more: Partial<Parameters<typeof createClient>[0]> = {}, answer = 200) {
    const { store } = await signedInClient();
    const sent: { input: string; authorization: string | null }[] = [];
    const client = createClient({
      url: 'https://accounts.example.com/account',
      store,
      fetch: async (input, init) => {
        sent.push({ input: String(input), authorization: new Headers(init?.headers).get('Authorization') });
        return new Response('{}', { status: answer });
      },
      ...more,
    });
    const tokenTo = async (input: string | URL) => {
      sent.length = 0;
      await client.fetch(input);
      expect(sent.map((call) => call.input)).toEqual([String(input)]);
      return sent[0]?.authorization === `Bearer ${store.get()?.access}`;
    };
    return { client, sent, tokenTo };
  }

  it.each([
    'https://accounts.example.com/account/me',
    'https://accounts.example.com/notes',
    new URL('https://accounts.example.com/notes'),
    'HTTPS://ACCOUNTS.example.com:443/notes',
    'https://api.example.com/notes',
    '/notes',
    'notes?of=neo',
    '',
  ])('goes to %s', async (input) => {
    const { tokenTo } = await spy({ origins: ['https://api.example.com/v1'] });
    expect(await tokenTo(input)).toBe(true);
  });

  it.each([
    'https://evil.example/',
    'http://accounts.example.com/notes',
    'https://accounts.example.com:8443/notes',
    'https://accounts.example.com.evil.example/',
    'https://accounts.example.com@evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example/',
    '/\t/evil.example/',
    ' https://evil.example/',
    'https:evil.example/',
    'http:evil.example/',
    'data:text/plain,x',
  ])('does not go to %j, whose 401 is ignored', async (input) => {
    const { client, tokenTo } = await spy({ origins: ['https://api.example.com'] }, 401);
    expect(await tokenTo(input)).toBe(false);
    expect(client.isSignedIn).toBe(true);
  });

  it('does not change any other part of a call to another origin', async () => {
    const { client, sent } = await spy();
    await client.fetch('https://evil.example/', { headers: { Authorization: 'Basic eA==' } });
    expect(sent[0]?.authorization).toBe('Basic eA==');
  });

  it('goes to the page’s own origin, and to an account app given as a path', async () => {
    vi.stubGlobal('location', { href: 'https://app.example.com/deep/page' });
    const { tokenTo } = await spy({ url: '/account' });
    expect(await tokenTo('/notes')).toBe(true);
    expect(await tokenTo('https://app.example.com/notes')).toBe(true);
    expect(await tokenTo('https://accounts.example.com/notes')).toBe(false);
    expect(await tokenTo('//evil.example/')).toBe(false);
  });

  it('does not follow a <base> with another origin', async () => {
    vi.stubGlobal('location', { href: 'https://app.example.com/' });
    const { tokenTo } = await spy();
    expect(await tokenTo('/notes')).toBe(true);
    vi.stubGlobal('document', { baseURI: 'https://evil.example/' });
    expect(await tokenTo('/notes')).toBe(false);
    expect(await tokenTo('https://app.example.com/notes')).toBe(true);
  });

  it.each(['api.example.com', '/notes', ''])(
    'rejects %j as an origin when the client is created',
    (origin) => {
      expect(() => createClient({ url: 'https://accounts.example.com', origins: [origin] })).toThrow(
        TypeError,
      );
    },
  );
});

describe('the client for pages', () => {
  const w = world({ vars: { ALLOWED_ORIGINS: 'https://app.example.com' } });
  const PATHS = ['/account/client.js', '/account/client.js.map', '/account/client/passkeys.js'];

  it.each(PATHS)('is sent once, and then revalidated: %s', async (path) => {
    const answer = await w.get(path);
    const etag = answer.headers.get('ETag') ?? '';
    expect(etag).toMatch(/^(W\/)?"\w+"$/);
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
    const again = await w.get(path, { headers: { 'If-None-Match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it.each(PATHS)('answers HEAD like GET, and no other method: %s', async (path) => {
    const head = await w.ask('HEAD', path);
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await w.post(path, {})).headers.get('Allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('can be imported by pages of allowed origins', async () => {
    const from = async (Origin: string) =>
      (await w.get('/account/client.js', { headers: { Origin } })).headers.get('Access-Control-Allow-Origin');
    expect(await from('https://app.example.com')).toBe('https://app.example.com');
    expect(await from('https://evil.example')).toBeNull();
  });
});
