/** `/account/factors`, and the second step of a log-in. 404 without ENCRYPTION_KEY. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { bearerOf, mintFirstPair } from '../account/application/tokens.ts';
import type { AccountContext } from '../account/env.ts';
import { requireOrigin, sendTokens } from '../account/refresh-transport.ts';
import { signedIn, signedInToChange } from '../account/signed-in.ts';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { confirmTotp, listFactors, removeTotp, renewRecoveryCodes, startTotp } from './enrolment.ts';
import type { FactorsContext, FactorsEnv } from './env.ts';
import type { FactorServices } from './ports.ts';
import { factorsJson } from './presenters.ts';
import { codeBody, secondFactorBody, stepUpBody } from './schemas.ts';
import { completeSignIn } from './sign-in.ts';

const withFactors = createMiddleware<FactorsEnv>(async function withFactors(c, next) {
  if (!c.var.services.factors) throw new Refusal('not_found');
  return next();
});
const factorsOf = (c: FactorsContext) => c.var.services.factors as FactorServices;

export const secondFactorRoutes = () =>
  new Hono<FactorsEnv>({ strict: false })
    .use('/factors/*', withFactors)
    .use('/login/second-factor', withFactors)
    .post('/login/second-factor', requireOrigin, body(secondFactorBody), async (c) => {
      const { services } = c.var;
      const policy = { staffOnly: false };
      const call = callOf(c);
      const { user, session, now } = await completeSignIn(
        services,
        factorsOf(c),
        c.req.valid('json'),
        policy,
        call,
      );
      const pair = await mintFirstPair(services, bearerOf(user, session), now, call);
      return c.json(sendTokens(c as unknown as AccountContext, pair));
    })
    .get('/factors', signedIn, async (c) =>
      c.json(factorsJson(await listFactors(factorsOf(c), c.var.caller))),
    )
    .post('/factors/totp', requireOrigin, signedInToChange, body(stepUpBody), async (c) => {
      const { password } = c.req.valid('json');
      return c.json(await startTotp(c.var.services, factorsOf(c), c.var.caller, password, callOf(c)), 201);
    })
    .post('/factors/totp/confirm', requireOrigin, signedInToChange, body(codeBody), async (c) => {
      const { code } = c.req.valid('json');
      const codes = await confirmTotp(c.var.services, factorsOf(c), c.var.caller, code, callOf(c));
      return c.json({ recovery_codes: codes });
    })
    .delete('/factors/totp', requireOrigin, signedInToChange, body(stepUpBody), async (c) => {
      await removeTotp(c.var.services, factorsOf(c), c.var.caller, c.req.valid('json').password, callOf(c));
      return c.body(null, 204);
    })
    .post('/factors/recovery-codes', requireOrigin, signedInToChange, body(stepUpBody), async (c) => {
      const { password } = c.req.valid('json');
      const codes = await renewRecoveryCodes(c.var.services, factorsOf(c), c.var.caller, password, callOf(c));
      return c.json({ recovery_codes: codes });
    });
