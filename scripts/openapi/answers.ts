/** The bodies of responses. Their types are checked against the presenters: a missing field does not compile. */
import * as z from 'zod/mini';
import type { sessionJson, userJson } from '../../src/account/presenters.ts';
import { ACCESS, MAIL_TOKEN, named, REFRESH, text, timestamp, uuid } from './names.ts';

export { timestamp, uuid } from './names.ts';
export { flatProblem, problem } from './problems.ts';

const jwt = text({ pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$' });

const value = z.nullable(z.union([z.string(), z.boolean()]));
/** In the audit log. */
export const changes = z.record(z.string(), z.object({ from: value, to: value }));

export const USER = {
  id: '0196f2a4-7c1e-7d3b-9a51-5f0c2f6d8e10',
  email: 'mina@example.com',
  username: 'mina',
  name: 'Mina Kim',
  is_active: true,
  is_staff: false,
  email_verified: false,
  date_joined: '2026-11-23T09:30:00Z',
  last_login: '2026-11-23T09:30:00Z',
};
export const SESSION = {
  id: '0196f2a4-7c1f-7a02-8b6e-1d2c3b4a5f60',
  current: true,
  created_at: '2026-11-23T09:30:00Z',
  last_used_at: '2026-11-23T10:30:00Z',
  expires_at: '2026-11-24T11:30:00Z',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0',
  ip: '203.0.113.7',
  country: 'KR',
};

export const user: z.ZodMiniType<ReturnType<typeof userJson>> = named(
  'User',
  z.object({
    id: uuid,
    email: z.nullable(text({ format: 'idn-email' })),
    username: z.nullable(z.string()),
    name: z.nullable(z.string()),
    is_active: z.boolean(),
    is_staff: z.boolean(),
    email_verified: z.boolean(),
    date_joined: timestamp,
    last_login: z.nullable(timestamp),
  }),
  {
    about: {
      id: 'A UUID (version 7).',
      email: 'Null only for a user who was imported without one.',
      username: 'Null if the user has none.',
      is_active: 'An inactive user cannot log in.',
      is_staff: 'Staff may use the console and `/admin/api`.',
      email_verified: 'The user has confirmed the address.',
      date_joined: 'RFC 3339, UTC.',
      last_login: 'RFC 3339, UTC. Null if the user has never logged in.',
    },
    example: USER,
  },
);

/** The body in cookie mode, and without rotation. */
export const access = named('AccessToken', z.object({ access: jwt }), {
  about: { access: 'A JWT for the Authorization header.' },
  example: { access: ACCESS },
});
const PAIR_ABOUT = {
  access: 'A JWT for the Authorization header.',
  refresh: 'A JWT to get the next pair, once. Do not send it in the Authorization header.',
};
export const pair = named('TokenPair', z.object({ access: jwt, refresh: jwt }), {
  about: PAIR_ABOUT,
  example: { access: ACCESS, refresh: REFRESH },
});

export const password = named('Password', z.object({ is_set: z.boolean() }), {
  example: { is_set: true },
});

export const signedUp = named('SignedUp', z.object({ user, access: jwt, refresh: jwt }), {
  about: PAIR_ABOUT,
  example: { user: USER, access: ACCESS, refresh: REFRESH },
});
export const signedUpByCookie = named('SignedUpByCookie', z.object({ user, access: jwt }), {
  about: { access: PAIR_ABOUT.access },
  example: { user: USER, access: ACCESS },
});

const sessionShape = {
  id: uuid,
  current: z.boolean(),
  created_at: timestamp,
  last_used_at: timestamp,
  expires_at: timestamp,
  user_agent: z.nullable(z.string()),
  ip: z.nullable(z.string()),
  country: z.nullable(z.string()),
};
export const session: z.ZodMiniType<ReturnType<typeof sessionJson>> = named(
  'Session',
  z.object({
    ...sessionShape,
    device: z.optional(z.object({ browser: z.nullable(z.string()), system: z.nullable(z.string()) })),
  }),
  {
    description: 'A log-in and all its refreshes.',
    about: {
      current: 'The session of this request’s access token.',
      created_at: 'When the user logged in. RFC 3339, UTC.',
      last_used_at: 'Accurate to about an hour.',
      expires_at: 'An upper bound: the tokens themselves have the exact expiry.',
      user_agent: 'At most 255 characters; null if the client sent none.',
      ip: 'The address at the log-in; null if unknown.',
      country: 'ISO 3166-1 alpha-2, from Cloudflare; null if unknown.',
      device:
        'Only with `include=device`: the browser and the device or operating system, such as Firefox and Linux. Read from the User-Agent; null if unknown.',
    },
    example: SESSION,
  },
);
export const sessions = named('SessionList', z.object({ sessions: z.array(session) }), {
  description: 'The live sessions, newest first.',
  example: { sessions: [SESSION] },
});

export const exported = named(
  'Export',
  z.object({
    exported_at: timestamp,
    user,
    language: z.nullable(z.string()),
    sessions: z.array(
      z.object({
        ...sessionShape,
        city: z.nullable(z.string()),
        ended_at: z.nullable(timestamp),
        ended_because: z.nullable(z.string()),
        authenticated_at: timestamp,
        amr: z.array(z.string()),
      }),
    ),
    connections: z.array(
      z.object({
        id: z.string(),
        provider: z.string(),
        issuer: z.string(),
        subject: z.string(),
        email: z.nullable(z.string()),
        created_at: timestamp,
        last_used_at: z.nullable(timestamp),
      }),
    ),
    passkeys: z.array(
      z.object({
        id: uuid,
        name: z.string(),
        credential_id: z.string(),
        synced: z.boolean(),
        created_at: timestamp,
        last_used_at: z.nullable(timestamp),
      }),
    ),
    pending: z.array(
      z.object({
        purpose: z.string(),
        created_at: timestamp,
        expires_at: timestamp,
        new_email: z.nullable(text({ format: 'idn-email' })),
        old_email: z.nullable(text({ format: 'idn-email' })),
        ip: z.nullable(z.string()),
        country: z.nullable(z.string()),
      }),
    ),
    history: z.array(z.object({ at: timestamp, action: z.string(), changes })),
    events: z.array(z.object({ type: z.string(), at: timestamp, data: z.record(z.string(), z.unknown()) })),
  }),
  {
    about: {
      language:
        'The language that the browser asked for at the last sign-in, used for e-mails; null if none.',
      sessions: 'Oldest first, including ended ones.',
      connections: 'Accounts of providers with which the user can sign in.',
      pending:
        'Unused one-time tokens, such as links sent by e-mail: `ip` and `country` are where the account was created, `old_email` is an address that can be taken back.',
      history: 'Actions of staff on the account.',
      events: 'Events about the account that are not delivered yet.',
    },
    example: {
      exported_at: '2026-11-23T10:30:00Z',
      user: USER,
      language: 'ko',
      sessions: [
        {
          ...SESSION,
          city: 'Seoul',
          ended_at: null,
          ended_because: null,
          authenticated_at: SESSION.created_at,
          amr: ['pwd'],
        },
      ],
      connections: [],
      passkeys: [],
      pending: [],
      history: [],
      events: [],
    },
  },
);

export const claim = named('Claim', z.object({ claim: z.string() }), {
  description: 'Send it back when the address is confirmed: it proves that this browser signed up.',
  about: { claim: 'A random value.' },
  example: { claim: 'q1C3r0J3kq0T2mXv9a8b7c6d5e4f3g2h1i0j9k8l7m6' },
});
export const resetOf = named('ResetOf', z.object({ email: z.nullable(text({ format: 'idn-email' })) }), {
  about: { email: 'The address of the account whose password will be changed.' },
  example: { email: 'mina@example.com' },
});
export const takenBack = named('TakenBack', z.object({ reset_token: z.string() }), {
  about: { reset_token: 'For `POST /account/password/reset/confirm`.' },
  example: { reset_token: MAIL_TOKEN },
});
export const nothing = named('Nothing', z.object({}), { example: {} });

export const jwks = named(
  'JwkSet',
  z.object({ keys: z.array(z.looseObject({ kty: z.string(), alg: z.string(), use: z.literal('sig') })) }),
  {
    description: 'A JWK Set (RFC 7517). Empty if tokens are signed with a shared secret.',
    example: {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          alg: 'ES256',
          use: 'sig',
          kid: '2026-11',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        },
      ],
    },
  },
);
export const metadata = named(
  'Metadata',
  z.object({
    issuer: z.string(),
    jwks_uri: text({ format: 'uri' }),
    response_types_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    subject_types_supported: z.array(z.string()),
  }),
  {
    description:
      'Metadata according to OpenID Connect Discovery 1.0 and RFC 8414, as far as it applies: this service is not an OpenID provider.',
    example: {
      issuer: 'https://accounts.example.com',
      jwks_uri: 'https://accounts.example.com/.well-known/jwks.json',
      response_types_supported: [],
      grant_types_supported: [],
      subject_types_supported: ['public'],
    },
  },
);
export const alive = named('Alive', z.object({ status: z.literal('ok') }), { example: { status: 'ok' } });
export const ready = named(
  'Ready',
  z.object({ status: z.literal('ok'), d1: z.literal('ok'), kv: z.literal('ok') }),
  { example: { status: 'ok', d1: 'ok', kv: 'ok' } },
);
export const inbox = named(
  'Inbox',
  z.object({
    messages: z.array(
      z.object({
        id: z.string(),
        to: z.string(),
        subject: z.string(),
        text: z.string(),
        html: z.string(),
        token: z.nullable(z.string()),
        created_at: timestamp,
      }),
    ),
  }),
  { description: 'The e-mails of the last hour, newest first.', example: { messages: [] } },
);
export const openapi = named('OpenApi', z.looseObject({ openapi: z.string() }), {
  description: 'This document.',
  example: { openapi: '3.1.1' },
});

export const factors = named(
  'Factors',
  z.object({
    totp: z.nullable(z.object({ created_at: z.string() })),
    recovery_codes_left: z.int(),
    passkeys: z.int(),
  }),
  {
    about: {
      totp: 'The authenticator app; null if none is active.',
      recovery_codes_left: 'Number of unused recovery codes.',
      passkeys: 'Number of passkeys.',
    },
    example: { totp: { created_at: '2026-11-02T09:30:00Z' }, recovery_codes_left: 9, passkeys: 0 },
  },
);
