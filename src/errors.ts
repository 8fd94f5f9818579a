/**
 * Every refusal a client can see: its status, its code and its sentence in each language; and every
 * sentence of a validation error. The reasons inside (`reason` of a Refusal) are for the log alone.
 * Codes are simplejwt's and DRF's where they have one. How a refusal becomes an answer: http/problem.ts.
 */

export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Sentence = Readonly<Record<Language, string>>;

export interface RefusalKind {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503;
  /** Where it is not the key itself: one code may have several sentences. */
  code?: string;
  /** Tells apart, for programs, what has one code. */
  reason?: 'expired';
  /** simplejwt's `messages` stand beside the detail, and say this of the access token. */
  message?: Sentence;
  detail: Sentence;
}

const TOKEN_IS_INVALID = { en: 'Token is invalid', ko: '유효하지 않은 토큰입니다.' } as const;
const TOKEN_IS_EXPIRED = { en: 'Token is expired', ko: '만료된 토큰입니다.' } as const;

export const REFUSALS = {
  parse_error: {
    status: 400,
    detail: { en: 'JSON parse error.', ko: 'JSON 구문을 해석할 수 없습니다.' },
  },
  invalid: { status: 400, detail: { en: 'Invalid input.', ko: '입력이 올바르지 않습니다.' } },
  not_authenticated: {
    status: 401,
    detail: {
      en: 'Authentication credentials were not provided.',
      ko: '인증 정보가 제공되지 않았습니다.',
    },
  },
  bad_authorization_header: {
    status: 401,
    detail: {
      en: 'Authorization header must contain two space-delimited values',
      ko: 'Authorization 헤더는 공백으로 나뉜 두 값이어야 합니다.',
    },
  },
  no_active_account: {
    status: 401,
    detail: {
      en: 'No active account found with the given credentials',
      ko: '입력한 정보와 일치하는 활성 계정이 없습니다.',
    },
  },
  access_token_not_valid: {
    status: 401,
    code: 'token_not_valid',
    detail: {
      en: 'Given token not valid for any token type',
      ko: '이 토큰은 어떤 종류의 토큰으로도 유효하지 않습니다.',
    },
    message: TOKEN_IS_INVALID,
  },
  access_token_expired: {
    status: 401,
    code: 'token_not_valid',
    reason: 'expired',
    detail: TOKEN_IS_EXPIRED,
    message: TOKEN_IS_EXPIRED,
  },
  refresh_token_not_valid: { status: 401, code: 'token_not_valid', detail: TOKEN_IS_INVALID },
  refresh_token_expired: {
    status: 401,
    code: 'token_not_valid',
    reason: 'expired',
    detail: TOKEN_IS_EXPIRED,
  },
  token_blacklisted: {
    status: 401,
    code: 'token_not_valid',
    detail: { en: 'Token is blacklisted', ko: '차단된 토큰입니다.' },
  },
  user_not_found: { status: 401, detail: { en: 'User not found', ko: '사용자를 찾을 수 없습니다.' } },
  user_inactive: { status: 401, detail: { en: 'User is inactive', ko: '비활성화된 사용자입니다.' } },
  reauthentication_required: {
    status: 401,
    detail: {
      en: 'Confirm your identity again to do this.',
      ko: '이 작업을 하려면 본인 확인을 다시 해야 합니다.',
    },
  },
  permission_denied: {
    status: 403,
    detail: {
      en: 'You do not have permission to perform this action.',
      ko: '이 작업을 수행할 권한이 없습니다.',
    },
  },
  last_staff: {
    status: 403,
    code: 'permission_denied',
    detail: {
      en: 'The last active staff member cannot be removed, deactivated or demoted.',
      ko: '마지막 활성 관리자는 삭제하거나 비활성화하거나 권한을 뺄 수 없습니다.',
    },
  },
  sign_up_closed: { status: 403, detail: { en: 'Sign-up is closed.', ko: '회원 가입을 받지 않습니다.' } },
  origin_not_allowed: {
    status: 403,
    detail: {
      en: 'Requests from this origin are not allowed.',
      ko: '이 출처에서 보낸 요청은 허용되지 않습니다.',
    },
  },
  not_found: { status: 404, detail: { en: 'Not found.', ko: '찾을 수 없습니다.' } },
  method_not_allowed: {
    status: 405,
    detail: { en: 'Method not allowed.', ko: '허용되지 않은 메서드입니다.' },
  },
  email_taken: {
    status: 409,
    detail: {
      en: 'An account with this e-mail address already exists.',
      ko: '이 이메일 주소를 쓰는 계정이 이미 있습니다.',
    },
  },
  username_taken: {
    status: 409,
    detail: {
      en: 'A user with that username already exists.',
      ko: '이 사용자 이름을 쓰는 사용자가 이미 있습니다.',
    },
  },
  payload_too_large: {
    status: 413,
    detail: { en: 'The body is larger than 16 KiB.', ko: '본문이 16 KiB보다 큽니다.' },
  },
  unsupported_media_type: {
    status: 415,
    detail: {
      en: 'The body must be application/json in UTF-8.',
      ko: '본문은 UTF-8로 쓴 application/json이어야 합니다.',
    },
  },
  throttled: {
    status: 429,
    detail: {
      en: 'Request was throttled. Try again later.',
      ko: '요청이 너무 많습니다. 잠시 뒤에 다시 시도하세요.',
    },
  },
  internal_error: {
    status: 500,
    detail: { en: 'A server error occurred.', ko: '서버에서 오류가 발생했습니다.' },
  },
  unavailable: {
    status: 503,
    detail: {
      en: 'Service temporarily unavailable, try again later.',
      ko: '지금은 서비스를 이용할 수 없습니다. 잠시 뒤에 다시 시도하세요.',
    },
  },
  misconfigured: {
    status: 503,
    detail: { en: 'The service is misconfigured.', ko: '서비스 설정이 잘못되었습니다.' },
  },
} as const satisfies Record<string, RefusalKind>;

