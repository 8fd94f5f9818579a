/** `/admin/api`: the console's functions for programs, with access tokens of staff. */
import { AUDIT_ACTIONS } from '../../src/audit-log.ts';
import type { RefusalName } from '../../src/errors.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import * as schema from './admin-schemas.ts';
import * as answer from './answers.ts';
import { answersOf as connectionAnswers } from './connections.ts';
import {
  answers,
  bad,
  LIMITED,
  NOT_FOUND,
  NOT_STAFF,
  NOTHING_ASKED,
  refusal,
  SIGNED_IN,
  STORE,
  takes,
  when,
} from './parts.ts';
import { list as passkeyList } from './passkeys.ts';

const parameter = (where: 'path' | 'query', name: string, description: string, schema: Node): Node => ({
  name,
  in: where,
  description,
  schema,
  ...(where === 'path' && { required: true }),
});
const UUID = { type: 'string', format: 'uuid' };
const TEXT = { type: 'string' };
const FLAG = { type: 'boolean' };
const USER_ID = [parameter('path', 'id', 'The id of the user.', UUID)];
const PAGE = [
  parameter('query', 'cursor', 'The `next_cursor` of the previous page.', { type: 'string' }),
  parameter('query', 'limit', 'Rows per page.', { type: 'integer', minimum: 1, maximum: 100, default: 50 }),
];

const admin = (operationId: string, summary: string, { responses, ...operation }: Node): Node => ({
  operationId,
  tags: ['Admin'],
  summary,
  security: [{ bearerAuth: [] }],
  ...operation,
  responses: { ...SIGNED_IN, ...NOT_STAFF, ...STORE, ...(responses as Node) },
});
const REMOVAL =
  'Allowed even if it is the user’s only way to sign in, unless they are the last staff member who can. Notifies the user by e-mail. Sessions stay.';
/** In addition to permission_denied, which every operation has. */
const forbidden = (...kinds: RefusalName[]): Node => ({ 403: refusal(['permission_denied', ...kinds]) });

