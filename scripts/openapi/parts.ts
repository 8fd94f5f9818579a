/** Building blocks of operations: conditions, bodies, responses and errors. */
import type * as z from 'zod/mini';
import { type FieldFaults, REFUSALS, Refusal, type RefusalName, refusalCode } from '../../src/errors.ts';
import { problemResponse } from '../../src/http/problem-response.ts';
import { describeRefusal } from '../../src/languages/describe.ts';
import { describeDrfRefusal } from '../../src/languages/describe-drf.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import { names } from './names.ts';

/** Depends on settings: `{'MAIL=inbox|cloudflare': …, else: …}`. See resolve-template.ts. */
export const when = (choices: Node): Node => ({ 'x-when': choices });
export const COOKIE = 'REFRESH_TRANSPORT=cookie';
export const BODY = 'REFRESH_TRANSPORT=body';

const ref = (to: string): Node => ({ $ref: `#/components/${to}` });
const nameOf = (schema: z.ZodMiniType): string => {
  const id = names.get(schema)?.id;
  if (id === undefined) throw new TypeError('a schema of an operation has no name');
  return id;
};

/** A request body. `examples`: named examples instead of the schema's own. */
export const takes = (schema: z.ZodMiniType, examples?: Readonly<Record<string, unknown>>): Node => ({
  required: true,
  content: {
    'application/json': {
      schema: ref(`schemas/${nameOf(schema)}`),
      ...(examples
        ? {
            examples: Object.fromEntries(
              Object.entries(examples).map(([summary, value]) => [
                summary.replaceAll(' ', '_'),
                { summary, value },
              ]),
            ),
          }
        : { example: names.get(schema)?.example }),
    },
  },
});

/** A request body as JSON or as a form, for DRF clients. */
export const takesForms = (schema: z.ZodMiniType): Node => {
  const { required, content } = takes(schema) as { required: boolean; content: Record<string, Node> };
  const form = { schema: ref(`schemas/${nameOf(schema)}`) };
  return {
    required,
    content: {
      ...content,
      'application/x-www-form-urlencoded': form,
      'multipart/form-data': form,
    },
  };
};

const HEADERS = { 'X-Request-Id': ref('headers/RequestId'), 'Cache-Control': ref('headers/NoStore') };
export const PUBLIC = { 'Cache-Control': ref('headers/Public') };
export const IN_LANGUAGE = { 'Content-Language': ref('headers/ContentLanguage') };
/** In cookie mode only. */
export const SETS_COOKIE = { 'Set-Cookie': when({ [COOKIE]: ref('headers/RefreshCookie') }) };
export const CLEARS_COOKIE = { 'Set-Cookie': when({ [COOKIE]: ref('headers/NoRefreshCookie') }) };
export const MAY_CLEAR_COOKIE = { 'Set-Cookie': when({ [COOKIE]: ref('headers/PerhapsNoRefreshCookie') }) };

/** A response; without `schema` it has no body. */
export const answers = (description: string, schema?: z.ZodMiniType, headers: Node = {}): Node => ({
  description,
  headers: { ...HEADERS, ...headers },
  ...(schema && {
    content: {
      'application/json': {
        schema: ref(`schemas/${nameOf(schema)}`),
        example: names.get(schema)?.example,
      },
    },
  }),
});

/** A static file of the Worker. */
export const file = (description: string, ...types: string[]): Node => ({
  200: {
    description,
    headers: {
      ...HEADERS,
      ...PUBLIC,
      ETag: { required: true, schema: { type: 'string' }, example: '"5f0c2f6d8e10"' },
    },
    content: Object.fromEntries(
      types.map((type) => [type, { schema: { type: type.endsWith('json') ? 'object' : 'string' } }]),
    ),
  },
  304: {
    description: 'Not modified since the version in `If-None-Match`.',
    headers: { ...HEADERS, ...PUBLIC },
  },
});

export const page = (description: string, headers: Node = {}): Node => ({
  description,
  headers: { ...HEADERS, ...headers },
  content: { 'text/html': { schema: { type: 'string' } } },
});

/** The response of http/problem-response.ts in English, as a promise, which document.ts awaits. */
const exampleOf = (kind: RefusalName, faults: FieldFaults | undefined, drf: boolean): Promise<unknown> =>
  problemResponse(new Refusal(kind, faults ? { faults } : {}), {
    language: 'en',
    scheme: 'Bearer',
    requestId: '5f0c2f6d-8e10-4a51-9d3b-7c1e0196f2a4',
    ...(drf && {
      drf: { detail: describeDrfRefusal(kind, 'en', { method: 'GET', media_type: 'text/plain' }) },
    }),
  }).json();

const HEADERS_OF_STATUS: Readonly<Record<number, Node>> = {
  401: { 'WWW-Authenticate': ref('headers/WwwAuthenticate') },
  405: { Allow: ref('headers/Allow') },
  429: { 'Retry-After': ref('headers/RetryAfter') },
  503: { 'Retry-After': ref('headers/RetryAfter') },
};

