/** `/admin/second-factor`: the pages on which staff set up their own second factor; 404 without ENCRYPTION_KEY. */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { reauthenticate } from '../account/application/reauthentication.ts';
import { Refusal } from '../errors.ts';
import { callOf } from '../http/call.ts';
import { reauthenticationOptions } from '../passkeys/reauthentication.ts';
import { confirmTotp, startTotp } from '../second-factor/enrolment.ts';
import type { FactorServices } from '../second-factor/ports.ts';
import { ownOrigin, requireStaffToSetUp } from './cookie.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { mustSetUpFactor } from './factors.ts';
import { formErrors, readForm, validated } from './forms.ts';
import type { FormErrors } from './pages/parts.tsx';
import { ConfirmFactorPage, RecoveryCodesPage, SetUpPage } from './pages/second-factor.tsx';
import { passkeysOf, withPasskeys } from './passkeys.ts';
import { confirmForm, passkeyForm, setUpForm } from './schemas.ts';
import { show } from './show.tsx';

const withFactors = createMiddleware<AdminEnv>(async function withFactors(c, next) {
  if (!c.var.services.factors) throw new Refusal('not_found');
  return next();
});
const factorsOf = (c: AdminContext) => c.var.services.factors as FactorServices;

function showSetUp(c: AdminContext, asks: { password: boolean; errors?: FormErrors }, status?: 400 | 401) {
  const { services, caller } = c.var;
  const { user } = caller;
  const isRequired = mustSetUpFactor(services, caller);
  const byPasskey = isRequired && user.passkeyCount > 0 && services.passkeys !== null;
  return show(c, SetUpPage, { isOn: user.hasSecondFactor, isRequired, byPasskey, ...asks }, status);
}

export const secondFactorSetUpRoutes = () =>
  new Hono<AdminEnv>({ strict: false })
    .get('/', withFactors, requireStaffToSetUp, (c) => showSetUp(c, { password: false }))
    // The secret is shown in this response, as it must not appear in a URL.
    .post('/', withFactors, ownOrigin, requireStaffToSetUp, async (c) => {
      const { services, caller } = c.var;
      try {
        const { password } = validated(setUpForm, withoutBlank(await readForm(c)));
        const { secret, qr_svg } = await startTotp(services, factorsOf(c), caller, password, callOf(c));
        return show(c, ConfirmFactorPage, { secret, qr: qr_svg });
      } catch (error) {
        if (error instanceof Refusal && error.kind === 'reauthentication_required') {
          return showSetUp(c, { password: true });
        }
        const { errors } = formErrors(error, c);
        return showSetUp(c, { password: true, errors }, 400);
      }
    })
    .post('/passkey/options', withPasskeys, ownOrigin, requireStaffToSetUp, async (c) =>
      c.json(await reauthenticationOptions(c.var.services, passkeysOf(c), c.var.caller, callOf(c))),
    )
    // A passkey is a second factor that is set up already: the session has it from now on.
    .post('/passkey', withPasskeys, ownOrigin, requireStaffToSetUp, async (c) => {
      const { services, caller } = c.var;
      try {
        const { credential } = validated(passkeyForm, await readForm(c));
        await reauthenticate(services, caller, { passkey: credential }, callOf(c));
        return c.redirect(c.var.mount || '/', 303);
      } catch (error) {
        const { errors } = formErrors(error, c);
        return showSetUp(c, { password: false, errors }, 401);
      }
    })
    .post('/confirm', withFactors, ownOrigin, requireStaffToSetUp, async (c) => {
      const { services, caller } = c.var;
      try {
        const { code } = validated(confirmForm, await readForm(c));
        const codes = await confirmTotp(services, factorsOf(c), caller, code, callOf(c));
        return show(c, RecoveryCodesPage, { codes });
      } catch (error) {
        const { errors, status } = formErrors(error, c);
        return show(c, ConfirmFactorPage, { secret: null, qr: null, errors }, status);
      }
    });

/** A blank field counts as absent. */
const withoutBlank = (form: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''));
