/** Signing in with a code or link sent by e-mail. Creates the account if there is none. */
import { announce } from '../account/application/announce.ts';
import { parseOneTimeToken, sendMail } from '../account/application/mailing.ts';
import { apiPolicy, openSession, requireSecondFactor } from '../account/application/sign-in.ts';
import { bearerOf, cacheRevocation, mintFirstPair, type Services } from '../account/application/tokens.ts';
import { newUser } from '../account/new-user.ts';
import { sha256Hex, typedDigits } from '../encoding.ts';
import { invalidField, Refusal } from '../errors.ts';
import type { Session, User, UserRow } from '../model.ts';
import { type Call, type Sessions, seconds } from '../ports.ts';
import type { RefusalReason } from '../refusal-reasons.ts';
import { newCode } from './code.ts';
import { CODE_LIFETIME_SECONDS } from './limits.ts';
import type { EmailSignIn, EmailSignInServices, WaitingCode } from './ports.ts';

const SECRET_BYTES = 32;

/**
 * Sends a code and a link. Known and unknown addresses take the same round trip, rows and response; an e-mail is sent if
 * an active user has the address, or if its owner may sign up.
 */
export async function requestCode(
  services: Services,
  { store, digest }: EmailSignInServices,
  email: string,
  call: Call,
): Promise<void> {
  const { limits, random, clock, settings } = services;
  await limits.check({ action: 'mail', address: email }, call);
  const [code, secret] = [newCode(random), random.secret(SECRET_BYTES)];
  const now = seconds(clock);
  const { subject, taken } = await store.request({
    email,
    emailSubject: await sha256Hex(email),
    digests: { code: await digest(email, code), secret: await sha256Hex(secret) },
    createdAt: now,
    expiresAt: now + CODE_LIFETIME_SECONDS,
  });
  const user = isUserId(subject) ? subject : null;
  // Unknown addresses are logged too: skipping the line would be measurable.
  call.report('info', 'sign_in_code_requested', { user });
  const mayBecomeUser = !taken && settings.SIGN_UP !== 'closed';
  await sendMail(services, call, 'sign_in_code', user !== null || mayBecomeUser ? email : null, {
    subject,
    purpose: 'email_sign_in',
    secret,
    code,
  });
}

/** Otherwise it is the SHA-256 of an address. */
const isUserId = (subject: string): boolean => subject.includes('-');

export type EmailProof = { token: string } | { email: string; code: string };

interface SignedIn {
  user: User;
  session: Session;
  now: number;
  /** This sign-in created the account. */
  created: boolean;
}

/**
 * Signs in with the code or the link's token, which work once. 400 token_not_valid; 401 code_not_valid, mfa_required.
 */
export async function confirmCode(
  services: Services,
  emailSignIn: EmailSignInServices,
  proof: EmailProof,
  call: Call,
): Promise<{ user: User; access: string; refresh: string; created: boolean }> {
  await services.limits.check({ action: 'anonymous', endpoint: 'email_sign_in' }, call);
  const refused = (reason: RefusalReason) =>
    'token' in proof ? invalidField('token', 'token_not_valid') : new Refusal('code_not_valid', { reason });
  const waiting = await findWaiting(services, emailSignIn, proof, refused, call);
  const { user, session, now, created } = await signIn(
    services,
    emailSignIn,
    waiting,
    () => refused('changed_meanwhile'),
    call,
  );
  return { user, created, ...(await mintFirstPair(services, bearerOf(user, session), now, call)) };
}

async function findWaiting(
  { clock }: Services,
  { store, digest }: EmailSignInServices,
  proof: EmailProof,
  refused: (reason: RefusalReason) => Refusal,
  call: Call,
): Promise<WaitingCode> {
  const now = seconds(clock);
  if ('token' in proof) {
    const token = await parseOneTimeToken(proof.token);
    const found = token && (await store.find({ subject: token.subject, secret: token.hash }, now));
    if (!found || !isOfOwner(found)) throw refused('no_code');
    return found;
  }
  const { email } = proof;
  const waiting = await store.takeTry({ email, emailSubject: await sha256Hex(email) }, now);
  const typedDigest = await digest(email, typedDigits(proof.code));
  if (waiting?.digests.code === typedDigest) return waiting;
  call.report('warn', 'sign_in_code_failed', { user: waiting?.user?.id ?? null });
  throw refused(waiting === null ? 'no_code' : 'wrong_code');
}

