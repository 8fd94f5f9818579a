/** The one onError: every refusal as problem details, and the one line in the log that says why. */
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
  // Through the context, so that headers set before the refusal (a cleared cookie) go with it.
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

/** What an error comes to, and its line in the log. What is not a refusal is a fault of ours: 500, told to nobody. */
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
  if (error instanceof HTTPException) return new Refusal(KIND_OF_STATUS[error.status] ?? 'internal_error');
  report('error', 'internal_error', {
    error: error instanceof Error ? error.name : typeof error,
    at: error instanceof Error ? framesOf(error) : [],
  });
  return new Refusal('internal_error');
}

/** Where it was thrown. The stack begins with the message, whose lines may look like frames: they are left out. */
const framesOf = ({ message, stack = '' }: Error): string[] =>
  stack
    .split('\n')
    .slice(message.split('\n').length)
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6);

/** The one onError. */
export const answerError = (error: unknown, c: AppContext): Response =>
  error instanceof HTTPException && error.res ? error.res : problem(c, refusalOf(error, c));
