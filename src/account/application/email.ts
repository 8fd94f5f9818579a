/** Verification and change of an e-mail address. */

import { sha256Hex } from '../../encoding.ts';
import { invalidField, Refusal } from '../../errors.ts';
import type { OneTimeToken, TakenBack, User } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import { announce } from './announce.ts';
import { newOneTimeToken, parseOneTimeToken, placeOf, sendMail, VERIFIES_FOR_SECONDS } from './mailing.ts';
import { completeSignUp, type SignUpProof } from './pending-sign-up.ts';
import { requireFreshProof } from './reauthentication.ts';
import { throwConflict } from './refusals.ts';
import type { Caller } from './session.ts';
import { cacheRevocation, type Services } from './tokens.ts';

/** The purposes of tokens that confirm an address, and of those that disown an account. */
const CONFIRMS = ['email_verify', 'email_change', 'sign_up'] as const;
const DISOWNS = ['email_verify', 'email_disown'] as const;

/** Sends nothing if the address is verified or missing; the response is the same. */
export async function resendVerification(services: Services, { user }: Caller, call: Call): Promise<void> {
  if (user.email === null) return;
  await services.limits.check({ action: 'mail', address: user.email }, call);
  const { secret, row } = await newOneTimeToken(services, 'email_verify', seconds(services.clock));
  const asked = await services.credentials.requestVerification({ ...row, subject: user.id }, user.email);
  if (!asked) return;
  await sendMail(services, call, 'verify_email', user.email, {
    subject: user.id,
    purpose: 'email_verify',
    secret,
    made: { at: user.dateJoined, by: placeOf(asked.payload) },
  });
}

/**
 * The same for a client that is not signed in and only knows the address. An unknown address takes the same work and
 * gets the same response.
 */
export async function resendVerificationTo(services: Services, email: string, call: Call): Promise<void> {
  const { limits, users, credentials, random, clock } = services;
  await limits.check({ action: 'mail', address: email }, call);
  const user = await users.findByName({ email });
  const subject = user?.id ?? random.uuid7(clock());
  const { secret, row } = await newOneTimeToken(services, 'email_verify', seconds(clock));
  const asked = await credentials.requestVerification({ ...row, subject }, email);
  await sendMail(services, call, 'verify_email', asked ? email : null, {
    subject,
    purpose: 'email_verify',
    secret,
    made: { at: user?.dateJoined ?? seconds(clock), by: placeOf(asked?.payload ?? null) },
  });
}

/**
 * "This wasn't me": deletes an account with an unverified address, on behalf of the owner of the mailbox.
 * 400 token_not_valid for a used or unknown token; 403 last_staff for the last active staff member.
 */
export async function disownAccount(services: Services, token: string, call: Call): Promise<void> {
  const { credentials, clock, random, limits } = services;
  await limits.check({ action: 'anonymous', endpoint: 'email_disown' }, call);
  const now = seconds(clock);
  const key = await parseOneTimeToken(token);
  const found = key && (await credentials.findToken(key.subject, DISOWNS, key.hash, now));
  const email = found?.user?.email;
  if (!found?.user || !email) throw invalidField('token', 'token_not_valid');
  const read = { email, emailSubject: await sha256Hex(email) };
  const result = await credentials.disown(found.token, read, now, random.uuid4());
  if (result.outcome !== 'ok') {
    throw result.outcome === 'used' ? invalidField('token', 'token_not_valid') : new Refusal('last_staff');
  }
  await cacheRevocation(services, result.endedSessions, 'withdrawn', call.report);
  call.report('info', 'disowned', { sessions: result.endedSessions.length });
  announce(services, call, 'user.deleted', found.user.id, now, {});
  await sendMail(services, call, 'account_deleted', email);
}

/**
 * The new address takes effect once it is confirmed; the old address is notified. If the new address already has an
 * account, its owner is notified instead, and the response is the same.
 * 400 required, password_incorrect; 401 reauthentication_required.
 */
export async function requestEmailChange(
  services: Services,
  caller: Caller,
  input: { new_email: string; password?: string | undefined },
  call: Call,
): Promise<void> {
  await requireFreshProof(services, caller, 'password', input.password, call);
  await startEmailChange(services, caller, input.new_email, call);
}

