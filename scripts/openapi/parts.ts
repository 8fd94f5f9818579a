/** What operations are put together from: conditions, bodies, answers and refusals. */
import type * as z from 'zod/mini';
import { type FieldFaults, REFUSALS, Refusal, type RefusalName, refusalCode } from '../../src/errors.ts';
import { problemResponse } from '../../src/http/problem-response.ts';
import { describeRefusal } from '../../src/languages/describe.ts';
import { describeDrfRefusal } from '../../src/languages/describe-drf.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import { names } from './names.ts';

/** What holds under the settings alone: `{'MAIL=inbox|cloudflare': …, else: …}`. See resolve-template.ts. */
export const when = (choices: Node): Node => ({ 'x-when': choices });
export const COOKIE = 'REFRESH_TRANSPORT=cookie';
export const BODY = 'REFRESH_TRANSPORT=body';

const ref = (to: string): Node => ({ $ref: `#/components/${to}` });
const nameOf = (schema: z.ZodMiniType): string => {
  const id = names.get(schema)?.id;
  if (id === undefined) throw new TypeError('a schema of an operation has no name');
  return id;
};

/** The body of a request. `examples` by name, where one is not enough. */
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

/** As `takes`, and as DRF's form parsers read it. */
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
/** In cookie mode alone. */
export const SETS_COOKIE = { 'Set-Cookie': when({ [COOKIE]: ref('headers/RefreshCookie') }) };
export const CLEARS_COOKIE = { 'Set-Cookie': when({ [COOKIE]: ref('headers/NoRefreshCookie') }) };
export const MAY_CLEAR_COOKIE = { 'Set-Cookie': when({ [COOKIE]: ref('headers/PerhapsNoRefreshCookie') }) };

/** Without a schema: without a body. */
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

/** A file of the Worker's own assets. */
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
  304: { description: 'As `If-None-Match` has it.', headers: { ...HEADERS, ...PUBLIC } },
});

export const page = (description: string, headers: Node = {}): Node => ({
  description,
  headers: { ...HEADERS, ...headers },
  content: { 'text/html': { schema: { type: 'string' } } },
});

/** What http/problem-response.ts answers, in English. A promise: document.ts awaits all of them. */
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
  /** The example of `invalid`. */
  faults?: FieldFaults;
  /** A path of DRF's clients: `application/json`, sentences at the top level too. */
  drf?: boolean;
  headers?: Node;
}

/** Refusals of one status: all their codes, an example of each. */
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

/** Refusals that several operations share. document.ts makes components of them. */
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

/** The same refusals at a path of DRF's clients: components of their own. */
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

/** Of every operation: without a store. */
export const ANY: Node = { 500: shared('InternalError'), 503: shared('Misconfigured') };
/** Of an operation that asks D1, KV or the limits. */
export const STORE: Node = { 500: shared('InternalError'), 503: shared('Unavailable') };
export const SIGNED_IN: Node = { 401: shared('NotSignedIn') };
/** Of a change that asks for fresh proof. */
export const STEP_UP: Node = { 401: shared('StepUpRequired') };
export const TOKEN_REFUSED: Node = { 401: shared('TokenRefused') };
export const NO_ACTIVE_ACCOUNT: Node = { 401: shared('NoActiveAccount') };
export const NOT_STAFF: Node = { 403: shared('NotStaff') };
export const NOT_FOUND: Node = { 404: shared('NotFound') };
export const LIMITED: Node = { 429: shared('Throttled') };
/** What any path answers to a method that it has not. */
export const OTHER_METHODS: Node = shared('MethodNotAllowed');

/** Of an operation that reads a body. */
export const bad = (faults: FieldFaults, details: Details = {}): Node => ({
  400: refusal(['parse_error', 'invalid'], { ...details, faults }),
  413: shared('PayloadTooLarge'),
  415: shared('UnsupportedMediaType'),
});

/** Of a body where nothing is asked for. */
export const NOTHING_ASKED = bad({ non_field_errors: [{ fault: 'not_an_object' }] });

/** 403 of an unsafe method: in cookie mode the origin is checked; `kinds` are the operation's own. */
export const forbidden = (...kinds: RefusalName[]): Node => ({
  403: when({
    [COOKIE]: kinds.length > 0 ? refusal(['origin_not_allowed', ...kinds]) : shared('OriginNotAllowed'),
    ...(kinds.length > 0 && { else: refusal(kinds) }),
  }),
});
