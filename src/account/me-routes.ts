/** What users do with their own account: every route requires an access token and reads D1. */
import { Hono } from 'hono';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { changePassword } from './application/password.ts';
import { removePassword } from './application/password-removal.ts';
import { updateMe } from './application/profile.ts';
import { hasPassword, reauthenticate } from './application/reauthentication.ts';
import { endAllSessions, endSession, listSessions } from './application/session.ts';
import { withdraw } from './application/sign.ts';
import type { AccountEnv } from './env.ts';
import { ownPasswordFaultsToo } from './new-password.ts';
import { sessionJson, sessionWithDevice, userJson } from './presenters.ts';
import { clearRefresh, requireOrigin } from './refresh-transport.ts';
import {
  changePasswordBody,
  changePasswordProvenBody,
  noBody,
  reauthenticateBody,
  removePasswordBody,
  removePasswordProvenBody,
  updateMeBody,
  withdrawBody,
  withdrawProvenBody,
} from './schemas.ts';
import { bodyWithProof, sentAccess, signedIn, signedInToChange } from './signed-in.ts';

export const meRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    .get('/me', signedIn, (c) => c.json(userJson(c.var.caller.user)))
    .patch('/me', requireOrigin, signedInToChange, body(updateMeBody), async (c) =>
      c.json(userJson(await updateMe(c.var.services, c.var.caller, c.req.valid('json'), callOf(c)))),
    )
    .delete(
      '/me',
      requireOrigin,
      signedInToChange,
      bodyWithProof(withdrawBody, withdrawProvenBody),
      async (c) => {
        await withdraw(c.var.services, c.var.caller, c.req.valid('json').password, callOf(c));
        clearRefresh(c);
        return c.body(null, 204);
      },
    )
    .post('/reauthenticate', requireOrigin, signedInToChange, body(reauthenticateBody), async (c) =>
      c.json(await reauthenticate(c.var.services, c.var.caller, c.req.valid('json'), callOf(c))),
    )
    .post(
      '/password/change',
      requireOrigin,
      signedInToChange,
      bodyWithProof(changePasswordBody, changePasswordProvenBody, ownPasswordFaultsToo),
      async (c) => {
        await changePassword(c.var.services, c.var.caller, c.req.valid('json'), callOf(c));
        return c.body(null, 204);
      },
    )
    .get('/password', signedIn, (c) => c.json({ is_set: hasPassword(c.var.services, c.var.caller) }))
    .delete(
      '/password',
      requireOrigin,
      signedInToChange,
      bodyWithProof(removePasswordBody, removePasswordProvenBody),
      async (c) => {
        await removePassword(c.var.services, c.var.caller, c.req.valid('json').password, callOf(c));
        return c.body(null, 204);
      },
    )
    .get('/sessions', async (c) => {
      const { caller, sessions } = await listSessions(c.var.services, sentAccess(c));
      const show = c.req.query('include') === 'device' ? sessionWithDevice : sessionJson;
      return c.json({ sessions: await Promise.all(sessions.map((one) => show(one, caller.sessionId))) });
    })
    .delete('/sessions', requireOrigin, signedInToChange, body(noBody), async (c) => {
      await endAllSessions(c.var.services, c.var.caller, callOf(c));
      clearRefresh(c);
      return c.body(null, 204);
    })
    .delete('/sessions/:id', requireOrigin, signedInToChange, body(noBody), async (c) => {
      await endSession(c.var.services, c.var.caller, c.req.param('id'), callOf(c));
      return c.body(null, 204);
    });
