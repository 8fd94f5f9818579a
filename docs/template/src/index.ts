import { Hono } from 'hono';
import {
  createAccounts,
  createAdmin,
  createDevMail,
  createDiscovery,
  createHealth,
  isAuthenticated,
  sweep,
} from 'hono-accounts';

const app = new Hono()
  .route('/account', createAccounts())
  .route('/admin', createAdmin())
  .route('/', createDiscovery())
  .route('/', createHealth())
  .route('/', createDevMail())
  .get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account.id, notes: [] }));

export default {
  fetch: app.fetch,
  scheduled: async (_controller, env) => {
    await sweep(env);
  },
} satisfies ExportedHandler<{ DB: D1Database }>;
