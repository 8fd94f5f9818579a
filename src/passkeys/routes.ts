/** `/account/passkeys`, and signing in with one. 404 if PASSKEYS is off. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { apiPolicy } from '../account/application/sign-in.ts';
import { bearerOf, mintFirstPair } from '../account/application/tokens.ts';
import type { AccountContext } from '../account/env.ts';
import { requireOrigin, sendTokens } from '../account/refresh-transport.ts';
import { noBody } from '../account/schemas.ts';
import { signedIn, signedInToChange } from '../account/signed-in.ts';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import type { PasskeysContext, PasskeysEnv } from './env.ts';
import type { PasskeyServices } from './ports.ts';
import { passkeyJson } from './presenters.ts';
import { reauthenticationOptions } from './reauthentication.ts';
import {
  addPasskey,
  listPasskeys,
  registrationOptions,
  removePasskey,
  renamePasskey,
} from './registration.ts';
import { addPasskeyBody, passkeySignInBody, passkeyStepUpBody, renamePasskeyBody } from './schemas.ts';
import { signInByPasskey, signInOptions } from './sign-in.ts';

const withPasskeys = createMiddleware<PasskeysEnv>(async function withPasskeys(c, next) {
  if (!c.var.services.passkeys) throw new Refusal('not_found');
  return next();
});
const passkeysOf = (c: PasskeysContext) => c.var.services.passkeys as PasskeyServices;

export const passkeyRoutes = () =>
  new Hono<PasskeysEnv>({ strict: false })
    .use('/passkeys/*', withPasskeys)
    .use('/login/passkey/*', withPasskeys)
    .use('/reauthenticate/options', withPasskeys)
    .post('/login/passkey/options', requireOrigin, body(noBody), async (c) =>
      c.json(await signInOptions(c.var.services, passkeysOf(c), callOf(c))),
    )
    .post('/login/passkey', requireOrigin, body(passkeySignInBody), async (c) => {
      const { services } = c.var;
      const { credential } = c.req.valid('json');
      const call = callOf(c);
      const policy = apiPolicy(services);
      const { user, session, now } = await signInByPasskey(services, passkeysOf(c), credential, policy, call);
      const pair = await mintFirstPair(services, bearerOf(user, session), now, call);
      return c.json(sendTokens(c as unknown as AccountContext, pair));
    })
    .post('/reauthenticate/options', requireOrigin, signedInToChange, body(noBody), async (c) =>
      c.json(await reauthenticationOptions(c.var.services, passkeysOf(c), c.var.caller, callOf(c))),
    )
    .get('/passkeys', signedIn, async (c) =>
      c.json({ passkeys: (await listPasskeys(passkeysOf(c), c.var.caller)).map(passkeyJson) }),
    )
    .post('/passkeys/options', requireOrigin, signedInToChange, body(passkeyStepUpBody), async (c) => {
      const { password } = c.req.valid('json');
      return c.json(
        await registrationOptions(c.var.services, passkeysOf(c), c.var.caller, password, callOf(c)),
      );
    })
    .post('/passkeys', requireOrigin, signedInToChange, body(addPasskeyBody), async (c) => {
      const added = await addPasskey(
        c.var.services,
        passkeysOf(c),
        c.var.caller,
        c.req.valid('json'),
        callOf(c),
      );
      return c.json(passkeyJson(added), 201);
    })
    .patch('/passkeys/:id', requireOrigin, signedInToChange, body(renamePasskeyBody), async (c) => {
      const { name } = c.req.valid('json');
      const id = c.req.param('id');
      return c.json(passkeyJson(await renamePasskey(c.var.services, passkeysOf(c), c.var.caller, id, name)));
    })
    .delete('/passkeys/:id', requireOrigin, signedInToChange, body(passkeyStepUpBody), async (c) => {
      const { password } = c.req.valid('json');
      const id = c.req.param('id');
      await removePasskey(c.var.services, passkeysOf(c), c.var.caller, id, password, callOf(c));
      return c.body(null, 204);
    });
