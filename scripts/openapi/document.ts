/**
 * The OpenAPI 3.1 document as a template for every deployment: parts that depend on settings are under `x-when`
 * (resolve-template.ts). scripts/build-assets.ts generates it.
 */
import * as z from 'zod/mini';
import type { Node } from '../../src/openapi/resolve-template.ts';
import { accountPaths } from './account.ts';
import { adminPaths } from './admin.ts';
import { connectionsPaths } from './connections.ts';
import { djangoPaths } from './django.ts';
import { emailSignInPaths } from './email-sign-in.ts';
import { handBackPaths } from './hand-back.ts';
import { mailPaths } from './mail.ts';
import { type Meta, names } from './names.ts';
import { pagePaths } from './pages.ts';
import { BODY, COOKIE, OTHER_METHODS, refusal, SHARED, when } from './parts.ts';
import { passkeyPaths } from './passkeys.ts';
import { secondFactorPaths } from './second-factor.ts';
import { servicePaths } from './service.ts';
import { simplejwtPaths } from './simplejwt.ts';
import { webhooks } from './webhooks.ts';

const PATHS: Record<string, Node> = {
  ...accountPaths,
  ...secondFactorPaths,
  ...emailSignInPaths,
  ...connectionsPaths,
  ...passkeyPaths,
  ...handBackPaths,
  ...mailPaths,
  ...pagePaths,
  ...simplejwtPaths,
  ...djangoPaths,
  ...adminPaths,
  ...servicePaths,
};

/** Adds what a Zod schema does not contain: a description, an example and descriptions of its properties. */
function annotate(schema: Node, { description, about = {}, example }: Meta): void {
  if (description !== undefined) schema.description = description;
  if (example !== undefined) schema.examples = [example];
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, Node>)) {
    if (about[name] !== undefined) property.description = about[name];
  }
}

function schemas(): Node {
  const known = new Map<string, Meta>();
  const { schemas } = z.toJSONSchema(names, {
    io: 'input',
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ zodSchema }) => {
      const meta = names.get(zodSchema);
      if (meta) known.set(meta.id, meta);
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => {
      // Properties of the same Zod schema share one object across schemas, so each gets its own copy.
      const own = JSON.parse(JSON.stringify(schema)) as Node;
      annotate(own, known.get(id) ?? { id });
      return [id, own];
    }),
  );
}

/** Resolves the examples, which are promises (parts.ts). */
async function awaited(node: unknown): Promise<unknown> {
  const value = await node;
  if (Array.isArray(value)) return Promise.all(value.map(awaited));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([key, child]) => [key, await awaited(child)])),
  );
}

const CLEARED = {
  description: 'Clears the cookie.',
  schema: { type: 'string', pattern: '^__Secure-refresh=; Max-Age=0;' },
};
const HEADERS: Record<string, Node> = {
  RequestId: {
    description: 'Identifies this request in the log.',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  },
  NoStore: { required: true, schema: { type: 'string', const: 'no-store' } },
  Public: { required: true, schema: { type: 'string', pattern: '^public, max-age=\\d+' } },
  ContentLanguage: { required: true, schema: { type: 'string', enum: ['en', 'ko'] } },
  WwwAuthenticate: {
    description:
      'RFC 6750. `error` is present if a token was sent; `insufficient_user_authentication` asks for reauthentication (RFC 9470).',
    required: true,
    schema: {
      type: 'string',
      pattern:
        '^\\S+ realm="api"(, error="invalid_token"|, error="insufficient_user_authentication"(, max_age="\\d+")?(, acr_values="mfa")?)?$',
    },
    example: 'Bearer realm="api", error="invalid_token"',
  },
  Allow: {
    description: 'The methods of this path.',
    required: true,
    schema: { type: 'string' },
    example: 'POST, OPTIONS',
  },
  RetryAfter: {
    description: 'Seconds.',
    required: true,
    schema: { type: 'integer', minimum: 1, maximum: 900 },
    example: 60,
  },
  RefreshCookie: {
    description: 'The refresh token, which scripts cannot read.',
    required: true,
    schema: { type: 'string', pattern: '^__Secure-refresh=.+; HttpOnly; Secure; SameSite=Strict$' },
  },
  NoRefreshCookie: { ...CLEARED, required: true },
  PerhapsNoRefreshCookie: CLEARED,
};

