/** The bodies of answers. Their types hold them to the presenters: a field that is missing here does not compile. */
import * as z from 'zod/mini';
import type { sessionJson, userJson } from '../../src/account/presenters.ts';
import { LIBRARY_FAULT_CODES } from '../../src/compat/faults.ts';
import {
  FIELD_FAULTS,
  type FieldFaultName,
  faultCode,
  REFUSALS,
  type RefusalName,
  refusalCode,
} from '../../src/errors.ts';
import { ACCESS, MAIL_TOKEN, named, REFRESH } from './names.ts';

const text = (annotations: Record<string, unknown>) => z.string().check(z.meta(annotations));
export const uuid = text({ format: 'uuid' });
export const timestamp = text({ format: 'date-time', pattern: 'Z$' });
const jwt = text({ pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$' });

const unique = (codes: string[]) => [...new Set(codes)] as [string, ...string[]];
const CODES = unique((Object.keys(REFUSALS) as RefusalName[]).map(refusalCode));
const FIELD_CODES = unique([
  ...(Object.keys(FIELD_FAULTS) as FieldFaultName[]).map(faultCode),
  ...Object.values(LIBRARY_FAULT_CODES),
]);

const value = z.nullable(z.union([z.string(), z.boolean()]));
/** Of the audit log. */
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
      email: 'Null only for a user who was imported without one.',
      date_joined: 'RFC 3339, UTC.',
      last_login: 'RFC 3339, UTC.',
    },
    example: USER,
  },
);

/** What stands in the body in cookie mode, and where rotation is off. */
export const access = named('AccessToken', z.object({ access: jwt }), {
  about: { access: 'A JWT for the Authorization header.' },
  example: { access: ACCESS },
});
const PAIR_ABOUT = {
  access: 'A JWT for the Authorization header.',
  refresh: 'A JWT that gets the next pair, once. Never goes into the Authorization header.',
};
export const pair = named('TokenPair', z.object({ access: jwt, refresh: jwt }), {
  about: PAIR_ABOUT,
  example: { access: ACCESS, refresh: REFRESH },
});

export const signedUp = named('SignedUp', z.object({ user, access: jwt, refresh: jwt }), {
  about: PAIR_ABOUT,
  example: { user: USER, access: ACCESS, refresh: REFRESH },
});
export const signedUpByCookie = named('SignedUpByCookie', z.object({ user, access: jwt }), {
  about: { access: PAIR_ABOUT.access },
  example: { user: USER, access: ACCESS },
});

export const session: z.ZodMiniType<ReturnType<typeof sessionJson>> = named(
  'Session',
  z.object({
    id: uuid,
    current: z.boolean(),
    created_at: timestamp,
    last_used_at: timestamp,
    expires_at: timestamp,
    user_agent: z.nullable(z.string()),
    ip: z.nullable(z.string()),
    country: z.nullable(z.string()),
  }),
  {
    description: 'One log-in, through all its refreshes.',
    about: {
      current: 'The one whose access token asks.',
      last_used_at: 'To about an hour.',
      expires_at: 'An upper bound: the tokens themselves say when they are over.',
      country: 'ISO 3166-1 alpha-2, as far as Cloudflare knows it.',
    },
    example: SESSION,
  },
);
export const sessions = named('SessionList', z.object({ sessions: z.array(session) }), {
  description: 'The live ones, newest first.',
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
        id: uuid,
        current: z.boolean(),
        created_at: timestamp,
        last_used_at: timestamp,
        expires_at: timestamp,
        user_agent: z.nullable(z.string()),
        ip: z.nullable(z.string()),
        country: z.nullable(z.string()),
        ended_at: z.nullable(timestamp),
        ended_because: z.nullable(z.string()),
        authenticated_at: timestamp,
        amr: z.array(z.string()),
      }),
    ),
    pending: z.array(
      z.object({
        purpose: z.string(),
        created_at: timestamp,
        expires_at: timestamp,
        new_email: z.nullable(text({ format: 'idn-email' })),
      }),
    ),
    history: z.array(z.object({ at: timestamp, action: z.string(), changes })),
  }),
  {
    about: {
      language: 'Of e-mails that staff cause: what the browser asked for at the last sign-in.',
      sessions: 'Oldest first, those that have ended too.',
      pending: 'What was sent by e-mail and is not used yet.',
      history: 'What staff did to the account.',
    },
    example: {
      exported_at: '2026-11-23T10:30:00Z',
      user: USER,
      language: 'ko',
      sessions: [
        {
          ...SESSION,
          ended_at: null,
          ended_because: null,
          authenticated_at: SESSION.created_at,
          amr: ['pwd'],
        },
      ],
      pending: [],
      history: [],
    },
  },
);

