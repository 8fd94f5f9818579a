/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** `/account/login/email`: signing in by e-mail. 404 unless SIGN_IN_BY_EMAIL is on. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AccountContext } from '../account/env.ts';
import { userJson } from '../account/presenters.ts';
import { requireOrigin, sendTokens } from '../account/refresh-transport.ts';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { showPage } from '../http/page.tsx';
import type { EmailSignInContext, EmailSignInEnv } from './env.ts';
import { SignInPage } from './page.tsx';
import type { EmailSignInServices } from './ports.ts';
import { confirmCodeBody, requestCodeBody } from './schemas.ts';
import { confirmCode, type EmailProof, requestCode } from './sign-in.ts';

const withEmailSignIn = createMiddleware<EmailSignInEnv>(async function withEmailSignIn(c, next) {
  if (!c.var.services.emailSignIn) throw new Refusal('not_found');
  return next();
});
const emailSignInOf = (c: EmailSignInContext) => c.var.services.emailSignIn as EmailSignInServices;

export const emailSignInRoutes = () =>
  new Hono<EmailSignInEnv>({ strict: false })
    .use('/login/email/*', withEmailSignIn)
    .use('/static/email-sign-in.js', withEmailSignIn)
    .post('/login/email', requireOrigin, body(requestCodeBody), async (c) => {
      await requestCode(c.var.services, emailSignInOf(c), c.req.valid('json').email, callOf(c));
      return c.json({}, 202);
    })
    .get('/static/email-sign-in.js', (c) => serveAsset(c, '/static/email-sign-in.js'))
    .get('/login/email/confirm', (c) => {
      const { RETURN_URL, REFRESH_TRANSPORT, PAGES } = c.var.services.settings;
      return showPage(c, (site) => (
        <SignInPage
          site={site}
          language={c.var.language}
          mount={c.var.mount}
          cookie={REFRESH_TRANSPORT === 'cookie'}
          returnUrl={RETURN_URL}
          pages={PAGES}
        />
      ));
    })
    .post('/login/email/confirm', requireOrigin, body(confirmCodeBody), async (c) => {
      const { services } = c.var;
      const proof = c.req.valid('json') as EmailProof;
      const { user, created, ...pair } = await confirmCode(services, emailSignInOf(c), proof, callOf(c));
      const tokens = sendTokens(c as unknown as AccountContext, pair);
      return created ? c.json({ user: userJson(user), ...tokens }, 201) : c.json(tokens);
    });
