/**
 * `hono-accounts-client/passkeys`: sign in with passkeys and manage them, in browsers with the JSON methods of WebAuthn
 * Level 3 (Chrome 129, Safari 18.4, Firefox 124). Works with a client that is passed in; does not contain one.
 */
import type { CallOptions } from './api.ts';
import type { Client } from './index.ts';
import type { Tokens } from './storage.ts';

export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  /** Its provider syncs it to other devices. */
  synced: boolean;
}

type Json = Record<string, unknown>;

/** Missing from the types of older TypeScript versions. */
interface Standard {
  parseCreationOptionsFromJSON: (options: Json) => PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON: (options: Json) => PublicKeyCredentialRequestOptions;
  isConditionalMediationAvailable?: () => Promise<boolean>;
}
const standard = () => (globalThis as { PublicKeyCredential?: unknown }).PublicKeyCredential as Standard;

/** Whether this browser supports the functions below. Hide your passkey buttons if not. */
export const hasPasskeys = (): boolean =>
  (standard() as Partial<Standard> | undefined)?.parseRequestOptionsFromJSON !== undefined;

/** Whether the browser offers passkeys in a form field. */
export const hasAutofill = async (): Promise<boolean> =>
  hasPasskeys() && (await standard().isConditionalMediationAvailable?.()) === true;

/** The user cancelled or did not answer in time, which the standard does not distinguish, or `signal` aborted. */
export const isCancelled = (error: unknown): boolean =>
  /^(NotAllowed|Abort)Error$/.test(String(Object(error).name));

const toJson = (credential: Credential | null) => (credential as unknown as { toJSON: () => Json }).toJSON();

let turn = new AbortController();

/** Browsers allow one passkey request at a time: a new one aborts the previous one. */
function takeTurn(signal: AbortSignal | undefined): AbortSignal {
  turn.abort();
  turn = new AbortController();
  return AbortSignal.any([turn.signal, ...(signal ? [signal] : [])]);
}

const optionsOf = async (client: Pick<Client, 'request'>, path: string, signal: AbortSignal) =>
  standard().parseRequestOptionsFromJSON(await client.request<Json>('POST', path, {}, { signal }));

async function ask(client: Pick<Client, 'request'>, path: string, signal: AbortSignal): Promise<Json> {
  const publicKey = await optionsOf(client, path, signal);
  return toJson(await navigator.credentials.get({ publicKey, signal }));
}

const OPTIONS = '/login/passkey/options';
const signIn = (client: Pick<Client, 'signIn'>, credential: Json, options: CallOptions) =>
  client.signIn<Tokens>('/login/passkey', { credential }, options);

/**
 * Signs in with any passkey that the user has for this service, and keeps the tokens like `logIn`. Every invalid passkey
 * is refused with `passkey_not_valid`; see also `isCancelled`.
 */
export async function signInWithPasskey(
  client: Pick<Client, 'request' | 'signIn'>,
  options: CallOptions = {},
): Promise<Tokens> {
  return signIn(client, await ask(client, OPTIONS, takeTurn(options.signal)), options);
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A challenge is valid for five minutes, so one minute is left after the user has chosen. */
const ASK_AGAIN_MS = 4 * 60_000;

/** The service said no, and will say so again. Otherwise it could not be reached, or has too much to do. */
const isFinal = (error: unknown): boolean => {
  const { status = 0 } = Object(error) as { status?: number };
  return status >= 400 && status < 500 && status !== 429;
};

/**
 * The same with autofill: waits until the user chooses a passkey in a field with `autocomplete="username webauthn"`.
 * Returns null if the browser has no autofill, or when `signal` or another passkey request aborts the wait. While the
 * service cannot be reached it goes on waiting, and tries again later: the user has not asked for anything yet.
 */
export async function autofill(
  client: Pick<Client, 'request' | 'signIn'>,
  options: CallOptions = {},
): Promise<Tokens | null> {
  if (!(await hasAutofill())) return null;
  const ended = takeTurn(options.signal);
  while (!ended.aborted) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ASK_AGAIN_MS);
    const signal = AbortSignal.any([ended, late.signal]);
    try {
      const publicKey = await optionsOf(client, OPTIONS, signal).catch((error: unknown) => {
        if (isFinal(error)) throw error;
        return null;
      });
      if (publicKey === null) {
        await untilAborted(signal);
        continue;
      }
      const credential = await navigator.credentials.get({ publicKey, signal, mediation: 'conditional' });
      clearTimeout(timer);
      return await signIn(client, toJson(credential), options);
    } catch (error) {
      if (!ended.aborted && !late.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  return null;
}

/**
 * Completes a log-in that was refused with `mfa_required`, if its `methods` include `passkey`. The second argument is
 * what `secondStepOf` of `hono-accounts-client/factors` returns.
 */
export async function answerWithPasskey(
  client: Pick<Client, 'request' | 'signIn'>,
  { mfa_token }: { mfa_token: string },
  options: CallOptions = {},
): Promise<Tokens> {
  const passkey = await ask(client, OPTIONS, takeTurn(options.signal));
  return client.signIn<Tokens>('/login/second-factor', { mfa_token, passkey }, options);
}

/** Reauthenticates with two factors, after a call was refused with `reauthentication_required`. */
export async function reauthenticateWithPasskey(
  client: Pick<Client, 'request' | 'reauthenticate'>,
  options: CallOptions = {},
): Promise<void> {
  const passkey = await ask(client, '/reauthenticate/options', takeTurn(options.signal));
  await client.reauthenticate({ passkey }, options);
}

/**
 * Adds a passkey for the signed-in user. `password`: replaces a recent log-in. Refused with `reauthentication_required`;
 * throws an `InvalidStateError` if the device already has a passkey of this account.
 */
export async function addPasskey(
  client: Pick<Client, 'request'>,
  { name, password }: { name?: string; password?: string } = {},
  options: CallOptions = {},
): Promise<Passkey> {
  const signal = takeTurn(options.signal);
  const asked = await client.request<Json>('POST', '/passkeys/options', { password }, { signal });
  const publicKey = standard().parseCreationOptionsFromJSON(asked);
  const credential = toJson(await navigator.credentials.create({ publicKey, signal }));
  return client.request<Passkey>('POST', '/passkeys', { credential, name }, options);
}

/** Oldest first. */
export const listPasskeys = async (
  client: Pick<Client, 'request'>,
  options?: CallOptions,
): Promise<Passkey[]> =>
  (await client.request<{ passkeys: Passkey[] }>('GET', '/passkeys', undefined, options)).passkeys;

const pathOf = (id: string) => `/passkeys/${encodeURIComponent(id)}`;

export const renamePasskey = (
  client: Pick<Client, 'request'>,
  id: string,
  name: string,
  options?: CallOptions,
): Promise<Passkey> => client.request('PATCH', pathOf(id), { name }, options);

/** Refused with `reauthentication_required`, or `last_sign_in_method` if the user could not sign in any more. */
export const removePasskey = (
  client: Pick<Client, 'request'>,
  id: string,
  proof: { password?: string } = {},
  options?: CallOptions,
): Promise<void> => client.request('DELETE', pathOf(id), proof, options);
