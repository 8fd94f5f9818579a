/** The API of the notes: everybody has their own, whatever id they ask for. */
import { Hono, type MiddlewareHandler } from 'hono';
import type { AccountVariables } from '../../../src/guard/index.ts';

export interface Bindings {
  NOTES: D1Database;
  /** Without a slash at its end. */
  ACCOUNTS_URL: string;
}
export interface NotesEnv {
  Bindings: Bindings;
  Variables: AccountVariables;
}

const TEXT_MAX_LENGTH = 1_000;
const LISTED_AT_MOST = 100;

/** `guard`: `isAuthenticated(…)`, which sets `c.var.account`. */
export const notesApi = (guard: MiddlewareHandler<NotesEnv>) =>
  new Hono<NotesEnv>()
    .use(guard)
    .get('/', async (c) => {
      const { results } = await c.env.NOTES.prepare(
        'SELECT id, text, created_at FROM notes WHERE owner = ? ORDER BY id DESC LIMIT ?',
      )
        .bind(c.var.account.id, LISTED_AT_MOST)
        .all();
      return c.json({ notes: results });
    })
    .post('/', async (c) => {
      const { text } = await c.req.json<{ text?: unknown }>().catch(() => ({ text: null }));
      if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_MAX_LENGTH) {
        return c.json({ detail: `A note is text of at most ${TEXT_MAX_LENGTH} characters.` }, 400);
      }
      const createdAt = Date.now();
      // Sorts by age.
      const id = `${createdAt.toString(36)}-${crypto.randomUUID()}`;
      await c.env.NOTES.prepare('INSERT INTO notes (owner, id, text, created_at) VALUES (?, ?, ?, ?)')
        .bind(c.var.account.id, id, text.trim(), createdAt)
        .run();
      return c.json({ id, text: text.trim(), created_at: createdAt }, 201);
    })
    .delete('/:id', async (c) => {
      const { meta } = await c.env.NOTES.prepare('DELETE FROM notes WHERE owner = ? AND id = ?')
        .bind(c.var.account.id, c.req.param('id'))
        .run();
      return meta.changes > 0 ? c.body(null, 204) : c.json({ detail: 'There is no such note.' }, 404);
    });
