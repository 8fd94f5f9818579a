/** `/admin/api`: what the console does, for the access tokens of staff. */
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
const FLAG = { type: 'boolean' };
const USER_ID = [parameter('path', 'id', 'Of the user.', UUID)];
const PAGE = [
  parameter('query', 'cursor', 'The `next_cursor` of the page before.', { type: 'string' }),
  parameter('query', 'limit', 'Rows of a page.', { type: 'integer', minimum: 1, maximum: 100, default: 50 }),
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
  'Also where it is the only way to sign in, except of the last staff member who can. The user is told by e-mail; sessions stay.';
/** Beside the one that every operation has, that the caller is no staff. */
const forbidden = (...kinds: RefusalName[]): Node => ({ 403: refusal(['permission_denied', ...kinds]) });

export const adminPaths: Record<string, Node> = {
  '/admin/api/overview': {
    get: admin('adminOverview', 'Counts, and what was done last', {
      responses: { 200: answers('The first page of the console.', schema.overview) },
    }),
  },
  '/admin/api/users': {
    get: admin('adminListUsers', 'Search and list users', {
      parameters: [
        parameter('query', 'search', 'The beginning of an address or a username, or a whole id.', {
          type: 'string',
          maxLength: 254,
        }),
        parameter('query', 'is_active', 'These alone.', FLAG),
        parameter('query', 'is_staff', 'These alone.', FLAG),
        parameter('query', 'email_verified', 'These alone.', FLAG),
        parameter('query', 'ordering', 'With `-` in front: the other way round.', {
          type: 'string',
          enum: ['date_joined', '-date_joined', 'email', '-email', 'username', '-username'],
          default: '-date_joined',
        }),
        ...PAGE,
      ],
      responses: { 200: answers('A page of them.', schema.users) },
    }),
    post: admin('adminAddUser', 'Add a user', {
      requestBody: takes(schema.addUser),
      responses: {
        201: answers('Added.', answer.user),
        ...bad({ password: [{ fault: 'password_entirely_numeric' }], is_staff: [{ fault: 'unverified' }] }),
        409: refusal(['email_taken', 'username_taken']),
      },
    }),
  },
  '/admin/api/users/{id}': {
    parameters: USER_ID,
    get: admin('adminGetUser', 'One user', {
      responses: { 200: answers('The user.', answer.user), ...NOT_FOUND },
    }),
    patch: admin('adminChangeUser', 'Change a user', {
      description:
        'Deactivation, and a staff flag that is given or taken away, end all sessions; taking it back revives none. Nobody whose address is not verified becomes staff, or active staff again, without `unverified`.',
      requestBody: takes(schema.changeUser),
      responses: {
        200: answers('The user as it is now.', answer.user),
        ...bad({ is_active: [{ fault: 'not_a_boolean' }], is_staff: [{ fault: 'unverified' }] }),
        ...forbidden('last_staff'),
        ...NOT_FOUND,
        409: refusal(['username_taken']),
      },
    }),
    delete: admin('adminDeleteUser', 'Delete a user', {
      description: 'As withdrawal; in the history a pseudonym stands for the person.',
      responses: { 204: answers('Gone.'), ...NOTHING_ASKED, ...forbidden('last_staff'), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/password-reset': when({
    'MAIL=inbox|cloudflare': {
      parameters: USER_ID,
      post: admin('adminSendReset', 'Mail a password reset', {
        responses: {
          202: answers('A mail is under way.'),
          ...bad({ email: [{ fault: 'identity' }] }),
          ...NOT_FOUND,
          ...LIMITED,
        },
      }),
    },
  }),
  '/admin/api/users/{id}/factors': {
    parameters: USER_ID,
    get: admin('adminGetFactors', 'The second factor of a user', {
      responses: { 200: answers('What is on.', answer.factors), ...NOT_FOUND },
    }),
    delete: admin('adminRemoveFactor', 'Switch the second factor of a user off', {
      description:
        'Recovery codes and log-ins that wait for the factor are void; the user is told by e-mail.',
      responses: { 204: answers('Off.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/passkeys': {
    parameters: USER_ID,
    get: admin('adminListPasskeys', 'The passkeys of a user', {
      responses: { 200: answers('Oldest first.', passkeyList), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/passkeys/{pid}': {
    parameters: [...USER_ID, parameter('path', 'pid', 'Of the passkey.', UUID)],
    delete: admin('adminRemovePasskey', 'Remove a passkey of a user', {
      description: REMOVAL,
      responses: { 204: answers('Removed.'), ...NOTHING_ASKED, ...forbidden('last_staff'), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/connections': {
    parameters: USER_ID,
    get: admin('adminListConnections', 'The connected accounts of a user', {
      responses: { 200: answers('Oldest first.', connectionAnswers.connections), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/connections/{cid}': {
    parameters: [...USER_ID, parameter('path', 'cid', 'Of the connection.', UUID)],
    delete: admin('adminRemoveConnection', 'Remove a connected account of a user', {
      description: REMOVAL,
      responses: { 204: answers('Removed.'), ...NOTHING_ASKED, ...forbidden('last_staff'), ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/sessions': {
    parameters: USER_ID,
    get: admin('adminListSessions', 'The sessions of a user', {
      parameters: [parameter('query', 'id', 'This one alone.', UUID), ...PAGE],
      responses: { 200: answers('A page of them, newest first.', schema.sessions), ...NOT_FOUND },
    }),
    delete: admin('adminEndSessions', 'End all sessions of a user', {
      responses: { 204: answers('Ended.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/users/{id}/sessions/{sid}': {
    parameters: [...USER_ID, parameter('path', 'sid', 'Of the session.', UUID)],
    delete: admin('adminEndSession', 'End one session of a user', {
      responses: { 204: answers('Ended.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/revoked-tokens': {
    get: admin('adminListRevokedTokens', 'The blacklist', {
      parameters: [parameter('query', 'jti', 'This one alone.', UUID), ...PAGE],
      responses: { 200: answers('A page of it, newest expiry first.', schema.revokedTokens) },
    }),
  },
  '/admin/api/dead-letters': {
    get: admin('adminListDeadLetters', 'Events that could not be delivered', {
      parameters: PAGE,
      responses: { 200: answers('A page of them, newest first.', schema.deadLetters) },
    }),
  },
  '/admin/api/dead-letters/{user}/{seq}/retry': {
    parameters: [
      parameter('path', 'user', 'The id of its user.', UUID),
      parameter('path', 'seq', 'Its place.', { type: 'integer' }),
    ],
    post: admin('adminRetryDeadLetter', 'Send an event again', {
      description:
        'It is the last of its user’s events, and goes out within five minutes. 404 also where events are off.',
      responses: { 202: answers('It waits.'), ...NOTHING_ASKED, ...NOT_FOUND },
    }),
  },
  '/admin/api/history': {
    get: admin('adminListHistory', 'Who did what to whom', {
      parameters: [parameter('query', 'user', 'What was done to this one.', UUID), ...PAGE],
      responses: { 200: answers('A page of it, newest first.', schema.history) },
    }),
  },
};
