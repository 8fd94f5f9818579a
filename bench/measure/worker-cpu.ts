/**
 * The cost of the Worker itself, in workerd with stores that answer at once: user and system CPU of the whole process for a
 * request. Compared with Django's figures, which were measured once and are constants.
 */
import { USER } from '../fixture.ts';
import { bundle, type Deployed } from '../lib/bundle.ts';
import { type Figure, figure, loadRound, type Pair, pairOf } from '../lib/figures.ts';
import type { Ask } from '../lib/load.ts';
import type { Size } from '../lib/size.ts';
import { inTurn } from '../lib/stats.ts';
import { bearer, token } from '../lib/tokens.ts';
import { type Served, serve } from '../lib/workerd.ts';

/** Milliseconds of CPU of simplejwt, gunicorn and PostgreSQL together, on a similar machine. */
export const DJANGO_CPU_MS = { verify: 2.5, guarded: 3.3, me: 3.3, refresh: 6.2, login: 196 } as const;

const CONNECTIONS = 8;

export interface WorkerCpu {
  endpoints: Record<
    'healthz' | 'verify' | 'me' | 'refresh' | 'open' | 'guarded' | 'strict' | 'usual',
    Figure
  >;
  /** Compared with the same route without a guard. */
  guarded: Pair;
  strict: Pair;
  usual: Pair;
  /** Compared with the bare PBKDF2 calls. */
  login: Pair;
}

export async function measureWorkerCpu(
  deployed: Deployed,
  size: Size,
  say: (text: string) => void,
): Promise<WorkerCpu> {
  const app = await serve({ 'pure.js': await bundle('bench/workers/pure.ts'), 'worker.js': deployed.source });
  const host = await serve({ 'guard.js': await bundle('bench/workers/guard.ts') });
  const access = token('access');
  const headers = bearer(access);
  const post = (path: string, value: unknown): Ask => ({ method: 'POST', path, body: JSON.stringify(value) });
  const quick = (at: Served, ask: Ask) => () =>
    loadRound(at, { requests: size.quickRequests, connections: CONNECTIONS }, () => () => ask);
  const slow = (ask: Ask) => () => loadRound(app, { requests: size.logIns, connections: 1 }, () => () => ask);

  try {
    const endpoints = await inTurn(
      size.rounds,
      {
        healthz: quick(app, { path: '/healthz' }),
        verify: quick(app, post('/account/token/verify', { token: access })),
        me: quick(app, { path: '/account/me', headers }),
        refresh: quick(app, post('/account/token/refresh', { refresh: token('refresh') })),
        open: quick(host, { path: '/open', headers }),
        guarded: quick(host, { path: '/guarded', headers }),
        strict: quick(host, { path: '/strict', headers }),
        usual: quick(host, { path: '/usual', headers }),
      },
      (round) => say(`round ${round} of ${size.rounds}`),
    );
    const logIns = await inTurn(
      size.rounds,
      {
        ours: slow(post('/account/login', { email: USER.email, password: USER.password })),
        bare: slow({ path: '/bare/pbkdf2' }),
      },
      (round) => say(`log-in, round ${round} of ${size.rounds}`),
    );
    return {
      endpoints: {
        healthz: figure(endpoints.healthz),
        verify: figure(endpoints.verify),
        me: figure(endpoints.me),
        refresh: figure(endpoints.refresh),
        open: figure(endpoints.open),
        guarded: figure(endpoints.guarded),
        strict: figure(endpoints.strict),
        usual: figure(endpoints.usual),
      },
      guarded: pairOf(endpoints.guarded, endpoints.open),
      strict: pairOf(endpoints.strict, endpoints.open),
      usual: pairOf(endpoints.usual, endpoints.open),
      login: pairOf(logIns.ours, logIns.bare),
    };
  } finally {
    await app.stop();
    await host.stop();
  }
}
