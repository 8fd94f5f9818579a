/**
 * A small application whose accounts are those of another Worker: it sends people to the sign-in page there, gets them
 * back with a code, and guards its API with the public keys of that Worker. In a project of its own the imports are
 * 'hono-accounts/guard'. docs/pages.md walks through it.
 */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isAuthenticated } from '../../../src/guard/index.ts';
import { onEvent } from './events.ts';
import { type NotesEnv, notesApi } from './notes.ts';

type Guard = ReturnType<typeof isAuthenticated>;
/** One for each address, since it remembers the keys. */
const guards = new Map<string, Guard>();

const guard = createMiddleware<NotesEnv>(async (c, next) => {
  const { ACCOUNTS_URL } = c.env;
  const known =
    guards.get(ACCOUNTS_URL) ?? isAuthenticated({ jwks: `${ACCOUNTS_URL}/.well-known/jwks.json` });
  guards.set(ACCOUNTS_URL, known);
  return known(c as never, next);
});

/** The page may load scripts from, and send requests to, this origin and the accounts only. */
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

export default new Hono<NotesEnv>()
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
  .post('/events', onEvent)
  .route('/api/notes', notesApi(guard));
