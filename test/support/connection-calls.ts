/**
 * Every request about connected accounts, and the one that leads back from the pages, ready to be made: for tests that
 * look at what requests read, cost, leave behind and log.
 */
import { env } from 'cloudflare:workers';
import {
  ALLOWED_ORIGINS,
  APP,
  begin,
  browser,
  challengeOf,
  exchange,
  issuer,
  outcomeOf,
  providersOf,
  VERIFIER,
} from './issuer.ts';
import { giveMethod } from './sign-in-methods.ts';
import { type Answer, person, type Vars, type World } from './world.ts';

const op = await issuer('https://op.example.net');
/** Of a world with the provider: its settings, and what is on the other side of its `fetch`. */
export const PROVIDER_VARS: Vars = { PROVIDERS: JSON.stringify(providersOf(op)), ALLOWED_ORIGINS };
export const providerFetch = op.fetch;

type Who = Awaited<ReturnType<World['signUp']>>;
interface Ready {
  /** May be made at another world over the same stores, and again. */
  ask: (w: World) => Promise<Answer>;
  /** Checks its effect in D1. Absent: it changes nothing. */
  done?: () => Promise<boolean>;
  /** Addresses of users other than `who`. */
  people?: string[];
  secrets?: string[];
}
export interface ConnectionCall {
  name: string;
  success: number;
  /** Of the same request once more, after it was done; `success` where nothing is said. */
  again?: number;
  vars?: Vars;
  /** Round trips to D1. */
  trips: number;
  /** What it writes to the log. */
  events: string[];
  ready: (w: World, who: Who) => Promise<Ready>;
}

