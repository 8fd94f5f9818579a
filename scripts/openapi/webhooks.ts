/** The events that are sent to EVENTS_URL, or with their id to the queue EVENTS. */
import type { EventDetails, EventType } from '../../src/events.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';

const UUID: Node = { type: 'string', format: 'uuid' };
const AMR: Node = {
  type: 'array',
  items: { type: 'string' },
  description: 'How the user authenticated (RFC 8176).',
};

/** `data` in addition to `user_id`. A missing property does not compile. */
type Details = {
  [T in EventType]: { summary: string; description?: string; data: { [D in keyof EventDetails[T]]: Node } };
};

const EVENTS: Details = {
  'user.created': {
    summary: 'An account was created',
    description: 'By a sign-up (with `SIGN_UP=verify` once it is confirmed) or by staff.',
    data: { email_verified: { type: 'boolean' } },
  },
  'user.updated': {
    summary: 'An account was changed',
    data: {
      changed: {
        type: 'array',
        items: { type: 'string', enum: ['name', 'username', 'is_active', 'is_staff'] },
        description: 'The changed fields. `GET /admin/api/users/{id}` returns their values.',
      },
    },
  },
  'user.deleted': {
    summary: 'An account was deleted',
    description: 'By its user, by staff, or by the owner of its unverified address.',
    data: {},
  },
  'email.verified': { summary: 'An e-mail address was verified', data: {} },
  'email.changed': { summary: 'An e-mail address was changed, or taken back', data: {} },
  'password.changed': {
    summary: 'A password was changed',
    data: { by: { type: 'string', enum: ['change', 'reset', 'removal', 'staff'] } },
  },
  'user.signed_in': {
    summary: 'A user signed in',
    description: 'With any method, including to the console. Not for a sign-up, which is `user.created`.',
    data: { session_id: UUID, amr: AMR },
  },
};

const header = (name: string, description: string, schema: Node): Node => ({
  name,
  in: 'header',
  required: true,
  description,
  schema,
});

const HEADERS = [
  header('webhook-id', 'The same at every attempt, to detect duplicates.', {
    type: 'string',
    pattern: '^evt_[0-9a-f]{32}$',
  }),
  header('webhook-timestamp', 'When this attempt was sent, in epoch seconds.', { type: 'integer' }),
  header('webhook-signature', 'One signature per secret in `EVENTS_SECRET`, separated by spaces.', {
    type: 'string',
    pattern: '^v1,\\S+( v1,\\S+)*$',
  }),
];

const schemaOf = (type: EventType, data: Record<string, Node>): Node => ({
  type: 'object',
  required: ['type', 'timestamp', 'data'],
  properties: {
    type: { type: 'string', const: type },
    timestamp: { type: 'string', format: 'date-time', description: 'When it happened.' },
    data: {
      type: 'object',
      required: ['user_id', ...Object.keys(data)],
      properties: { user_id: UUID, ...data },
    },
  },
});

export const webhooks: Record<string, Node> = Object.fromEntries(
  (Object.keys(EVENTS) as EventType[]).map((type) => {
    const { summary, description, data } = EVENTS[type];
    const operation: Node = {
      operationId: type.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()),
      tags: ['Events'],
      summary,
      ...(description !== undefined && { description }),
      security: [],
      parameters: HEADERS,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(type, data as Record<string, Node>) } },
      },
      responses: {
        '2XX': {
          description:
            'Accepted. After any other response, or none within ten seconds, delivery is retried for a day.',
        },
      },
    };
    return [type, { post: operation }];
  }),
);
