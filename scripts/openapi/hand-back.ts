/** The last step of the pages when an app has sent the user there. */
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
  return_to: 'The URL to return to: of an allowed origin, or an allowed app scheme.',
  code_challenge: 'The PKCE challenge (RFC 7636, S256), base64url.',
};
const asked = {
  return_to: 'http://localhost/welcome',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
};
const withToken = named('HandBack', handBackBody, {
  about: { ...about, refresh: 'The refresh token of the session at the pages. It stays valid.' },
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
      summary: 'Create a code to return to an app',
      description:
        'Used by the sign-in page as its last step; see docs/pages.md. Exchanging the code opens a separate session with the same authentication methods.',
      security: when({ [BODY]: [], [COOKIE]: [{ refreshCookie: [] }] }),
      requestBody: when({ [BODY]: takes(withToken), [COOKIE]: takes(byCookie) }),
      responses: {
        200: answers('The URL to open in the browser.', handedBack),
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