const rows = async (sql: string, ...values: string[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all()
  ).results;
const holds =
  (sql: string, ...values: string[]) =>
  async () =>
    (await rows(sql, ...values)).length > 0;
const hasToken = (purpose: string, userId: string) =>
  holds('SELECT 1 FROM one_time_tokens WHERE purpose = ? AND subject = ?', purpose, userId);
const hasIdentity = (subject: string) => holds('SELECT 1 FROM connections WHERE subject = ?', subject);
const secretOf = (text: string | null) => text?.split('.')[1] ?? '';

/** Somebody at the provider, whose address it vouches for. */
const stranger = (email = person().email) => ({ sub: crypto.randomUUID(), email, email_verified: true });
type Claims = ReturnType<typeof stranger>;

/** The callback of a browser that is at the provider, which signs the user in again each time. */
async function wayBack(w: World, claims: Claims, path?: string) {
  const b = browser(w);
  const url = path ? ((await b.get(path)).headers.get('Location') ?? '') : await begin(b);
  const Cookie = [...b.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return (at: World) => {
    op.as(claims);
    return at.get(`/account/login/with/acme/callback?${op.browse(url)}`, { headers: { Cookie } });
  };
}
const codeOfWay = async (w: World, claims: Claims, path?: string) =>
  outcomeOf(await (await wayBack(w, claims, path))(w)).code ?? '';

const startLink = async (w: World, { access }: Who) =>
  w.post(
    '/account/connections/acme',
    { return_to: APP, code_challenge: await challengeOf(VERIFIER) },
    { token: access },
  );
const linkPath = async (w: World, who: Who) => {
  const { pathname, search } = new URL((await startLink(w, who)).body.url);
  return pathname + search;
};

/** Ready to come back as somebody with the address of `who`. */
const backAs =
  (prepare: (who: Who) => Promise<unknown>, done: (claims: Claims, who: Who) => () => Promise<boolean>) =>
  async (w: World, who: Who): Promise<Ready> => {
    await prepare(who);
    const claims = stranger(who.email);
    return { ask: await wayBack(w, claims), done: done(claims, who), secrets: [who.email] };
  };

export const CONNECTION_CALLS: readonly ConnectionCall[] = [
  {
    name: 'a sign-in with a provider that makes an account',
    success: 302,
    trips: 2,
    events: ['signed_up'],
    ready: async (w) => {
      // Whoever comes first leaves the provider's keys in KV.
      await codeOfWay(w, stranger());
      const claims = stranger();
      return {
        ask: await wayBack(w, claims),
        done: hasIdentity(claims.sub),
        people: [claims.email],
        secrets: [claims.email],
      };
    },
  },
  {
    name: 'a sign-in with a provider who is known',
    success: 302,
    trips: 2,
    events: [],
    ready: async (w) => {
      const claims = stranger();
      const { body } = await exchange(w, await codeOfWay(w, claims));
      return {
        ask: await wayBack(w, claims),
        done: hasToken('exchange', body.user.id),
        people: [claims.email],
        secrets: [claims.email],
      };
    },
  },
  {
    name: 'a sign-in with a provider that connects an account',
    success: 302,
    trips: 2,
    events: ['connection_added'],
    ready: backAs(
      ({ user }) => rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', user.id),
      ({ sub }) => hasIdentity(sub),
    ),
  },
  {
    name: 'a sign-in with a provider that passes an account to its owner',
    vars: { MAIL: 'inbox' },
    success: 302,
    trips: 2,
    events: ['account_passed'],
    ready: backAs(
      async () => {},
      ({ sub }, { user }) =>
        async () =>
          (await hasIdentity(sub)()) && !(await holds('SELECT 1 FROM users WHERE id = ?', user.id)()),
    ),
  },
  {
    name: 'the exchange of a code',
    success: 201,
    again: 401,
    trips: 1,
    events: ['logged_in'],
    ready: async (w) => {
      const claims = stranger();
      const code = await codeOfWay(w, claims);
      return {
        ask: (at) => exchange(at, code),
        done: holds('SELECT 1 FROM sessions JOIN users ON users.id = user_id WHERE email = ?', claims.email),
        people: [claims.email],
        secrets: [claims.email, secretOf(code)],
      };
    },
  },
  {
    name: 'asking for the URL that adds a connection',
    success: 200,
    trips: 2,
    events: [],
    ready: async (_, who) => ({ ask: (at) => startLink(at, who), done: hasToken('connect', who.user.id) }),
  },
  {
    name: 'opening that URL',
    success: 302,
    again: 400,
    trips: 1,
    events: [],
    ready: async (w, who) => {
      const path = await linkPath(w, who);
      return {
        ask: (at) => at.get(path),
        done: holds(
          `SELECT 1 FROM one_time_tokens WHERE purpose = 'connect' AND subject = ?
            AND json_extract(payload, '$.taken') = 1`,
          who.user.id,
        ),
        secrets: [secretOf(path)],
      };
    },
  },
  {
    name: 'coming back with a connection to add',
    success: 302,
    trips: 2,
    events: [],
    ready: async (w, who) => ({
      ask: await wayBack(w, stranger(), await linkPath(w, who)),
      done: hasToken('exchange', who.user.id),
    }),
  },
  {
    name: 'the exchange that adds a connection',
    success: 200,
    again: 401,
    trips: 1,
    events: ['logged_in', 'connection_added'],
    ready: async (w, who) => {
      const claims = stranger();
      const code = await codeOfWay(w, claims, await linkPath(w, who));
      return {
        ask: (at) => exchange(at, code),
        done: hasIdentity(claims.sub),
        secrets: [claims.email, secretOf(code)],
      };
    },
  },
  {
    name: 'the list of connections',
    success: 200,
    trips: 2,
    events: [],
    ready: async (_, { user, access }) => {
      await giveMethod('connections', user.id, rows);
      return { ask: (at) => at.get('/account/connections', { token: access }) };
    },
  },
  {
    name: 'the end of a connection',
    success: 204,
    again: 404,
    trips: 2,
    events: ['connection_removed'],
    ready: async (_, { user, access }) => {
      const id = await giveMethod('connections', user.id, rows);
      return {
        ask: (at) => at.delete(`/account/connections/${id}`, {}, { token: access }),
        done: async () => !(await holds('SELECT 1 FROM connections WHERE user_id = ?', user.id)()),
      };
    },
  },
  {
    name: 'handing somebody back to an app',
    success: 200,
    trips: 1,
    events: ['handed_back'],
    ready: async (_, { user, refresh }) => {
      const code_challenge = await challengeOf(VERIFIER);
      return {
        ask: (at) => at.post('/account/login/return', { refresh, return_to: APP, code_challenge }),
        done: hasToken('exchange', user.id),
      };
    },
  },
];
