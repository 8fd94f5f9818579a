/**
 * An OpenID Connect provider in this isolate, behind the `fetch` that a world gets: it answers correctly unless a test changes
 * its answers. `browse()` does what a browser does at its authorization endpoint.
 */
import { type Answer, person, type Vars, type World, world } from './world.ts';

export const CLIENT = { client_id: 'our-client', client_secret: 'our-secret-of-the-provider' };
export const APP = 'https://app.example.com/signed-in';

const text = new TextEncoder();
const b64u = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
const json64 = (value: unknown) => b64u(text.encode(JSON.stringify(value)));
export const challengeOf = async (verifier: string) =>
  b64u(new Uint8Array(await crypto.subtle.digest('SHA-256', text.encode(verifier))));

/** workerd warns of `text()` where the type says a form. */
const textOf = async (request: Request) => new TextDecoder().decode(await request.arrayBuffer());

interface Key {
  kid: string;
  pair: CryptoKeyPair;
}
const makeKey = async (kid: string): Promise<Key> => ({
  kid,
  pair: (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair,
});

export async function signJwt(
  { kid, pair }: Key,
  claims: object,
  header: object = { alg: 'ES256', kid },
): Promise<string> {
  const signed = `${json64(header)}.${json64(claims)}`;
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    pair.privateKey,
    text.encode(signed),
  );
  return `${signed}.${b64u(new Uint8Array(signature))}`;
}

type Json = Record<string, unknown>;
interface Grant {
  nonce: string | null;
  challenge: string | null;
  redirectUri: string;
  claims: Json;
}

/** `base`: its issuer; each has one of its own, so that nobody finds another’s keys in KV. */
export async function issuer(base = `https://${crypto.randomUUID()}.example.net`) {
  const keys = [await makeKey('key-1')];
  const grants = new Map<string, Grant>();
  const asked: { method: string; path: string; body: string; headers: Headers }[] = [];
  /** Whoever is signed in at the provider. */
  let user: Json = {};
  /** In place of the right answer at a path. */
  let lies: Record<string, (right: Response) => Response | Promise<Response>> = {};
  let metadata: Json = {};
  let claims: (right: Json) => Json = (right) => right;
  let sign: ((claims: Json) => Promise<string>) | null = null;
  let now = () => Math.floor(Date.now() / 1_000);
  const newest = () => keys.at(-1) as Key;

  const idToken = async (grant: Grant): Promise<string> => {
    const right = {
      iss: base,
      aud: CLIENT.client_id,
      iat: now(),
      exp: now() + 300,
      ...(grant.nonce !== null && { nonce: grant.nonce }),
      ...grant.claims,
    };
    const told = claims(right);
    return sign ? sign(told) : signJwt(newest(), told);
  };

  const paths: Record<string, (request: Request) => Promise<Response>> = {
    '/.well-known/openid-configuration': async () =>
      Response.json({
        issuer: base,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        jwks_uri: `${base}/jwks`,
        userinfo_endpoint: `${base}/userinfo`,
        id_token_signing_alg_values_supported: ['ES256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        authorization_response_iss_parameter_supported: true,
        ...metadata,
      }),
    '/jwks': async () =>
      Response.json({
        keys: await Promise.all(
          keys.map(async ({ kid, pair }) => ({
            ...((await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey),
            kid,
            use: 'sig',
            alg: 'ES256',
          })),
        ),
      }),
    '/token': async (request) => {
      const form = new URLSearchParams(await textOf(request));
      const basic = `Basic ${btoa(`our%2Dclient:our%2Dsecret%2Dof%2Dthe%2Dprovider`)}`;
      const known =
        request.headers.get('Authorization') === basic || form.get('client_secret') === CLIENT.client_secret;
      if (!known) return Response.json({ error: 'invalid_client' }, { status: 401 });
      const code = form.get('code') ?? '';
      const grant = grants.get(code);
      grants.delete(code);
      const verifier = form.get('code_verifier') ?? '';
      const isRight =
        grant &&
        grant.redirectUri === form.get('redirect_uri') &&
        grant.challenge === (await challengeOf(verifier));
      if (!isRight) return Response.json({ error: 'invalid_grant' }, { status: 400 });
      return Response.json({
        access_token: `access-of-${String(grant.claims.sub)}`,
        token_type: 'Bearer',
        expires_in: 60,
        id_token: await idToken(grant),
      });
    },
    '/userinfo': async () => Response.json(user),
  };

  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname, origin } = new URL(request.url);
    asked.push({
      method: request.method,
      path: pathname,
      headers: request.headers,
      body: await textOf(request.clone()),
    });
    const answer = origin === base ? paths[pathname] : undefined;
    if (!answer) return new Response('nothing here', { status: 404 });
    const right = await answer(request);
    const lie = lies[pathname];
    return lie ? lie(right) : right;
  }) as typeof fetch;

  return {
    base,
    fetch: fetcher,
    asked,
    keys,
    /** How often a path was asked. */
    times: (path: string) => asked.filter((one) => one.path === path).length,
    /** Signs somebody in at the provider. */
    as: (claimsOfUser: Json) => {
      user = { sub: crypto.randomUUID(), ...claimsOfUser };
      return user;
    },
    set: (more: {
      lies?: typeof lies;
      metadata?: Json;
      claims?: typeof claims;
      sign?: typeof sign;
      now?: () => number;
    }) => {
      if (more.lies) lies = more.lies;
      if (more.metadata) metadata = more.metadata;
      if (more.claims) claims = more.claims;
      if (more.sign !== undefined) sign = more.sign;
      if (more.now) now = more.now;
    },
    rotate: async () => {
      keys.push(await makeKey(`key-${keys.length + 1}`));
    },
    makeKey,
    newest,
    /** What the browser brings back: the parameters of the callback. */
    browse: (url: string): URLSearchParams => {
      const at = new URL(url).searchParams;
      const code = crypto.randomUUID();
      grants.set(code, {
        nonce: at.get('nonce'),
        challenge: at.get('code_challenge'),
        redirectUri: at.get('redirect_uri') ?? '',
        claims: user,
      });
      return new URLSearchParams({ code, state: at.get('state') ?? '', iss: base });
    },
  };
}
export type FakeIssuer = Awaited<ReturnType<typeof issuer>>;

