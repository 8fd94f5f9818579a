/** What the passkeys keep, and what they need of their store. Times are epoch seconds. */
import type { EndedSession, Session, User } from '../model.ts';
import type { Sessions } from '../ports.ts';
import type { Challenge, Challenges } from './challenge.ts';

/** A credential record (https://www.w3.org/TR/webauthn-3/#credential-record). */
export interface Passkey {
  userId: string;
  id: string;
  /** base64url, as the authenticator chose it. */
  credentialId: string;
  /** COSE, base64url. */
  publicKey: string;
  /** The signature counter; 0 where the authenticator does not count. */
  counter: number;
  /** The authenticator may copy it to other devices; never changes (backup eligibility). */
  multiDevice: boolean;
  /** It has done so, as of its last use (backup state). */
  backedUp: boolean;
  /** How browsers reach the authenticator. */
  transports: readonly string[];
  name: string;
  createdAt: number;
  lastUsedAt: number | null;
}

/** What a verified assertion changes of a passkey, and the challenge that it uses up. */
export interface PasskeyUse {
  userId: string;
  id: string;
  counter: number;
  backedUp: boolean;
  challenge: Challenge;
}

interface Caller {
  userId: string;
  sessionId: string;
}

export interface Passkeys {
  /** Of a user, oldest first. */
  list: (userId: string) => Promise<Passkey[]>;
  /**
   * Keeps the passkey and uses the challenge up, if the caller's session lives. `taken`: the credential is registered,
   * to whomever. `used`: the challenge was used, or the session has ended.
   */
  add: (
    sessionId: string,
    passkey: Passkey,
    challenge: Challenge,
    now: number,
  ) => Promise<'ok' | 'taken' | 'full' | 'used'>;
  /** Null: the caller has none of this id. */
  rename: (caller: Caller, id: string, name: string, now: number) => Promise<Passkey | null>;
  /** `hasAnotherWay`: the user can sign in without a passkey. `gone`: the caller's session does not live. */
  remove: (
    caller: Caller,
    id: string,
    hasAnotherWay: boolean,
    now: number,
  ) => Promise<'ok' | 'not_found' | 'last' | 'gone'>;
  /** By the id of the credential, with its user. */
  find: (credentialId: string) => Promise<{ user: User; passkey: Passkey } | null>;
  /** Opens the session, with the use noted and the challenge used up in the same batch. */
  open: (
    use: PasskeyUse,
    ...session: Parameters<Sessions['open']>
  ) => Promise<{ outcome: 'ok'; evicted: EndedSession[] } | { outcome: 'changed' }>;
  /** Notes in a live session that its user proved who they are, with the challenge used up in the same batch. */
  reauthenticate: (
    session: Pick<Session, 'userId' | 'id'>,
    use: PasskeyUse,
    /** Names this very try. */
    tryId: string,
    /** `expiresAt`: of the access token that is minted for it. */
    noted: { amr: readonly string[]; now: number; expiresAt: number },
  ) => Promise<'ok' | 'changed'>;
}

export interface PasskeyServices {
  store: Passkeys;
  challenges: Challenges;
}
