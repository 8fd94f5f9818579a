/** Setting up and removing a signed-in user's second factor, and renewing recovery codes. */
import { sendMail } from '../account/application/mailing.ts';
import { requireRecentAuthentication } from '../account/application/reauthentication.ts';
import { lostSession } from '../account/application/refusals.ts';
import type { Caller } from '../account/application/session.ts';
import type { Services } from '../account/application/tokens.ts';
import { Refusal } from '../errors.ts';
import { type Call, seconds } from '../ports.ts';
import type { FactorList, FactorServices } from './ports.ts';
import { newRecoveryCodes } from './recovery-codes.ts';
import { keyUri, matchingStep, SECRET_BYTES } from './totp.ts';

const keyOf = ({ user, sessionId }: Caller) => ({ userId: user.id, sessionId });

export async function listFactors(
  { store }: FactorServices,
  { user }: Pick<Caller, 'user'>,
): Promise<FactorList> {
  const passkeys = user.passkeyCount;
  if (!user.hasSecondFactor) return { totp: null, recoveryCodesLeft: 0, passkeys };
  const found = await store.find(user.id);
  const confirmedAt = found?.totp.secret == null ? null : found.totp.confirmedAt;
  return {
    totp: confirmedAt === null ? null : { createdAt: confirmedAt },
    recoveryCodesLeft: confirmedAt === null ? 0 : (found?.recoveryCodesLeft ?? 0),
    passkeys,
  };
}

/**
 * Creates a pending secret, in place of an earlier one; the factor is active only after `confirmTotp`.
 * 401 reauthentication_required.
 */
export async function startTotp(
  services: Services,
  { store, box }: FactorServices,
  caller: Caller,
  password: string | undefined,
  call: Call,
): Promise<{ secret: string; uri: string; qr_svg: string }> {
  await requireRecentAuthentication(services, caller, password, call);
  const { user } = caller;
  const bytes = services.random.bytes(SECRET_BYTES);
  const started = await store.start(keyOf(caller), await box.seal(user.id, bytes), seconds(services.clock));
  if (!started) throw lostSession();
  const uri = keyUri(call.site, user.email ?? user.username ?? user.id, bytes);
  // Loaded on demand, as few requests need it.
  const { renderSVG } = await import('./qr.ts');
  return { secret: new URL(uri).searchParams.get('secret') ?? '', uri, qr_svg: renderSVG(uri) };
}

/** Activates the factor with its first code, which is consumed. Returns the recovery codes. 401 code_not_valid. */
export async function confirmTotp(
  services: Services,
  { store, box }: FactorServices,
  caller: Caller,
  code: string,
  call: Call,
): Promise<string[]> {
  const { user } = caller;
  const now = seconds(services.clock);
  const pendingSecret = (await store.find(user.id))?.totp.pendingSecret ?? null;
  const secret = pendingSecret === null ? null : await box.open(user.id, pendingSecret);
  const step = secret === null ? null : matchingStep(secret, code, now, null);
  if (pendingSecret === null || step === null) {
    throw new Refusal('code_not_valid', { reason: secret === null ? 'nothing_to_confirm' : 'wrong_code' });
  }
  const { codes, digests } = await newCodes(services, box, user.id);
  const tryId = services.random.uuid4();
  if (!(await store.confirm(keyOf(caller), { pendingSecret, step }, tryId, digests, now))) {
    throw new Refusal('code_not_valid', { reason: 'lost_to_another_write' });
  }
  call.report('info', 'second_factor_on', { user: user.id });
  await sendMail(services, call, 'second_factor_on', user.email);
  return codes;
}

/** 401 reauthentication_required; 404 not_found without a second factor. */
export async function removeTotp(
  services: Services,
  { store }: FactorServices,
  caller: Caller,
  password: string | undefined,
  call: Call,
): Promise<void> {
  await requireRecentAuthentication(services, caller, password, call);
  if (!(await store.remove(keyOf(caller), seconds(services.clock)))) throw new Refusal('not_found');
  call.report('info', 'second_factor_off', { user: caller.user.id });
  await sendMail(services, call, 'second_factor_off', caller.user.email);
}

/** Returns new codes and voids the old ones. 401 reauthentication_required; 404 not_found without a second factor. */
export async function renewRecoveryCodes(
  services: Services,
  { store, box }: FactorServices,
  caller: Caller,
  password: string | undefined,
  call: Call,
): Promise<string[]> {
  await requireRecentAuthentication(services, caller, password, call);
  const { codes, digests } = await newCodes(services, box, caller.user.id);
  if (!(await store.replaceRecoveryCodes(keyOf(caller), digests, seconds(services.clock)))) {
    throw new Refusal('not_found');
  }
  call.report('info', 'recovery_codes_renewed', { user: caller.user.id });
  return codes;
}

async function newCodes({ random }: Services, box: FactorServices['box'], userId: string) {
  const codes = newRecoveryCodes(random.bytes);
  // Stores the newest key's digest.
  const digests = await Promise.all(
    codes.map(async (code) => (await box.digests(userId, code))[0] as string),
  );
  return { codes, digests };
}
