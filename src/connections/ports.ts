/** The model of connected accounts, and the ports to D1 and to providers. Times are epoch seconds. */
import type { EndedSession, OneTimeKey, Session, User, UserRow } from '../model.ts';
import type { Call, OpenWays, Sessions } from '../ports.ts';
import type { SecretBox } from '../secret-box.ts';
import type { Provider } from './providers.ts';

/** A user at a provider, identified by issuer and subject, never by an address. */
export interface Identity {
  provider: string;
  issuer: string;
  subject: string;
  /** Canonical; null if the provider returned none. */
  email: string | null;
  /** The provider vouches for it. */
  emailVerified: boolean;
  name: string | null;
}

export interface Connection extends Pick<Identity, 'provider' | 'issuer' | 'subject' | 'email'> {
  id: string;
  createdAt: number;
  lastUsedAt: number | null;
}

/** The state of a flow while the browser is at the provider, in a sealed cookie (flow-cookie.ts). */
export interface Flow {
  provider: string;
  state: string;
  nonce: string;
  /** PKCE between us and the provider. */
  verifier: string;
  returnTo: string;
  /** PKCE between the app and us. */
  challenge: string;
  startedAt: number;
  /** Set if the flow adds a connection to an account; null for a sign-in. */
  ticket: { userId: string; hash: string } | null;
}

/** Why a sign-in with a provider failed, for the log. */
export const PROVIDER_FAULTS = {
  away: 'could not be reached, took too long, or said that it cannot answer now',
  refused: 'answered with an error of the protocol',
  too_large: 'an answer was over 64 KiB',
  malformed: 'an answer was not what the protocol says',
  iss: '`iss` is missing or another issuer’s (mix-up)',
  id_token: 'a claim of the ID token is missing or wrong',
  signature: 'the ID token is not signed by a key of the issuer',
} as const;
export type ProviderFault = keyof typeof PROVIDER_FAULTS;

/** Thrown by the provider adapters. Never contains any of a response. */
export class ProviderFailure extends Error {
  readonly fault: ProviderFault;
  constructor(fault: ProviderFault) {
    super(fault);
    this.name = 'ProviderFailure';
    this.fault = fault;
  }
}

/** The methods throw ProviderFailure. */
export interface ProviderClient {
  /** The URL to which the browser is sent. */
  authorizationUrl: (
    provider: Provider,
    flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>,
    redirectUri: string,
    call: Call,
  ) => Promise<string>;
  /** The identity of the user. `parameters`: the query of the callback. `denied`: the user declined. */
  identify: (
    provider: Provider,
    flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>,
    redirectUri: string,
    parameters: URLSearchParams,
    call: Call,
  ) => Promise<Identity | 'denied'>;
}

/** The one-time token that an app exchanges for a session. */
export interface ExchangeToken {
  key: OneTimeKey;
  createdAt: number;
  expiresAt: number;
}
export interface ExchangePayload {
  /** The app's PKCE challenge (S256). */
  challenge: string;
  passwordVersion: number;
  isStaff: boolean;
  amr: readonly string[];
  /** The user was created by this sign-in. */
  made: boolean;
  /** A connection that the exchange adds. */
  adds: Connection | null;
  /** For a hand-back: the times of the session it comes from. */
  keeps?: KeptTimes;
}
/** The new session is as recent a proof of who the user is (token/authentication.ts), and ends no later. */
export type KeptTimes = Pick<Session, 'createdAt' | 'authenticatedAt' | 'absoluteEndAt'>;

/** `changed`: a concurrent write came first, so read and decide again. */
type Written = 'ok' | 'changed';

