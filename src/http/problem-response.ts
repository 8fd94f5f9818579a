/** Turns a Refusal into RFC 9457 problem details that DRF clients can read too (`detail`, `code`). Framework-independent. */
import {
  type FieldFaults,
  REFUSALS,
  type Refusal,
  type RefusalKind,
  refusalCode,
  STATUS_TITLES,
} from '../errors.ts';
import { describeFault, describeRefusal } from '../languages/describe.ts';
import type { Language } from '../languages/index.ts';

/** Codes with `error="invalid_token"` (RFC 6750 section 3.1). */
const TOKEN_CODES = ['token_not_valid', 'user_not_found', 'user_inactive'];

/** simplejwt's class names. */
const TOKEN_CLASSES = { access: 'AccessToken', refresh: 'RefreshToken' } as const;

const describeFaults = (faults: FieldFaults, language: Language) =>
  Object.fromEntries(
    Object.entries(faults).map(([field, list]) => [
      field,
      list.map((fault) => describeFault(fault, language)),
    ]),
  );

/**
 * `scheme`: the first of AUTH_HEADER_TYPES, for the challenge of a 401 (RFC 6750 section 3). `drf`: responds with plain
 * JSON, DRF's `detail`, field errors at the top level too, and simplejwt's `messages` about tokens in a body.
 * `requestId`: included in a 500.
 */
export function problemResponse(
  refusal: Refusal,
  how: { language: Language; scheme: string; requestId: string | undefined; drf?: { detail: string } },
): Response {
  const { status, reason, message }: RefusalKind = REFUSALS[refusal.kind];
  const code = refusalCode(refusal.kind);
  const tokenType = message ? 'access' : how.drf && refusal.tokenType;
  const errors = refusal.faults && describeFaults(refusal.faults, how.language);
  const flat =
    errors && how.drf
      ? Object.fromEntries(Object.entries(errors).map(([field, list]) => [field, list.map((e) => e.message)]))
      : {};
  const headers = new Headers({
    'Content-Type': how.drf ? 'application/json' : 'application/problem+json',
    'Content-Language': how.language,
    Vary: 'Accept-Language',
    ...refusal.headers,
  });
  if (status === 401) {
    const parameters = {
      realm: 'api',
      ...(TOKEN_CODES.includes(code) && { error: 'invalid_token' }),
      ...refusal.challenge,
    };
    const written = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
    headers.set('WWW-Authenticate', `${how.scheme} ${written.join(', ')}`);
  }
  const problem = {
    ...flat,
    type: 'about:blank',
    title: STATUS_TITLES[status],
    status,
    detail: how.drf?.detail ?? describeRefusal(refusal.kind, how.language),
    code,
    ...(reason && { reason }),
    ...(tokenType && {
      messages: [
        {
          token_class: TOKEN_CLASSES[tokenType],
          token_type: tokenType,
          message: describeRefusal(message ?? refusal.kind, how.language),
        },
      ],
    }),
    ...(errors && { errors }),
    ...(refusal.problems && { problems: refusal.problems }),
    ...refusal.members,
    ...(status === 500 && { request_id: how.requestId }),
  };
  return new Response(JSON.stringify(problem), { status, headers });
}