/** The address still has the same owner, or still none, as when the code was requested. */
function isOfOwner({ subject, user }: WaitingCode): boolean {
  const owner = user?.isActive ? user.id : null;
  return isUserId(subject) ? subject === owner : owner === null;
}

/** Signs in the proven owner of the mailbox: to a new account, in place of an unproven one, or to their own. */
async function signIn(
  services: Services,
  { store }: EmailSignInServices,
  waiting: WaitingCode,
  lost: () => Refusal,
  call: Call,
): Promise<SignedIn> {
  const { user } = waiting;
  const policy = apiPolicy(services);
  const openBy = (by: User, open: Sessions['open']) =>
    openSession(services, { user: by, amr: ['mail'] }, policy, call, { open, lost });

  if (user === null) {
    const made = await newOwner(services, waiting.email, { signUp: true }, lost, call);
    const opened = await openBy(made, async (...opening) => {
      const result = await store.openNew(waiting, made, opening);
      if (result.outcome === 'ok') {
        call.report('info', 'signed_up', { user: made.id, session: opening[0].id });
        announce(services, call, 'user.created', made.id, made.dateJoined, { email_verified: true });
      }
      return result;
    });
    return { ...opened, created: true };
  }
  if (!user.isActive) throw lost();
  if (waiting.signedUpUnproven) {
    const made = await newOwner(services, waiting.email, { signUp: false }, lost, call);
    const opened = await openBy(made, async (...opening) => {
      const result = await store.pass(waiting, made, user.id, opening);
      if (result.outcome === 'ok') {
        await cacheRevocation(services, result.ended, 'withdrawn', call.report);
        call.report('info', 'account_passed', { user: made.id, from: user.id, ended: result.ended.length });
        announce(services, call, 'user.deleted', user.id, made.dateJoined, {});
        announce(services, call, 'user.created', made.id, made.dateJoined, { email_verified: true });
      }
      return result;
    });
    return { ...opened, created: false };
  }
  const proven = await proveAddress(services, store, waiting, user, lost, call);
  // Without ENCRYPTION_KEY the sign-in cannot succeed: leave the code unused.
  if (services.secondFactor !== null && proven.hasSecondFactor) {
    if (!(await store.use(waiting, proven, seconds(services.clock)))) throw lost();
  }
  await requireSecondFactor(services, { user: proven, amr: ['mail'] }, policy, call);
  const opened = await openBy(proven, (...opening) => store.open(waiting, opening));
  return { ...opened, created: false };
}

/** A new user for the owner of the mailbox, with only an address. 429 throttled. */
async function newOwner(
  services: Services,
  email: string,
  { signUp }: { signUp: boolean },
  lost: () => Refusal,
  call: Call,
): Promise<UserRow & { email: string }> {
  const { settings, random, clock, limits } = services;
  if (signUp) {
    // The setting may have changed since the e-mail was sent.
    if (settings.SIGN_UP === 'closed') throw lost();
    await limits.check({ action: 'sign_up' }, call);
  }
  const now = seconds(clock);
  const own = { email, username: null, usernameKey: null, name: null, passwordHash: '' };
  const known = {
    emailVerifiedAt: now,
    lastLoginAt: settings.UPDATE_LAST_LOGIN ? now : null,
    language: call.askedLanguage,
  };
  return { ...newUser({ ...own, id: random.uuid7(clock()) }, now, known), email };
}

/** Verifies the address if it was not, and voids what was set before by somebody who had not proven it. */
async function proveAddress(
  services: Services,
  store: EmailSignIn,
  waiting: WaitingCode,
  user: User,
  lost: () => Refusal,
  call: Call,
): Promise<User> {
  if (user.emailVerifiedAt !== null) return user;
  const now = seconds(services.clock);
  const proved = await store.prove(waiting, user, now);
  if (proved.outcome === 'changed') throw lost();
  await cacheRevocation(services, proved.ended, 'password_reset', call.report);
  call.report('info', 'email_verified', { user: user.id, ended: proved.ended.length });
  announce(services, call, 'email.verified', user.id, now, {});
  return proved.user;
}
