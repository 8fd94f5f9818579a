/** First in the chain: the request's id and language, and the headers that every response carries. */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';
import { negotiateLanguage } from '../language.ts';

const API_CSP = "default-src 'none'; frame-ancestors 'none'";

/** OWASP REST Security Cheat Sheet; pages set a Content-Security-Policy of their own. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Content-Security-Policy': API_CSP,
  'Cache-Control': 'no-store',
};

/** Mounted first, so that no response goes without them. */
export function responseHeaders(): MiddlewareHandler<AppEnv> {
  return async function setResponseHeaders(c, next) {
    c.set('requestId', crypto.randomUUID());
    c.set('language', negotiateLanguage(c.req.header('Accept-Language')));
    await next();
    // In place: c.header() would copy the answer each time. Whatever answers here has made its own Response.
    const { headers } = c.res;
    headers.set('X-Request-Id', c.get('requestId'));
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!headers.has(name)) headers.set(name, value);
    }
    // Always, asked from another origin or not: what a cache keeps of one must not be answered to the other.
    if (!/\bOrigin\b/.test(headers.get('Vary') ?? '')) headers.append('Vary', 'Origin');
  };
}
