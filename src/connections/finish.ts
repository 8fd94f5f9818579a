/**
 * Handles the return from a provider: who the user is, and which account that is. Accounts are found by identity; by
 * address only if the provider vouches for it and the account has verified it. An account with an unverified address is
 * handed over to the proven owner of the address (against pre-hijacking; docs/adr/0018-unproven-accounts.md).
 */
import { announce } from '../account/application/announce.ts';
import { newOneTimeToken, placePayload, sendMail } from '../account/application/mailing.ts';
import { cacheRevocation } from '../account/application/tokens.ts';
import { newUser } from '../account/new-user.ts';
import { unavailable } from '../deadlines.ts';
import { usernameKey } from '../identity.ts';
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import { redirectUriOf, reportFailure } from './begin.ts';
import { newExchange } from './exchange-code.ts';
import { openName } from './flow.ts';
import { ATTEMPTS } from './limits.ts';
import {
  type Connection,
  type Connections,
  type ExchangePayload,
  type Flow,
  type Identity,
  ProviderFailure,
} from './ports.ts';
import type { Provider } from './providers.ts';
import type { WithConnections } from './services.ts';

/** The value of `?error=`. */
export type SignInError =
  | 'access_denied'
  | 'provider_error'
  | 'provider_unavailable'
  | 'email_missing'
  | 'email_not_verified'
  | 'account_exists'
  | 'connection_taken'
  | 'sign_up_closed'
  | 'user_inactive'
  | 'expired';

export type Finished = { code: string } | { error: SignInError };

export async function finish(
  services: WithConnections,
  provider: Provider,
  flow: Flow,
  parameters: URLSearchParams,
  call: Call,
): Promise<Finished> {
  let identity: Identity | 'denied';
  try {
    const redirectUri = redirectUriOf(call, provider);
    identity = await services.connections.client.identify(provider, flow, redirectUri, parameters, call);
  } catch (error) {
    reportFailure(error, provider, call);
    const isAway = error instanceof ProviderFailure && error.fault === 'away';
    return { error: isAway ? 'provider_unavailable' : 'provider_error' };
  }
  if (identity === 'denied') return { error: 'access_denied' };
  const sealedName = parameters.get('name');
  if (identity.name === null && sealedName !== null)
    identity = { ...identity, name: await openName(services.connections.flows, sealedName, flow.state) };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const finished =
      flow.ticket === null
        ? await signIn(services, identity, flow, call)
        : await offerLink(services, flow.ticket, identity, flow);
    if (finished !== 'changed') {
      if ('error' in finished) call.report('info', 'provider_sign_in_refused', { reason: finished.error });
      return finished;
    }
  }
  throw unavailable('contended');
}

const connectionOf = (
  { random, clock }: WithConnections,
  { provider, issuer, subject, email }: Identity,
  now: number,
): Connection => ({
  id: random.uuid7(clock()),
  provider,
  issuer,
  subject,
  email,
  createdAt: now,
  lastUsedAt: now,
});

const payloadOf = (
  { challenge }: Flow,
  { passwordVersion, isStaff }: Pick<User, 'passwordVersion' | 'isStaff'>,
  made = false,
): ExchangePayload => ({ challenge, passwordVersion, isStaff, amr: ['fed'], made, adds: null });

async function signIn(
  services: WithConnections,
  identity: Identity,
  flow: Flow,
  call: Call,
): Promise<Finished | 'changed'> {
  const { store } = services.connections;
  const { byIdentity, byEmail } = await store.find(identity);
  if (byIdentity) {
    if (!byIdentity.isActive) return { error: 'user_inactive' };
    const { code, exchange } = await newExchange(services, byIdentity.id);
    const written = await store.use(byIdentity, identity, exchange, payloadOf(flow, byIdentity));
    return written === 'ok' ? { code } : 'changed';
  }
  const { email, emailVerified } = identity;
  if (email === null) return { error: 'email_missing' };
  if (!byEmail) return signUp(services, { ...identity, email }, flow, call);
  // The provider does not vouch for the address, or it is unverified staff: only the signed-in owner may connect it.
  if (!emailVerified || (byEmail.isStaff && byEmail.emailVerifiedAt === null))
    return { error: 'account_exists' };
  if (!byEmail.isActive) return { error: 'user_inactive' };
  return byEmail.emailVerifiedAt === null
    ? passToOwner(services, { ...byEmail, email }, { ...identity, email }, flow, call)
    : link(services, byEmail, identity, flow, call);
}

type WithEmail = Identity & { email: string };

