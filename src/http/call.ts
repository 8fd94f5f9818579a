/** What a use case is told of a request. */
import type { Call } from '../ports.ts';
import { ACCOUNTS_AT, type AppContext } from './context.ts';
import { askedLanguage } from './language.ts';
import { publicUrl, siteName } from './origins.ts';
import { reporter } from './report.ts';

/** In code points. */
const USER_AGENT_MAX_LENGTH = 255;

/** Without control characters, and never cut in the middle of a character. */
const plainBeginning = (text: string, max: number): string =>
  [...text.toWellFormed().replace(/\p{Cc}/gu, ' ')].slice(0, max).join('');

/** CF-Connecting-IP alone says who calls: a client can write any other header itself. */
export function clientOf(c: AppContext): Call['client'] {
  const country = (c.req.raw as { cf?: { country?: unknown } }).cf?.country;
  const agent = c.req.header('User-Agent');
  return {
    ip: c.req.header('CF-Connecting-IP') ?? null,
    userAgent: agent === undefined ? null : plainBeginning(agent, USER_AGENT_MAX_LENGTH),
    country: typeof country === 'string' ? country : null,
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
        // No execution context outside a Worker: the work goes on by itself.
      }
    },
    report,
  };
}
