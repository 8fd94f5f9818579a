/**
 * `hono-accounts-client/factors`: managing the signed-in user's second factor, and the second step of a log-in. Takes
 * the client as an argument and does not bundle it.
 */
import type { CallOptions } from './api.ts';
import type { AccountsError } from './errors.ts';
import type { Client } from './index.ts';
import type { Tokens } from './storage.ts';

export interface Factors {
  /** Null if no authenticator app is set up. */
  totp: { created_at: string } | null;
  recovery_codes_left: number;
  passkeys: number;
}

/** For the authenticator app. The factor is active only after `confirmTotp`. */
export interface TotpSetup {
  /** In base32, for typing. */
  secret: string;
  /** The `otpauth:` URI in the QR code. */
  uri: string;
  qr_svg: string;
}

export interface RecoveryCodes {
  /** Ten single-use codes. The server never returns them again. */
  recovery_codes: string[];
}

/** A code from the authenticator app, or a recovery code. */
export type SecondFactor = { code: string } | { recovery_code: string };

/** A log-in that needs a second factor. The token works once, for five minutes. */
export interface SecondStep {
  mfa_token: string;
  /** `passkey`: see `answerWithPasskey` of `hono-accounts-client/passkeys`. */
  methods: readonly ('totp' | 'recovery_code' | 'passkey' | (string & {}))[];
}

/** Replaces a recent log-in, for users with a password and no second factor. */
export interface StepUp {
  password?: string;
}

/**
 * Errors of these calls. `code_not_valid`: the code is wrong or used, or the log-in has expired.
 * `reauthentication_required`: call `client.reauthenticate` and try again. `throttled`: too many wrong codes; see
 * `retryAfterSeconds`.
 */
export type FactorErrorCode =
  | 'mfa_required'
  | 'code_not_valid'
  | 'reauthentication_required'
  | 'throttled'
  | 'invalid'
  | 'not_found';

/** `isRefusal(error, 'code_not_valid')`. Compares name and code, as the error class is not bundled here. */
export const isRefusal = <C extends FactorErrorCode>(
  error: unknown,
  code: C,
): error is AccountsError & { code: C } => {
  const { name, code: its } = Object(error) as Partial<AccountsError>;
  return name === 'AccountsError' && its === code;
};

/** The second step that a failed log-in asks for; null for any other error. */
export function secondStepOf(error: unknown): SecondStep | null {
  if (!isRefusal(error, 'mfa_required')) return null;
  const { mfa_token, methods } = error.problem as unknown as SecondStep;
  return { mfa_token, methods };
}

/** The calls about the second factor. `client`: what `createClient` returned. */
export function secondFactor(client: Pick<Client, 'request' | 'signIn'>) {
  const { request, signIn } = client;
  return {
    list: (options?: CallOptions) => request<Factors>('GET', '/factors', undefined, options),
    /** Starts to set up an authenticator app. Replaces a setup that was not confirmed. */
    startTotp: (proof: StepUp = {}, options?: CallOptions) =>
      request<TotpSetup>('POST', '/factors/totp', proof, options),
    /** Activates the factor with a code from the app. */
    confirmTotp: (body: { code: string }, options?: CallOptions) =>
      request<RecoveryCodes>('POST', '/factors/totp/confirm', body, options),
    /** Deactivates the factor and deletes the recovery codes. */
    removeTotp: (proof: StepUp = {}, options?: CallOptions) =>
      request<void>('DELETE', '/factors/totp', proof, options),
    /** Returns ten new codes and voids the old ones. */
    renewRecoveryCodes: (proof: StepUp = {}, options?: CallOptions) =>
      request<RecoveryCodes>('POST', '/factors/recovery-codes', proof, options),
    /** Completes a log-in and stores the tokens. */
    answer: ({ mfa_token }: SecondStep, factor: SecondFactor, options?: CallOptions) =>
      signIn<Tokens>('/login/second-factor', { mfa_token, ...factor }, options),
  };
}
export type FactorsApi = ReturnType<typeof secondFactor>;
