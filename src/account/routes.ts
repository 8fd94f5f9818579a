/** `/account`: path → schema → one call → JSON. Paths are relative, as the app can be mounted anywhere. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { refresh, verify } from './application/session.ts';
import { logIn, logOut, requireOpenSignUp, signUp } from './application/sign.ts';
import type { AccountEnv } from './env.ts';
import { exportRoutes } from './export/routes.ts';
import { mailRoutes } from './mail-routes.tsx';
import { meRoutes } from './me-routes.ts';
import { passwordFaultsToo } from './new-password.ts';
import { userJson } from './presenters.ts';
import {
  clearIfRefused,
  clearRefresh,
  refreshInput,
  requireOrigin,
  sendTokens,
  sentRefresh,
} from './refresh-transport.ts';
import { logInBody, signUpBody, verifyBody } from './schemas.ts';

/** Runs before the body is validated: a closed sign-up answers 403 whatever the body is. */
const requireOpen = createMiddleware<AccountEnv>(async function requireOpen(c, next) {
  requireOpenSignUp(c.var.services);
  return next();
});

/** Sign-up, log-in and tokens; then the routes of the signed-in user, the export and those that need e-mail. */
export const accountRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    .post('/sign-up', requireOrigin, requireOpen, body(signUpBody, passwordFaultsToo()), async (c) => {
      const made = await signUp(c.var.services, c.req.valid('json'), callOf(c));
      if ('claim' in made) return c.json(made, 202);
      const { user, ...pair } = made;
      return c.json({ user: userJson(user), ...sendTokens(c, pair) }, 201);
    })
    .post('/login', requireOrigin, body(logInBody), async (c) =>
      c.json(sendTokens(c, await logIn(c.var.services, c.req.valid('json'), callOf(c)))),
    )
    .post('/logout', requireOrigin, refreshInput, async (c) => {
      const token = sentRefresh(c, c.req.valid('json'));
      // Idempotent: without a cookie there is no session to end.
      if (token !== null) await clearIfRefused(c, logOut(c.var.services, token, callOf(c)));
      clearRefresh(c);
      return c.body(null, 204);
    })
    .post('/token/refresh', requireOrigin, refreshInput, async (c) => {
      const token = sentRefresh(c, c.req.valid('json'));
      if (token === null) throw new Refusal('not_authenticated', { reason: 'no_cookie' });
      const pair = await clearIfRefused(c, refresh(c.var.services, token, callOf(c)));
      return c.json(sendTokens(c, pair));
    })
    .post('/token/verify', requireOrigin, body(verifyBody), async (c) => {
      await verify(c.var.services, c.req.valid('json').token, callOf(c));
      return c.json({});
    })
    // The client for pages without a bundler, and its source map.
    .get('/client.js', (c) => serveAsset(c, '/static/client.js'))
    .get('/client.js.map', (c) => serveAsset(c, '/static/client.js.map'))
    // Its other entries: passkeys.js, factors.js, email-sign-in.js.
    .get('/client/:file', (c) => serveAsset(c, `/static/client/${encodeURIComponent(c.req.param('file'))}`))
    .route('/', meRoutes())
    .route('/', exportRoutes())
    .route('/', mailRoutes());
