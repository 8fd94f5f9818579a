/** Is the process up, are D1 and KV reached; and the public keys. */
import { Hono } from 'hono';
import { unavailable } from './deadlines.ts';
import type { AppEnv } from './http/context.ts';
import { reporter } from './http/report.ts';

export const healthRoutes = () =>
  new Hono<AppEnv>({ strict: false })
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const { sessions, blacklist } = c.var.services;
      // Ids that no token can have: the questions are real, the answers are known.
      const [, kv] = await Promise.all([
        sessions.tokenStatus('readyz', 'readyz'),
        blacklist.find('readyz', reporter(c.var.requestId)),
      ]);
      if (kv === 'unknown') throw unavailable('kv readyz');
      return c.json({ status: 'ok', d1: 'ok', kv: 'ok' });
    })
    .get('/.well-known/jwks.json', (c) => {
      c.header('Cache-Control', 'public, max-age=300');
      return c.json(c.var.services.jwks);
    });
