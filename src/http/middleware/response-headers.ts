/** Sets the request's id and language, and the headers of every response. */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';
import { negotiateLanguage } from '../language.ts';

const API_CSP = "default-src 'none'; frame-ancestors 'none'";

/** OWASP REST Security Cheat Sheet. Pages set their own Content-Security-Policy. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Content-Security-Policy': API_CSP,
  'Cache-Control': 'no-store',
};

/** Must be mounted first, so that every response has them. */
export function responseHeaders(): MiddlewareHandler<AppEnv> {
  return async function setResponseHeaders(c, next) {
    c.set('requestId', crypto.randomUUID());
    c.set('language', negotiateLanguage(c.req.header('Accept-Language')));
    await next();
    // Modified in place, as c.header() would copy the response each time.
    const { headers } = c.res;
    headers.set('X-Request-Id', c.get('requestId'));
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!headers.has(name)) headers.set(name, value);
    }
    // Always, with or without an Origin: a cache must not serve the response to one origin to another.
    if (!/\bOrigin\b/.test(headers.get('Vary') ?? '')) headers.append('Vary', 'Origin');
  };
}
