/** What use cases know about a request. */
import type { Call } from '../ports.ts';
import { ACCOUNTS_AT, type AppContext } from './context.ts';
import { askedLanguage } from './language.ts';
import { publicUrl, siteName } from './origins.ts';
import { reporter } from './report.ts';

/** In code points. */
const USER_AGENT_MAX_LENGTH = 255;

/** Replaces control characters, and truncates without splitting a character. */
const plainBeginning = (text: string, max: number): string =>
  [...text.toWellFormed().replace(/\p{Cc}/gu, ' ')].slice(0, max).join('');

/** Uses CF-Connecting-IP only: clients can forge every other header. */
export function clientOf(c: AppContext): Call['client'] {
  const { cf = {} } = c.req.raw as { cf?: { country?: unknown; city?: unknown } };
  const agent = c.req.header('User-Agent');
  return {
    ip: c.req.header('CF-Connecting-IP') ?? null,
    userAgent: agent === undefined ? null : plainBeginning(agent, USER_AGENT_MAX_LENGTH),
    country: typeof cf.country === 'string' ? cf.country : null,
    city: typeof cf.city === 'string' ? cf.city : null,
  };
}

export function callOf(c: AppContext): Call {
  const report = reporter(c.var.requestId);
  return {
    requestId: c.var.requestId,
    client: clientOf(c),
    language: c.var.language,
    askedLanguage: askedLanguage(c.req.header('Accept-Language')),
    accountsUrl: publicUrl(c) + (c.get('accountsAt') ?? ACCOUNTS_AT),
    site: siteName(c),
    waitUntil: (work) => {
      const settled = work.catch((error: unknown) =>
        report('error', 'background_failed', { error: error instanceof Error ? error.name : 'unknown' }),
      );
      try {
        c.executionCtx.waitUntil(settled);
      } catch {
        // Outside a Worker there is no execution context, and the work continues anyway.
      }
    },
    report,
  };
}
