/** better-auth on the same machine, workerd and D1, at the endpoints that correspond to ours. */
import {
  hostPeer,
  type Peer,
  peerEndpoints,
  peerPasskeySignIn,
  peerTables,
  seedPeer,
  seedPeerPasskeys,
  seedSessions,
} from '../lib/better-auth.ts';
import type { Deployed } from '../lib/bundle.ts';
import { loadRound, type Pair, pairOf } from '../lib/figures.ts';
import { type Ask, askOnce, drive, fromList } from '../lib/load.ts';
import type { Hosted } from '../lib/miniflare.ts';
import { device } from '../lib/passkeys.ts';
import { betterAuthHash, OWASP_ITERATIONS } from '../lib/password.ts';
import { memoryMiB } from '../lib/process.ts';
import {
  hostProduct,
  passkeySignIn,
  product,
  endpoints as productEndpoints,
  seed,
  seedPasskeys,
} from '../lib/product.ts';
import { PASSWORD } from '../lib/seed.ts';
import type { Size } from '../lib/size.ts';
import { inTurn, type Summary, summarize } from '../lib/stats.ts';

const USERS = 20_000;
const CONNECTIONS = 8;

/** Endpoints that hash a password are reported without a verdict, as the two hash differently. */
const ENDPOINTS = ['me', 'refresh', 'logout', 'login', 'signUp'] as const;
export type PeerEndpoint = (typeof ENDPOINTS)[number];
const HASHING: readonly PeerEndpoint[] = ['login', 'signUp'];

export interface Peers {
  version: string;
  endpoints: Record<PeerEndpoint, Pair>;
  /** The first log-in of users who were imported with better-auth's hash. Also makes a hash of ours. */
  imported: Pair;
  passkeys: { version: string; signIn: Pair };
  memory: Record<'ours' | 'theirs', { atRest: Summary; underLoad: Summary; firstAnswerMs: Summary }>;
}

export async function measurePeers(
  deployed: Deployed,
  peer: Peer,
  size: Size,
  say: (text: string) => void,
): Promise<Peers> {
  const app = await product(deployed, USERS, OWASP_ITERATIONS);
  const other = await hostPeer(peer);
  const endpoints = {} as Peers['endpoints'];
  let imported: Pair;
  try {
    await seedPeer(other, USERS);
    const compare = async (name: string, endpoint: PeerEndpoint) => {
      const requests = HASHING.includes(endpoint) ? size.logIns : size.storeRequests;
      const how = { requests, connections: CONNECTIONS };
      const [mine, its] = [counter(), counter()];
      const rounds = await inTurn(
        size.rounds,
        {
          ours: () => loadRound(app, how, fromList(list(requests, () => productEndpoints[endpoint](mine())))),
          theirs: () => loadRound(other, how, fromList(list(requests, () => peerEndpoints[endpoint](its())))),
        },
        (round) => say(`${name}, round ${round} of ${size.rounds}`),
      );
      return pairOf(rounds.ours, rounds.theirs);
    };
    for (const endpoint of ENDPOINTS) endpoints[endpoint] = await compare(endpoint, endpoint);
    await app.db.prepare('UPDATE users SET password_hash = ?').bind(betterAuthHash(PASSWORD)).run();
    imported = await compare('log-in after an import', 'login');
  } finally {
    await app.stop();
    await other.stop();
  }
  return {
    version: peer.version,
    endpoints,
    imported,
    passkeys: await measurePasskeys(deployed, peer, size, say),
    memory: await measureMemory(deployed, peer, size, say),
  };
}

/**
 * The request that signs in, with the same authenticator data, each of another user. Challenges are requested before, and
 * not counted.
 */
async function measurePasskeys(
  deployed: Deployed,
  { withPasskeys }: Peer,
  { rounds, storeRequests: requests }: Size,
  say: (text: string) => void,
): Promise<Peers['passkeys']> {
  const key = await device();
  const how = { requests, connections: CONNECTIONS };
  const app = await product(deployed, USERS);
  const other = await hostPeer(withPasskeys);
  const round = async (at: Hosted, signIn: typeof passkeySignIn, next: () => number) => {
    const asks: Ask[] = [];
    while (asks.length < requests) asks.push(await signIn(at.origin, key, next()));
    return loadRound(at, how, fromList(asks));
  };
  try {
    await seedPeer(other, USERS);
    await seedPasskeys(app.db, USERS, key.publicKey);
    await seedPeerPasskeys(other.db, USERS, key.publicKey);
    const [mine, its] = [counter(), counter()];
    const { ours, theirs } = await inTurn(
      rounds,
      {
        ours: () => round(app, passkeySignIn, mine),
        theirs: () => round(other, peerPasskeySignIn, its),
      },
      (done) => say(`passkey, round ${done} of ${rounds}`),
    );
    return { version: withPasskeys.version, signIn: pairOf(ours, theirs) };
  } finally {
    await app.stop();
    await other.stop();
  }
}

const list = (length: number, make: () => Ask) => Array.from({ length }, make);

/** Users and sessions are used one after another: none signs out twice. */
const counter = () => {
  let n = 0;
  return () => ++n;
};

/**
 * For the whole workerd including its D1 and KV, which are the same for both. The first answer counts from the start of
 * workerd, without the time to create its tables.
 */
async function measureMemory(
  deployed: Deployed,
  peer: Peer,
  size: Size,
  say: (text: string) => void,
): Promise<Peers['memory']> {
  const start = async (open: () => Promise<Hosted>, fill: (at: Hosted) => Promise<unknown>, ask: Ask) => {
    const opened = performance.now();
    const at = await open();
    const openMs = performance.now() - opened;
    try {
      await fill(at);
      const asked = performance.now();
      await askOnce(at.origin, ask);
      const firstAnswerMs = openMs + performance.now() - asked;
      const atRest = memoryMiB(at.pid);
      await drive(at.origin, { requests: size.storeRequests * 3, connections: CONNECTIONS }, () => () => ask);
      return { firstAnswerMs, atRest, underLoad: memoryMiB(at.pid) };
    } finally {
      await at.stop();
    }
  };

  const template = await hostPeer(peer);
  const tables = await peerTables(template).finally(template.stop);
  const fillPeer = async ({ db }: Hosted) => {
    await db.batch(tables.map((sql) => db.prepare(sql)));
    await seedSessions(db, 1);
  };
  const rounds = await inTurn(
    size.starts,
    {
      ours: () =>
        start(
          () => hostProduct(deployed),
          ({ db }) => seed(db, 1),
          productEndpoints.me(1),
        ),
      theirs: () => start(() => hostPeer(peer), fillPeer, peerEndpoints.me(1)),
    },
    (round) => say(`memory, start ${round} of ${size.starts}`),
  );
  const of = (name: 'ours' | 'theirs') => {
    const starts = rounds[name];
    return {
      atRest: summarize(starts.map((s) => s.atRest)),
      underLoad: summarize(starts.map((s) => s.underLoad)),
      firstAnswerMs: summarize(starts.map((s) => s.firstAnswerMs)),
    };
  };
  return { ours: of('ours'), theirs: of('theirs') };
}
