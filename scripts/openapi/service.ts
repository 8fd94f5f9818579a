/** Public keys, health checks, this document, the client script and the development inbox. */

import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import { ANY, answers, file, NOT_FOUND, PUBLIC, page, STORE, when } from './parts.ts';

const service = (operationId: string, summary: string, operation: Node): Node => ({
  get: { operationId, tags: ['Service'], summary, security: [], ...operation },
});

/** Always in the document, although it answers 404 without ISSUER. */
const discovery = (operationId: string, summary: string): Node =>
  service(operationId, summary, {
    description: 'For libraries that discover keys by the issuer. 404 if ISSUER is not set.',
    responses: { 200: answers('The metadata.', answer.metadata, PUBLIC), ...NOT_FOUND, ...ANY },
  });

const withDocs = (path: Node): Node => when({ 'DOCS=true': path });

export const servicePaths: Record<string, Node> = {
  '/': when({
    'ENVIRONMENT=development': service('start', 'Show the start page', {
      description: 'In development only.',
      responses: { 200: page('The start page.'), ...ANY },
    }),
  }),
  '/.well-known/jwks.json': service('jwks', 'Get the public keys', {
    responses: { 200: answers('The JWK Set.', answer.jwks, PUBLIC), ...ANY },
  }),
  '/.well-known/openid-configuration': discovery('openidConfiguration', 'Get the discovery document'),
  '/.well-known/oauth-authorization-server': discovery(
    'authorizationServer',
    'Get the discovery document (RFC 8414)',
  ),
  '/healthz': service('healthz', 'Check that the Worker runs', {
    responses: { 200: answers('It runs, even if its settings are invalid.', answer.alive), 500: ANY[500] },
  }),
  '/readyz': service('readyz', 'Check that D1 and KV can be reached', {
    responses: { 200: answers('Both can be reached.', answer.ready), ...STORE },
  }),
  '/account/client.js': service('clientScript', 'Get the client for pages without a bundler', {
    description: 'An ES module: `import { createClient } from "/account/client.js"`.',
    responses: {
      ...file('The script. A comment at its beginning has the version.', 'text/javascript'),
      ...ANY,
    },
  }),
  '/account/client.js.map': service('clientSourceMap', 'Get the source map of the client', {
    responses: { ...file('The source map.', 'application/json'), ...ANY },
  }),
  '/account/client/{file}': service('clientEntry', 'Get another entry of the client, or its source map', {
    description: 'ES modules: `import { signInWithPasskey } from "/account/client/passkeys.js"`.',
    parameters: [
      {
        name: 'file',
        in: 'path',
        required: true,
        description: '`passkeys.js`, `factors.js` or `email-sign-in.js`, or one of these with `.map`.',
        schema: { type: 'string' },
        example: 'passkeys.js',
      },
    ],
    responses: {
      ...file(
        'The file. A script starts with a comment that has its version.',
        'text/javascript',
        'application/json',
      ),
      ...NOT_FOUND,
      ...ANY,
    },
  }),
  '/openapi.json': withDocs(
    service('openapi', 'Get this document', {
      responses: { 200: answers('The OpenAPI 3.1 document.', answer.openapi, PUBLIC), ...ANY },
    }),
  ),
  '/docs': withDocs(
    service('docs', 'Show this document as a page', {
      responses: { 200: page('Swagger UI.', PUBLIC), ...ANY },
    }),
  ),
  '/dev/mail': when({
    'MAIL=inbox': service('devMail', 'List the e-mails of the last hour', {
      description: 'In development only, where e-mails are stored instead of sent.',
      parameters: [
        {
          name: 'to',
          in: 'query',
          description: 'Only e-mails to this address.',
          schema: { type: 'string', format: 'idn-email' },
        },
      ],
      responses: {
        200: {
          ...answers('JSON or an HTML page, depending on `Accept`.', answer.inbox),
          content: {
            ...(answers('', answer.inbox).content as Node),
            ...(page('').content as Node),
          },
        },
        ...ANY,
      },
    }),
  }),
};
