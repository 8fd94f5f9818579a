/**
 * A real OpenID Connect provider on loopback: panva's oidc-provider, with its pages for log-in and consent, behind a proxy
 * that changes one thing of what passes through it if a test says so.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
// @ts-expect-error: it has no types.
import { Provider } from 'oidc-provider';

export const CLIENT = { client_id: 'accounts', client_secret: 'a-secret-between-the-two-of-them' };

type Json = Record<string, unknown>;

/** What the proxy changes. The rest passes through as it is. */
export interface Alterations {
  /** The query of the authorization request, on its way to the provider. */
  authorize?: (query: URLSearchParams) => void;
  /** The JSON of the token endpoint, on its way back. */
  token?: (answer: Json) => Json;
  /** The JSON of the userinfo endpoint, on its way back. */
  userinfo?: (answer: Json) => Json;
}

export interface OidcServer {
  issuer: string;
  /** In place of earlier alterations. */
  alter: (alterations: Alterations) => void;
  /** The key that signs ID tokens. */
  key: SigningKey;
  /** How often a path was requested. */
  times: (path: string) => number;
  stop: () => Promise<void>;
}

export interface SigningKey {
  kid: string;
  private: KeyObject;
}
export const newKey = (kid: string): SigningKey => ({
  kid,
  private: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
});

const json64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A JWT signed with RS256, whatever its header says. */
export function signJwt(key: SigningKey, claims: object, header: object = { alg: 'RS256', kid: key.kid }) {
  const signed = `${json64(header)}.${json64(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key.private).toString('base64url')}`;
}
export const claimsOfJwt = (jwt: unknown): Json =>
  JSON.parse(Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString());

const listen = async (server: ReturnType<typeof createServer>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** `change`: of a JSON answer. */
async function pass(
  from: IncomingMessage,
  to: ServerResponse,
  target: { port: number; path: string },
  change: ((answer: Json) => Json) | undefined,
) {
  const { method = 'GET', headers } = from;
  // With its `Host`, from which the provider makes its addresses.
  const sent = request({ host: '127.0.0.1', ...target, method, headers });
  from.pipe(sent);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  const body = await buffer(answer);
  const isChanged = change !== undefined && answer.statusCode === 200;
  const whole = isChanged ? Buffer.from(JSON.stringify(change(JSON.parse(body.toString())))) : body;
  const { 'transfer-encoding': _, 'content-length': __, ...kept } = answer.headers;
  to.writeHead(answer.statusCode ?? 502, { ...kept, 'content-length': whole.length }).end(whole);
}

/** Whoever logs in there with a name has `<name>@example.com`, which it vouches for. */
export async function startOidc(...redirectUris: string[]): Promise<OidcServer> {
  let alterations: Alterations = {};
  const asked: string[] = [];
  const key = newKey('the-key');
  const [proxy, inner] = [createServer(), createServer()];
  const [outerPort, port] = [await listen(proxy), await listen(inner)];
  const issuer = `http://127.0.0.1:${outerPort}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: redirectUris }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: async (_: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: 'Mina Kim' }),
    }),
    cookies: { keys: ['a-key-for-the-cookies-of-the-provider'] },
    jwks: { keys: [{ ...key.private.export({ format: 'jwk' }), kid: key.kid, use: 'sig', alg: 'RS256' }] },
    // As most providers: they check PKCE, and do not require it.
    pkce: { required: () => false },
  });
  inner.on('request', provider.callback());
  proxy.on('request', (from, to) => {
    const url = new URL(from.url ?? '/', issuer);
    asked.push(url.pathname);
    if (url.pathname === '/auth') alterations.authorize?.(url.searchParams);
    const change = { '/token': alterations.token, '/me': alterations.userinfo }[url.pathname];
    pass(from, to, { port, path: url.pathname + url.search }, change).catch(() => to.destroy());
  });
  return {
    issuer,
    key,
    alter: (next) => {
      alterations = next;
    },
    times: (path) => asked.filter((one) => one === path).length,
    stop: async () => {
      for (const server of [proxy, inner]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

/** A browser without a window: it keeps cookies, and logs in and agrees at the provider. */
export function httpBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const get = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  };
  return {
    get,
    /** From the provider's authorization endpoint to the address at which the provider sends the browser back. */
    agree: async (authorization: string, name: string): Promise<URL> => {
      const { origin } = new URL(authorization);
      let url = authorization;
      let answer = await get(url);
      for (let step = 0; step < 12; step++) {
        const location = answer.headers.get('Location');
        if (location !== null) {
          url = new URL(location, url).href;
          if (!url.startsWith(`${origin}/`)) return new URL(url);
          answer = await get(url);
          continue;
        }
        const page = await answer.text();
        const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
        if (prompt === undefined) throw new Error(`${url}: ${answer.status} ${page.slice(0, 500)}`);
        answer = await get(url, { prompt, login: name, password: 'anything does there' });
      }
      throw new Error(`${url} leads nowhere`);
    },
  };
}
