/** Events from the account service: deletes the notes of a user who deletes the account. */
import type { Context } from 'hono';
import { Webhook } from 'standardwebhooks';
import type { NotesEnv } from './notes.ts';

/** `POST /events`, for `EVENTS_URL` of the accounts. An event may come twice: deleting what is gone changes nothing. */
export async function onEvent(c: Context<NotesEnv>): Promise<Response> {
  let event: { type: string; data: { user_id: string } };
  try {
    event = new Webhook(c.env.EVENTS_SECRET).verify(await c.req.text(), c.req.header()) as typeof event;
  } catch {
    return c.body(null, 401);
  }
  if (event.type === 'user.deleted') {
    await c.env.NOTES.prepare('DELETE FROM notes WHERE owner = ?').bind(event.data.user_id).run();
  }
  return c.body(null, 204);
}
