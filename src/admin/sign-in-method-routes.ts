/** `/admin/users/:id/passkeys/…` and `…/connections/…`: the confirmation page of a removal, and the removal. */
import { Hono } from 'hono';
import type { Caller } from '../account/application/session.ts';
import { Refusal } from '../errors.ts';
import { callOf } from '../http/call.ts';
import type { User } from '../model.ts';
import type { Call } from '../ports.ts';
import { consequenceOf } from './act-routes.ts';
import { type AdminServices, findUser } from './acting.ts';
import { ownOrigin, requireStaffSession } from './cookie.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { formErrors, type Shown } from './forms.ts';
import { ConfirmPage } from './pages/confirm.tsx';
import { type ConsoleWords, userPath } from './pages/parts.tsx';
import { providerName } from './pages/sign-in-methods.tsx';
import type { SignInMethods } from './ports.ts';
import { show } from './show.tsx';
import { removeConnection, removePasskey, type Target } from './sign-in-methods.ts';

interface Kind {
  /** The part of the path. */
  kind: 'passkeys' | 'connections';
  /** The code of the confirmation page and of the message that follows. */
  act: keyof ConsoleWords['questions'] & keyof ConsoleWords['done'];
  /** Its name; undefined: it does not exist. */
  nameOf: (methods: SignInMethods, id: string, services: AdminServices) => string | undefined;
  remove: (services: AdminServices, caller: Caller, target: Target, call: Call) => Promise<void>;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'passkeys',
    act: 'remove-passkey',
    nameOf: ({ passkeys }, id) => passkeys.find((one) => one.id === id)?.name,
    remove: removePasskey,
  },
  {
    kind: 'connections',
    act: 'remove-connection',
    nameOf: ({ connections }, id, services) => {
      const found = connections.find((one) => one.id === id);
      return found && providerName(services.connections.providers, found.provider);
    },
    remove: removeConnection,
  },
];

/** Mounted at `/admin/users`. */
export function signInMethodRoutes(): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>({ strict: false });
  for (const { kind, act, nameOf, remove } of KINDS) {
    const path = `/:id/${kind}/:method/remove` as const;
    const ask = async (c: AdminContext, user: User, method: string, fault: Partial<Shown> = {}) => {
      const { services } = c.var;
      const { status, ...again } = fault;
      const what = nameOf(await services.admin.store.signInMethods(user.id), method, services);
      if (what === undefined) throw new Refusal('not_found');
      const at = `${kind}/${encodeURIComponent(method)}/remove`;
      const consequence = await consequenceOf(c, user, false);
      return show(c, ConfirmPage, { user, act, what, at, ...consequence, ...again }, status);
    };
    routes
      .get(path, requireStaffSession, async (c) => {
        const { id, method } = c.req.param();
        return ask(c, await findUser(c.var.services, id), method);
      })
      .post(path, ownOrigin, requireStaffSession, async (c) => {
        const { services, caller, mount } = c.var;
        const { id, method } = c.req.param();
        try {
          await remove(services, caller, { userId: id, id: method }, callOf(c));
        } catch (error) {
          const fault = formErrors(error, c);
          return ask(c, await findUser(services, id), method, fault);
        }
        return c.redirect(`${userPath(mount, id)}?done=${act}`, 303);
      });
  }
  return routes;
}
