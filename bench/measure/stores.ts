/**
 * Endpoints that use D1 and KV, on miniflare: each compared with its bare store calls and signatures, on the same miniflare
 * with the same statements, without Hono and Drizzle. The difference is our overhead.
 */
import type { Deployed } from '../lib/bundle.ts';
import type { Call, Plan } from '../lib/calls.ts';
import { loadRound, type Pair, pairOf } from '../lib/figures.ts';
import { type Ask, askOnce, type Script } from '../lib/load.ts';
import { type Endpoint, endpoints, type Product, product, record } from '../lib/product.ts';
import { PASSWORD, seeded } from '../lib/seed.ts';
import type { Size } from '../lib/size.ts';
import { inTurn } from '../lib/stats.ts';
import { bearer, claimsOf, token } from '../lib/tokens.ts';

const ENDPOINTS = ['me', 'refresh', 'login', 'logout'] as const satisfies readonly Endpoint[];
export type StoreEndpoint = (typeof ENDPOINTS)[number];

/** Our endpoint compared with the bare one. CPU is of the whole workerd, mostly the simulators of D1 and KV. */
export type Stores = Record<StoreEndpoint, Pair>;

const USERS = 20_000;
const CONNECTIONS = 8;

export async function measureStores(
  deployed: Deployed,
  size: Size,
  say: (text: string) => void,
): Promise<Stores> {
  const app = await product(deployed, USERS);
  try {
    for (const endpoint of ENDPOINTS) await teach(app, endpoint);
    const fresh = counter(1_000);
    const how = { requests: size.storeRequests, connections: CONNECTIONS };
    const stores = {} as Stores;
    for (const endpoint of ENDPOINTS) {
      const rounds = await inTurn(
        size.rounds,
        {
          ours: () => loadRound(app, how, () => scripts[endpoint]('ours', fresh)),
          bare: () => loadRound(app, how, () => scripts[endpoint]('bare', fresh)),
        },
        (round) => say(`${endpoint}, round ${round} of ${size.rounds}`),
      );
      stores[endpoint] = pairOf(rounds.ours, rounds.bare);
    }
    return stores;
  } finally {
    await app.stop();
  }
}

const counter = (from: number) => {
  let n = from;
  return () => {
    n = n < USERS ? n + 1 : from;
    return n;
  };
};

/** For one connection. A refresh uses the token of the last answer. */
const scripts: Record<StoreEndpoint, (kind: 'ours' | 'bare', fresh: () => number) => Script> = {
  me: (kind, fresh) => {
    const headers = bearer(token('access', seeded(fresh())));
    const path = kind === 'ours' ? '/account/me' : '/bench/bare/me';
    return () => ({ path, headers });
  },
  refresh: (kind, fresh) => {
    let refresh = token('refresh', seeded(fresh()));
    const path = kind === 'ours' ? '/account/token/refresh' : '/bench/bare/refresh';
    return (last) => {
      if (last !== null) ({ refresh } = JSON.parse(last) as { refresh: string });
      return { method: 'POST', path, body: JSON.stringify({ refresh }) };
    };
  },
  login: (kind, fresh) => {
    const path = kind === 'ours' ? '/account/login' : '/bench/bare/login';
    return () => {
      const { email, userId: sub } = seeded(fresh());
      const body = { email, password: PASSWORD, ...(kind === 'bare' && { sub }) };
      return { method: 'POST', path, body: JSON.stringify(body) };
    };
  },
  logout: (kind, fresh) => () => {
    const body = JSON.stringify({ refresh: token('refresh', seeded(fresh())) });
    return kind === 'ours'
      ? { method: 'POST', path: '/account/logout', body, expect: 204 }
      : { method: 'POST', path: '/bench/bare/logout', body };
  },
};

/** Records the store calls of an endpoint for the bare one, with placeholders instead of ids. */
async function teach(app: Product, endpoint: StoreEndpoint): Promise<void> {
  const n = ENDPOINTS.indexOf(endpoint) + 1;
  const ask: Ask = endpoints[endpoint](n);
  const { calls, body } = await record(app.origin, ask);
  const answered = JSON.parse(body || '{}') as { access?: string; refresh?: string };
  const sent = JSON.parse(ask.body ?? '{}') as { refresh?: string };
  const { userId, sessionId, email } = seeded(n);
  const names = new Map<unknown, string>([
    [userId, '$sub'],
    [sessionId, '$sid'],
    [email, '$email'],
  ]);
  if (sent.refresh !== undefined) {
    const { jti, exp } = claimsOf(sent.refresh);
    names.set(jti, '$jti').set(exp, '$exp');
  }
  if (answered.refresh !== undefined) {
    const { jti, sid } = claimsOf(answered.refresh);
    names.set(jti, '$successorJti');
    if (sid !== sessionId) names.set(sid, '$newSid');
  }
  const plan: Plan = {
    calls: calls.map((call) => named(call, names)),
    signs: answered.access === undefined ? 0 : 2,
    hashes: endpoint === 'login',
  };
  await askOnce(app.origin, { method: 'POST', path: `/bench/plan/${endpoint}`, body: JSON.stringify(plan) });
}

const named = (call: Call, names: ReadonlyMap<unknown, string>): Call =>
  call.store === 'd1'
    ? {
        ...call,
        statements: call.statements.map(({ sql, params }) => ({
          sql,
          params: params.map((param) => names.get(param) ?? param),
        })),
      }
    : {
        ...call,
        args: call.args.map((arg) =>
          typeof arg === 'string'
            ? [...names].reduce((text, [value, name]) => text.replace(String(value), name), arg)
            : arg,
        ),
      };
