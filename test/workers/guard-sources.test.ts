/** Where a guard finds the access token besides the Authorization header, and which origins may send a cookie. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { isAuthenticated, type TokenSource } from '../../src/guard/index.ts';
import { capturedLog } from '../support/log.ts';
import { world } from '../support/world.ts';

capturedLog();
const w = world();
const one = w.signUp();
const another = w.signUp();

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  vars?: object;
}

/** Who a guard takes the request for; the code of the refusal where it takes it for nobody. */
async function seen(
  from: readonly TokenSource[],
  { method = 'GET', path = '/', headers = {}, vars = {} }: Sent,
) {
  const host = new Hono().all('/', isAuthenticated({ from }), (c) => c.json({ id: c.var.account.id }));
  const request = new Request(`https://notes.example${path}`, { method, headers });
  const answer = await host.fetch(request, { ...env, ...vars }, createExecutionContext());
  const body = (await answer.json()) as { id?: string; code?: string };
  if (body.id === undefined) return body.code;
  return body.id === (await one).user.id ? 'one' : 'another';
}

describe('a token', () => {
  const sent = async (text: string) =>
    text.replaceAll('ONE', (await one).access).replaceAll('OTHER', (await another).access);

  it.each<[where: string, from: TokenSource[], headers: Record<string, string>, path: string, who: string]>([
    ['in the header', ['header'], { Authorization: 'Bearer ONE' }, '/', 'one'],
    ['in a cookie', ['cookie:a'], { Cookie: 'a=ONE' }, '/', 'one'],
    ['in a cookie among others', ['cookie:a'], { Cookie: 'x=y; a=ONE;b=OTHER' }, '/', 'one'],
    ['in a cookie with a prefix', ['cookie:__Host-a'], { Cookie: '__Host-a=ONE' }, '/', 'one'],
    ['in the query', ['query:access_token'], {}, '/?x=y&access_token=ONE', 'one'],
    ['after bearer', ['subprotocol'], { 'Sec-WebSocket-Protocol': 'bearer, ONE' }, '/', 'one'],
    [
      'after other subprotocols',
      ['subprotocol'],
      { 'Sec-WebSocket-Protocol': 'chat,bearer,ONE' },
      '/',
      'one',
    ],
    [
      'in two places: the first named',
      ['query:t', 'header'],
      { Authorization: 'Bearer OTHER' },
      '/?t=ONE',
      'one',
    ],
    [
      'in two places: the other way round',
      ['header', 'query:t'],
      { Authorization: 'Bearer OTHER' },
      '/?t=ONE',
      'another',
    ],
    [
      'in the second place',
      ['cookie:a', 'header'],
      { Authorization: 'Bearer ONE', Cookie: 'b=OTHER' },
      '/',
      'one',
    ],
    [
      'behind a header of another scheme',
      ['header', 'cookie:a'],
      { Authorization: 'Basic x', Cookie: 'a=ONE' },
      '/',
      'one',
    ],
  ])('%s is found', async (_, from, headers, path, who) => {
    const filled: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) filled[name] = await sent(value);
    expect(await seen(from, { headers: filled, path: await sent(path) })).toBe(who);
  });

  it.each<[where: string, from: TokenSource[], headers: Record<string, string>, path: string]>([
    ['in a cookie that is not named', ['cookie:a'], { Cookie: 'ab=ONE; xa=ONE' }, '/'],
    ['in a cookie, where the header is asked', ['header'], { Cookie: 'a=ONE' }, '/'],
    ['in the query, where it is not named', ['header', 'cookie:a'], {}, '/?access_token=ONE&a=ONE'],
    ['in the header, where the query is asked', ['query:t'], { Authorization: 'Bearer ONE' }, '/'],
    ['without bearer before it', ['subprotocol'], { 'Sec-WebSocket-Protocol': 'ONE' }, '/'],
    ['before bearer', ['subprotocol'], { 'Sec-WebSocket-Protocol': 'ONE, bearer' }, '/'],
  ])('%s is not looked at', async (_, from, headers, path) => {
    const filled: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) filled[name] = await sent(value);
    expect(await seen(from, { headers: filled, path: await sent(path) })).toBe('not_authenticated');
  });

  it.each<[TokenSource, Sent]>([
    ['cookie:a', { headers: { Cookie: 'a=garbage' } }],
    ['query:t', { path: '/?t=garbage' }],
    ['subprotocol', { headers: { 'Sec-WebSocket-Protocol': 'bearer, garbage' } }],
  ])('that is invalid is refused from %s too', async (source, request) => {
    expect(await seen([source], request)).toBe('token_not_valid');
  });
});

