/** The bodies of `/admin/api`: the schemas that validate requests, and response schemas checked against the presenters. */
import * as z from 'zod/mini';
import type {
  adminSessionJson,
  countsJson,
  deadLetterJson,
  historyJson,
  revokedTokenJson,
} from '../../src/admin/presenters.ts';
import { addUserBody, changeUserBody } from '../../src/admin/schemas.ts';
import { AUDIT_ACTIONS } from '../../src/audit-log.ts';
import { changes, SESSION, timestamp, USER, user, uuid } from './answers.ts';
import { named } from './names.ts';
import { EMAIL, NAME, NEW_PASSWORD, USERNAME } from './requests.ts';

const STAFF = 'Staff may use the console and `/admin/api`.';
const UNVERIFIED =
  'Required to be true to give staff rights to a user whose address is not verified, or to reactivate such a staff member: confirms that you know whose account it is.';

export const addUser = named('AddUser', addUserBody, {
  example: { email: 'mina@example.com', password: 'correct horse battery', is_staff: false },
  about: {
    email: EMAIL,
    password: NEW_PASSWORD,
    name: NAME,
    username: USERNAME,
    is_staff: STAFF,
    unverified: UNVERIFIED,
    invite:
      'True mails the user a link to choose a password, which works for 72 hours; `password` may be left out then. Needs mail.',
  },
});
export const changeUser = named('ChangeUser', changeUserBody, {
  description: 'Omitted fields keep their value; null and an empty string remove name and username.',
  example: { is_active: false },
  about: {
    name: NAME,
    username: USERNAME,
    is_active: 'An inactive user cannot log in.',
    is_staff: STAFF,
    unverified: UNVERIFIED,
  },
});

const count = named('Count', z.object({ count: z.int(), more: z.boolean() }), {
  about: { count: 'At most 10,000.', more: 'True if there are more: counting stopped.' },
});
const counts = {
  users: count,
  new_this_week: count,
  live_sessions: count,
  revoked_tokens: count,
  with_second_factor: count,
  dead_letters: count,
  with_passkey: count,
  with_connection: count,
} satisfies Record<keyof ReturnType<typeof countsJson>, unknown>;

