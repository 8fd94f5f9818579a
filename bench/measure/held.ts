/**
 * Many concurrent connections with the mix of the cost model (bench/cost.ts): the Worker, and better-auth for comparison, each
 * on its own `workerd serve` with the real D1 and KV. Nothing may break, and the end of a minute must be like its beginning.
 */
import { HABITS } from '../cost.ts';
import { hostPeer, type Peer, peerEndpoints, seedPeer } from '../lib/better-auth.ts';
import type { Deployed } from '../lib/bundle.ts';
import { type Held, hold, type Visitor } from '../lib/hold.ts';
import type { Ask } from '../lib/load.ts';
import { type Hosted, host } from '../lib/miniflare.ts';
import { OWASP_ITERATIONS } from '../lib/password.ts';
import { memoryMiB } from '../lib/process.ts';
import { endpoints, product } from '../lib/product.ts';
import { seeded } from '../lib/seed.ts';
import { bearer, token } from '../lib/tokens.ts';

export interface LoadHeld {
  ours: Held[];
  /** Empty if better-auth could not be installed. */
  theirs: Held[];
  /** A one-line Worker at the highest number of connections: the limit of workerd itself. */
  bare: Held;
}

export interface HowHeld {
  connections: readonly number[];
  seconds: number;
  /** Not measured, before the first level: V8 and the stores allocate their memory once. */
  warmUpSeconds: number;
}

/** Connections during the warm-up. */
const WARM_UP = 64;
const BARE = 'export default { fetch: () => Response.json({ notes: [] }) };';

type Kind = 'logIn' | 'refresh' | 'guarded';

export async function measureHeld(
  deployed: Deployed,
  peer: Peer | null,
  { connections, seconds, warmUpSeconds }: HowHeld,
  say: (text: string) => void,
): Promise<LoadHeld> {
  // A user for every connection of every level, followed by those who log in.
  const visitors = connections.reduce((sum, level) => sum + level, WARM_UP);
  const users = visitors + LOGGING_IN;

  const levels = async (
    name: string,
    at: Hosted,
    visitor: (n: number, mix: () => Kind) => Visitor,
  ): Promise<Held[]> => {
    const held: Held[] = [];
    let first = 1;
    const holdLevel = async (level: number, seconds: number) => {
      const from = first;
      first += level;
      const how = { connections: level, seconds, memoryMiB: () => memoryMiB(at.pid) };
      const one = await hold(at.origin, how, (connection) =>
        visitor(from + connection, mixOf(from + connection)),
      );
      say(`${name}, ${level} connections for ${seconds} s`);
      return one;
    };
    await holdLevel(WARM_UP, warmUpSeconds);
    for (const level of connections) held.push(await holdLevel(level, seconds));
    return held;
  };

  const ours = await product(deployed, users, OWASP_ITERATIONS);
  const heldByUs = await levels('ours', ours, ourVisitor(visitors)).finally(ours.stop);
  const bare = await heldByBare(Math.max(...connections), seconds);
  if (peer === null) return { ours: heldByUs, theirs: [], bare };

  const theirs = await hostPeer(peer);
  try {
    await seedPeer(theirs, users);
    return { ours: heldByUs, theirs: await levels('better-auth', theirs, peerVisitor), bare };
  } finally {
    await theirs.stop();
  }
}

async function heldByBare(connections: number, seconds: number): Promise<Held> {
  const at = await host({ 'bare.mjs': BARE });
  const how = { connections, seconds, memoryMiB: () => memoryMiB(at.pid) };
  return hold(at.origin, how, () => ({ ask: () => ({ path: '/' }), answered: () => {} })).finally(at.stop);
}

/** No user logs in often enough to exceed the limit of sessions. */
const LOGGING_IN = 1_000;

/** Refreshes with the token of the last answer; without an answer it retries with the same one, like a client. */
const ourVisitor = (visitors: number) => {
  let loggedIn = 0;
  return (n: number, mix: () => Kind): Visitor => {
    let tokens = { access: token('access', seeded(n)), refresh: token('refresh', seeded(n)) };
    const asks: Record<Kind, () => Ask> = {
      logIn: () => endpoints.login(visitors + 1 + (loggedIn++ % LOGGING_IN)),
      refresh: () => ({
        method: 'POST',
        path: '/account/token/refresh',
        body: JSON.stringify({ refresh: tokens.refresh }),
      }),
      guarded: () => ({ path: '/account/me', headers: bearer(tokens.access) }),
    };
    return {
      ask: () => asks[mix()](),
      answered: ({ path }, text) => {
        if (path === '/account/token/refresh') tokens = JSON.parse(text) as typeof tokens;
      },
    };
  };
};

const peerVisitor = (n: number, mix: () => Kind): Visitor => {
  const asks: Record<Kind, () => Ask> = {
    logIn: () => peerEndpoints.login(n),
    refresh: () => peerEndpoints.refresh(n),
    guarded: () => peerEndpoints.me(n),
  };
  return { ask: () => asks[mix()](), answered: () => {} };
};

/** The kinds of requests of one connection in their proportions, in the same order in every run. */
function mixOf(seed: number): () => Kind {
  const all = HABITS.logIns + HABITS.refreshes + HABITS.guardedCalls;
  let state = seed;
  return () => {
    // A linear congruential generator (Numerical Recipes): its high bits are even enough.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const at = (state / 2 ** 32) * all;
    if (at < HABITS.logIns) return 'logIn';
    return at < HABITS.logIns + HABITS.refreshes ? 'refresh' : 'guarded';
  };
}
