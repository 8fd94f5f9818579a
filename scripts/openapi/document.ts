/**
 * The OpenAPI 3.1 document as a template for every deployment: what depends on settings stands under `x-when`
 * (resolve-template.ts). Made when the assets are built, by scripts/build-assets.ts.
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

/** What a schema cannot say of itself: a description, an example, and what stands beside its properties. */
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
      // Properties made of one Zod schema are one object, in whatever schema they are: each gets its own.
      const own = JSON.parse(JSON.stringify(schema)) as Node;
      annotate(own, known.get(id) ?? { id });
      return [id, own];
    }),
  );
}

/** The examples in it are promises (parts.ts). */
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
    description: 'By which the log knows this request.',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  },
  NoStore: { required: true, schema: { type: 'string', const: 'no-store' } },
  Public: { required: true, schema: { type: 'string', pattern: '^public, max-age=\\d+' } },
  ContentLanguage: { required: true, schema: { type: 'string', enum: ['en', 'ko'] } },
  WwwAuthenticate: {
    description:
      'RFC 6750. `error` is there where a token was sent; `insufficient_user_authentication` asks for fresh proof (RFC 9470).',
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
    description: 'The refresh token, which no script reads.',
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
        'JSON in snake_case; times are RFC 3339 in UTC; ids are UUIDs (version 7). Every path answers with and without a trailing slash; HEAD as GET. A body is `application/json` in UTF-8 of at most 16 KiB; unknown fields are ignored.',
        'Every error is `application/problem+json` (RFC 9457; `application/json` at the paths of DRF’s clients) with a `code` for programs, which is never translated, and a `detail` for people, in the language of `Accept-Language` (English, Korean). A method that a path has not is 405 with `Allow`.',
        'Sign up or log in, press **Authorize** with the access token, and go on.',
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [],
    tags: [
      { name: 'Account', description: 'Sign-up, who one is, withdrawal.' },
      { name: 'Tokens', description: 'Log in, refresh, verify, log out.' },
      { name: 'Sessions', description: 'A session is one log-in, through all its refreshes.' },
      { name: 'Connected accounts', description: 'Sign in with Google, GitHub and others.' },
      { name: 'Password', description: 'Change, and reset by mail.' },
      when({
        'MAIL=inbox|cloudflare': { name: 'E-mail', description: 'Verification and change of the address.' },
      }),
      when({
        'PASSKEYS=true': { name: 'Passkeys', description: 'WebAuthn: add them, and sign in with one.' },
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
          description: 'For people to sign in with.',
        },
      }),
      { name: 'Admin', description: 'For staff: what the console at /admin does.' },
      { name: 'Service', description: 'For machines and readers.' },
      {
        name: 'Events',
        description:
          'What the service sends to `EVENTS_URL`, signed as Standard Webhooks says, or to a queue.',
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
          // Swagger UI knows no other scheme: the header is typed as a whole.
          else: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'A scheme that AUTH_HEADER_TYPES names, a space, and the access token.',
          },
        }),
        refreshCookie: when({
          [COOKIE]: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Secure-refresh',
            description: 'The refresh token, as log-in and sign-up set it. The browser sends it by itself.',
          },
        }),
      },
    },
  };
  return (await awaited(template)) as Node;
}
