/** djangorestframework-simplejwt's paths, bodies and statuses, so that clients of a DRF site need no change. */
import { Hono } from 'hono';
import { refresh, verify } from '../account/application/session.ts';
import { blacklistToken, logIn } from '../account/application/sign.ts';
import type { AccountEnv } from '../account/env.ts';
import { refreshBody, tokenObtainBody, verifyBody } from '../account/schemas.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { whereListed } from './library.ts';

/** The three endpoints that djoser has too, at other paths. */
export const tokenRoutes = <O extends string, R extends string, V extends string>(
  obtain: O,
  refreshed: R,
  verified: V,
) =>
  new Hono<AccountEnv>({ strict: false })
    .post(obtain, body(tokenObtainBody), async (c) => {
      const { username, email, password } = c.req.valid('json');
      return c.json(await logIn(c.var.services, { username: username ?? email, password }, callOf(c)));
    })
    .post(refreshed, body(refreshBody), async (c) =>
      c.json(await refresh(c.var.services, c.req.valid('json').refresh, callOf(c))),
    )
    .post(verified, body(verifyBody), async (c) => {
      await verify(c.var.services, c.req.valid('json').token, callOf(c));
      return c.json({});
    });

export const simplejwtRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    .use(whereListed('simplejwt'))
    .route('/', tokenRoutes('/', '/refresh', '/verify'))
    .post('/blacklist', body(refreshBody), async (c) => {
      await blacklistToken(c.var.services, c.req.valid('json').refresh, callOf(c));
      return c.json({});
    });
