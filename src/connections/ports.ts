/** What connected accounts keep, and what they need of D1 and of providers. Times are epoch seconds. */
import type { EndedSession, OneTimeKey, Session, User, UserRow } from '../model.ts';
import type { Call, Sessions } from '../ports.ts';
import type { SecretBox } from '../secret-box.ts';
import type { Provider } from './providers.ts';

/** Who somebody is at a provider: known by issuer and subject, never by an address. */
export interface Identity {
  provider: string;
  issuer: string;
  subject: string;
  /** Canonical; null where the provider told none. */
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

/** What a browser keeps of its way to a provider and back; sealed (flow-cookie.ts). */
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
  /** Adds a connection to an account; else a sign-in. */
  ticket: { userId: string; hash: string } | null;
}

/** Why a provider's answer is no good: for the log. */
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

/** Thrown by a provider's adapter; never with anything of an answer in it. */
export class ProviderFailure extends Error {
  readonly fault: ProviderFault;
  constructor(fault: ProviderFault) {
    super(fault);
    this.name = 'ProviderFailure';
    this.fault = fault;
  }
}

/** Throws ProviderFailure. */
export interface ProviderClient {
  /** Where the browser goes. */
  authorizationUrl: (
    provider: Provider,
    flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>,
    redirectUri: string,
    call: Call,
  ) => Promise<string>;
  /** Who came back. `parameters`: what the provider sent with the browser; `denied`: the user said no. */
  identify: (
    provider: Provider,
    flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>,
    redirectUri: string,
    parameters: URLSearchParams,
    call: Call,
  ) => Promise<Identity | 'denied'>;
}

/** The one-time token that an app exchanges, and what it says. */
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
  /** The user was made by this sign-in. */
  made: boolean;
  /** A connection that the exchange adds. */
  adds: Connection | null;
}

/** `changed`: others wrote meanwhile, and the decision has to be taken again. */
type Written = 'ok' | 'changed';

export interface Connections {
  /** Whose identity this is, and whose address; one round trip. */
  find: (identity: Pick<Identity, 'issuer' | 'subject' | 'email'>) => Promise<{
    byIdentity: User | null;
    /** `signedUp`: by somebody; not by an import or staff. */
    byEmail: (User & { signedUp: boolean }) | null;
  }>;
  /** Leaves an exchange for the user who has the connection, and notes its use. */
  use: (
    user: Pick<User, 'id'>,
    identity: Identity,
    exchange: ExchangeToken,
    payload: ExchangePayload,
  ) => Promise<Written>;
  /** A new user with a connection, and an exchange; the address is still free. `signUp`: the verification's token. */
  create: (
    user: UserRow,
    connection: Connection,
    exchange: ExchangeToken,
    payload: ExchangePayload,
    verification: { hash: string; payload: string; expiresAt: number } | null,
  ) => Promise<Written>;
  /** A connection for a user who has verified the address that the provider vouches for. */
  link: (
    user: Pick<User, 'id' | 'email' | 'emailVerifiedAt' | 'passwordVersion'>,
    connection: Connection,
    exchange: ExchangeToken,
    payload: ExchangePayload,
  ) => Promise<Written>;
  /**
   * The account of `from`, whose address nobody has verified, is gone with all that hangs from it, and `to` is there in
   * its place, with the address verified: of the same id where an import or staff made the account.
   */
  pass: (
    from: Pick<User, 'id' | 'passwordVersion'> & { email: string; signedUp: boolean },
    to: UserRow & { email: string },
    connection: Connection,
    exchange: ExchangeToken,
    payload: ExchangePayload,
  ) => Promise<{ outcome: 'ok'; endedSessions: EndedSession[] } | { outcome: 'changed' }>;
  /**
   * Uses an exchange code with the challenge of its verifier: opens the session unless a second factor has to be asked
   * for first. `code`: there is no such code; `changed`: the user is inactive or the password changed.
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
        evicted: EndedSession[];
      }
    | { outcome: 'second_factor'; user: User; added: Connection | null; amr: readonly string[] }
    | { outcome: 'code' | 'changed' | 'taken' }
  >;

  /** Leaves the ticket of a signed-in user who wants to add a connection. */
  startLink: (
    caller: { userId: string; sessionId: string },
    ticket: { hash: string; payload: TicketPayload; createdAt: number; expiresAt: number },
  ) => Promise<boolean>;
  /** The first browser that opens it takes it, under a new hash. */
  takeTicket: (
    ticket: { userId: string; hash: string },
    newHash: string,
    now: number,
  ) => Promise<TicketPayload | null>;
  /**
   * Uses the ticket: leaves an exchange that adds `payload.adds`, in the name of the session that asked for it. `changed`:
   * the ticket is used or void, or somebody else has the identity.
   */
  offerLink: (
    ticket: { userId: string; hash: string },
    identity: Pick<Identity, 'issuer' | 'subject'>,
    exchange: ExchangeToken,
    payload: Omit<ExchangePayload, 'passwordVersion' | 'isStaff' | 'amr'>,
  ) => Promise<Written>;
  /** The oldest first; last what waits for its exchange. */
  list: (userId: string, now: number) => Promise<Connection[]>;
  /** `last`: nothing else is left to sign in with. */
  remove: (
    caller: { userId: string; sessionId: string },
    id: string,
    /** `emailSignIn`: a verified address is a way to sign in too. */
    ways: { emailSignIn: boolean },
    now: number,
  ) => Promise<{ outcome: 'ok'; provider: string } | { outcome: 'not_found' | 'last' | 'gone' }>;
}

/** What handing a browser back to an app needs of D1: hand-back.ts. */
export interface HandBack {
  /**
   * Leaves a code that opens a session in the name of this refresh token's: how its user signed in stays as it was. False
   * where user or session has ended, or the token was used.
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
  /** Those of PROVIDERS, in its order. */
  providers: readonly Provider[];
  store: Connections;
  handBack: HandBack;
  client: ProviderClient;
  /** Seals what a browser keeps between its way to a provider and back. */
  flows: SecretBox;
}