const bearer = {
  description: 'The access token.',
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
};

export async function openapiTemplate(version: string): Promise<Node> {
  const template: Node = {
    openapi: '3.1.1',
    info: {
      title: 'Accounts',
      version,
      summary:
        'Accounts with JWT: sign-up, log-in, refresh with rotation and a blacklist, log-out, withdrawal.',
      description: [
        'JSON in snake_case; times are RFC 3339 in UTC; ids are UUIDs (version 7). Every path works with and without a trailing slash, and HEAD works like GET. Request bodies are `application/json` in UTF-8 of at most 16 KiB; unknown fields are ignored.',
        'Every error is `application/problem+json` (RFC 9457; `application/json` on the paths for DRF clients) with a `code` for programs, which is never translated, and a `detail` for people, in the language of `Accept-Language` (English or Korean). A method that a path does not support is 405 with `Allow`.',
        'To try it, sign up or log in, press **Authorize** and enter the access token.',
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [],
    tags: [
      { name: 'Account', description: 'Sign up, read and change the account, delete it.' },
      { name: 'Tokens', description: 'Log in, refresh, verify, log out.' },
      { name: 'Sessions', description: 'A session is a log-in and all its refreshes.' },
      { name: 'Connected accounts', description: 'Sign in with Google, GitHub and others.' },
      { name: 'Password', description: 'Change the password, or reset it by e-mail.' },
      when({
        'MAIL=inbox|cloudflare': { name: 'E-mail', description: 'Confirm and change the e-mail address.' },
      }),
      when({
        ENCRYPTION_KEY: {
          name: 'Second factor',
          description: 'Authenticator apps (TOTP) and recovery codes.',
        },
      }),
      when({
        'PASSKEYS=true': {
          name: 'Passkeys',
          description: 'WebAuthn: manage passkeys, and sign in with one.',
        },
      }),
      when({
        'COMPAT=simplejwt': when({
          [BODY]: { name: 'simplejwt', description: 'The paths of djangorestframework-simplejwt.' },
        }),
      }),
      when({ 'COMPAT=djoser': when({ [BODY]: { name: 'djoser', description: 'The paths of djoser.' } }) }),
      when({
        'COMPAT=dj-rest-auth': when({
          [BODY]: { name: 'dj-rest-auth', description: 'The paths of dj-rest-auth.' },
        }),
      }),
      when({
        'PAGES=sign-in|sign-up|forgot|settings': {
          name: 'Pages',
          description: 'HTML pages for signing in and managing the account.',
        },
      }),
      { name: 'Admin', description: 'For staff: the functions of the console at /admin.' },
      { name: 'Service', description: 'Public keys, health checks, documentation and the client script.' },
      {
        name: 'Events',
        description:
          'What the service sends to `EVENTS_URL`, signed according to Standard Webhooks, or to a queue.',
      },
    ],
    paths: PATHS,
    webhooks,
    'x-other-methods': OTHER_METHODS,
    components: {
      schemas: schemas(),
      responses: Object.fromEntries(
        Object.entries(SHARED).flatMap(([name, kinds]) => [
          [name, refusal(kinds)],
          [`Drf${name}`, refusal(kinds, { drf: true })],
        ]),
      ),
      headers: HEADERS,
      securitySchemes: {
        bearerAuth: when({
          'AUTH_HEADER_TYPES=Bearer': bearer,
          // Swagger UI supports no other scheme, so the whole header is entered.
          else: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'A scheme from AUTH_HEADER_TYPES, a space and the access token.',
          },
        }),
        refreshCookie: when({
          [COOKIE]: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Secure-refresh',
            description: 'The refresh token, set by log-in and sign-up. The browser sends it automatically.',
          },
        }),
      },
    },
  };
  return (await awaited(template)) as Node;
}
