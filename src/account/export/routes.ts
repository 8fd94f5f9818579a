/** `GET /account/export`: a copy of the caller's own data (GDPR, Articles 15 and 20). */
import { Hono } from 'hono';
import { timestamp } from '../../encoding.ts';
import { callOf } from '../../http/call.ts';
import { seconds } from '../../ports.ts';
import type { AccountEnv } from '../env.ts';
import { userJson } from '../presenters.ts';
import { signedInToChange } from '../signed-in.ts';
import { documentOf, streamOf } from './own-data.ts';

/** Rate limited like a change, as it reads everything. */
export const exportRoutes = () =>
  new Hono<AccountEnv>({ strict: false }).get('/export', signedInToChange, async (c) => {
    const { services, caller } = c.var;
    const { user, sessionId } = caller;
    const { report } = callOf(c);
    const head = {
      exported_at: timestamp(seconds(services.clock)),
      user: userJson(user),
      language: user.language,
    };
    // Before the response begins, so that an unavailable D1 answers 503.
    const pages = await services.ownData.first(user.id, sessionId);
    const pieces = documentOf(head, pages, async (part, next) => {
      try {
        return await services.ownData.after(user.id, sessionId, part, next);
      } catch (error) {
        report('error', 'export_broken_off', { user: user.id, reason: `at ${part}` });
        throw error;
      }
    });
    return c.body(streamOf(pieces), 200, {
      'Content-Type': 'application/json',
      'Content-Disposition': 'attachment; filename="account.json"',
    });
  });