export type RefusalName = keyof typeof REFUSALS;

/** What is wrong with a field. `{min}`, `{max}` and `{attribute}` are filled from a fault's `params`. */
export const FIELD_FAULTS = {
  required: { detail: { en: 'This field is required.', ko: '이 필드는 필수입니다.' } },
  null: { detail: { en: 'This field may not be null.', ko: '이 필드는 null일 수 없습니다.' } },
  blank: { detail: { en: 'This field may not be blank.', ko: '이 필드는 비워 둘 수 없습니다.' } },
  not_a_string: { code: 'invalid', detail: { en: 'Not a valid string.', ko: '올바른 문자열이 아닙니다.' } },
  not_an_object: {
    code: 'invalid',
    detail: {
      en: 'Invalid data. Expected a dictionary.',
      ko: '올바르지 않은 데이터입니다. 객체가 필요합니다.',
    },
  },
  not_a_boolean: {
    code: 'invalid',
    detail: { en: 'Must be a valid boolean.', ko: '참 또는 거짓이어야 합니다.' },
  },
  email: {
    code: 'invalid',
    detail: { en: 'Enter a valid email address.', ko: '올바른 이메일 주소를 입력하세요.' },
  },
  username: {
    code: 'invalid',
    detail: {
      en: 'Enter a valid username: letters, digits and @/./+/-/_ only; one with @ must be your e-mail address.',
      ko: '사용자 이름에는 글자, 숫자, @/./+/-/_만 쓸 수 있고, @가 들어가면 본인의 이메일 주소여야 합니다.',
    },
  },
  characters: {
    code: 'invalid',
    detail: {
      en: 'Control characters and lone surrogates are not allowed.',
      ko: '제어 문자와 짝이 없는 서로게이트는 쓸 수 없습니다.',
    },
  },
  identity: {
    code: 'invalid',
    detail: { en: 'An e-mail address is needed.', ko: '이메일 주소가 필요합니다.' },
  },
  inactive: {
    code: 'invalid',
    detail: {
      en: 'This user is inactive and cannot log in. Activate the user first.',
      ko: '비활성화된 사용자라서 로그인할 수 없습니다. 먼저 활성화하세요.',
    },
  },
  max_length: {
    detail: {
      en: 'Ensure this field has no more than {max} characters.',
      ko: '이 필드는 {max}자를 넘을 수 없습니다.',
    },
  },
  invalid: { detail: { en: 'Invalid value.', ko: '올바르지 않은 값입니다.' } },
  token_not_valid: {
    detail: { en: 'Token is invalid or expired', ko: '토큰이 유효하지 않거나 만료되었습니다.' },
  },
  password_incorrect: {
    detail: {
      en: 'Your password was entered incorrectly. Please enter it again.',
      ko: '비밀번호가 맞지 않습니다. 다시 입력하세요.',
    },
  },
  password_too_short: {
    detail: {
      en: 'This password is too short. It must contain at least {min} characters.',
      ko: '비밀번호가 너무 짧습니다. {min}자 이상이어야 합니다.',
    },
  },
  password_too_long: {
    detail: {
      en: 'This password is too long. It must contain no more than {max} characters.',
      ko: '비밀번호가 너무 깁니다. {max}자를 넘을 수 없습니다.',
    },
  },
  password_too_common: {
    detail: { en: 'This password is too common.', ko: '너무 흔한 비밀번호입니다.' },
  },
  password_entirely_numeric: {
    detail: { en: 'This password is entirely numeric.', ko: '숫자로만 된 비밀번호는 쓸 수 없습니다.' },
  },
  password_too_similar: {
    detail: {
      en: 'The password is too similar to the {attribute}.',
      ko: '비밀번호가 개인 정보({attribute})와 너무 비슷합니다.',
    },
  },
  password_breached: {
    detail: {
      en: 'This password has appeared in a data breach.',
      ko: '유출된 적이 있는 비밀번호입니다.',
    },
  },
} as const satisfies Record<string, { code?: string; detail: Sentence }>;

