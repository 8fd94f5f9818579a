/** What the browser does with passkeys (WebAuthn Level 3): the JSON forms of the standard, and nothing of ours. */

type Json = Record<string, unknown>;
interface Standard {
  parseCreationOptionsFromJSON: (options: Json) => PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON: (options: Json) => PublicKeyCredentialRequestOptions;
  isConditionalMediationAvailable?: () => Promise<boolean>;
}
const standard = (globalThis as unknown as { PublicKeyCredential?: Partial<Standard> }).PublicKeyCredential;

export const hasPasskeys = (): boolean =>
  standard?.parseCreationOptionsFromJSON !== undefined && standard.parseRequestOptionsFromJSON !== undefined;

export const hasAutofill = async (): Promise<boolean> =>
  hasPasskeys() && (await standard?.isConditionalMediationAvailable?.()) === true;

const toJson = (credential: Credential | null): Json =>
  (credential as unknown as { toJSON: () => Json } | null)?.toJSON() ?? {};

/** Throws what the browser throws when its user says no. */
export const createPasskey = async (options: Json): Promise<Json> =>
  toJson(
    await navigator.credentials.create({
      publicKey: (standard as Standard).parseCreationOptionsFromJSON(options),
    }),
  );

/** `autofill`: waits in the name field until somebody chooses a passkey there. */
export const usePasskey = async (
  options: Json,
  { autofill = false, signal }: { autofill?: boolean; signal: AbortSignal },
): Promise<Json> =>
  toJson(
    await navigator.credentials.get({
      publicKey: (standard as Standard).parseRequestOptionsFromJSON(options),
      signal,
      ...(autofill && { mediation: 'conditional' }),
    }),
  );

/** The user said no, or the time was over: not told apart by the standard. */
export const isCancelled = (error: unknown): boolean =>
  error instanceof DOMException && /^(NotAllowedError|AbortError|InvalidStateError)$/.test(error.name);
