/**
 * A refusal as an answer: RFC 9457 problem details that a DRF client reads too (`detail`, `code`), and the
 * one line in the log that says why.
 */
import { HTTPException } from 'hono/http-exception';
import {
  describeFault,
  type FieldFaults,
  type Language,
  REFUSALS,
  Refusal,
  type RefusalName,
  refusalCode,
} from '../errors.ts';
import type { AppContext } from './context.ts';
import { reporter } from './context.ts';

/** RFC 9110 section 15. */
const TITLES = {
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
} as const;

/** A token was sent and is no good: RFC 6750 section 3.1. */
const TOKEN_CODES = ['token_not_valid', 'user_not_found', 'user_inactive'];

const describeFaults = (faults: FieldFaults, language: Language) =>
  Object.fromEntries(
    Object.entries(faults).map(([field, list]) => [
      field,
      list.map((fault) => describeFault(fault, language)),
    ]),
  );

/** RFC 6750 section 3: the scheme is the first that the settings name. */
export const challenge = (scheme: string, code: string): string =>
  `${scheme} realm="api"${TOKEN_CODES.includes(code) ? ', error="invalid_token"' : ''}`;

export function problem(c: AppContext, refusal: Refusal): Response {
  const { status, detail } = REFUSALS[refusal.kind];
  const code = refusalCode(refusal.kind);
  const language = c.get('language') ?? 'en';
  const errors = refusal.faults && describeFaults(refusal.faults, language);
  const flat =
    errors && c.get('flatErrors')
      ? Object.fromEntries(Object.entries(errors).map(([field, list]) => [field, list.map((e) => e.message)]))
      : {};
  const headers = new Headers({
    'Content-Type': 'application/problem+json',
    'Content-Language': language,
    Vary: 'Accept-Language',
    ...refusal.headers,
  });
  if (status === 401) {
    headers.set(
      'WWW-Authenticate',
      challenge(c.get('services')?.settings.AUTH_HEADER_TYPES[0] ?? 'Bearer', code),
    );
  }
  return c.newResponse(
    JSON.stringify({
      ...flat,
      type: 'about:blank',
      title: TITLES[status],
      status,
      detail: detail[language],
      code,
      ...(errors && { errors }),
      ...(status === 500 && { request_id: c.get('requestId') }),
    }),
    status,
    Object.fromEntries(headers),
  );
}

const KIND_OF_STATUS: Record<number, RefusalName> = {
  400: 'parse_error',
  401: 'not_authenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'throttled',
};

/** The one onError. What is not a refusal is a fault of ours: 500, its message told to nobody. */
export function answerError(error: unknown, c: AppContext): Response {
  const report = reporter(c.get('requestId') ?? 'none');
  if (error instanceof Refusal) {
    const { status } = REFUSALS[error.kind];
    if (error.reason !== undefined) {
      report(status >= 500 ? 'error' : 'warn', error.kind, { reason: error.reason, path: c.req.routePath });
    }
    return problem(c, error);
  }
  if (error instanceof HTTPException) {
    return problem(c, new Refusal(KIND_OF_STATUS[error.status] ?? 'internal_error'));
  }
  report('error', 'internal_error', {
    error: error instanceof Error ? error.name : typeof error,
    at:
      error instanceof Error
        ? (error.stack ?? '')
            .split('\n')
            .filter((line) => /^\s+at /.test(line))
            .slice(0, 6)
        : [],
  });
  return problem(c, new Refusal('internal_error'));
}
