/**
 * A host's own routes on a real D1 and KV: bare, behind our guard, and guarded the usual way, by Hono's jwt middleware with a
 * secret and a look-up of a blacklist in D1 on every request.
 */
import { SIGNING_KEY } from '../fixture.ts';
import { bundle } from '../lib/bundle.ts';
import { type Figure, figure, loadRound, type Pair, pairOf } from '../lib/figures.ts';
import { fromList } from '../lib/load.ts';
import { host } from '../lib/miniflare.ts';
import { seed } from '../lib/product.ts';
import { seeded } from '../lib/seed.ts';
import type { Size } from '../lib/size.ts';
import { inTurn } from '../lib/stats.ts';
import { bearer, token } from '../lib/tokens.ts';

const USERS = 20_000;
const CONNECTIONS = 8;

export interface Guards {
  /** Our guard compared with the usual one: reading KV, and reading D1. */
  fast: Pair;
  strict: Pair;
  /** With a remembered session, compared with the bare route. */
  seen: Pair;
  open: Figure;
}

export async function measureGuards(size: Size, say: (text: string) => void): Promise<Guards> {
  const app = await host({ 'guard.mjs': await bundle('bench/workers/guard.ts') }, { SIGNING_KEY });
  try {
    await seed(app.db, USERS);
    await app.db.batch([
      app.db.prepare('CREATE TABLE token_blacklist (jti TEXT PRIMARY KEY, expires_at INTEGER NOT NULL)'),
      app.db.prepare('INSERT INTO token_blacklist SELECT jti, expires_at FROM revoked_tokens'),
    ]);
    let n = 0;
    const how = { requests: size.storeRequests, connections: CONNECTIONS };
    const next = () => 1 + (n++ % USERS);
    const load =
      (route: string, user = next) =>
      () => {
        const asks = Array.from({ length: size.storeRequests }, () => ({
          path: `/${route}`,
          headers: bearer(token('access', seeded(user()))),
        }));
        return loadRound(app, how, fromList(asks));
      };
    const rounds = await inTurn(
      size.rounds,
      {
        open: load('open'),
        guarded: load('guarded'),
        seen: load('guarded', () => 1),
        strict: load('strict'),
        usual: load('usual'),
      },
      (round) => say(`round ${round} of ${size.rounds}`),
    );
    return {
      fast: pairOf(rounds.guarded, rounds.usual),
      strict: pairOf(rounds.strict, rounds.usual),
      seen: pairOf(rounds.seen, rounds.open),
      open: figure(rounds.open),
    };
  } finally {
    await app.stop();
  }
}
