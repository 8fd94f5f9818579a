/**
 * `POST /events`, the webhook of the account service: deletes the notes of a user who deleted the account. The library
 * refuses what the service has not signed, and what was signed more than five minutes ago. An event may still come twice:
 * deleting what is gone changes nothing.
 */
import { bodyLimit } from 'hono/body-limit';
import { createFactory } from 'hono/factory';
import { Webhook } from 'standardwebhooks';
import type { Bindings } from './notes.ts';

const BODY_MAX_BYTES = 8_192;

interface AccountEvent {
  type: string;
  data: { user_id: string };
}

export const onEvent = createFactory<{ Bindings: Bindings }>().createHandlers(
  bodyLimit({ maxSize: BODY_MAX_BYTES }),
  async (c) => {
    const body = await c.req.text();
    let event: AccountEvent;
    try {
      event = new Webhook(c.env.EVENTS_SECRET).verify(body, c.req.header()) as AccountEvent;
    } catch {
      return c.body(null, 401);
    }
    if (event.type === 'user.deleted') {
      const { NOTES } = c.env;
      const owner = event.data.user_id;
      await NOTES.batch([
        NOTES.prepare('INSERT OR IGNORE INTO deleted_owners (owner) VALUES (?)').bind(owner),
        NOTES.prepare('DELETE FROM notes WHERE owner = ?').bind(owner),
      ]);
    }
    return c.body(null, 204);
  },
);
