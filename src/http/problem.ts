/** Turns errors into responses with problem details, and logs why. */
import { HTTPException } from 'hono/http-exception';
import { REFUSALS, Refusal, type RefusalName } from '../errors.ts';
import { describeDrfRefusal } from '../languages/describe-drf.ts';
import type { AppContext } from './context.ts';
import { problemResponse } from './problem-response.ts';
import { reporter } from './report.ts';

export function problem(c: AppContext, refusal: Refusal): Response {
  const answer = problemResponse(refusal, {
    language: c.get('language') ?? 'en',
    scheme: c.get('services')?.settings.AUTH_HEADER_TYPES[0] ?? 'Bearer',
    requestId: c.get('requestId'),
    ...(c.get('asDrf') && {
      drf: {
        detail: describeDrfRefusal(refusal.kind, c.get('language') ?? 'en', {
          method: c.req.method,
          media_type: c.req.header('Content-Type') ?? '',
        }),
      },
    }),
  });
  // Through the context, so that headers set before the error (a cleared cookie) are kept.
  return c.newResponse(answer.body, answer);
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

/** Logs an error and returns its Refusal. Unexpected errors become 500 without any detail. */
export function refusalOf(error: unknown, c: AppContext): Refusal {
  const report = reporter(c.get('requestId') ?? 'none');
  if (error instanceof Refusal) {
    const { status } = REFUSALS[error.kind];
    if (error.reason !== undefined) {
      report(status >= 500 ? 'error' : 'warn', error.kind, {
        reason: error.reason,
        call: error.call,
        path: c.req.routePath,
      });
    }
    return error;
  }
  const kind = error instanceof HTTPException ? KIND_OF_STATUS[error.status] : undefined;
  if (kind !== undefined) return new Refusal(kind);
  report('error', 'internal_error', {
    error: error instanceof Error ? error.name : typeof error,
    at: error instanceof Error ? framesOf(error) : [],
  });
  return new Refusal('internal_error');
}

/** The top stack frames. The stack begins with the message, whose lines may look like frames and are skipped. */
const framesOf = ({ message, stack = '' }: Error): string[] =>
  stack
    .split('\n')
    .slice(message.split('\n').length)
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6);

/** The `onError` handler of every app except the console. */
export const answerError = (error: unknown, c: AppContext): Response =>
  error instanceof HTTPException && error.res ? error.res : problem(c, refusalOf(error, c));