/** `requestEmailChange` for a caller who has already reauthenticated. */
export async function startEmailChange(
  services: Services,
  caller: Caller,
  newEmail: string,
  call: Call,
): Promise<void> {
  const { user, sessionId } = caller;
  await services.limits.check({ action: 'mail', address: newEmail }, call);
  const { secret, row } = await newOneTimeToken(services, 'email_change', seconds(services.clock), newEmail);
  const outcome = await services.credentials.requestEmailChange(user, sessionId, newEmail, {
    ...row,
    subject: user.id,
  });
  if (outcome === 'changed') return throwConflict(services, user.id, sessionId, 'password');
  call.report('info', 'email_change_asked', { user: user.id });
  if (outcome === 'taken') await sendMail(services, call, 'address_has_account', newEmail);
  else {
    await sendMail(services, call, 'email_change', newEmail, {
      subject: user.id,
      purpose: 'email_change',
      secret,
    });
  }
  await sendMail(services, call, 'email_change_asked', user.email);
}

/**
 * Confirms what the e-mail asked about: an address, a change of address or a sign-up.
 * 400 token_not_valid for a used, expired or unknown token; 409 email_taken; for a sign-up also the errors of
 * `completeSignUp`.
 */
export async function confirmEmail(
  services: Services,
  { token, ...proof }: { token: string } & SignUpProof,
  call: Call,
): Promise<void> {
  const { credentials, clock, limits } = services;
  await limits.check({ action: 'anonymous', endpoint: 'email_verify' }, call);
  const now = seconds(clock);
  const key = await parseOneTimeToken(token);
  const found = key && (await credentials.findToken(key.subject, CONFIRMS, key.hash, now));
  const outcome = found ? await confirm(services, found.token, found.user, proof, now, call) : 'used';
  if (outcome === 'used') throw invalidField('token', 'token_not_valid');
  if (outcome === 'email_taken') throw new Refusal('email_taken');
}

async function confirm(
  services: Services,
  token: OneTimeToken,
  user: User | null,
  proof: SignUpProof,
  now: number,
  call: Call,
): Promise<'ok' | 'email_taken' | 'used'> {
  const { credentials } = services;
  if (token.purpose === 'sign_up') return completeSignUp(services, token, proof, now, call);
  if (!user?.isActive) return 'used';
  if (token.purpose === 'email_verify') {
    if (token.createdAt + VERIFIES_FOR_SECONDS <= now) return 'used';
    const outcome = await credentials.verifyEmail(token, now);
    if (outcome === 'ok') {
      call.report('info', 'email_verified', { user: user.id });
      if (user.emailVerifiedAt === null) announce(services, call, 'email.verified', user.id, now, {});
    }
    return outcome;
  }
  const to = token.payload ?? '';
  const fromSubject = user.email === null ? '' : await sha256Hex(user.email);
  const old = JSON.stringify({ email: user.email, subject: fromSubject });
  const { secret, row } = await newOneTimeToken(services, 'email_take_back', now, old);
  const outcome = await credentials.changeEmail(
    token,
    { from: user.email, to, toSubject: await sha256Hex(to) },
    { ...row, subject: user.id },
    now,
  );
  if (outcome === 'ok') {
    call.report('info', 'email_changed', { user: user.id });
    announce(services, call, 'email.changed', user.id, now, {});
    await sendMail(services, call, 'email_changed', user.email, {
      subject: user.id,
      purpose: 'email_take_back',
      secret,
    });
  }
  return outcome;
}

/**
 * Undoes a change of address with the token sent to the old one. The password stops working; returns a reset token to
 * choose a new one. 400 token_not_valid; 409 email_taken.
 */
export async function takeBackEmail(services: Services, token: string, call: Call): Promise<string> {
  const { credentials, clock, random, limits } = services;
  await limits.check({ action: 'anonymous', endpoint: 'email_take_back' }, call);
  const now = seconds(clock);
  const key = await parseOneTimeToken(token);
  const found = key && (await credentials.findToken(key.subject, ['email_take_back'], key.hash, now));
  if (!found?.user?.isActive) throw invalidField('token', 'token_not_valid');
  const userId = found.user.id;
  const { secret, row } = await newOneTimeToken(services, 'password_reset', now);
  const result = await credentials.takeBackEmail(
    found.token,
    { ...(JSON.parse(found.token.payload ?? '') as TakenBack), changedAt: found.token.createdAt },
    { ...row, subject: userId },
    now,
    random.uuid4(),
  );
  if (result.outcome !== 'ok') {
    throw result.outcome === 'used' ? invalidField('token', 'token_not_valid') : new Refusal('email_taken');
  }
  await cacheRevocation(services, result.endedSessions, 'password_reset', call.report);
  await cacheRevocation(services, result.endedOfOthers, 'withdrawn', call.report);
  call.report('info', 'email_taken_back', { user: userId, ended: result.endedSessions.length });
  if (result.secondFactorOff) call.report('info', 'second_factor_off', { user: userId });
  for (const id of result.deleted) announce(services, call, 'user.deleted', id, now, {});
  announce(services, call, 'email.changed', userId, now, {});
  return `${userId}.${secret}`;
}
