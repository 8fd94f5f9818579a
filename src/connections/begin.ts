/** Starts the flow with a provider, to sign in or to add a connection. */

import { sha256Hex } from '../encoding.ts';
import { invalidField, Refusal } from '../errors.ts';
import { type Call, seconds } from '../ports.ts';
import { newState, sealFlow } from './flow.ts';
import { type Flow, ProviderFailure } from './ports.ts';
import type { Provider } from './providers.ts';
import type { WithConnections } from './services.ts';

const SECRET_BYTES = 32;

/** 404 not_found for a provider that is not in PROVIDERS. */
export function providerOf({ connections }: Pick<WithConnections, 'connections'>, id: string): Provider {
  const provider = connections.providers.find((one) => one.id === id);
  if (!provider) throw new Refusal('not_found');
  return provider;
}

/** The callback URL, which is registered with the provider. */
export const redirectUriOf = ({ accountsUrl }: Call, { id }: Provider): string =>
  `${accountsUrl}/login/with/${id}/callback`;

/** A started flow: the provider's URL, and the state and sealed flow for the cookie. */
export type Begun =
  | { outcome: 'ok'; url: string; state: string; sealed: string }
  | { outcome: 'failed'; returnTo: string };

/** `takenSlots`: see flow.ts. `failed`: the provider is unavailable or its metadata is invalid. */
export async function begin(
  services: WithConnections,
  provider: Provider,
  asked: Pick<Flow, 'returnTo' | 'challenge' | 'ticket'>,
  takenSlots: ReadonlySet<number>,
  call: Call,
): Promise<Begun> {
  const { random, clock, connections } = services;
  const flow: Flow = {
    provider: provider.id,
    state: newState(() => random.secret(SECRET_BYTES), takenSlots),
    nonce: random.secret(SECRET_BYTES),
    verifier: random.secret(SECRET_BYTES),
    startedAt: seconds(clock),
    ...asked,
  };
  try {
    const url = await connections.client.authorizationUrl(
      provider,
      flow,
      redirectUriOf(call, provider),
      call,
    );
    return { outcome: 'ok', url, state: flow.state, sealed: await sealFlow(connections.flows, flow) };
  } catch (error) {
    reportFailure(error, provider, call);
    return { outcome: 'failed', returnTo: asked.returnTo };
  }
}

/** Logs a provider's failure; rethrows any other error. */
export function reportFailure(error: unknown, provider: Provider, call: Call): void {
  if (!(error instanceof ProviderFailure)) throw error;
  call.report('warn', 'provider_failed', { provider: provider.id, reason: error.fault });
}

/**
 * Claims the ticket in the URL that `startLink` returned: only the first browser to open it succeeds.
 * 400 token_not_valid for a used, expired or unknown ticket.
 */
export async function takeTicket(
  services: WithConnections,
  provider: Provider,
  ticket: string,
): Promise<Pick<Flow, 'returnTo' | 'challenge' | 'ticket'>> {
  const dead = () => invalidField('ticket', 'token_not_valid');
  const match = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/.exec(ticket);
  if (!match) throw dead();
  const [, userId = '', secret = ''] = match;
  const { random, clock, connections } = services;
  // The new secret is not kept: the sealed cookie holds its hash.
  const hash = await sha256Hex(random.secret(SECRET_BYTES));
  const taken = await connections.store.takeTicket(
    { userId, hash: await sha256Hex(secret) },
    hash,
    seconds(clock),
  );
  if (!taken || taken.provider !== provider.id) throw dead();
  return { returnTo: taken.returnTo, challenge: taken.challenge, ticket: { userId, hash } };
}
