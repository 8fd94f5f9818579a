/** `POST /account/login/return`: the last step of the pages when an app has sent the user there. */
import { Hono, type MiddlewareHandler } from 'hono';
import type { AccountContext } from '../account/env.ts';
import { requireOrigin, sentRefresh } from '../account/refresh-transport.ts';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { requireReturnUrl } from './allowed-return.ts';
import type { ConnectionsEnv } from './env.ts';
import { handBack } from './hand-back.ts';
import { handBackBody, handBackCookieBody } from './schemas.ts';

const input: ReturnType<typeof body<typeof handBackBody>> = (() => {
  const [withToken, without] = [body(handBackBody), body(handBackCookieBody)];
  const handler: MiddlewareHandler<ConnectionsEnv> = (c, next) =>
    c.var.services.settings.REFRESH_TRANSPORT === 'cookie'
      ? without(c as never, next)
      : withToken(c as never, next);
  return handler as never;
})();

export const handBackRoutes = () =>
  new Hono<ConnectionsEnv>({ strict: false }).post('/login/return', requireOrigin, input, async (c) => {
    const sent = c.req.valid('json');
    const url = requireReturnUrl(c, sent.return_to);
    const refresh = sentRefresh(c as unknown as AccountContext, sent);
    if (refresh === null) throw new Refusal('not_authenticated', { reason: 'no_cookie' });
    return c.json(
      await handBack(c.var.services, refresh, { url, challenge: sent.code_challenge }, callOf(c)),
    );
  });