export const claim = named('Claim', z.object({ claim: z.string() }), {
  description: 'Keep it: it proves to the confirmation that this browser signed up.',
  example: { claim: 'q1C3r0J3kq0T2mXv9a8b7c6d5e4f3g2h1i0j9k8l7m6' },
});
export const resetOf = named('ResetOf', z.object({ email: z.nullable(text({ format: 'idn-email' })) }), {
  example: { email: 'mina@example.com' },
});
export const takenBack = named('TakenBack', z.object({ reset_token: z.string() }), {
  example: { reset_token: MAIL_TOKEN },
});
export const nothing = named('Nothing', z.object({}), { example: {} });

export const jwks = named(
  'JwkSet',
  z.object({ keys: z.array(z.looseObject({ kty: z.string(), alg: z.string(), use: z.literal('sig') })) }),
  {
    description: 'RFC 7517. Empty with a shared secret.',
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
      'OpenID Connect Discovery 1.0, RFC 8414: what is true of this service, which is no OpenID provider.',
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
  { description: 'Newest first.', example: { messages: [] } },
);
export const openapi = named('OpenApi', z.looseObject({ openapi: z.string() }), {
  description: 'This document.',
  example: { openapi: '3.1.1' },
});

const fieldError = named('FieldError', z.object({ message: z.string(), code: z.enum(FIELD_CODES) }), {
  about: { message: 'A sentence for people.', code: 'For programs; never translated.' },
});
const tokenMessage = named(
  'TokenMessage',
  z.object({
    token_class: z.enum(['AccessToken', 'RefreshToken']),
    token_type: z.enum(['access', 'refresh']),
    message: z.string(),
  }),
);
const problemShape = {
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(CODES),
  reason: z.optional(z.literal('expired')),
  mfa_token: z.optional(z.string()),
  methods: z.optional(z.array(z.enum(['totp', 'recovery_code']))),
  messages: z.optional(z.array(tokenMessage)),
  errors: z.optional(z.record(z.string(), z.array(fieldError))),
  problems: z.optional(z.array(z.string())),
  request_id: z.optional(uuid),
};
const PROBLEM_ABOUT = {
  detail: 'A sentence for people, in the language of Accept-Language.',
  code: 'For programs; never translated.',
  errors: 'Of code `invalid`: by field; what concerns the whole body stands under `non_field_errors`.',
  reason: 'Of code `token_not_valid`: a token of this service that has expired. A refresh gets another.',
  mfa_token: 'With `mfa_required`: for `POST /account/login/second-factor`.',
  methods: 'With `mfa_required`: what that takes.',
  messages: 'As in simplejwt: what is wrong with the token.',
  problems:
    'Of code `misconfigured`, in development only: the settings at fault, and what is wrong with them.',
  request_id: 'Of status 500: what to look for in the log.',
};
export const problem = named('Problem', z.object(problemShape), {
  description: 'RFC 9457, with the `detail` and `code` of Django REST Framework.',
  about: PROBLEM_ABOUT,
});
const sentences = z.optional(z.array(z.string()));
export const flatProblem = named(
  'FlatProblem',
  z.object({
    ...problemShape,
    username: sentences,
    email: sentences,
    password: sentences,
    refresh: sentences,
    token: sentences,
    non_field_errors: sentences,
    // Of djoser and dj-rest-auth.
    claim: sentences,
    current_password: sentences,
    first_name: sentences,
    key: sentences,
    last_name: sentences,
    new_password: sentences,
    new_password1: sentences,
    new_password2: sentences,
    old_password: sentences,
    password1: sentences,
    password2: sentences,
    re_new_password: sentences,
    re_password: sentences,
    uid: sentences,
  }),
  {
    description: 'As Problem; the sentences of each field stand at the top level too, as DRF has them.',
    about: PROBLEM_ABOUT,
  },
);
