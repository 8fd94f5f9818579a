/** Errors that the client throws: the server's own, and those for responses that are not the server's. */

/** Codes that this version knows. A newer server may send others. */
export type KnownErrorCode =
  | 'bad_authorization_header'
  | 'connection_taken'
  | 'email_taken'
  | 'internal_error'
  | 'invalid'
  | 'last_sign_in_method'
  | 'method_not_allowed'
  | 'misconfigured'
  | 'no_active_account'
  | 'not_authenticated'
  | 'not_found'
  | 'origin_not_allowed'
  | 'parse_error'
  | 'payload_too_large'
  | 'permission_denied'
  | 'sign_up_closed'
  | 'throttled'
  | 'token_not_valid'
  | 'unavailable'
  | 'unsupported_media_type'
  | 'user_inactive'
  | 'reauthentication_required'
  | 'mfa_required'
  | 'code_not_valid'
  | 'passkey_not_valid'
  | 'email_not_verified'
  | 'user_not_found'
  | 'username_taken'
  /** Thrown by the client: no response to a refresh or log-out in time. */
  | 'timeout'
  /** Thrown by the client: a proxy or captive portal answered instead of the server. */
  | 'invalid_response';
export type ErrorCode = KnownErrorCode | (string & {});

export interface FieldError {
  message: string;
  code: string;
}

/** RFC 9457. Some codes have additional members. */
export interface Problem {
  detail?: string;
  code?: string;
  errors?: Record<string, FieldError[]>;
  [member: string]: unknown;
}

export class AccountsError extends Error {
  override readonly name = 'AccountsError';
  /** 0 if there was no response. */
  declare readonly status: number;
  declare readonly code: ErrorCode;
  /** For `invalid`: messages and codes by field. */
  declare readonly errors: Readonly<Record<string, readonly FieldError[]>>;
  /** For 429 and 503. Null if a proxy sent a date instead. */
  declare readonly retryAfterSeconds: number | null;
  /** The whole body, for members that only some codes have. */
  declare readonly problem: Problem;

  constructor(status: number, problem: Problem, retryAfter: string | null = null) {
    super(problem.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? 'unknown';
    this.errors = problem.errors ?? {};
    this.retryAfterSeconds = /^\d+$/.test(String(retryAfter)) ? Number(retryAfter) : null;
    this.problem = problem;
  }
}

/** Null if the body is not a JSON object, so not the server's. Throws if the body could not be read. */
export async function bodyOf(answer: Response): Promise<Problem | null> {
  const text = await answer.text();
  try {
    return Object(JSON.parse(text));
  } catch {
    return null;
  }
}

export const refusalOf = (answer: Response, body: Problem | null): AccountsError =>
  new AccountsError(answer.status, body ?? {}, answer.headers.get('Retry-After'));

export const notOurs = ({ status }: Response): AccountsError =>
  new AccountsError(status, {
    code: 'invalid_response',
    detail: `HTTP ${status} from a proxy or captive portal`,
  });
