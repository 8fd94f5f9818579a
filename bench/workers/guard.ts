/**
 * A host's own routes: bare Hono, behind our guard, and guarded the usual way, by Hono's jwt middleware with a secret and a
 * look-up of a blacklist in D1 on every request.
 */
import { Hono } from 'hono';
import { jwt } from 'hono/jwt';
import { isAuthenticated } from '../../src/guard/index.ts';
import { SIGNING_KEY } from '../fixture.ts';
import { fakeD1, fakeKv } from './fakes.ts';

interface Env {
  DB: D1Database;
  BLACKLIST: KVNamespace;
  SIGNING_KEY: string;
}

export const app = new Hono<{ Bindings: Env }>()
  .get('/open', (c) => c.json({ notes: [] }))
  .get('/guarded', isAuthenticated(), (c) => c.json({ owner: c.var.account.id, notes: [] }))
  .get('/strict', isAuthenticated({ mode: 'strict' }), (c) => c.json({ owner: c.var.account.id, notes: [] }))
  .get(
    '/usual',
    (c, next) => jwt({ secret: c.env.SIGNING_KEY, alg: 'HS256' })(c, next),
    async (c) => {
      const { sub, jti } = c.get('jwtPayload') as { sub: string; jti: string };
      const revoked = await c.env.DB.prepare('SELECT 1 FROM token_blacklist WHERE jti = ?').bind(jti).first();
      if (revoked) return c.json({ message: 'revoked' }, 401);
      return c.json({ owner: sub, notes: [] });
    },
  );

const usual = { prepare: () => ({ bind: () => ({ first: async () => null }) }) } as unknown as D1Database;
let atOnce: { strict: Env; other: Env } | undefined;

/** Without bindings (plain workerd): stores that answer at once. The clock is 0 while a module starts. */
function stores(request: Request): Env {
  atOnce ??= {
    strict: { DB: fakeD1('', Math.floor(Date.now() / 1_000)), BLACKLIST: fakeKv(), SIGNING_KEY },
    other: { DB: usual, BLACKLIST: fakeKv(), SIGNING_KEY },
  };
  return request.url.endsWith('/strict') ? atOnce.strict : atOnce.other;
}

export default {
  fetch: (request: Request, env: Partial<Env>, context: ExecutionContext) =>
    app.fetch(request, env.DB ? (env as Env) : stores(request), context),
};
