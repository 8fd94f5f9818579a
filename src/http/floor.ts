/** What every request passes first: its id, its language, the headers of every answer, the settings, CORS. */

import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { Refusal } from '../errors.ts';
import type { AppEnv, Composer } from './context.ts';
import { negotiateLanguage } from './language.ts';
import { reporter } from './report.ts';

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

/** Id, language and headers: first, so that no answer goes without. */
export function stamp(): MiddlewareHandler<AppEnv> {
  return async function stampAnswer(c, next) {
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

/** The services that the settings and bindings give, or 503 misconfigured with all faults in one log line. */
export function configure(compose: Composer, exempt: readonly string[] = []): MiddlewareHandler<AppEnv> {
  return async function configureRequest(c, next) {
    if (exempt.includes(c.req.path)) return next();
    const composed = await compose(c.env);
    if (!composed.ok) {
      reporter(c.var.requestId)('error', 'misconfigured', {
        settings: composed.faults.map((fault) => fault.setting),
        problems: composed.faults.map((fault) => `${fault.setting} ${fault.problem}`),
      });
      throw new Refusal('misconfigured', { headers: { 'Retry-After': '60' } });
    }
    c.set('services', composed.services);
    return next();
  };
}

/** CORS by exact origin. Preflights end here; any other OPTIONS goes on to be told what a path allows. */
export function crossOrigin(): MiddlewareHandler<AppEnv> {
  return async function allowOrigins(c, next) {
    const settings = c.get('services')?.settings;
    if (!settings) return next();
    const preflight =
      c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined;
    const origin = c.req.header('Origin');
    const allowed = origin !== undefined && settings.ALLOWED_ORIGINS.includes(origin);
    if (!allowed) return next();
    const answer = cors({
      origin: settings.ALLOWED_ORIGINS,
      allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
      allowHeaders: ['Authorization', 'Content-Type', 'Accept-Language'],
      exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate', 'Content-Language'],
      maxAge: 600,
      credentials: settings.REFRESH_TRANSPORT === 'cookie',
    });
    if (preflight || c.req.method !== 'OPTIONS') return answer(c, next);
    await next();
    c.header('Access-Control-Allow-Origin', origin);
  };
}
