/** `/account`: path → schema → one call → JSON. The paths are relative, as the app is mountable anywhere. */
import { Hono } from 'hono';
import { body } from '../http/body.ts';
import { type AppEnv, callOf } from '../http/context.ts';
import { updateMe } from './application/profile.ts';
import { refresh, verify } from './application/session.ts';
import { logIn, logOut, signUp, withdraw } from './application/sign.ts';
import { userJson } from './presenters.ts';
import { logInBody, refreshBody, signUpBody, updateMeBody, verifyBody, withdrawBody } from './schemas.ts';
import { signedIn } from './signed-in.ts';

export const accountRoutes = () =>
  new Hono<AppEnv>({ strict: false })
    .post('/sign-up', body(signUpBody), async (c) => {
      const { user, access, refresh } = await signUp(c.var.services, c.req.valid('json'), callOf(c));
      return c.json({ user: userJson(user), access, refresh }, 201);
    })
    .post('/login', body(logInBody), async (c) =>
      c.json(await logIn(c.var.services, c.req.valid('json'), callOf(c))),
    )
    .post('/logout', body(refreshBody), async (c) => {
      await logOut(c.var.services, c.req.valid('json').refresh, callOf(c));
      return c.body(null, 204);
    })
    .post('/token/refresh', body(refreshBody), async (c) =>
      c.json(await refresh(c.var.services, c.req.valid('json').refresh, callOf(c))),
    )
    .post('/token/verify', body(verifyBody), async (c) => {
      await verify(c.var.services, c.req.valid('json').token, callOf(c));
      return c.json({});
    })
    .get('/me', signedIn, (c) => c.json(userJson(c.var.caller.user)))
    .patch('/me', signedIn, body(updateMeBody), async (c) =>
      c.json(userJson(await updateMe(c.var.services, c.var.caller, c.req.valid('json')))),
    )
    .delete('/me', signedIn, body(withdrawBody), async (c) => {
      await withdraw(c.var.services, c.var.caller, c.req.valid('json').password, callOf(c));
      return c.body(null, 204);
    });
