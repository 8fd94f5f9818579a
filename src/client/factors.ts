/**
 * `hono-accounts-client/factors`: the second factor of the user who is signed in, and the second step of a log-in. It
 * works with a client that is handed in, and none is in it.
 */
import type { CallOptions } from './api.ts';
import type { AccountsError } from './errors.ts';
import type { Client } from './index.ts';
import type { Tokens } from './storage.ts';

export interface Factors {
  /** Null: no authenticator app is on. */
  totp: { created_at: string } | null;
  recovery_codes_left: number;
  passkeys: number;
}

/** What an authenticator app reads. Nothing is on before the first code. */
export interface TotpSetup {
  /** To type, in base32. */
  secret: string;
  /** What the QR code says. */
  uri: string;
  qr_svg: string;
}

export interface RecoveryCodes {
  /** Ten, each of which works once. They are shown only now. */
  recovery_codes: string[];
}

/** From the authenticator app, or one of the recovery codes. */
export type SecondFactor = { code: string } | { recovery_code: string };

/** A log-in whose password was right and that waits for its second factor. It works once, and for five minutes. */
export interface SecondStep {
  mfa_token: string;
  methods: readonly ('totp' | 'recovery_code' | (string & {}))[];
}

/** Stands in for a recent log-in, for who has a password and no second factor yet. */
export interface StepUp {
  password?: string;
}

/**
 * What these calls are refused with, beside the codes of every call. `code_not_valid`: wrong, used, or its log-in has
 * expired. `reauthentication_required`: call `client.reauthenticate` and try again. `throttled`: too many wrong codes;
 * see `retryAfterSeconds`.
 */
export type FactorErrorCode =
  | 'mfa_required'
  | 'code_not_valid'
  | 'reauthentication_required'
  | 'throttled'
  | 'invalid'
  | 'not_found';

/** `isRefusal(error, 'code_not_valid')`: by its name and code, since the class is the client's. */
export const isRefusal = <C extends FactorErrorCode>(
  error: unknown,
  code: C,
): error is AccountsError & { code: C } => {
  const { name, code: its } = Object(error) as Partial<AccountsError>;
  return name === 'AccountsError' && its === code;
};

/** What a refused log-in asks for next; null for any other error. */
export function secondStepOf(error: unknown): SecondStep | null {
  if (!isRefusal(error, 'mfa_required')) return null;
  const { mfa_token, methods } = error.problem as unknown as SecondStep;
  return { mfa_token, methods };
}

export function createFactors(client: Pick<Client, 'request' | 'signIn'>) {
  const { request, signIn } = client;
  return {
    list: (options?: CallOptions) => request<Factors>('GET', '/factors', undefined, options),
    /** Begins to set up an authenticator app, in place of one that was begun before. */
    startTotp: (proof: StepUp = {}, options?: CallOptions) =>
      request<TotpSetup>('POST', '/factors/totp', proof, options),
    /** Switches it on with the first code of the app. */
    confirmTotp: (body: { code: string }, options?: CallOptions) =>
      request<RecoveryCodes>('POST', '/factors/totp/confirm', body, options),
    /** Switches it off. The recovery codes are gone with it. */
    removeTotp: (proof: StepUp = {}, options?: CallOptions) =>
      request<void>('DELETE', '/factors/totp', proof, options),
    /** Ten new ones; the old ones are void. */
    renewRecoveryCodes: (proof: StepUp = {}, options?: CallOptions) =>
      request<RecoveryCodes>('POST', '/factors/recovery-codes', proof, options),
    /** Finishes a log-in: the tokens are kept as after any other. */
    answer: ({ mfa_token }: SecondStep, factor: SecondFactor, options?: CallOptions) =>
      signIn<Tokens>('/login/second-factor', { mfa_token, ...factor }, options),
  };
}
export type FactorsApi = ReturnType<typeof createFactors>;
