/** What the pages end with where an app waits for somebody. */
import * as z from 'zod/mini';
import { handBackBody, handBackCookieBody } from '../../src/connections/schemas.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import { named, REFRESH } from './names.ts';
import {
  answers,
  BODY,
  bad,
  COOKIE,
  forbidden,
  LIMITED,
  MAY_CLEAR_COOKIE,
  refusal,
  STORE,
  takes,
  when,
} from './parts.ts';

const about = {
  return_to: 'Where the browser goes: of an allowed origin, or of an app’s scheme.',
  code_challenge: 'Base64url of the SHA-256 of a verifier (RFC 7636, S256).',
};
const asked = {
  return_to: 'http://localhost/welcome',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
};
const withToken = named('HandBack', handBackBody, {
  about: { ...about, refresh: 'The refresh token of the session at the pages. It stays good.' },
  example: { refresh: REFRESH, ...asked },
});
const byCookie = named('HandBackByCookie', handBackCookieBody, { about, example: asked });
const handedBack = named('HandedBack', z.object({ url: z.string() }), {
  about: { url: '`return_to` with `?code=`, for `POST /account/login/exchange`.' },
  example: { url: 'http://localhost/welcome?code=0196f2a4-7c1e-7d3b-9a51-5f0c2f6d8e10.b25lLXRpbWU' },
});

const EXPIRED_TOO = ['refresh_token_not_valid', 'refresh_token_expired', 'token_blacklisted'] as const;

export const handBackPaths: Record<string, Node> = {
  '/account/login/return': {
    post: {
      operationId: 'handBack',
      tags: ['Pages'],
      summary: 'Make a code for the app that waits',
      description:
        'What the sign-in page does at its end: docs/pages.md. The code opens a session of its own, in which the user counts as signed in the way they did here.',
      security: when({ [BODY]: [], [COOKIE]: [{ refreshCookie: [] }] }),
      requestBody: when({ [BODY]: takes(withToken), [COOKIE]: takes(byCookie) }),
      responses: {
        200: answers('Where the browser goes.', handedBack),
        ...bad({ return_to: [{ fault: 'invalid' }] }),
        401: when({
          [BODY]: refusal(EXPIRED_TOO),
          [COOKIE]: refusal([...EXPIRED_TOO, 'not_authenticated'], { headers: MAY_CLEAR_COOKIE }),
        }),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
};
