/**
 * The sign-up that waits for its mail (SIGN_UP=verify). Whoever confirms it has the mailbox, and whoever asked for it
 * has chosen the password; an account is made only where they are one, or where the mailbox's owner chooses anew.
 */

import { sha256Hex } from '../../encoding.ts';
import { invalidField } from '../../errors.ts';
import type { OneTimeToken } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import { newUser } from '../new-user.ts';
import { announce } from './announce.ts';
import { newOneTimeToken, sendMail } from './mailing.ts';
import { requireGoodPassword, type Services } from './tokens.ts';

/** What is kept until the mail is confirmed. */
export interface PendingSignUp {
  email: string;
  name: string | null;
  username: string | null;
  usernameKey: string | null;
  passwordHash: string;
}

/** One of them proves that who confirms may have the account. */
export interface SignUpProof {
  /** What the answer to the sign-up said to the browser that asked. */
  claim?: string | undefined;
  /** The one chosen at the sign-up. */
  password?: string | undefined;
  /** In place of the one chosen then. */
  new_password?: string | undefined;
}

type Kept = PendingSignUp & { claimHash?: string };

const CLAIM_BYTES = 32;

/** The claim. The same work and answer whether the address has an owner or not; the mail says which. */
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

/** The account exists from now on. 400 under `password` or `new_password` where the proof is missing or wrong. */
export async function completeSignUp(
  services: Services,
  token: OneTimeToken,
  proof: SignUpProof,
  now: number,
  call: Call,
): Promise<'ok' | 'email_taken' | 'used'> {
  const { credentials, random, clock } = services;
  const kept = JSON.parse(token.payload ?? 'null') as Kept | null;
  // Emptied when the address got an owner.
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

/** What the account is made of, as far as the proof goes. */
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
  // Who asked may have been somebody else, whose choices are none of the mailbox's owner.
  const own = { ...kept, name: null, username: null, usernameKey: null };
  await requireGoodPassword(services, 'new_password', new_password, own, call);
  return { ...own, passwordHash: await hasher.hash(new_password) };
}