export interface Connections {
  /** The users with this identity and with this address, in one round trip. */
  find: (identity: Pick<Identity, 'issuer' | 'subject' | 'email'>) => Promise<{
    byIdentity: User | null;
    /** `signedUp`: the account was created by a sign-up, not by an import or staff. */
    byEmail: (User & { signedUp: boolean }) | null;
  }>;
  /** Stores an exchange token for the user who has the connection, and records its use. */
  use: (
    user: Pick<User, 'id'>,
    identity: Identity,
    exchange: ExchangeToken,
    payload: ExchangePayload,
  ) => Promise<Written>;
  /**
   * Creates a user with a connection and an exchange token, if the address is still free. `verification`: the token of
   * the e-mail that verifies the address.
   */
  create: (
    user: UserRow,
    connection: Connection,
    exchange: ExchangeToken,
    payload: ExchangePayload,
    verification: { hash: string; payload: string; expiresAt: number } | null,
  ) => Promise<Written>;
  /** Adds a connection to a user who has verified the address that the provider vouches for. */
  link: (
    user: Pick<User, 'id' | 'email' | 'emailVerifiedAt' | 'passwordVersion'>,
    connection: Connection,
    exchange: ExchangeToken,
    payload: ExchangePayload,
  ) => Promise<Written>;
  /**
   * Replaces the account `from`, whose address is unverified, and everything that belongs to it by `to`, with a verified
   * address. The id stays the same if the account was imported or created by staff.
   */
  pass: (
    from: Pick<User, 'id' | 'passwordVersion'> & { email: string; signedUp: boolean },
    to: UserRow & { email: string },
    connection: Connection,
    exchange: ExchangeToken,
    payload: ExchangePayload,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'changed' }>;
  /**
   * Consumes an exchange token and opens the session, unless a second factor is needed first. `challenge`: computed from
   * the app's verifier. `code`: no such token; `changed`: the password or staff flag changed; `taken`: another user has
   * the identity to be added.
   */
  exchange: (
    key: OneTimeKey,
    challenge: string,
    now: number,
    session: Session,
    options: Parameters<Sessions['open']>[2],
  ) => Promise<
    | {
        outcome: 'ok';
        user: User;
        made: boolean;
        added: Connection | null;
        amr: readonly string[];
        keeps: KeptTimes | null;
        evicted: EndedSession[];
      }
    | { outcome: 'second_factor'; user: User; added: Connection | null; amr: readonly string[] }
    | { outcome: 'code' | 'changed' | 'taken' }
  >;

  /** Stores the ticket with which a signed-in user adds a connection. False if the session has ended. */
  startLink: (
    caller: { userId: string; sessionId: string },
    ticket: { hash: string; payload: TicketPayload; createdAt: number; expiresAt: number },
  ) => Promise<boolean>;
  /** Claims the ticket for the first browser that opens it, under a new hash. Null if it is used or expired. */
  takeTicket: (
    ticket: { userId: string; hash: string },
    newHash: string,
    now: number,
  ) => Promise<TicketPayload | null>;
  /**
   * Consumes the ticket and stores an exchange token that adds `payload.adds`, for the session that requested it.
   * `changed`: the ticket is used or void, or another user has the identity.
   */
  offerLink: (
    ticket: { userId: string; hash: string },
    identity: Pick<Identity, 'issuer' | 'subject'>,
    exchange: ExchangeToken,
    payload: Omit<ExchangePayload, 'passwordVersion' | 'isStaff' | 'amr'>,
  ) => Promise<Written>;
  /** Oldest first; connections whose code is not exchanged yet come last, without their address. */
  list: (userId: string, now: number) => Promise<Connection[]>;
  /**
   * `withdrawn`: its code was not exchanged yet, and is void. `last`: the user could not sign in without it. `gone`: the
   * session has ended.
   */
  remove: (
    caller: { userId: string; sessionId: string },
    id: string,
    ways: OpenWays,
    now: number,
  ) => Promise<
    { outcome: 'ok'; provider: string } | { outcome: 'withdrawn' | 'not_found' | 'last' | 'gone' }
  >;
}

/** The store for returning from the pages to an app (hand-back.ts). */
export interface HandBack {
  /**
   * Stores a code that opens another session, with the same `amr`, authentication times and end as that of the refresh
   * token. False if the user or session has ended, or the token was used.
   */
  leave: (
    refresh: { userId: string; sessionId: string; jti: string; expiresAt: number },
    exchange: ExchangeToken,
    challenge: string,
    now: number,
  ) => Promise<boolean>;
}

export interface TicketPayload {
  provider: string;
  returnTo: string;
  challenge: string;
  sessionId: string;
  amr: readonly string[];
}

export interface ConnectionServices {
  /** In the order of PROVIDERS. */
  providers: readonly Provider[];
  store: Connections;
  handBack: HandBack;
  client: ProviderClient;
  /** Seals the flow cookie. */
  flows: SecretBox;
}