async function signUp(
  services: WithConnections,
  identity: WithEmail,
  flow: Flow,
  call: Call,
): Promise<Finished | 'changed'> {
  const { settings, random, clock, connections, limits } = services;
  if (settings.SIGN_UP === 'closed') return { error: 'sign_up_closed' };
  // With SIGN_UP=verify an account is only created with a confirmed address.
  if (settings.SIGN_UP === 'verify' && !identity.emailVerified) return { error: 'email_not_verified' };
  await limits.check({ action: 'sign_up' }, call);
  const now = seconds(clock);
  const { email, name, emailVerified } = identity;
  const user = newUser(
    { id: random.uuid7(clock()), email, name, username: null, usernameKey: null, passwordHash: '' },
    now,
    { emailVerifiedAt: emailVerified ? now : null, language: call.askedLanguage },
  );
  const { code, exchange } = await newExchange(services, user.id);
  // Stored even if MAIL=off: the row records that the account was created by a sign-up.
  const verification = emailVerified
    ? null
    : await newOneTimeToken(services, 'email_verify', now, placePayload(call.client));
  const written = await connections.store.create(
    user,
    connectionOf(services, identity, now),
    exchange,
    payloadOf(flow, user, true),
    verification && {
      hash: verification.row.hash,
      payload: verification.row.payload ?? '',
      expiresAt: verification.row.expiresAt,
    },
  );
  if (written === 'changed') return 'changed';
  announce(services, call, 'user.created', user.id, now, { email_verified: emailVerified });
  call.report('info', 'signed_up', { user: user.id, provider: identity.provider });
  if (verification) {
    await sendMail(services, call, 'verify_email', email, {
      subject: user.id,
      purpose: 'email_verify',
      secret: verification.secret,
      made: { at: now, by: call.client },
    });
  }
  return { code };
}

async function link(
  services: WithConnections,
  user: User,
  identity: Identity,
  flow: Flow,
  call: Call,
): Promise<Finished | 'changed'> {
  const now = seconds(services.clock);
  const { code, exchange } = await newExchange(services, user.id);
  const connection = connectionOf(services, identity, now);
  const written = await services.connections.store.link(user, connection, exchange, payloadOf(flow, user));
  if (written === 'changed') return 'changed';
  await noteConnection(services, user, identity.provider, call);
  return { code };
}

/** Logs a new connection and notifies its owner. */
export async function noteConnection(
  services: WithConnections,
  user: Pick<User, 'id' | 'email'>,
  provider: string,
  call: Call,
): Promise<void> {
  call.report('info', 'connection_added', { user: user.id, provider });
  await sendMail(services, call, 'connection_added', user.email);
}

const keyOf = (username: string | null) => (username === null ? null : usernameKey(username));

async function passToOwner(
  services: WithConnections,
  from: Parameters<Connections['pass']>[0] & User,
  identity: WithEmail,
  flow: Flow,
  call: Call,
): Promise<Finished | 'changed'> {
  const { random, clock, connections } = services;
  const now = seconds(clock);
  // An imported or staff-created account keeps its id, which the host's own data refers to.
  const own = from.signedUp
    ? { id: random.uuid7(clock()), username: null, usernameKey: null, name: null }
    : { id: from.id, username: from.username, usernameKey: keyOf(from.username), name: from.name };
  const user = newUser({ ...own, email: from.email, passwordHash: '' }, now, {
    emailVerifiedAt: now,
    language: call.askedLanguage,
    ...(!from.signedUp && { dateJoined: from.dateJoined }),
  });
  const to = { ...user, email: from.email, passwordVersion: from.passwordVersion + 1 };
  const { code, exchange } = await newExchange(services, to.id);
  const result = await connections.store.pass(
    from,
    to,
    connectionOf(services, identity, now),
    exchange,
    payloadOf(flow, to, from.signedUp),
  );
  if (result.outcome === 'changed') return 'changed';
  await cacheRevocation(services, result.endedSessions, 'withdrawn', call.report);
  if (from.signedUp) {
    announce(services, call, 'user.deleted', from.id, now, {});
    announce(services, call, 'user.created', to.id, now, { email_verified: true });
  } else announce(services, call, 'email.verified', to.id, now, {});
  call.report('info', 'account_passed', {
    user: to.id,
    from: from.id,
    provider: identity.provider,
    ended: result.endedSessions.length,
  });
  return { code };
}

async function offerLink(
  services: WithConnections,
  ticket: { userId: string; hash: string },
  identity: Identity,
  flow: Flow,
): Promise<Finished | 'changed'> {
  const { store } = services.connections;
  const { byIdentity } = await store.find({ ...identity, email: null });
  if (byIdentity && byIdentity.id !== ticket.userId) return { error: 'connection_taken' };
  const now = seconds(services.clock);
  const { code, exchange } = await newExchange(services, ticket.userId);
  const written = await store.offerLink(ticket, identity, exchange, {
    challenge: flow.challenge,
    made: false,
    adds: connectionOf(services, identity, now),
  });
  // Not retried: a ticket whose session has ended or that was used stays void.
  return written === 'ok' ? { code } : { error: 'expired' };
}