export type FieldFaultName = keyof typeof FIELD_FAULTS;
export interface FieldFault {
  fault: FieldFaultName;
  params?: Readonly<Record<string, string | number>>;
}
/** By field; a fault of the whole body stands under `non_field_errors`. */
export type FieldFaults = Readonly<Record<string, readonly FieldFault[]>>;

export type RefusalTokenType = 'access' | 'refresh';

/** A refusal on its way to the client. Thrown by use cases and middleware, answered by http/problem.ts. */
export class Refusal extends Error {
  readonly kind: RefusalName;
  /** What the log says of it and the client never learns. */
  readonly reason: string | undefined;
  readonly faults: FieldFaults | undefined;
  /** What is wrong with the settings: for a developer's eyes, so in development alone. */
  readonly problems: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a token in a body: what simplejwt's own paths say it is. */
  readonly tokenType: RefusalTokenType | undefined;
  /** Parameters of WWW-Authenticate, where a 401 has more to say than that a token is no good. */
  readonly challenge: Readonly<Record<string, string>>;

  constructor(
    kind: RefusalName,
    more: {
      reason?: string;
      faults?: FieldFaults;
      problems?: readonly string[];
      headers?: Readonly<Record<string, string>>;
      tokenType?: RefusalTokenType;
      challenge?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(kind);
    this.name = 'Refusal';
    this.kind = kind;
    this.reason = more.reason;
    this.faults = more.faults;
    this.problems = more.problems;
    this.headers = more.headers ?? {};
    this.tokenType = more.tokenType;
    this.challenge = more.challenge ?? {};
  }

  /** Trying again with the same token gives the same answer. */
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

/** The message of one field fault in one language, with the code that programs read. */
export function describeFault({ fault, params }: FieldFault, language: Language) {
  const entry: { code?: string; detail: Sentence } = FIELD_FAULTS[fault];
  const message = entry.detail[language].replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(params?.[name] ?? whole),
  );
  return { message, code: entry.code ?? fault };
}
