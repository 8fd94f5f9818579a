/** For machines and readers: keys, health, this document, and the inbox of development. */

import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import { ANY, answers, file, NOT_FOUND, PUBLIC, page, STORE, when } from './parts.ts';

const service = (operationId: string, summary: string, operation: Node): Node => ({
  get: { operationId, tags: ['Service'], summary, security: [], ...operation },
});

/** There with ISSUER, which is no setting of two or three values: the document has it either way. */
const discovery = (operationId: string, summary: string): Node =>
  service(operationId, summary, {
    description: 'For libraries that find keys by the issuer. 404 without ISSUER.',
    responses: { 200: answers('The metadata.', answer.metadata, PUBLIC), ...NOT_FOUND, ...ANY },
  });

const withDocs = (path: Node): Node => when({ 'DOCS=true': path });

export const servicePaths: Record<string, Node> = {
  '/': when({
    'ENVIRONMENT=development': service('start', 'Where things are', {
      description: 'A page, in development alone.',
      responses: { 200: page('The start page.'), ...ANY },
    }),
  }),
  '/.well-known/jwks.json': service('jwks', 'The public keys', {
    responses: { 200: answers('RFC 7517.', answer.jwks, PUBLIC), ...ANY },
  }),
  '/.well-known/openid-configuration': discovery('openidConfiguration', 'Where the keys are'),
  '/.well-known/oauth-authorization-server': discovery(
    'authorizationServer',
    'Where the keys are (RFC 8414)',
  ),
  '/healthz': service('healthz', 'Is the process up', {
    responses: { 200: answers('It is, whatever the settings are.', answer.alive), 500: ANY[500] },
  }),
  '/readyz': service('readyz', 'Are D1 and KV reached', {
    responses: { 200: answers('They are.', answer.ready), ...STORE },
  }),
  '/account/client.js': service('clientScript', 'The client for pages without a bundler', {
    description: 'An ES module: `import { createClient } from "/account/client.js"`.',
    responses: { ...file('Begins with a comment that has its version.', 'text/javascript'), ...ANY },
  }),
  '/account/client.js.map': service('clientSourceMap', 'The source map of the client', {
    responses: { ...file('For debuggers.', 'application/json'), ...ANY },
  }),
  '/account/client/{file}': service('clientEntry', 'The other entries of the client, and their source maps', {
    description: 'ES modules: `import { signInWithPasskey } from "/account/client/passkeys.js"`.',
    parameters: [
      {
        name: 'file',
        in: 'path',
        required: true,
        description: '`passkeys.js`, `factors.js`, `email-sign-in.js`; each with `.map`, too.',
        schema: { type: 'string' },
        example: 'passkeys.js',
      },
    ],
    responses: {
      ...file('Begins with a comment that has its version.', 'text/javascript', 'application/json'),
      ...NOT_FOUND,
      ...ANY,
    },
  }),
  '/openapi.json': withDocs(
    service('openapi', 'This document', {
      responses: { 200: answers('OpenAPI 3.1.', answer.openapi, PUBLIC), ...ANY },
    }),
  ),
  '/docs': withDocs(
    service('docs', 'This document as a page', {
      responses: { 200: page('Swagger UI.', PUBLIC), ...ANY },
    }),
  ),
  '/dev/mail': when({
    'MAIL=inbox': service('devMail', 'The mail of the last hour', {
      description: 'In development alone: nothing is sent, and this is where it lies.',
      parameters: [
        {
          name: 'to',
          in: 'query',
          description: 'An address: its mail alone.',
          schema: { type: 'string', format: 'idn-email' },
        },
      ],
      responses: {
        200: {
          ...answers('JSON, or a page by `Accept`.', answer.inbox),
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