export const providersOf = ({ base }: Pick<FakeIssuer, 'base'>) => [
  { id: 'acme', name: 'Acme', issuer: base, ...CLIENT },
];
export const ALLOWED_ORIGINS = 'https://app.example.com,myapp://signed-in';

/** `providers`: in place of the one. */
export const worldWith = (
  op: Pick<FakeIssuer, 'fetch' | 'base'>,
  vars: Vars = {},
  {
    providers = providersOf(op),
    ...more
  }: Omit<NonNullable<Parameters<typeof world>[0]>, 'vars'> & { providers?: unknown[] } = {},
) =>
  world({
    ...more,
    vars: { PROVIDERS: JSON.stringify(providers), ALLOWED_ORIGINS, ...vars },
    parts: { fetch: op.fetch, ...more.parts },
  });

export const VERIFIER = 'a-verifier-of-the-app-that-is-long-enough-0123456789';

/** A browser's cookies, and where it goes. */
export function browser(w: World) {
  const cookies = new Map<string, string>();
  const take = (answer: Answer) => {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (attributes.some((one) => one.trim() === 'Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const get = async (path: string) =>
    take(
      await w.get(path, {
        headers: { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      }),
    );
  return { cookies, get };
}
export type Browser = ReturnType<typeof browser>;

export const beginPath = async ({
  provider = 'acme',
  returnTo = APP,
  challenge,
}: {
  provider?: string;
  returnTo?: string;
  challenge?: string;
} = {}) =>
  `/account/login/with/${provider}?${new URLSearchParams({
    return_to: returnTo,
    code_challenge: challenge ?? (await challengeOf(VERIFIER)),
  })}`;

/** Goes to the provider: its address. */
export async function begin(b: Browser, more: Parameters<typeof beginPath>[0] = {}): Promise<string> {
  const answer = await b.get(await beginPath(more));
  if (answer.status !== 302) throw new Error(`${answer.status} ${answer.text}`);
  return answer.headers.get('Location') ?? '';
}

export const callback = (b: Browser, parameters: URLSearchParams, provider = 'acme') =>
  b.get(`/account/login/with/${provider}/callback?${parameters}`);

/** What stands behind `?code=` and `?error=` where the browser came out. */
export function outcomeOf(answer: Answer): { code: string | null; error: string | null } {
  if (answer.status !== 302) throw new Error(`${answer.status} ${answer.text}`);
  const { searchParams } = new URL(answer.headers.get('Location') ?? '');
  return { code: searchParams.get('code'), error: searchParams.get('error') };
}

/** The whole way there and back. */
export async function dance(w: World, from: Pick<FakeIssuer, 'browse'>, provider = 'acme', b = browser(w)) {
  const url = await begin(b, { provider });
  return outcomeOf(await callback(b, from.browse(url), provider));
}

export const exchange = (w: World, code: string | null, verifier = VERIFIER) =>
  w.post('/account/login/exchange', { code, code_verifier: verifier });

/** Signs in, from the first redirect to the tokens. */
export async function signInWith(w: World, from: Pick<FakeIssuer, 'browse'>, provider = 'acme') {
  const { code, error } = await dance(w, from, provider);
  if (code === null) throw new Error(`no code: ${error}`);
  return exchange(w, code);
}

/** Somebody at the provider whose address it vouches for. */
export const verified = (email = person().email) => ({ email, email_verified: true });
