/** Services of the use cases of passkeys, and what they share. */
import type { Services } from '../account/application/tokens.ts';
import { Refusal } from '../errors.ts';
import type { Call } from '../ports.ts';
import type { AuthenticationMethod } from '../token/authentication.ts';
import type { Purpose } from './challenge.ts';
import { CredentialFault } from './client-data.ts';
import type { PasskeyServices } from './ports.ts';
import { type RelyingParty, relyingPartyOf } from './relying-party.ts';

/** `passkeys`: null if PASSKEYS is off. */
export type WithPasskeys = Services & { passkeys: PasskeyServices | null };

/** The services needed to verify a credential. */
export type PasskeyContext = Pick<Services, 'settings' | 'isAllowedOrigin' | 'clock'>;

export const relyingParty = (services: PasskeyContext, call: Call): RelyingParty =>
  relyingPartyOf(services, call);

/** Reads challenges for this purpose. */
export const reader =
  ({ challenges }: PasskeyServices, purpose: Purpose, now: number) =>
  (challenge: string) =>
    challenges.read(challenge, purpose, now);

/** Runs `work` and turns a CredentialFault into a Refusal. */
export async function asRefusal<T>(
  work: () => Promise<T>,
  refuse: (fault: CredentialFault) => Refusal,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CredentialFault ? refuse(error) : error;
  }
}

/** 401 passkey_not_valid for every fault. Only the log says which. */
export const passkeyNotValid = ({ reason }: CredentialFault): Refusal =>
  new Refusal('passkey_not_valid', { reason });

/** RFC 8176. `mfa`: possession of the passkey and the user verification are two factors. */
export const methodsOf = ({ multiDevice }: { multiDevice: boolean }): AuthenticationMethod[] => [
  multiDevice ? 'swk' : 'hwk',
  'mfa',
];
