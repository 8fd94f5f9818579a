/**
 * A small application whose accounts are those of another Worker: it sends people to the sign-in page there, gets them
 * back with a code, and guards its API with the public keys of that Worker. In a project of its own the imports are
 * 'hono-accounts/guard'. docs/pages.md walks through it.
 */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isAuthenticated } from '../../../src/guard/index.ts';
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

export default new Hono<NotesEnv>()
  // What the page has to know.
  .get('/settings.json', (c) => c.json({ accounts: `${c.env.ACCOUNTS_URL}/account` }))
  .route('/api/notes', notesApi(guard));
