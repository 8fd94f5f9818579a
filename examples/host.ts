/**
 * A Worker of one's own with accounts inside: the account app mounted, and guards on one's own routes.
 * Bindings and settings are those of wrangler.toml. In a project of its own the import is 'hono-accounts'.
 */
import { Hono } from 'hono';
import { allowAny, createAccounts, isAdminUser, isAuthenticated, sweep } from '../src/index.ts';

const app = new Hono()
  .route('/account', createAccounts())
  .get('/', allowAny(), (c) =>
    c.text(c.var.account ? `Hello, ${c.var.account.id}` : 'Hello, whoever you are'),
  )
  .get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account?.id, notes: [] }))
  // Reads D1: whoever lost the staff flag a second ago is out.
  .get('/stats', isAdminUser({ mode: 'strict' }), (c) => c.json({ visitors: 0 }));

export default {
  fetch: app.fetch,
  scheduled: async (_controller, env) => {
    await sweep(env);
  },
} satisfies ExportedHandler<{ DB: D1Database }>;