export const adminPaths: Record<string, Node> = {
  '/admin/api/overview': {
    get: admin('adminOverview', 'Get counts and the latest history', {
      responses: { 200: answers('The data of the console’s first page.', schema.overview) },
    }),
  },
  '/admin/api/users': {
    get: admin('adminListUsers', 'Search and list users', {
      parameters: [
        parameter(
          'query',
          'search',
          'The beginning of an e-mail address, a username or words of a name, or a full id.',
          { type: 'string', maxLength: 254 },
        ),
        parameter('query', 'is_active', 'Only active users, or only inactive ones.', FLAG),
        parameter('query', 'is_staff', 'Only staff, or only others.', FLAG),
        parameter('query', 'email_verified', 'Only users with a verified address, or only others.', FLAG),
        parameter('query', 'second_factor', 'Only users with a second factor, or only others.', FLAG),
        parameter('query', 'passkey', 'Only users with a passkey, or only others.', FLAG),
        parameter('query', 'connection', 'Only users with a connected account, or only others.', FLAG),
        parameter('query', 'ordering', 'The sort order. A leading `-` means descending.', {
          type: 'string',
          enum: ['date_joined', '-date_joined', 'email', '-email', 'username', '-username'],
          default: '-date_joined',
        }),
        ...PAGE,
      ],
      responses: { 200: answers('A page of users.', schema.users) },
    }),
    post: admin('adminAddUser', 'Add a user', {
      requestBody: takes(schema.addUser),
      responses: {
        201: answers('The new user.', answer.user),
        ...bad({ password: [{ fault: 'password_entirely_numeric' }], is_staff: [{ fault: 'unverified' }] }),
        409: refusal(['email_taken', 'username_taken']),
        ...LIMITED,
      },
    }),
  },
  '/admin/api/users/{id}': {
    parameters: USER_ID,
    get: admin('adminGetUser', 'Get a user', {
      responses: { 200: answers('The user.', answer.user), ...NOT_FOUND },
    }),
    patch: admin('adminChangeUser', 'Change a user', {
      description:
        'Deactivating a user, and giving or removing staff rights, ends all sessions; undoing it does not restore them. A user whose address is not verified can become staff, or active staff again, only with `unverified`.',
      requestBody: takes(schema.changeUser),
      responses: {
        200: answers('The changed user.', answer.user),
        ...bad({ is_active: [{ fault: 'not_a_boolean' }], is_staff: [{ fault: 'unverified' }] }),
        ...forbidden('last_staff'),
        ...NOT_FOUND,
        409: refusal(['username_taken']),
      },
    }),
    delete: admin('adminDeleteUser', 'Delete a user', {
      description: 'Deletes the user and everything that belongs to them. The history keeps a pseudonym.',
      responses: {
        204: answers('The user is deleted.'),
        ...NOTHING_ASKED,
        ...forbidden('last_staff'),
        ...NOT_FOUND,
      },
    }),
  },
  '/admin/api/users/{id}/password-reset': when({
    'MAIL=inbox|cloudflare': {
      parameters: USER_ID,
      post: admin('adminSendReset', 'Send a password reset', {
        responses: {
          202: answers('An e-mail with a link is on its way to the user.'),
          ...bad({ email: [{ fault: 'identity' }] }),
          ...NOT_FOUND,
          ...LIMITED,
        },
      }),
    },
  }),
  '/admin/api/users/{id}/invitation': when({
    'MAIL=inbox|cloudflare': {
      parameters: USER_ID,
      post: admin('adminInvite', 'Invite a user to choose a password', {
        description:
          'Sends an e-mail with a link that works for 72 hours, for a user who has no password yet.',
        responses: {
          202: answers('An e-mail with a link is on its way to the user.'),
          ...bad({ email: [{ fault: 'identity' }] }),
          ...NOT_FOUND,
          ...LIMITED,
        },
      }),
    },
  }),
  '/admin/api/users/{id}/factors': {
    parameters: USER_ID,
    get: admin('adminGetFactors', 'Get a user’s second factors', {
      responses: { 200: answers('The active factors.', answer.factors), ...NOT_FOUND },
    }),
    delete: admin('adminRemoveFactor', 'Remove a user’s second factor', {
      description:
        'Also voids recovery codes and log-ins that wait for the factor. Notifies the user by e-mail.',
      responses: { 204: answers('Removed.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/passkeys': {
    parameters: USER_ID,
    get: admin('adminListPasskeys', 'List a user’s passkeys', {
      responses: { 200: answers('The passkeys, oldest first.', passkeyList), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/passkeys/{pid}': {
    parameters: [...USER_ID, parameter('path', 'pid', 'The id of the passkey.', UUID)],
    delete: admin('adminRemovePasskey', 'Remove a user’s passkey', {
      description: REMOVAL,
      responses: { 204: answers('Removed.'), ...NOTHING_ASKED, ...forbidden('last_staff'), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/connections': {
    parameters: USER_ID,
    get: admin('adminListConnections', 'List a user’s connected accounts', {
      responses: {
        200: answers('The connected accounts, oldest first.', connectionAnswers.connections),
        ...NOT_FOUND,
      },
    }),
  },
  '/admin/api/users/{id}/connections/{cid}': {
    parameters: [...USER_ID, parameter('path', 'cid', 'The id of the connection.', UUID)],
    delete: admin('adminRemoveConnection', 'Remove a user’s connected account', {
      description: REMOVAL,
      responses: { 204: answers('Removed.'), ...NOTHING_ASKED, ...forbidden('last_staff'), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/sessions': {
    parameters: USER_ID,
    get: admin('adminListSessions', 'List a user’s sessions', {
      parameters: [parameter('query', 'id', 'Only the session with this id.', UUID), ...PAGE],
      responses: { 200: answers('A page of sessions, newest first.', schema.sessions), ...NOT_FOUND },
    }),
    delete: admin('adminEndSessions', 'End all of a user’s sessions', {
      responses: { 204: answers('Ended.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/sessions/{sid}': {
    parameters: [...USER_ID, parameter('path', 'sid', 'The id of the session.', UUID)],
    delete: admin('adminEndSession', 'End a user’s session', {
      responses: { 204: answers('Ended.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/revoked-tokens': {
    get: admin('adminListRevokedTokens', 'List revoked refresh tokens', {
      parameters: [parameter('query', 'jti', 'Only the token with this `jti`.', UUID), ...PAGE],
      responses: { 200: answers('A page of the blacklist, latest expiry first.', schema.revokedTokens) },
    }),
  },
  '/admin/api/dead-letters': {
    get: admin('adminListDeadLetters', 'List events that could not be delivered', {
      parameters: PAGE,
      responses: { 200: answers('A page of events, newest first.', schema.deadLetters) },
    }),
  },
  '/admin/api/dead-letters/{user}/{seq}/retry': {
    parameters: [
      parameter('path', 'user', 'The id of the event’s user.', UUID),
      parameter('path', 'seq', 'The event’s `seq`.', { type: 'integer' }),
    ],
    post: admin('adminRetryDeadLetter', 'Send an event again', {
      description:
        'Appends the event to its user’s queue, to be sent within five minutes. 404 if events are off.',
      responses: { 202: answers('The event will be sent again.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/history': {
    get: admin('adminListHistory', 'List the actions of staff', {
      parameters: [
        parameter(
          'query',
          'user',
          'Only actions on the user with this id, e-mail address or username.',
          TEXT,
        ),
        parameter(
          'query',
          'staff',
          'Only actions of the staff member with this id, e-mail address or username.',
          TEXT,
        ),
        parameter('query', 'action', 'Only actions of this kind.', {
          type: 'string',
          enum: [...AUDIT_ACTIONS],
        }),
        ...PAGE,
      ],
      responses: { 200: answers('A page of the history, newest first.', schema.history) },
    }),
  },
};
