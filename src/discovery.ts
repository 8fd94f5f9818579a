/**
 * The public keys, and the documents in which libraries look for them: OpenID Connect Discovery 1.0 and RFC 8414. This
 * service is not an OpenID provider; the documents contain only what applies to it.
 */

import { type Context, Hono } from 'hono';
import { Refusal } from './errors.ts';
import type { AppEnv } from './http/context.ts';
import { publicUrl } from './http/origins.ts';

interface DiscoveryEnv extends AppEnv {
  Variables: AppEnv['Variables'] & { services: { jwks: { keys: JsonWebKey[] } } };
}
type DiscoveryContext = Context<DiscoveryEnv>;

const JWKS_PATH = '/.well-known/jwks.json';

/** Cacheable for five minutes: keys are rotated days apart. */
const cached = (c: DiscoveryContext) => c.header('Cache-Control', 'public, max-age=300');

/** PUBLIC_URL; in development the request's origin; otherwise the issuer, where libraries look for the document. */
function baseUrl(c: DiscoveryContext): string | null {
  const { PUBLIC_URL, ENVIRONMENT, ISSUER = '' } = c.var.services.settings;
  if (PUBLIC_URL !== undefined || ENVIRONMENT === 'development') return publicUrl(c);
  return /^https:/.test(ISSUER) && URL.canParse(ISSUER) ? ISSUER.replace(/\/+$/, '') : null;
}

/** 404 not_found without ISSUER. */
function metadata(c: DiscoveryContext) {
  const { ISSUER } = c.var.services.settings;
  const base = baseUrl(c);
  if (ISSUER === undefined || base === null) throw new Refusal('not_found');
  cached(c);
  return c.json({
    issuer: ISSUER,
    jwks_uri: base + JWKS_PATH,
    // Required in both documents (RFC 8414 section 2). Empty, as tokens come from this service's own API, not from OAuth.
    response_types_supported: [],
    grant_types_supported: [],
    subject_types_supported: ['public'],
  });
}

export const discoveryRoutes = () =>
  new Hono<DiscoveryEnv>({ strict: false })
    .get(JWKS_PATH, (c) => {
      cached(c);
      return c.json(c.var.services.jwks);
    })
    .get('/.well-known/openid-configuration', metadata)
    .get('/.well-known/oauth-authorization-server', metadata);
