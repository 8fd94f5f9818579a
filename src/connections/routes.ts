/** `/account/login/with/…` and `/account/connections`: signing in with providers, and managing connections. */
import { Hono } from 'hono';
import * as z from 'zod/mini';
import type { AccountContext } from '../account/env.ts';
import { userJson } from '../account/presenters.ts';
import { requireOrigin, sendTokens } from '../account/refresh-transport.ts';
import { signedIn, signedInToChange } from '../account/signed-in.ts';
import { invalid, invalidField, Refusal } from '../errors.ts';
import { body, faultsOf } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { isForm, readForm } from '../http/form.ts';
import { seconds } from '../ports.ts';
import { requireReturnUrl, returnFaultToo, returnUrlOf } from './allowed-return.ts';
import { begin, providerOf, takeTicket } from './begin.ts';
import { nameInAppleForm } from './display-name.ts';
import type { ConnectionsContext, ConnectionsEnv } from './env.ts';
import { exchange } from './exchange.ts';
import { finish } from './finish.ts';
import { openFlow, sealName } from './flow.ts';
import { clearFlow, readFlow, takenSlots, writeFlow } from './flow-cookie.ts';
import { handBackRoutes } from './hand-back-routes.ts';
import { listConnections, removeConnection, startLink } from './linking.ts';
import { connectionJson, providerJson } from './presenters.ts';
import { withOutcome } from './return-to.ts';
import { beginQuery, exchangeBody, removeBody, startLinkBody } from './schemas.ts';

/** Reports all faults of the query together. A repeated parameter is invalid, as implementations differ in which they read. */
function readQuery(c: ConnectionsContext): { returnTo: string; challenge: string; ticket: null } {
  const query = Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  const read = z.safeParse(beginQuery, query);
  const faults = read.success ? {} : faultsOf(read.error.issues, query);
  const { return_to } = query;
  if (typeof return_to === 'string' && !returnUrlOf(c, return_to)) faults.return_to = [{ fault: 'invalid' }];
  if (!read.success || Object.keys(faults).length > 0) throw invalid(faults);
  return { returnTo: read.data.return_to, challenge: read.data.code_challenge, ticket: null };
}

/** Parameters that are accepted from a provider's form. */
const RETURNED = ['code', 'state', 'iss', 'error'] as const;

export const connectionsRoutes = () =>
  new Hono<ConnectionsEnv>({ strict: false })
    .route('/', handBackRoutes())
    .get('/providers', (c) => c.json({ providers: c.var.services.connections.providers.map(providerJson) }))
    .get('/login/with/:provider', async (c) => {
      const { services } = c.var;
      const call = callOf(c);
      const provider = providerOf(services, c.req.param('provider'));
      await services.limits.check({ action: 'anonymous', endpoint: 'provider_start' }, call);
      const ticket = c.req.query('ticket');
      const asked = ticket === undefined ? readQuery(c) : await takeTicket(services, provider, ticket);
      const begun = await begin(services, provider, asked, takenSlots(c), call);
      if (begun.outcome === 'failed') {
        return c.redirect(
          withOutcome(requireReturnUrl(c, begun.returnTo), { error: 'provider_unavailable' }),
        );
      }
      writeFlow(c, begun.state, begun.sealed);
      return c.redirect(begun.url);
    })
    .get('/login/with/:provider/callback', async (c) => {
      const { services } = c.var;
      const call = callOf(c);
      const provider = providerOf(services, c.req.param('provider'));
      const parameters = new URL(c.req.url).searchParams;
      const state = parameters.get('state') ?? '';
      const sealed = readFlow(c, state);
      const key = { provider: provider.id, state };
      const flow =
        sealed && (await openFlow(services.connections.flows, sealed, key, seconds(services.clock)));
      // From another browser, or expired: there is no trusted URL to return to.
      if (!flow) throw invalidField('state', 'invalid');
      const returnTo = requireReturnUrl(c, flow.returnTo);
      await services.limits.check({ action: 'anonymous', endpoint: 'provider_callback' }, call);
      const finished = await finish(services, provider, flow, parameters, call);
      clearFlow(c, state);
      return c.redirect(withOutcome(returnTo, finished));
    })
    // For providers that POST a form from their own site: redirected to a GET, the request carries the Lax cookie.
    .post('/login/with/:provider/callback', async (c) => {
      const provider = providerOf(c.var.services, c.req.param('provider'));
      if (!isForm(c)) throw new Refusal('unsupported_media_type');
      const form = await readForm(c);
      const sent = new URLSearchParams();
      for (const name of RETURNED) {
        const value = form[name];
        if (typeof value === 'string') sent.set(name, value);
      }
      const name = provider.id === 'apple' ? nameInAppleForm(form.user) : null;
      if (name) sent.set('name', await sealName(c.var.services.connections.flows, name, sent.get('state')));
      return c.redirect(`${callOf(c).accountsUrl}/login/with/${provider.id}/callback?${sent}`, 303);
    })
    .post('/login/exchange', requireOrigin, body(exchangeBody), async (c) => {
      const { user, made, ...pair } = await exchange(c.var.services, c.req.valid('json'), callOf(c));
      const tokens = sendTokens(c as unknown as AccountContext, pair);
      return made ? c.json({ user: userJson(user), ...tokens }, 201) : c.json(tokens);
    })
    .get('/connections', signedIn, async (c) => {
      const connections = await listConnections(c.var.services, c.var.caller);
      return c.json({ connections: connections.map(connectionJson) });
    })
    // Here `id` is the provider's.
    .post(
      '/connections/:id',
      requireOrigin,
      signedInToChange,
      body(startLinkBody, returnFaultToo),
      async (c) => {
        const provider = providerOf(c.var.services, c.req.param('id'));
        const { return_to, code_challenge, password } = c.req.valid('json');
        requireReturnUrl(c, return_to);
        const asked = { returnTo: return_to, challenge: code_challenge, password };
        return c.json(await startLink(c.var.services, c.var.caller, provider, asked, callOf(c)));
      },
    )
    .delete('/connections/:id', requireOrigin, signedInToChange, body(removeBody), async (c) => {
      const { password } = c.req.valid('json');
      await removeConnection(c.var.services, c.var.caller, { id: c.req.param('id'), password }, callOf(c));
      return c.body(null, 204);
    });
