/** The paths of djangorestframework-simplejwt, if COMPAT lists it, except in cookie mode. */

import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import {
  answers,
  asDrf,
  BODY,
  bad,
  LIMITED,
  NO_ACTIVE_ACCOUNT,
  STORE,
  TOKEN_REFUSED,
  takesForms,
  when,
} from './parts.ts';
import * as request from './requests.ts';

const drf = { drf: true };
const simplejwt = (operationId: string, summary: string, operation: Node): Node =>
  when({
    'COMPAT=simplejwt': when({
      [BODY]: { post: { operationId, tags: ['simplejwt'], summary, security: [], ...operation } },
    }),
  });

export const simplejwtPaths: Record<string, Node> = {
  '/api/token': simplejwt('tokenObtainPair', 'Log in', {
    requestBody: takesForms(request.tokenObtain),
    responses: asDrf({
      200: answers('Logged in.', answer.pair),
      ...bad({ username: [{ fault: 'required' }] }, drf),
      ...NO_ACTIVE_ACCOUNT,
      ...LIMITED,
      ...STORE,
    }),
  }),
  '/api/token/refresh': simplejwt('tokenRefresh', 'Refresh the tokens', {
    requestBody: takesForms(request.refresh),
    responses: asDrf({
      200: when({
        'ROTATE_REFRESH_TOKENS=true': answers('The new tokens.', answer.pair),
        else: answers('The new access token.', answer.access),
      }),
      ...bad({ refresh: [{ fault: 'required' }] }, drf),
      ...TOKEN_REFUSED,
      ...LIMITED,
      ...STORE,
    }),
  }),
  '/api/token/verify': simplejwt('tokenVerify', 'Verify a token', {
    requestBody: takesForms(request.token),
    responses: asDrf({
      200: answers('The token is valid.', answer.nothing),
      ...bad({ token: [{ fault: 'required' }] }, drf),
      ...TOKEN_REFUSED,
      ...LIMITED,
      ...STORE,
    }),
  }),
  '/api/token/blacklist': simplejwt('tokenBlacklist', 'Blacklist a refresh token', {
    description: 'Logs out: ends the session of the token. A second call returns 401.',
    requestBody: takesForms(request.refresh),
    responses: asDrf({
      200: answers('The session has ended.', answer.nothing),
      ...bad({ refresh: [{ fault: 'required' }] }, drf),
      ...TOKEN_REFUSED,
      ...LIMITED,
      ...STORE,
    }),
  }),
};
