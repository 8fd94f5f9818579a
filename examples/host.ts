/**
 * A Worker of one's own with accounts inside: the account app and the console mounted, and guards on one's own routes.
 * In a project of its own the import is 'hono-accounts'. What it needs of wrangler.toml and tsconfig.json: docs/mount.md.
 */
import { Hono } from 'hono';
import { allowAny, createAccounts, createAdmin, isAdminUser, isAuthenticated, sweep } from '../src/index.ts';

const app = new Hono()
  .route('/auth', createAccounts())
  .route('/admin', createAdmin({ accountsAt: '/auth' }))
  .get('/', allowAny(), (c) =>
    c.text(c.var.account ? `Hello, ${c.var.account.id}` : 'Hello, whoever you are'),
  )
  .get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account.id, notes: [] }))
  // Reads D1: whoever lost the staff flag a second ago is out.
  .get('/stats', isAdminUser({ mode: 'strict' }), (c) => c.json({ visitors: 0 }));

export default {
  fetch: app.fetch,
  // The cron: rows past their time go.
  scheduled: async (_controller, env) => {
    await sweep(env);
  },
} satisfies ExportedHandler<{ DB: D1Database }>;
