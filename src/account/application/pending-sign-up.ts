/**
 * Sign-ups that wait for their e-mail to be confirmed (SIGN_UP=verify). The person who confirms owns the mailbox, the
 * person who signed up chose the password. An account is created only if both are proven to be the same person, or if
 * the owner of the mailbox chooses a new password.
 */

import { sha256Hex } from '../../encoding.ts';
import { invalidField } from '../../errors.ts';
import type { OneTimeToken } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import { newUser } from '../new-user.ts';
import { announce } from './announce.ts';
import { newOneTimeToken, sendMail } from './mailing.ts';
import { requireGoodPassword, type Services } from './tokens.ts';

/** What is stored until the address is confirmed. */
export interface PendingSignUp {
  email: string;
  name: string | null;
  username: string | null;
  usernameKey: string | null;
  passwordHash: string;
}

/** Proof that the person who confirms may have the account: one of the three. */
export interface SignUpProof {
  /** The random value in the response to the sign-up, kept by the browser that sent it. */
  claim?: string | undefined;
  /** The password chosen at sign-up. */
  password?: string | undefined;
  /** Replaces the password chosen at sign-up. */
  new_password?: string | undefined;
}

type Kept = PendingSignUp & { claimHash?: string };

const CLAIM_BYTES = 32;

/** Returns the claim. Does the same work whether or not the address has an account; only the e-mail differs. */
export async function createPendingSignUp(
  services: Services,
  pending: PendingSignUp,
  call: Call,
): Promise<string> {
  const now = seconds(services.clock);
  const claim = services.random.secret(CLAIM_BYTES);
  const kept: Kept = { ...pending, claimHash: await sha256Hex(claim) };
  const subject = await sha256Hex(pending.email);
  const { secret, row } = await newOneTimeToken(services, 'sign_up', now, JSON.stringify(kept));
  const outcome = await services.credentials.createPendingSignUp(pending.email, { ...row, subject });
  if (outcome === 'taken') await sendMail(services, call, 'address_has_account', pending.email);
  else {
    await sendMail(services, call, 'confirm_sign_up', pending.email, {
      subject,
      purpose: 'sign_up',
      secret,
      made: { at: now, by: call.client },
    });
  }
  return claim;
}

/** Creates the account. 400 under `password` or `new_password` if the proof is missing or wrong. */
export async function completeSignUp(
  services: Services,
  token: OneTimeToken,
  proof: SignUpProof,
  now: number,
  call: Call,
): Promise<'ok' | 'email_taken' | 'used'> {
  const { credentials, random, clock } = services;
  const kept = JSON.parse(token.payload ?? 'null') as Kept | null;
  // The payload is removed once the address belongs to an account.
  if (kept === null) return 'email_taken';
  const pending = await proven(services, kept, proof, call);
  const user = newUser({ ...pending, id: random.uuid7(clock()) }, now, {
    emailVerifiedAt: now,
    language: call.askedLanguage,
  });
  const outcome = await credentials.completeSignUp(token, user, now);
  if (outcome === 'ok') {
    call.report('info', 'signed_up', { user: user.id });
    announce(services, call, 'user.created', user.id, now, { email_verified: true });
  }
  return outcome;
}

/** The data of the new account, as far as the proof covers it. */
async function proven(
  services: Services,
  kept: Kept,
  { claim, password, new_password }: SignUpProof,
  call: Call,
): Promise<Kept> {
  const { hasher, limits } = services;
  if (claim !== undefined && (await sha256Hex(claim)) === kept.claimHash) return kept;
  if (password !== undefined) {
    await limits.check({ action: 'log_in', account: kept.email }, call);
    if ((await hasher.verify(password, kept.passwordHash)).ok) return kept;
    throw invalidField('password', 'password_incorrect');
  }
  if (new_password === undefined) throw invalidField('password', 'required');
  // Somebody else may have signed up: their name and username must not end up in the owner's account.
  const own = { ...kept, name: null, username: null, usernameKey: null };
  await requireGoodPassword(services, 'new_password', new_password, own, call);
  return { ...own, passwordHash: await hasher.hash(new_password) };
}
