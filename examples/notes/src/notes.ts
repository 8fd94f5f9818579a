/** The API of the notes, behind a guard. Users reach only their own notes, whatever id they request. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { AccountVariables } from 'hono-accounts/guard';

export interface Bindings {
  NOTES: D1Database;
  /** The files of `public/`. */
  ASSETS: Fetcher;
  /** The account service, and its namespace of ended sessions: for the guard. */
  ACCOUNTS: Fetcher;
  BLACKLIST: KVNamespace;
  /** Without a slash at its end. */
  ACCOUNTS_URL: string;
  /** A secret, the same as in the account service. */
  EVENTS_SECRET: string;
}

const TEXT_MAX_LENGTH = 1_000;
const BODY_MAX_BYTES = 8_192;
const NOTES_AT_MOST = 100;

const limit = bodyLimit({
  maxSize: BODY_MAX_BYTES,
  onError: (c) => c.json({ detail: 'The request is too large.' }, 413),
});

export const notesApi = new Hono<{ Bindings: Bindings; Variables: AccountVariables }>()
  .use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
  })
  .get('/', async (c) => {
    const { results } = await c.env.NOTES.prepare(
      'SELECT id, text, created_at FROM notes WHERE owner = ? ORDER BY id DESC LIMIT ?',
    )
      .bind(c.var.account.id, NOTES_AT_MOST)
      .all();
    return c.json({ notes: results });
  })
  .post('/', limit, async (c) => {
    const body = await c.req.json<{ text?: unknown } | null>().catch(() => null);
    const text = typeof body?.text === 'string' ? body.text.trim() : '';
    if (text === '' || text.length > TEXT_MAX_LENGTH) {
      return c.json({ detail: `A note is text of at most ${TEXT_MAX_LENGTH} characters.` }, 400);
    }
    const createdAt = Date.now();
    // Sorts by age.
    const id = `${createdAt.toString(36)}-${crypto.randomUUID()}`;
    // One statement checks and writes: two requests at once cannot both be the hundredth, and none follows a deletion.
    const { meta } = await c.env.NOTES.prepare(
      `INSERT INTO notes (owner, id, text, created_at) SELECT ?1, ?2, ?3, ?4
        WHERE (SELECT count(*) FROM notes WHERE owner = ?1) < ?5
          AND NOT EXISTS (SELECT 1 FROM deleted_owners WHERE owner = ?1)`,
    )
      .bind(c.var.account.id, id, text, createdAt, NOTES_AT_MOST)
      .run();
    if (meta.changes === 0) {
      const gone = await c.env.NOTES.prepare('SELECT 1 FROM deleted_owners WHERE owner = ?')
        .bind(c.var.account.id)
        .first();
      // The page then tries to refresh its token, and learns that the session is over.
      if (gone) return c.json({ detail: 'This account was deleted.' }, 401);
      return c.json({ detail: `There are ${NOTES_AT_MOST} notes. Delete one first.` }, 409);
    }
    return c.json({ id, text, created_at: createdAt }, 201);
  })
  .delete('/:id', async (c) => {
    const { meta } = await c.env.NOTES.prepare('DELETE FROM notes WHERE owner = ? AND id = ?')
      .bind(c.var.account.id, c.req.param('id'))
      .run();
    return meta.changes > 0 ? c.body(null, 204) : c.json({ detail: 'There is no such note.' }, 404);
  });
