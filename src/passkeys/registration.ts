/** Adding, listing, renaming and removing a signed-in user's passkeys. */
import { sendMail } from '../account/application/mailing.ts';
import { requireRecentAuthentication } from '../account/application/reauthentication.ts';
import { lostSession } from '../account/application/refusals.ts';
import type { Caller } from '../account/application/session.ts';
import { openWays } from '../account/application/tokens.ts';
import { toBase64Url, utf8 } from '../encoding.ts';
import { type FieldFaultName, invalid, Refusal } from '../errors.ts';
import { passkeyNames } from '../languages/index.ts';
import { type Call, seconds } from '../ports.ts';
import type { RefusalReason } from '../refusal-reasons.ts';
import { PASSKEYS_PER_USER, TIMEOUT_MS } from './limits.ts';
import type { Passkey, PasskeyServices } from './ports.ts';
import { ALGORITHMS } from './public-key.ts';
import { asRefusal, reader, relyingParty, type WithPasskeys } from './services.ts';
import { verifyRegistration } from './webauthn.ts';

const keyOf = ({ user, sessionId }: Caller) => ({ userId: user.id, sessionId });

/**
 * PublicKeyCredentialCreationOptionsJSON for a discoverable credential. Writes nothing.
 * 401 reauthentication_required; 400 too_many_passkeys.
 */
export async function registrationOptions(
  services: WithPasskeys,
  { store, challenges }: PasskeyServices,
  caller: Caller,
  password: string | undefined,
  call: Call,
) {
  await requireRecentAuthentication(services, caller, password, call);
  const { user } = caller;
  const existing = user.passkeyCount === 0 ? [] : await store.list(user.id);
  if (existing.length >= PASSKEYS_PER_USER) throw tooMany();
  const rp = relyingParty(services, call);
  const name = user.email ?? user.username ?? user.id;
  return {
    rp: { id: rp.id, name: rp.name },
    user: { id: toBase64Url(utf8(user.id)), name, displayName: user.name ?? name },
    challenge: await challenges.issue({ for: 'registration', userId: user.id }, seconds(services.clock)),
    pubKeyCredParams: Object.values(ALGORITHMS).map((alg) => ({ type: 'public-key' as const, alg })),
    timeout: TIMEOUT_MS,
    excludeCredentials: existing.map(({ credentialId, transports }) => ({
      type: 'public-key' as const,
      id: credentialId,
      transports,
    })),
    authenticatorSelection: {
      residentKey: 'required' as const,
      requireResidentKey: true,
      userVerification: 'required' as const,
    },
    attestation: 'none' as const,
    extensions: { credProps: true },
  };
}

/**
 * Adds a passkey. Needs no step-up of its own, as getting its options did.
 * 400 passkey_not_valid, passkey_taken, too_many_passkeys.
 */
export async function addPasskey(
  services: WithPasskeys,
  passkeys: PasskeyServices,
  caller: Caller,
  { credential, name }: { credential: unknown; name?: string | null | undefined },
  call: Call,
): Promise<Passkey> {
  const { user, sessionId } = caller;
  const now = seconds(services.clock);
  const read = reader(passkeys, { for: 'registration', userId: user.id }, now);
  const { created, challenge } = await asRefusal(
    () => verifyRegistration(credential, relyingParty(services, call), read),
    ({ reason }) => refused('passkey_not_valid', reason),
  );
  const passkey: Passkey = {
    ...created,
    userId: user.id,
    id: services.random.uuid7(services.clock()),
    name: name ?? passkeyNames[call.language].unnamed,
    createdAt: now,
    lastUsedAt: null,
  };
  const outcome = await passkeys.store.add(sessionId, passkey, challenge, now);
  if (outcome === 'gone') throw lostSession();
  if (outcome === 'taken') throw refused('passkey_taken', 'passkey_taken');
  if (outcome === 'full') throw tooMany();
  if (outcome === 'used') throw refused('passkey_not_valid', 'passkey_challenge_used');
  call.report('info', 'passkey_added', { user: user.id, passkey: passkey.id });
  await sendMail(services, call, 'passkey_added', user.email);
  return passkey;
}

const refused = (fault: FieldFaultName, reason: RefusalReason) =>
  new Refusal('invalid', { faults: { credential: [{ fault }] }, reason });
const tooMany = () =>
  invalid({ credential: [{ fault: 'too_many_passkeys', params: { max: PASSKEYS_PER_USER } }] });

export const listPasskeys = async ({ store }: PasskeyServices, { user }: Caller): Promise<Passkey[]> =>
  user.passkeyCount === 0 ? [] : store.list(user.id);

/** 404 not_found. */
export async function renamePasskey(
  services: WithPasskeys,
  { store }: PasskeyServices,
  caller: Caller,
  id: string,
  name: string,
): Promise<Passkey> {
  const renamed = await store.rename(keyOf(caller), id, name, seconds(services.clock));
  if (renamed === 'gone') throw lostSession();
  if (renamed === 'not_found') throw new Refusal('not_found');
  return renamed;
}

/** 401 reauthentication_required; 404 not_found; 409 last_sign_in_method. */
export async function removePasskey(
  services: WithPasskeys,
  { store }: PasskeyServices,
  caller: Caller,
  id: string,
  password: string | undefined,
  call: Call,
): Promise<void> {
  await requireRecentAuthentication(services, caller, password, call);
  const { user } = caller;
  const outcome = await store.remove(keyOf(caller), id, openWays(services), seconds(services.clock));
  if (outcome === 'gone') throw lostSession();
  if (outcome === 'not_found') throw new Refusal('not_found');
  if (outcome === 'last') throw new Refusal('last_sign_in_method');
  call.report('info', 'passkey_removed', { user: user.id, passkey: id });
  await sendMail(services, call, 'passkey_removed', user.email);
}