const someone = named(
  'Person',
  z.object({ id: uuid, email: z.nullable(z.string()), username: z.nullable(z.string()) }),
  { description: 'If the user is deleted, `id` is a pseudonym, and `email` and `username` are null.' },
);
const act: z.ZodMiniType<ReturnType<typeof historyJson>> = named(
  'Act',
  z.object({
    id: uuid,
    at: timestamp,
    actor: someone,
    action: z.string(),
    subject: someone,
    fields: z.array(z.string()),
    changes,
  }),
  {
    description: 'An action of staff: who did what to whom.',
    about: {
      at: 'RFC 3339, UTC.',
      action: `One of ${AUDIT_ACTIONS.map((action) => `\`${action}\``).join(', ')}. If a request did several, the most severe.`,
      fields: 'The names of the changed fields.',
      changes:
        'Old and new values by field. Missing for actions recorded by older versions, and for deleted users.',
    },
  },
);
const ACT = {
  id: '0196f2a4-7c20-7b11-9c7f-2e3d4c5b6a70',
  at: '2026-11-23T11:00:00Z',
  actor: { id: '0196f2a4-7c00-7e44-8d80-3f4e5d6c7b80', email: 'sam@example.com', username: null },
  action: 'user.deactivated',
  subject: { id: USER.id, email: USER.email, username: USER.username },
  fields: ['is_active'],
  changes: { is_active: { from: true, to: false } },
};

export const overview = named(
  'Overview',
  z.object({
    ...counts,
    providers: z.array(z.object({ id: z.string(), name: z.string() })),
    history: z.array(act),
  }),
  {
    about: {
      providers: 'The configured sign-in providers.',
      history: 'The latest actions of staff, newest first.',
    },
    example: {
      users: { count: 1_204, more: false },
      new_this_week: { count: 31, more: false },
      live_sessions: { count: 2_310, more: false },
      revoked_tokens: { count: 10_000, more: true },
      with_second_factor: { count: 88, more: false },
      with_passkey: { count: 41, more: false },
      with_connection: { count: 702, more: false },
      dead_letters: { count: 0, more: false },
      providers: [{ id: 'google', name: 'Google' }],
      history: [ACT],
    },
  },
);

const NEXT = 'The `cursor` of the next page; null at the end.';
const LOOKED = 'How many rows were scanned for this page; null if no filter needed a scan.';
const cursor = z.nullable(z.string());

export const users = named(
  'UserList',
  z.object({ users: z.array(user), next_cursor: cursor, looked_at: z.nullable(z.int()) }),
  {
    about: { next_cursor: NEXT, looked_at: LOOKED },
    example: { users: [USER], next_cursor: null, looked_at: null },
  },
);

const { current, ...session } = SESSION;
const anySession: z.ZodMiniType<ReturnType<typeof adminSessionJson>> = named(
  'AnySession',
  z.object({
    id: uuid,
    created_at: timestamp,
    last_used_at: timestamp,
    expires_at: timestamp,
    absolute_end_at: timestamp,
    revoked_at: z.nullable(timestamp),
    revoked_reason: z.nullable(
      z.enum([
        'logged_out',
        'ended',
        'evicted',
        'replayed',
        'password_changed',
        'password_reset',
        'deactivated',
        'promoted',
        'demoted',
        'withdrawn',
      ]),
    ),
    user_agent: z.nullable(z.string()),
    ip: z.nullable(z.string()),
    country: z.nullable(z.string()),
    city: z.nullable(z.string()),
  }),
  {
    description: 'A session, live or ended.',
    about: {
      last_used_at: 'Accurate to about an hour.',
      expires_at: 'An upper bound: the tokens themselves have the exact expiry.',
      absolute_end_at: 'No token of the session expires later than this.',
      revoked_at: 'When it ended; null if it is live or has expired.',
      revoked_reason: 'Why it ended; null if it is live or has expired.',
      ip: 'The address at the log-in; null if unknown.',
      country: 'ISO 3166-1 alpha-2, from Cloudflare; null if unknown.',
    },
  },
);
export const sessions = named(
  'AnySessionList',
  z.object({ sessions: z.array(anySession), next_cursor: cursor }),
  {
    about: { next_cursor: NEXT },
    example: {
      sessions: [
        {
          ...session,
          absolute_end_at: '2026-12-23T09:30:00Z',
          revoked_at: null,
          revoked_reason: null,
          city: 'Seoul',
        },
      ],
      next_cursor: null,
    },
  },
);

const revokedToken: z.ZodMiniType<ReturnType<typeof revokedTokenJson>> = named(
  'RevokedToken',
  z.object({ jti: uuid, session_id: uuid, expires_at: timestamp, revoked_at: timestamp, reason: z.string() }),
  {
    about: {
      jti: 'The id of the token.',
      session_id: 'The id of its session.',
      expires_at: 'When the token expires. The entry is deleted a day later.',
      reason: '`rotated`, `logged_out`, or `challenge` for a used passkey challenge.',
    },
  },
);
export const revokedTokens = named(
  'RevokedTokenList',
  z.object({
    revoked_tokens: z.array(revokedToken),
    next_cursor: cursor,
    looked_at: z.nullable(z.int()),
  }),
  {
    about: { next_cursor: NEXT, looked_at: LOOKED },
    example: {
      revoked_tokens: [
        {
          jti: '7d3b9a51-5f0c-4f6d-8e10-0196f2a47c1e',
          session_id: SESSION.id,
          expires_at: '2026-11-24T09:30:00Z',
          revoked_at: '2026-11-23T10:30:00Z',
          reason: 'rotated',
        },
      ],
      next_cursor: null,
      looked_at: null,
    },
  },
);

const deadLetter: z.ZodMiniType<ReturnType<typeof deadLetterJson>> = named(
  'DeadLetter',
  z.object({
    user: someone,
    seq: z.int(),
    id: z.string(),
    type: z.string(),
    created_at: timestamp,
    dead_at: timestamp,
    attempts: z.int(),
    failure: z.nullable(z.string()),
  }),
  {
    description: 'An event that could not be delivered for a day.',
    about: {
      type: 'The type of the event, such as `user.created`.',
      user: 'The user whom the event is about. If they are deleted, `email` and `username` are null.',
      seq: 'Identifies the event among those of its user. Changes when it is sent again.',
      id: 'The `webhook-id`.',
      created_at: 'When the event happened.',
      dead_at: 'When delivery was given up.',
      attempts: 'Number of delivery attempts.',
      failure: 'Why the last attempt failed, such as `status_500`, `timeout`, `network` or `queue`.',
    },
  },
);
export const deadLetters = named(
  'DeadLetterList',
  z.object({ dead_letters: z.array(deadLetter), next_cursor: cursor }),
  {
    about: { next_cursor: NEXT },
    example: {
      dead_letters: [
        {
          user: { id: USER.id, email: USER.email, username: USER.username },
          seq: 1_795_512_600_000,
          id: 'evt_9f86d081884c7d659a2feaa0c55ad015',
          type: 'user.created',
          created_at: '2026-11-22T09:30:00Z',
          dead_at: '2026-11-23T09:35:00Z',
          attempts: 30,
          failure: 'status_500',
        },
      ],
      next_cursor: null,
    },
  },
);

export const history = named(
  'History',
  z.object({ history: z.array(act), next_cursor: cursor, looked_at: z.nullable(z.int()) }),
  {
    about: { next_cursor: NEXT, looked_at: LOOKED },
    example: { history: [ACT], next_cursor: null, looked_at: null },
  },
);
