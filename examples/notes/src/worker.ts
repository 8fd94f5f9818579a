/**
 * A small application whose users sign in at an account service, which is another Worker: it sends them to the pages
 * there, gets them back with a code, and guards its API with the public keys of the service.
 */
import { Hono } from 'hono';
import { isAuthenticated } from 'hono-accounts/guard';
import { onEvent } from './events.ts';
import { type Bindings, notesApi } from './notes.ts';

/** The page may load scripts from, and send requests to, this origin and the account service only. */
const policy = (accounts: string): string =>
  [
    "default-src 'none'",
    `script-src 'self' ${accounts}`,
    `connect-src 'self' ${accounts}`,
    "style-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

export default new Hono<{ Bindings: Bindings }>()
  .get('/', async (c) => {
    const page = await c.env.ASSETS.fetch(c.req.raw);
    const headers = new Headers(page.headers);
    headers.set('Content-Security-Policy', policy(new URL(c.env.ACCOUNTS_URL).origin));
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('X-Content-Type-Options', 'nosniff');
    return new Response(page.body, { status: page.status, headers });
  })
  // What the page has to know.
  .get('/settings.json', (c) => c.json({ accounts: `${c.env.ACCOUNTS_URL}/account` }))
  .post('/events', ...onEvent)
  // A service binding: Workers cannot fetch another Worker of the same zone, such as workers.dev, by its URL.
  .use('/api/*', isAuthenticated({ jwks: { binding: 'ACCOUNTS' } }))
  .route('/api/notes', notesApi);
