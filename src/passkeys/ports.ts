/** The model of passkeys, and their store. Times are epoch seconds. */
import type { EndedSession, OneTimeKey, Session, User } from '../model.ts';
import type { OpenWays, Sessions } from '../ports.ts';
import type { Challenge, Challenges } from './challenge.ts';

/** A credential record (https://www.w3.org/TR/webauthn-3/#credential-record). */
export interface Passkey {
  userId: string;
  id: string;
  /** base64url, chosen by the authenticator. */
  credentialId: string;
  /** COSE, base64url. */
  publicKey: string;
  /** The signature counter; 0 if the authenticator does not count. */
  counter: number;
  /** Backup eligibility: it can be synced to other devices. Never changes. */
  multiDevice: boolean;
  /** Backup state: it was synced, as of its last use. */
  backedUp: boolean;
  /** How browsers can reach the authenticator. */
  transports: readonly string[];
  name: string;
  createdAt: number;
  lastUsedAt: number | null;
}

/** What a verified assertion changes in a passkey, and the challenge that it consumes. */
export interface PasskeyUse {
  userId: string;
  id: string;
  counter: number;
  backedUp: boolean;
  challenge: Challenge;
  /** The token of a log-in that waits for its second factor, which is consumed too. */
  waiting?: OneTimeKey;
}

interface Caller {
  userId: string;
  sessionId: string;
}

export interface Passkeys {
  /** The user's passkeys, oldest first. */
  list: (userId: string) => Promise<Passkey[]>;
  /**
   * Stores the passkey and consumes the challenge, if the caller's session is live. `taken`: the credential is already
   * registered, to any user. `used`: the challenge was used. `gone`: the caller's session has ended.
   */
  add: (
    sessionId: string,
    passkey: Passkey,
    challenge: Challenge,
    now: number,
  ) => Promise<'ok' | 'taken' | 'full' | 'used' | 'gone'>;
  rename: (caller: Caller, id: string, name: string, now: number) => Promise<Passkey | 'not_found' | 'gone'>;
  /** `gone`: the caller's session has ended. */
  remove: (
    caller: Caller,
    id: string,
    ways: OpenWays,
    now: number,
  ) => Promise<'ok' | 'not_found' | 'last' | 'gone'>;
  /** The passkey with this credential id, its user, and whether the challenge has been used. */
  find: (
    credentialId: string,
    challenge: Challenge,
  ) => Promise<{ user: User; passkey: Passkey; isUsed: boolean } | null>;
  /** Opens the session, records the use and consumes the challenge, in one batch. */
  open: (
    use: PasskeyUse,
    ...session: Parameters<Sessions['open']>
  ) => Promise<{ outcome: 'ok'; evicted: EndedSession[] } | { outcome: 'changed' }>;
  /** Records a reauthentication in a live session and consumes the challenge, in one batch. */
  reauthenticate: (
    session: Pick<Session, 'userId' | 'id'>,
    use: PasskeyUse,
    /** Identifies this attempt. */
    tryId: string,
    /** `expiresAt`: expiry of the access token that will be minted. */
    noted: { amr: readonly string[]; now: number; expiresAt: number },
  ) => Promise<'ok' | 'changed'>;
}

export interface PasskeyServices {
  store: Passkeys;
  challenges: Challenges;
}
