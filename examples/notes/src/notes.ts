/** The API of the notes: everybody has their own, whatever id they ask for. */
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { AccountVariables } from '../../../src/guard/index.ts';

export interface Bindings {
  NOTES: D1Database;
  /** The files of `public/`. */
  ASSETS: Fetcher;
  /** A secret, shared with the accounts. */
  EVENTS_SECRET: string;
  /** Without a slash at its end. */
  ACCOUNTS_URL: string;
}
export interface NotesEnv {
  Bindings: Bindings;
  Variables: AccountVariables;
}

const TEXT_MAX_LENGTH = 1_000;
const BODY_MAX_BYTES = 8_192;
const NOTES_AT_MOST = 100;

/** `guard`: `isAuthenticated(…)`, which sets `c.var.account`. */
export const notesApi = (guard: MiddlewareHandler<NotesEnv>) =>
  new Hono<NotesEnv>()
    .use(guard)
    .get('/', async (c) => {
      const { results } = await c.env.NOTES.prepare(
        'SELECT id, text, created_at FROM notes WHERE owner = ? ORDER BY id DESC LIMIT ?',
      )
        .bind(c.var.account.id, NOTES_AT_MOST)
        .all();
      return c.json({ notes: results });
    })
    .post('/', bodyLimit({ maxSize: BODY_MAX_BYTES }), async (c) => {
      const { text } = await c.req.json<{ text?: unknown }>().catch(() => ({ text: null }));
      if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_MAX_LENGTH) {
        return c.json({ detail: `A note is text of at most ${TEXT_MAX_LENGTH} characters.` }, 400);
      }
      const createdAt = Date.now();
      // Sorts by age.
      const id = `${createdAt.toString(36)}-${crypto.randomUUID()}`;
      // One statement counts and writes: two requests at once cannot both be the hundredth.
      const { meta } = await c.env.NOTES.prepare(
        `INSERT INTO notes (owner, id, text, created_at)
          SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM notes WHERE owner = ?1) < ?5`,
      )
        .bind(c.var.account.id, id, text.trim(), createdAt, NOTES_AT_MOST)
        .run();
      if (meta.changes === 0) {
        return c.json({ detail: `There are ${NOTES_AT_MOST} notes. Delete one first.` }, 409);
      }
      return c.json({ id, text: text.trim(), created_at: createdAt }, 201);
    })
    .delete('/:id', async (c) => {
      const { meta } = await c.env.NOTES.prepare('DELETE FROM notes WHERE owner = ? AND id = ?')
        .bind(c.var.account.id, c.req.param('id'))
        .run();
      return meta.changes > 0 ? c.body(null, 204) : c.json({ detail: 'There is no such note.' }, 404);
    });
