/** Every route with its methods, and what an answer shows. */
import type { Answer } from './world.ts';

/** Every route but pages, with the methods that have a handler. */
export const ROUTES: [string, string[]][] = [
  ['/account/sign-up', ['GET', 'POST']],
  ['/account/sign-in', ['GET']],
  ['/account/forgot', ['GET']],
  ['/account/settings', ['GET']],
  ['/account/login', ['POST']],
  ['/account/login/email', ['POST']],
  ['/account/login/email/confirm', ['GET', 'POST']],
  ['/account/logout', ['POST']],
  ['/account/token/refresh', ['POST']],
  ['/account/token/verify', ['POST']],
  ['/account/me', ['GET', 'PATCH', 'DELETE']],
  ['/account/export', ['GET']],
  ['/account/reauthenticate', ['POST']],
  ['/account/password', ['GET', 'DELETE']],
  ['/account/password/change', ['POST']],
  ['/account/password/reset', ['POST']],
  ['/account/password/reset/confirm', ['GET', 'POST']],
  ['/account/password/reset/check', ['POST']],
  ['/account/email/verify', ['GET', 'POST']],
  ['/account/email/verify/resend', ['POST']],
  ['/account/email/change', ['POST']],
  ['/account/email/disown', ['GET', 'POST']],
  ['/account/email/take-back', ['GET', 'POST']],
  ['/account/sessions', ['GET', 'DELETE']],
  ['/account/sessions/0191f7a2-0000-7000-8000-000000000000', ['DELETE']],
  ['/api/token', ['POST']],
  ['/api/token/refresh', ['POST']],
  ['/api/token/verify', ['POST']],
  ['/api/token/blacklist', ['POST']],
  ['/.well-known/jwks.json', ['GET']],
  ['/.well-known/openid-configuration', ['GET']],
  ['/.well-known/oauth-authorization-server', ['GET']],
  ['/healthz', ['GET']],
  ['/readyz', ['GET']],
];

export const allowed = (answer: Answer) => (answer.headers.get('Allow') ?? '').split(', ').sort();
export const allowOf = (methods: readonly string[]) =>
  [...methods, 'OPTIONS', ...(methods.includes('GET') ? ['HEAD'] : [])].sort();
