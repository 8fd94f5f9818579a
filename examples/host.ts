/**
 * A Worker of one's own with accounts inside: the account app and the console mounted, guards on one's own routes, and
 * everything that a host may bring. In a project of its own the import is 'hono-accounts'. What it needs of
 * wrangler.toml and tsconfig.json: docs/mount.md.
 */
import { Hono } from 'hono';
import {
  allowAny,
  createAccounts,
  createAdmin,
  type HostOptions,
  isAdminUser,
  isAuthenticated,
  sweep,
} from '../src/index.ts';

interface Env {
  DB: D1Database;
  /** Of this host: greets whoever is new, and sends mail. */
  GREETINGS?: Fetcher;
  MAIL_SERVICE?: Fetcher;
}

const options: HostOptions<Env> = {
  // In every access token: c.var.account.claims has it.
  claims: ({ email }) => ({ company: email?.split('@')[1] ?? null }),

  on: {
    // After the commit. What must not be lost goes by events: docs/events.md.
    userCreated: async ({ data }, { env }) => {
      await env.GREETINGS?.fetch('https://greetings.internal/', { method: 'POST', body: data.user_id });
    },
  },

  mailer: {
    send: async ({ to, from, subject, text, html }, { env }) => {
      const body = JSON.stringify({ to, from, subject, text, html });
      await env.MAIL_SERVICE?.fetch('https://mail.internal/send', { method: 'POST', body });
    },
  },

  // In place of ALLOWED_ORIGINS.
  allowedOrigins: (origin) => /^https:\/\/[a-z0-9-]+\.shop\.example$/.test(origin),
};

const app = new Hono()
  .route('/auth', createAccounts(options))
  .route('/admin', createAdmin({ ...options, accountsAt: '/auth' }))
  .get('/', allowAny(), (c) =>
    c.text(c.var.account ? `Hello, ${c.var.account.id}` : 'Hello, whoever you are'),
  )
  .get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account.id, notes: [] }))
  .get('/company', isAuthenticated(), (c) => {
    const { company } = c.var.account.claims;
    return c.json({ company });
  })
  // A browser sends no header with a page, an EventSource or a WebSocket.
  .get('/page', isAuthenticated({ from: ['header', 'cookie:__Host-access'] }), (c) =>
    c.html(`<h1>Hello, ${c.var.account.id}</h1>`),
  )
  .get('/news', isAuthenticated({ from: ['query:access_token'] }), (c) =>
    c.text('data: hello\n\n', 200, { 'Content-Type': 'text/event-stream' }),
  )
  .get('/chat', isAuthenticated({ from: ['subprotocol'] }), (c) => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.send(`Hello, ${c.var.account.id}`);
    return new Response(null, { status: 101, webSocket: client });
  })
  // Reads D1: whoever lost the staff flag a second ago is out.
  .get('/stats', isAdminUser({ mode: 'strict' }), (c) => c.json({ visitors: 0 }));

export default {
  fetch: app.fetch,
  // The cron: rows past their time go.
  scheduled: async (_controller, env) => {
    await sweep(env);
  },
} satisfies ExportedHandler<Env>;
