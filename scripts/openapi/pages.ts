/** The account pages. PAGES decides which of them exist. */
import type { Node } from '../../src/openapi/resolve-template.ts';
import { ANY, IN_LANGUAGE, page, refusal, when } from './parts.ts';

/** HTML for browsers, a problem for other clients. */
const badReturn = refusal(['invalid'], { faults: { return_to: [{ fault: 'invalid' }] } });

const pageOf = (operationId: string, summary: string): Node => ({
  operationId,
  tags: ['Pages'],
  summary,
  description:
    'An HTML page in English or Korean, whose script uses this API. `return_to` and `code_challenge` return to an app: see docs/pages.md.',
  security: [],
  responses: {
    200: page('An HTML page.', IN_LANGUAGE),
    400: {
      ...badReturn,
      content: { ...(badReturn.content as Node), 'text/html': { schema: { type: 'string' } } },
    },
    ...ANY,
  },
});
const whileOn = (name: string, path: Node): Node => when({ [`PAGES=${name}`]: path });

/** The GET of the path of sign-up. */
export const signUpPage: Node = whileOn('sign-up', pageOf('signUpPage', 'Show the sign-up page'));

export const pagePaths: Record<string, Node> = {
  '/account/sign-in': whileOn('sign-in', { get: pageOf('signInPage', 'Show the sign-in page') }),
  '/account/forgot': whileOn(
    'forgot',
    when({
      'MAIL=inbox|cloudflare': { get: pageOf('forgotPage', 'Show the page to request a password reset') },
    }),
  ),
  '/account/settings': whileOn('settings', {
    get: pageOf('settingsPage', 'Show the account settings'),
  }),
};
