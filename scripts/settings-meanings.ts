/** What docs/settings.md says of each setting: text that no Worker needs. */
import type { SETTINGS } from '../src/settings.ts';

export const SETTING_MEANINGS: Readonly<Record<keyof typeof SETTINGS, string>> = {
  SIGNING_KEY: 'HS256 secret of 32 bytes or more, or a private JWK (ES256, EdDSA, RS256, HS256)',
  VERIFYING_KEYS: 'JSON array of JWKs that still verify: the old key during a rotation',
  ENVIRONMENT: '`production` or `development`; `npm run dev` passes the latter',
  ACCESS_TOKEN_LIFETIME: 'a number with `s`, `m`, `h` or `d`',
  REFRESH_TOKEN_LIFETIME: 'likewise',
  ROTATE_REFRESH_TOKENS: 'a refresh also returns a new refresh token',
  BLACKLIST_AFTER_ROTATION: 'a refresh token works once; a second use is a replay',
  REFRESH_REUSE_GRACE:
    'how long a consumed refresh token gets the same successor again, until that is used; `0s` is strict, at most `1h`',
  SESSION_MAX_LIFETIME: 'no token of a session expires later than this after its log-in',
  ENCRYPTION_KEY: '32 bytes in base64: encrypts the secrets of second factors',
  ENCRYPTION_KEYS_OLD: 'older keys, separated by commas',
  PROVIDERS: 'JSON array of the providers that users may sign in with (docs/connections.md)',
  STAFF_MFA:
    '`required`: staff need a second factor (a passkey counts) to use the console, which lets them set one up; needs `ENCRYPTION_KEY`',
  REAUTH_WINDOW: 'how long a proof of identity counts for changes of password, e-mail address and factors',
  MAX_SESSIONS_PER_USER: '1 to 100; a log-in past it ends the oldest',
  UPDATE_LAST_LOGIN: 'log-in writes `last_login`',
  ISSUER: '`iss`: set in tokens and required in them',
  AUDIENCE: '`aud` of access tokens: set in them and required in them',
  LEEWAY: 'for `exp`, `nbf`, `iat`; at most `5m`',
  USER_ID_CLAIM: 'the claim with the user’s id; `user_id` if you come from simplejwt',
  AUTH_HEADER_TYPES: 'schemes of the Authorization header, separated by commas, matched without case',
  AUTH_TOKEN_CLASSES: 'the kind of token that proves who calls: `access`',
  DEFAULT_PERMISSION_CLASSES:
    '`AllowAny`, `IsAuthenticated` or `IsAdminUser`: what `defaultPermissions()` requires on every route of a host',
  REVOCATION_MEMORY:
    'how long a `fast` guard remembers that a session is not revoked; at most `60s`, `0s` for not at all',
  REFRESH_TRANSPORT: '`cookie`: the refresh token travels in an HttpOnly cookie only',
  SIGN_UP: '`open`, `verify` (the account is created once its e-mail is confirmed) or `closed`',
  PASSWORD_HASHER:
    'for new hashes: `pbkdf2`, or `scrypt` (memory-hard; N=16384, r=8, p=5); a log-in replaces a hash of the other kind',
  PASSWORD_ITERATIONS:
    'iterations of PBKDF2-HMAC-SHA256; at least 600,000 in production, 1,000 in development',
  PASSWORD_ITERATIONS_UNSAFE: '`on` lets production hash with fewer than 600,000 iterations (the free plan)',
  FIREBASE_HASH_CONFIG: 'the password hash parameters of the Firebase project that users were imported from',
  PASSWORD_MIN_LENGTH: '8 to 256 characters',
  PASSWORD_BREACH_CHECK: '`on` checks new passwords with Have I Been Pwned (k-anonymity); fails open',
  RATE_LIMITS: '`off` for tests and benchmarks',
  ALLOWED_ORIGINS:
    'the origins whose pages may call the API: origins, `https://*.example.com` or app schemes, separated by commas',
  MAIL: '`cloudflare`, `inbox` (development only, and its default) or `off` (the default elsewhere)',
  NEW_DEVICE_MAIL:
    '`on`: users get an e-mail about a sign-in from a device (browser and country) not seen before',
  SIGN_IN_BY_EMAIL: '`on`: users can sign in with a code or link sent by e-mail; needs `MAIL`',
  MAIL_FROM: 'the sender, an address or `Name <address>`; required by `MAIL=cloudflare`',
  PUBLIC_URL:
    'the public address of the service, path included: for links, the own origin and cookies; if unset, the request’s origin',
  SITE_NAME:
    'the name of the service in e-mails, pages and authenticator apps; if unset, the host of `PUBLIC_URL`',
  RESET_URL:
    'the page that a password reset link opens, with `{token}` in it; if unset, the built-in page; https in production',
  VERIFY_URL: 'likewise for links that confirm an address or a sign-up',
  RETURN_URL: 'where the built-in pages offer to continue when they are done; https in production',
  PASSKEYS:
    '`off`: no passkeys; the default where nothing gives an RP ID: in production without `PUBLIC_URL`',
  PASSKEY_RP_ID: 'the domain that passkeys are for; the host of `PUBLIC_URL` where unset. Do not change it',
  PASSKEY_ORIGINS:
    'where passkeys may be used, separated by commas; where unset, the own origin and the `ALLOWED_ORIGINS` at or below the RP ID',
  EVENTS_URL:
    'where events are sent, signed (Standard Webhooks); https in production. The other way is a queue bound as `EVENTS`',
  EVENTS_SECRET:
    '`whsec_` and 24 to 64 bytes in base64; needed by `EVENTS_URL`. A list of several: each signs, for a rotation',
  COMPAT: 'the libraries whose paths are served: a list of `simplejwt`, `djoser` and `dj-rest-auth`',
  PAGES: 'the pages for people: `on`, `off`, or a list of `sign-in`, `sign-up`, `forgot` and `settings`',
  SITE_LOGO: 'the logo on every page: a URL, or a path of the host',
  SITE_COLOR:
    'the accent color of pages and console, such as `#1f5fbf`; made darker or lighter where text would be hard to read',
  DOCS: '`off`: no `/docs` and no `/openapi.json`',
};
