import { describe, expect, it } from 'vitest';
import { AccountsError, createClient, memoryStore, type Tokens, webStorage } from '../../src/client/index.ts';
import { atOnce, person, world } from '../support/world.ts';

/** A client of a Worker of its own; `calls` are the paths it asked for. */
function clientOf(w = world(), more: Partial<Parameters<typeof createClient>[0]> = {}) {
  const calls: string[] = [];
  const faults: (() => Response)[] = [];
  const store = memoryStore();
  const make = () =>
    createClient({
      url: 'http://localhost/account/',
      store,
      clock: () => w.clock.now * 1_000,
      fetch: async (input, init) => {
        calls.push(new URL(input).pathname);
        const answer = await w.fetch(new Request(input, init));
        const fault = faults.shift();
        if (fault) return fault();
        return new Response(answer.status === 204 ? null : answer.text, {
          status: answer.status,
          headers: answer.headers,
        });
      },
      ...more,
    });
  return { w, calls, faults, store, client: make(), make };
}

const countOf = (calls: string[], path: string) => calls.filter((call) => call === path).length;

describe('the client', () => {
  it('signs up, says who it is, logs out and withdraws', async () => {
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

  it('tells what the server refused', async () => {
    const { client } = clientOf();
    const refused = client.signUp({ email: 'nobody', password: '1' });
    await expect(refused).rejects.toBeInstanceOf(AccountsError);
    await expect(refused).rejects.toMatchObject({
      code: 'invalid',
      errors: { email: [{ code: 'invalid' }] },
    });
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

  it('gets the same successor where the answer to a refresh was lost', async () => {
    const { client, faults, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_590);
    faults.push(() => {
      throw new TypeError('connection lost');
    });
    expect((await client.me()).is_active).toBe(true);
  });

  it('forgets the session when the server ended it', async () => {
    const { client, store, w } = clientOf();
    await client.signUp(person());
    const kept = store.get() as Tokens & { refresh: string };
    await w.logOut(kept.refresh);
    await expect(client.me()).rejects.toMatchObject({ status: 401 });
    expect(client.isSignedIn).toBe(false);
  });

  it('keeps the session when the server is away', async () => {
    const { client, faults, w } = clientOf();
    await client.signUp(person());
    w.clock.advance(3_590);
    const away = () => new Response('{}', { status: 503, headers: { 'Retry-After': '1' } });
    faults.push(away, away);
    await expect(client.me()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
    expect(client.isSignedIn).toBe(true);
    expect((await client.me()).is_active).toBe(true);
  });

  it.each([null, 'not json', '{"refresh":"x"}', '[]'])('takes %j in a web storage for nothing', (text) => {
    const store = webStorage({ getItem: () => text, setItem: () => {}, removeItem: () => {} });
    expect(store.get()).toBeNull();
  });
});
