/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Endpoints and pages that need e-mail: 404 if MAIL=off. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { Refusal } from '../errors.ts';
import { serveAsset } from '../http/assets.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { showPage } from '../http/page.tsx';
import { serveTheme } from '../http/site.ts';
import {
  confirmEmail,
  disownAccount,
  requestEmailChange,
  resendVerification,
  resendVerificationTo,
  takeBackEmail,
} from './application/email.ts';
import { checkReset, confirmReset, requestPasswordReset } from './application/password.ts';
import type { AccountContext, AccountEnv } from './env.ts';
import { passwordFaultsToo } from './new-password.ts';
import { type MailLinkKind, MailLinkPage } from './pages.tsx';
import { requireOrigin } from './refresh-transport.ts';
import {
  changeEmailBody,
  changeEmailProvenBody,
  confirmEmailBody,
  confirmResetBody,
  requestResetBody,
  resendBody,
  verifyBody,
} from './schemas.ts';
import { bodyWithProof, callerToChange, signedInToChange } from './signed-in.ts';

export const withMail = createMiddleware<AccountEnv>(async function withMail(c, next) {
  if (!c.var.services.mailer) throw new Refusal('not_found');
  return next();
});

const page = (c: AccountContext, kind: MailLinkKind) =>
  showPage(c, (site) => (
    <MailLinkPage
      kind={kind}
      site={site}
      language={c.var.language}
      mount={c.var.mount}
      cookie={c.var.services.settings.REFRESH_TRANSPORT === 'cookie'}
      minLength={c.var.services.settings.PASSWORD_MIN_LENGTH}
      returnUrl={c.var.services.settings.RETURN_URL}
      pages={c.var.services.settings.PAGES}
    />
  ));

export const mailRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    // For every method: without e-mail these paths answer 404, never 405.
    .use('/password/reset/*', withMail)
    .use('/email/*', withMail)
    .post('/password/reset', requireOrigin, body(requestResetBody), async (c) => {
      await requestPasswordReset(c.var.services, c.req.valid('json').email, callOf(c));
      return c.json({}, 202);
    })
    // The files of the pages below, so that a host only has to provide the assets.
    .get('/static/theme.css', (c) => serveTheme(c))
    .get('/static/page.css', (c) => serveAsset(c, '/static/page.css'))
    .get('/static/pages-shared.js', (c) => serveAsset(c, '/static/pages-shared.js'))
    .get('/static/mail-link.js', (c) => serveAsset(c, '/static/mail-link.js'))
    .get('/password/reset/confirm', (c) => page(c, 'reset'))
    .post(
      '/password/reset/confirm',
      requireOrigin,
      body(confirmResetBody, passwordFaultsToo('new_password')),
      async (c) => {
        await confirmReset(c.var.services, c.req.valid('json'), callOf(c));
        return c.body(null, 204);
      },
    )
    .post('/password/reset/check', requireOrigin, body(verifyBody), async (c) => {
      const { email } = await checkReset(c.var.services, c.req.valid('json').token, callOf(c));
      return c.json({ email });
    })
    .get('/email/verify', (c) => page(c, 'verify'))
    .post('/email/verify', requireOrigin, body(confirmEmailBody), async (c) => {
      await confirmEmail(c.var.services, c.req.valid('json'), callOf(c));
      return c.body(null, 204);
    })
    .get('/email/disown', (c) => page(c, 'disown'))
    .post('/email/disown', requireOrigin, body(verifyBody), async (c) => {
      await disownAccount(c.var.services, c.req.valid('json').token, callOf(c));
      return c.body(null, 204);
    })
    .get('/email/take-back', (c) => page(c, 'take_back'))
    .post('/email/take-back', requireOrigin, body(verifyBody), async (c) =>
      c.json({ reset_token: await takeBackEmail(c.var.services, c.req.valid('json').token, callOf(c)) }),
    )
    .post('/email/verify/resend', requireOrigin, body(resendBody), async (c) => {
      const { email } = c.req.valid('json');
      // A link that has expired is often opened without a session: the response reveals nothing about the address.
      if (email !== undefined && c.req.header('Authorization') === undefined) {
        await resendVerificationTo(c.var.services, email, callOf(c));
      } else {
        await resendVerification(c.var.services, await callerToChange(c), callOf(c));
      }
      return c.json({}, 202);
    })
    .post(
      '/email/change',
      requireOrigin,
      signedInToChange,
      bodyWithProof(changeEmailBody, changeEmailProvenBody),
      async (c) => {
        await requestEmailChange(c.var.services, c.var.caller, c.req.valid('json'), callOf(c));
        return c.json({}, 202);
      },
    );
