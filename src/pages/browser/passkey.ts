/** The browser's passkey API (WebAuthn Level 3), in the standard's JSON forms. */

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

/** Rejects with the browser's error if the user cancels. */
export const createPasskey = async (options: Json): Promise<Json> =>
  toJson(
    await navigator.credentials.create({
      publicKey: (standard as Standard).parseCreationOptionsFromJSON(options),
    }),
  );

/** `autofill`: waits until the user chooses a passkey in the name field. */
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

/** The user cancelled, or it timed out, which the standard does not distinguish. */
export const isCancelled = (error: unknown): boolean =>
  error instanceof DOMException && /^(NotAllowedError|AbortError|InvalidStateError)$/.test(error.name);