describe('a cookie', () => {
  const ALLOWED = { ALLOWED_ORIGINS: 'https://app.example,https://*.shop.example' };
  const OWN = 'https://notes.example';

  it.each<[what: string, sent: Sent, seen: string]>([
    ['a GET of any page', { headers: { Origin: 'https://evil.example' } }, 'one'],
    ['a POST of the own page', { method: 'POST', headers: { Origin: OWN } }, 'one'],
    [
      'a POST of an allowed page',
      { method: 'POST', headers: { Origin: 'https://app.example' }, vars: ALLOWED },
      'one',
    ],
    [
      'a DELETE of an allowed page',
      { method: 'DELETE', headers: { Origin: 'https://a.shop.example' }, vars: ALLOWED },
      'one',
    ],
    [
      'a POST of another page',
      { method: 'POST', headers: { Origin: 'https://evil.example' }, vars: ALLOWED },
      'origin_not_allowed',
    ],
    ['a POST of nobody', { method: 'POST', vars: ALLOWED }, 'origin_not_allowed'],
    [
      'a POST of a page without an origin',
      { method: 'POST', headers: { Origin: 'null' } },
      'origin_not_allowed',
    ],
    [
      'a WebSocket of another page',
      { headers: { Origin: 'https://evil.example', Upgrade: 'websocket' } },
      'origin_not_allowed',
    ],
    ['a WebSocket of the own page', { headers: { Origin: OWN, Upgrade: 'websocket' } }, 'one'],
    [
      'a POST by the public address',
      {
        method: 'POST',
        headers: { Origin: 'https://a.example' },
        vars: { PUBLIC_URL: 'https://a.example/id' },
      },
      'one',
    ],
    [
      'a POST past the public address',
      { method: 'POST', headers: { Origin: OWN }, vars: { PUBLIC_URL: 'https://a.example/id' } },
      'origin_not_allowed',
    ],
  ])('of %s', async (_, { headers, ...sent }, who) => {
    const Cookie = `a=${(await one).access}`;
    expect(await seen(['cookie:a', 'header'], { ...sent, headers: { ...headers, Cookie } })).toBe(who);
  });

  it('is ignored if the header has the token', async () => {
    const { access } = await one;
    const headers = {
      Authorization: `Bearer ${access}`,
      Cookie: `a=${access}`,
      Origin: 'https://evil.example',
    };
    expect(await seen(['header', 'cookie:a'], { method: 'POST', headers })).toBe('one');
  });
});

describe('from', () => {
  it.each([
    [[]],
    ['header'],
    [['head']],
    [['cookie']],
    [['cookie:']],
    [['cookie:a b']],
    [['query:']],
    [['query:a&b']],
    [[null]],
  ])('%j is a TypeError when the guard is created', (from) => {
    expect(() => isAuthenticated({ from: from as never })).toThrow(TypeError);
    expect(() => isAuthenticated({ from: from as never })).toThrow(/^from /);
  });
});

describe('the answer to a WebSocket', () => {
  /** `selects`: what the host itself says. */
  const answered = async (from: TokenSource[], headers: Record<string, string>, selects?: string) => {
    const host = new Hono().get('/', isAuthenticated({ from }), () => {
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      const more = selects === undefined ? {} : { headers: { 'Sec-WebSocket-Protocol': selects } };
      return new Response(null, { status: 101, webSocket: client, ...more });
    });
    const request = new Request('https://notes.example/', { headers: { Upgrade: 'websocket', ...headers } });
    const answer = await host.fetch(request, env, createExecutionContext());
    answer.webSocket?.accept();
    answer.webSocket?.close();
    return [answer.status, answer.webSocket !== null, answer.headers.get('Sec-WebSocket-Protocol')];
  };

  it('selects bearer, and nothing if the token came from elsewhere', async () => {
    const { access } = await one;
    const offered = { 'Sec-WebSocket-Protocol': `bearer, ${access}` };
    expect(await answered(['subprotocol'], offered)).toEqual([101, true, 'bearer']);
    const header = { Authorization: `Bearer ${access}` };
    expect(await answered(['header', 'subprotocol'], { ...offered, ...header })).toEqual([101, true, null]);
  });

  it('leaves what the host selects', async () => {
    const offered = { 'Sec-WebSocket-Protocol': `chat, bearer, ${(await one).access}` };
    expect(await answered(['subprotocol'], offered, 'chat')).toEqual([101, true, 'chat']);
  });
});