interface Details {
  /** For the example of `invalid`. */
  faults?: FieldFaults;
  /** For the paths of DRF clients: `application/json`, with field errors at the top level too. */
  drf?: boolean;
  headers?: Node;
}

/** A response for errors of one status, with all their codes and an example of each. */
export function refusal(kinds: readonly RefusalName[], { faults, drf = false, headers }: Details = {}): Node {
  const status = REFUSALS[kinds[0] as RefusalName].status;
  const codes = [...new Set(kinds.map(refusalCode))];
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    headers: { ...HEADERS, ...IN_LANGUAGE, ...HEADERS_OF_STATUS[status], ...headers },
    content: {
      [drf ? 'application/json' : 'application/problem+json']: {
        schema: {
          allOf: [ref(`schemas/${drf ? 'FlatProblem' : 'Problem'}`)],
          properties: {
            status: { type: 'integer', const: status },
            code: { type: 'string', enum: codes },
          },
        },
        examples: Object.fromEntries(
          kinds.map((kind) => [
            kind,
            {
              summary: describeRefusal(kind, 'en'),
              value: exampleOf(kind, kind === 'invalid' ? faults : undefined, drf),
            },
          ]),
        ),
      },
    },
  };
}

export const SIGNED_IN_401 = [
  'not_authenticated',
  'bad_authorization_header',
  'access_token_not_valid',
  'access_token_expired',
  'user_not_found',
  'user_inactive',
] as const satisfies RefusalName[];
export const REFRESH_401 = [
  'refresh_token_not_valid',
  'refresh_token_expired',
  'token_blacklisted',
  'user_not_found',
  'user_inactive',
] as const satisfies RefusalName[];

/** Errors that several operations share, as components of the document. */
export const SHARED = {
  NotSignedIn: SIGNED_IN_401,
  StepUpRequired: [...SIGNED_IN_401, 'reauthentication_required'],
  TokenRefused: REFRESH_401,
  NoActiveAccount: ['no_active_account', 'mfa_required'],
  OriginNotAllowed: ['origin_not_allowed'],
  NotStaff: ['permission_denied'],
  NotFound: ['not_found'],
  MethodNotAllowed: ['method_not_allowed'],
  PayloadTooLarge: ['payload_too_large'],
  UnsupportedMediaType: ['unsupported_media_type'],
  Throttled: ['throttled'],
  InternalError: ['internal_error'],
  Misconfigured: ['misconfigured'],
  Unavailable: ['unavailable', 'misconfigured'],
} as const satisfies Record<string, RefusalName[]>;
const shared = (name: keyof typeof SHARED) => ref(`responses/${name}`);

/** Replaces shared errors by their variants for DRF clients. */
export const asDrf = (responses: Node): Node =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const { $ref } = response as { $ref?: string };
      return [
        status,
        $ref === undefined ? response : { $ref: $ref.replace('/responses/', '/responses/Drf') },
      ];
    }),
  );

/** Errors of every operation, even without a store. */
export const ANY: Node = { 500: shared('InternalError'), 503: shared('Misconfigured') };
/** Errors of operations that use D1, KV or rate limits. */
export const STORE: Node = { 500: shared('InternalError'), 503: shared('Unavailable') };
export const SIGNED_IN: Node = { 401: shared('NotSignedIn') };
/** 401 of operations that require step-up. */
export const STEP_UP: Node = { 401: shared('StepUpRequired') };
export const TOKEN_REFUSED: Node = { 401: shared('TokenRefused') };
export const NO_ACTIVE_ACCOUNT: Node = { 401: shared('NoActiveAccount') };
export const NOT_STAFF: Node = { 403: shared('NotStaff') };
export const NOT_FOUND: Node = { 404: shared('NotFound') };
export const LIMITED: Node = { 429: shared('Throttled') };
/** The response of any path to an unsupported method. */
export const OTHER_METHODS: Node = shared('MethodNotAllowed');

/** Errors of operations that read a body. */
export const bad = (faults: FieldFaults, details: Details = {}): Node => ({
  400: refusal(['parse_error', 'invalid'], { ...details, faults }),
  413: shared('PayloadTooLarge'),
  415: shared('UnsupportedMediaType'),
});

/** Errors of operations whose body has no fields. */
export const NOTHING_ASKED = bad({ non_field_errors: [{ fault: 'not_an_object' }] });

/** 403 of unsafe methods, whose origin is checked in cookie mode. `kinds`: the operation's own errors. */
export const forbidden = (...kinds: RefusalName[]): Node => ({
  403: when({
    [COOKIE]: kinds.length > 0 ? refusal(['origin_not_allowed', ...kinds]) : shared('OriginNotAllowed'),
    ...(kinds.length > 0 && { else: refusal(kinds) }),
  }),
});
