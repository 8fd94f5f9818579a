/**
 * Every error a client can see and every fault of a field, with code and status. Their messages are in languages/. The
 * `reason` of a Refusal is only for the log. Codes are those of simplejwt and DRF where they have one. http/problem.ts
 * turns a Refusal into a response.
 */

import type { RefusalReason } from './refusal-reasons.ts';

export interface RefusalKind {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503;
  /** If it differs from the key: several messages may share a code. */
  code?: string;
  /** Distinguishes errors with the same code, for programs. */
  reason?: 'expired';
  /** Adds simplejwt's `messages` to the response, with the message of this name about the access token. */
  message?: 'refresh_token_not_valid' | 'access_token_expired';
}

export const REFUSALS = {
  parse_error: { status: 400 },
  invalid: { status: 400 },
  not_authenticated: { status: 401 },
  bad_authorization_header: { status: 401 },
  no_active_account: { status: 401 },
  access_token_not_valid: { status: 401, code: 'token_not_valid', message: 'refresh_token_not_valid' },
  access_token_expired: {
    status: 401,
    code: 'token_not_valid',
    reason: 'expired',
    message: 'access_token_expired',
  },
  refresh_token_not_valid: { status: 401, code: 'token_not_valid' },
  refresh_token_expired: { status: 401, code: 'token_not_valid', reason: 'expired' },
  token_blacklisted: { status: 401, code: 'token_not_valid' },
  user_not_found: { status: 401 },
  user_inactive: { status: 401 },
  reauthentication_required: { status: 401 },
  mfa_required: { status: 401 },
  code_not_valid: { status: 401 },
  passkey_not_valid: { status: 401 },
  permission_denied: { status: 403 },
  email_not_verified: { status: 403 },
  last_staff: { status: 403, code: 'permission_denied' },
  sign_up_closed: { status: 403 },
  origin_not_allowed: { status: 403 },
  not_found: { status: 404 },
  method_not_allowed: { status: 405 },
  email_taken: { status: 409 },
  username_taken: { status: 409 },
  connection_taken: { status: 409 },
  last_sign_in_method: { status: 409 },
  payload_too_large: { status: 413 },
  unsupported_media_type: { status: 415 },
  throttled: { status: 429 },
  internal_error: { status: 500 },
  unavailable: { status: 503 },
  misconfigured: { status: 503 },
} as const satisfies Record<string, RefusalKind>;

/** The names of the statuses, from RFC 9110 section 15. */
export const STATUS_TITLES: Readonly<Record<RefusalKind['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export type RefusalName = keyof typeof REFUSALS;

/** What can be wrong with a field, with its code if it differs from the key. */
export const FIELD_FAULTS = {
  required: {},
  null: {},
  blank: {},
  not_a_string: { code: 'invalid' },
  not_an_object: { code: 'invalid' },
  not_a_boolean: { code: 'invalid' },
  email: { code: 'invalid' },
  username: { code: 'invalid' },
  username_address: { code: 'invalid' },
  characters: { code: 'invalid' },
  identity: { code: 'invalid' },
  inactive: { code: 'invalid' },
  unverified: { code: 'email_not_verified' },
  max_length: {},
  invalid: {},
  token_not_valid: {},
  passkey_not_valid: {},
  passkey_taken: {},
  too_many_passkeys: {},
  password_incorrect: {},
  password_too_short: {},
  password_too_long: {},
  password_too_common: {},
  password_entirely_numeric: {},
  password_too_similar: {},
  password_breached: {},
} as const satisfies Record<string, { code?: string }>;

export type FieldFaultName = keyof typeof FIELD_FAULTS;
export interface FieldFault {
  fault: FieldFaultName;
  params?: Readonly<Record<string, string | number>>;
  /** The code and message of an emulated library (compat/), in place of our own. */
  words?: { code: string /** By language. */; sentences: Readonly<Record<string, string>> };
}
/** By field. Faults of the whole body are under `non_field_errors`. */
export type FieldFaults = Readonly<Record<string, readonly FieldFault[]>>;

export type RefusalTokenType = 'access' | 'refresh';

/** An error for the client. Thrown by use cases and middleware, turned into a response by http/problem.ts. */
export class Refusal extends Error {
  readonly kind: RefusalName;
  /** Logged, never sent to the client. */
  readonly reason: RefusalReason | undefined;
  /** The call that failed. Logged, never sent to the client. */
  readonly call: string | undefined;
  readonly faults: FieldFaults | undefined;
  /** What is wrong with the settings. Sent to the client in development only. */
  readonly problems: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The type of a token in a body, which simplejwt's own paths mention in the error. */
  readonly tokenType: RefusalTokenType | undefined;
  /** Additional parameters of WWW-Authenticate. */
  readonly challenge: Readonly<Record<string, string>>;
  /** Extension members of the problem (RFC 9457 section 3.2); never logged. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    kind: RefusalName,
    more: {
      reason?: RefusalReason;
      call?: string;
      faults?: FieldFaults;
      problems?: readonly string[];
      headers?: Readonly<Record<string, string>>;
      tokenType?: RefusalTokenType;
      challenge?: Readonly<Record<string, string>>;
      members?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(kind);
    this.name = 'Refusal';
    this.kind = kind;
    this.reason = more.reason;
    this.call = more.call;
    this.faults = more.faults;
    this.problems = more.problems;
    this.headers = more.headers ?? {};
    this.tokenType = more.tokenType;
    this.challenge = more.challenge ?? {};
    this.members = more.members ?? {};
  }

  /** Retrying with the same token gives the same result. */
  get isFinal(): boolean {
    return REFUSALS[this.kind].status === 401;
  }
}

export const invalid = (faults: FieldFaults): Refusal => new Refusal('invalid', { faults });
export const invalidField = (
  field: string,
  fault: FieldFaultName,
  params?: Readonly<Record<string, string | number>>,
) => invalid({ [field]: [params ? { fault, params } : { fault }] });

export function refusalCode(kind: RefusalName): string {
  const entry: RefusalKind = REFUSALS[kind];
  return entry.code ?? kind;
}

export function faultCode(fault: FieldFaultName): string {
  const entry: { code?: string } = FIELD_FAULTS[fault];
  return entry.code ?? fault;
}
