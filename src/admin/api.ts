/**
 * `/admin/api`: the console's functions as JSON, for the access tokens of staff. Whether the caller is staff is read from
 * D1, whatever the token says.
 */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { passwordFaultsToo } from '../account/new-password.ts';
import { userJson } from '../account/presenters.ts';
import { noBody } from '../account/schemas.ts';
import { signedIn } from '../account/signed-in.ts';
import { connectionJson, providerJson } from '../connections/presenters.ts';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { passkeyJson } from '../passkeys/presenters.ts';
import { factorsJson } from '../second-factor/presenters.ts';
import { findUser } from './acting.ts';
import { addUser, changeUser, deleteUser, endSessions, overview } from './application.ts';
import { retryDeadLetter } from './dead-letters.ts';
import type { AdminEnv } from './env.ts';
import { factorsOf, removeFactor, requireFactor } from './factors.ts';
import { invite, requestReset } from './links.ts';
import { DEAD_LETTER_CURSOR, historyQuery, pageQuery, userQuery, writeCursor } from './listing.ts';
import { adminSessionJson, countsJson, deadLetterJson, historyJson, revokedTokenJson } from './presenters.ts';
import { addUserBody, changeUserBody } from './schemas.ts';
import { removeConnection, removePasskey, signInMethodsOf } from './sign-in-methods.ts';

const staff = createMiddleware<AdminEnv>(async function staff(c, next) {
  const { services, caller } = c.var;
  if (!caller.user.isStaff) throw new Refusal('permission_denied');
  requireFactor(services, caller);
  return next();
});

export const adminApiRoutes = () =>
  new Hono<AdminEnv>({ strict: false })
    .get('/overview', signedIn, staff, async (c) => {
      const { counts, latest } = await overview(c.var.services);
      return c.json({
        ...countsJson(counts),
        providers: c.var.services.connections.providers.map(providerJson),
        history: latest.map(historyJson),
      });
    })
    .get('/users', signedIn, staff, async (c) => {
      const page = await c.var.services.admin.store.users(userQuery(c.req.query()));
      return c.json({
        users: page.items.map(userJson),
        next_cursor: writeCursor(page.next),
        looked_at: page.looked,
      });
    })
    .post('/users', signedIn, staff, body(addUserBody, passwordFaultsToo()), async (c) => {
      const user = await addUser(c.var.services, c.var.caller, c.req.valid('json'), callOf(c));
      return c.json(userJson(user), 201);
    })
    .get('/users/:id', signedIn, staff, async (c) =>
      c.json(userJson(await findUser(c.var.services, c.req.param('id')))),
    )
    .patch('/users/:id', signedIn, staff, body(changeUserBody), async (c) => {
      const { services, caller } = c.var;
      const user = await changeUser(services, caller, c.req.param('id'), c.req.valid('json'), callOf(c));
      return c.json(userJson(user));
    })
    .delete('/users/:id', signedIn, staff, body(noBody), async (c) => {
      await deleteUser(c.var.services, c.var.caller, c.req.param('id'), callOf(c));
      return c.body(null, 204);
    })
    .post('/users/:id/password-reset', signedIn, staff, body(noBody), async (c) => {
      await requestReset(c.var.services, c.var.caller, c.req.param('id'), callOf(c));
      return c.body(null, 202);
    })
    .post('/users/:id/invitation', signedIn, staff, body(noBody), async (c) => {
      await invite(c.var.services, c.var.caller, c.req.param('id'), callOf(c));
      return c.body(null, 202);
    })
    .get('/users/:id/factors', signedIn, staff, async (c) => {
      const { services } = c.var;
      return c.json(factorsJson(await factorsOf(services, await findUser(services, c.req.param('id')))));
    })
    .delete('/users/:id/factors', signedIn, staff, body(noBody), async (c) => {
      await removeFactor(c.var.services, c.var.caller, c.req.param('id'), callOf(c));
      return c.body(null, 204);
    })
    .get('/users/:id/passkeys', signedIn, staff, async (c) => {
      const { passkeys } = await signInMethodsOf(c.var.services, c.req.param('id'));
      return c.json({ passkeys: passkeys.map(passkeyJson) });
    })
    .delete('/users/:id/passkeys/:pid', signedIn, staff, body(noBody), async (c) => {
      const target = { userId: c.req.param('id'), id: c.req.param('pid') };
      await removePasskey(c.var.services, c.var.caller, target, callOf(c));
      return c.body(null, 204);
    })
    .get('/users/:id/connections', signedIn, staff, async (c) => {
      const { connections } = await signInMethodsOf(c.var.services, c.req.param('id'));
      return c.json({ connections: connections.map(connectionJson) });
    })
    .delete('/users/:id/connections/:cid', signedIn, staff, body(noBody), async (c) => {
      const target = { userId: c.req.param('id'), id: c.req.param('cid') };
      await removeConnection(c.var.services, c.var.caller, target, callOf(c));
      return c.body(null, 204);
    })
    .get('/users/:id/sessions', signedIn, staff, async (c) => {
      const { services } = c.var;
      const query = c.req.query();
      const user = await findUser(services, c.req.param('id'));
      const page = await services.admin.store.sessions(user.id, {
        ...pageQuery(query, 'string'),
        id: query.id || null,
      });
      return c.json({ sessions: page.items.map(adminSessionJson), next_cursor: writeCursor(page.next) });
    })
    .delete('/users/:id/sessions', signedIn, staff, body(noBody), async (c) => {
      const target = { userId: c.req.param('id'), sessionId: null };
      await endSessions(c.var.services, c.var.caller, target, callOf(c));
      return c.body(null, 204);
    })
    .delete('/users/:id/sessions/:sid', signedIn, staff, body(noBody), async (c) => {
      const target = { userId: c.req.param('id'), sessionId: c.req.param('sid') };
      await endSessions(c.var.services, c.var.caller, target, callOf(c));
      return c.body(null, 204);
    })
    .get('/revoked-tokens', signedIn, staff, async (c) => {
      const query = c.req.query();
      const page = await c.var.services.admin.store.revokedTokens({
        ...pageQuery(query, 'number', 'string'),
        jti: query.jti || null,
      });
      return c.json({
        revoked_tokens: page.items.map(revokedTokenJson),
        next_cursor: writeCursor(page.next),
        looked_at: page.looked,
      });
    })
    .get('/dead-letters', signedIn, staff, async (c) => {
      const { list } = c.var.services.admin.deadLetters;
      const page = await list(pageQuery(c.req.query(), ...DEAD_LETTER_CURSOR));
      return c.json({ dead_letters: page.items.map(deadLetterJson), next_cursor: writeCursor(page.next) });
    })
    .post('/dead-letters/:user/:seq/retry', signedIn, staff, body(noBody), async (c) => {
      const letter = { userId: c.req.param('user'), seq: c.req.param('seq') };
      await retryDeadLetter(c.var.services, c.var.caller, letter, callOf(c));
      return c.body(null, 202);
    })
    .get('/history', signedIn, staff, async (c) => {
      const query = c.req.query();
      const { store } = c.var.services.admin;
      const page = await store.history(await historyQuery(query, store));
      return c.json({
        history: page.items.map(historyJson),
        next_cursor: writeCursor(page.next),
        looked_at: page.looked,
      });
    });
