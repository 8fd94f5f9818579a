/**
 * djangorestframework-simplejwt's own paths, bodies and statuses, so that a client of a DRF site needs no
 * change. Mounted behind asDrf.
 */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { refresh, verify } from './application/session.ts';
import { blacklistToken, logIn } from './application/sign.ts';
import type { AccountEnv } from './env.ts';
import { refreshBody, tokenObtainBody, verifyBody } from './schemas.ts';

/** In cookie mode no refresh token is ever in a body, so these paths are not there. */
const inBodyMode = createMiddleware<AccountEnv>(async function inBodyMode(c, next) {
  if (c.var.services.settings.REFRESH_TRANSPORT === 'cookie') throw new Refusal('not_found');
  return next();
});

export const simplejwtRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    .use(inBodyMode)
    .post('/', body(tokenObtainBody), async (c) => {
      const { username, email, password } = c.req.valid('json');
      return c.json(await logIn(c.var.services, { username: username ?? email, password }, callOf(c)));
    })
    .post('/refresh', body(refreshBody), async (c) =>
      c.json(await refresh(c.var.services, c.req.valid('json').refresh, callOf(c))),
    )
    .post('/verify', body(verifyBody), async (c) => {
      await verify(c.var.services, c.req.valid('json').token, callOf(c));
      return c.json({});
    })
    .post('/blacklist', body(refreshBody), async (c) => {
      await blacklistToken(c.var.services, c.req.valid('json').refresh, callOf(c));
      return c.json({});
    });
