/** `/healthz`: the process is up. `/readyz`: D1 and KV can be reached. */
import { type Context, Hono } from 'hono';
import { unavailable } from './deadlines.ts';
import type { AppEnv } from './http/context.ts';
import { reporter } from './http/report.ts';
import { type Blacklist, type Clock, type Sessions, seconds } from './ports.ts';

interface HealthEnv extends AppEnv {
  Variables: AppEnv['Variables'] & {
    services: {
      clock: Clock;
      sessions: Pick<Sessions, 'tokenStatus'>;
      blacklist: Pick<Blacklist, 'find'>;
    };
  };
}

const READY_FOR_SECONDS = 5;

/** When the stores of an isolate were last reached, in epoch seconds. */
const reachedAt = new WeakMap<object, number>();

/**
 * 503 unavailable if D1 or KV cannot be reached. A success is cached for READY_FOR_SECONDS, so that polling does not read
 * both every time; a failure is not cached.
 */
async function ready(c: Context<HealthEnv>): Promise<void> {
  const { services } = c.var;
  const now = seconds(services.clock);
  const age = now - (reachedAt.get(services) ?? Number.NEGATIVE_INFINITY);
  if (age >= 0 && age < READY_FOR_SECONDS) return;
  // Ids that no token can have: real look-ups that find nothing.
  const [, kv] = await Promise.all([
    services.sessions.tokenStatus('readyz', 'readyz'),
    services.blacklist.find('readyz', reporter(c.var.requestId)),
  ]);
  if (kv === 'unknown') throw unavailable('kv', 'readyz');
  reachedAt.set(services, now);
}

export const healthRoutes = () =>
  new Hono<HealthEnv>({ strict: false })
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      await ready(c);
      return c.json({ status: 'ok', d1: 'ok', kv: 'ok' });
    });
