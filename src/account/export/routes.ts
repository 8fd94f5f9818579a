/** `GET /account/export`: a copy of what is kept of oneself, to take elsewhere (GDPR, Articles 15 and 20). */
import { Hono } from 'hono';
import { callOf } from '../../http/call.ts';
import { seconds } from '../../ports.ts';
import type { AccountEnv } from '../env.ts';
import { timestamp, userJson } from '../presenters.ts';
import { signedInToChange } from '../signed-in.ts';
import { documentOf, streamOf } from './own-data.ts';

/** Counted like a change: it reads everything. */
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
    // Before the answer begins, so that a D1 that is away is a 503.
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
