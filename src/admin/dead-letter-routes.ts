/** `/admin/dead-letters`: events that could not be delivered, and the button that sends one again. */
import { Hono } from 'hono';
import { callOf } from '../http/call.ts';
import { ownOrigin, requireStaffSession } from './cookie.ts';
import { retryDeadLetter } from './dead-letters.ts';
import type { AdminEnv } from './env.ts';
import { DEAD_LETTER_CURSOR, pageQuery, writeCursor } from './listing.ts';
import { DeadLettersPage } from './pages/dead-letters.tsx';
import { show } from './show.tsx';

export const deadLetterRoutes = () =>
  new Hono<AdminEnv>({ strict: false })
    .get('/', requireStaffSession, async (c) => {
      const query = c.req.query();
      const { deadLetters, totals } = c.var.services.admin;
      const [{ items, next }, total] = await Promise.all([
        deadLetters.list(pageQuery(query, ...DEAD_LETTER_CURSOR)),
        totals.deadLetters(),
      ]);
      const { canRetry } = deadLetters;
      return show(c, DeadLettersPage, { letters: items, canRetry, query, total, next: writeCursor(next) });
    })
    .post('/:user/:seq/retry', ownOrigin, requireStaffSession, async (c) => {
      const { user: userId, seq } = c.req.param();
      await retryDeadLetter(c.var.services, c.var.caller, { userId, seq }, callOf(c));
      return c.redirect(`${c.var.mount}/dead-letters?done=retry`, 303);
    });
