/** What the use cases of passkeys are built from, and what all of them share. */
import type { Services } from '../account/application/tokens.ts';
import { Refusal } from '../errors.ts';
import type { Call } from '../ports.ts';
import type { AuthenticationMethod } from '../token/authentication.ts';
import type { Purpose } from './challenge.ts';
import { CredentialFault } from './client-data.ts';
import type { PasskeyServices } from './ports.ts';
import { type RelyingParty, relyingPartyOf } from './relying-party.ts';

/** `passkeys`: null where PASSKEYS is off. */
export type WithPasskeys = Services & { passkeys: PasskeyServices | null };

/** What a proof by a passkey needs of the world. */
export type Ground = Pick<Services, 'settings' | 'isAllowedOrigin' | 'clock'>;

export const relyingParty = (services: Ground, call: Call): RelyingParty => relyingPartyOf(services, call);

/** Whether a challenge is of this purpose, and of now. */
export const reader =
  ({ challenges }: PasskeyServices, purpose: Purpose, now: number) =>
  (challenge: string) =>
    challenges.read(challenge, purpose, now);

/** Runs `work`; what is wrong with a credential becomes the refusal that `refuse` makes of it. */
export async function judged<T>(
  work: () => Promise<T>,
  refuse: (fault: CredentialFault) => Refusal,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CredentialFault ? refuse(error) : error;
  }
}

/** 401, whatever is wrong: the log says what. */
export const passkeyNotValid = ({ reason }: CredentialFault): Refusal =>
  new Refusal('passkey_not_valid', { reason });

/** RFC 8176. The user was verified too: with what they have, that is two factors. */
export const methodsOf = ({ multiDevice }: { multiDevice: boolean }): AuthenticationMethod[] => [
  multiDevice ? 'swk' : 'hwk',
  'mfa',
];
