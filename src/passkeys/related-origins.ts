/**
 * `/.well-known/webauthn`: the origins whose pages may use the passkeys of this RP ID
 * (https://www.w3.org/TR/webauthn-3/#sctn-related-origins). 404 if PASSKEYS is off.
 */
import { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import { callOf } from '../http/call.ts';
import type { PasskeysEnv } from './env.ts';
import { relyingParty } from './services.ts';

export const relatedOriginRoutes = () =>
  new Hono<PasskeysEnv>({ strict: false }).get('/.well-known/webauthn', (c) => {
    if (!c.var.services.passkeys) throw new Refusal('not_found');
    c.header('Cache-Control', 'public, max-age=300');
    return c.json({ origins: relyingParty(c.var.services, callOf(c)).origins });
  });
