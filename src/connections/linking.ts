/** A signed-in user's connections: add one, list them, remove one. */
import { sendMail } from '../account/application/mailing.ts';
import { requireRecentAuthentication } from '../account/application/reauthentication.ts';
import { lostSession } from '../account/application/refusals.ts';
import type { Caller } from '../account/application/session.ts';
import { openWays } from '../account/application/tokens.ts';
import { sha256Hex } from '../encoding.ts';
import { Refusal } from '../errors.ts';
import { type Call, seconds } from '../ports.ts';
import { FLOW_SECONDS } from './limits.ts';
import type { Connection, Flow } from './ports.ts';
import type { Provider } from './providers.ts';
import type { WithConnections } from './services.ts';

const SECRET_BYTES = 32;

/** A URL that starts the flow in the first browser that opens it. 401 reauthentication_required. */
export async function startLink(
  services: WithConnections,
  caller: Caller,
  provider: Provider,
  { password, ...asked }: Pick<Flow, 'returnTo' | 'challenge'> & { password: string | undefined },
  call: Call,
): Promise<{ url: string }> {
  await requireRecentAuthentication(services, caller, password, call);
  const { user, session, sessionId } = caller;
  const { random, clock, connections } = services;
  const secret = random.secret(SECRET_BYTES);
  const createdAt = seconds(clock);
  // A second factor that was used for this session need not be asked for again at the exchange.
  const amr = ['fed', ...session.amr.filter((method) => method === 'mfa')];
  const started = await connections.store.startLink(
    { userId: user.id, sessionId },
    {
      hash: await sha256Hex(secret),
      payload: { provider: provider.id, ...asked, sessionId, amr },
      createdAt,
      expiresAt: createdAt + FLOW_SECONDS,
    },
  );
  if (!started) throw lostSession();
  return { url: `${call.accountsUrl}/login/with/${provider.id}?ticket=${user.id}.${secret}` };
}

export const listConnections = (
  { clock, connections }: WithConnections,
  { user }: Caller,
): Promise<Connection[]> => connections.store.list(user.id, seconds(clock));

/** 401 reauthentication_required; 404 not_found; 409 last_sign_in_method if the user could not sign in without it. */
export async function removeConnection(
  services: WithConnections,
  caller: Caller,
  { id, password }: { id: string; password: string | undefined },
  call: Call,
): Promise<void> {
  await requireRecentAuthentication(services, caller, password, call);
  const { user, sessionId } = caller;
  const result = await services.connections.store.remove(
    { userId: user.id, sessionId },
    id,
    openWays(services),
    seconds(services.clock),
  );
  switch (result.outcome) {
    case 'gone':
      throw lostSession();
    case 'not_found':
      throw new Refusal('not_found');
    case 'last':
      throw new Refusal('last_sign_in_method');
    // It never was a way to sign in, so there is nobody to notify.
    case 'withdrawn':
      return;
    case 'ok':
      call.report('info', 'connection_removed', { user: user.id, provider: result.provider });
      await sendMail(services, call, 'connection_removed', user.email);
  }
}
