/** The pages for people. PAGES says which are there. */
import type { Node } from '../../src/openapi/resolve-template.ts';
import { ANY, IN_LANGUAGE, page, refusal, when } from './parts.ts';

/** A page where one is asked for, as browsers do. */
const badReturn = refusal(['invalid'], { faults: { return_to: [{ fault: 'invalid' }] } });

const pageOf = (operationId: string, summary: string): Node => ({
  operationId,
  tags: ['Pages'],
  summary,
  description:
    'A page for people, in English or Korean. Its script uses this API and nothing else. `return_to` and `code_challenge` lead back to an app: see docs/pages.md.',
  security: [],
  responses: {
    200: page('A page for people.', IN_LANGUAGE),
    400: {
      ...badReturn,
      content: { ...(badReturn.content as Node), 'text/html': { schema: { type: 'string' } } },
    },
    ...ANY,
  },
});
const whileOn = (name: string, path: Node): Node => when({ [`PAGES=${name}`]: path });

/** Beside the POST of the same path. */
export const signUpPage: Node = whileOn('sign-up', pageOf('signUpPage', 'The page of a sign-up'));

export const pagePaths: Record<string, Node> = {
  '/account/sign-in': whileOn('sign-in', { get: pageOf('signInPage', 'The page of a sign-in') }),
  '/account/forgot': whileOn(
    'forgot',
    when({
      'MAIL=inbox|cloudflare': { get: pageOf('forgotPage', 'The page that asks for a password reset') },
    }),
  ),
  '/account/settings': whileOn('settings', {
    get: pageOf('settingsPage', 'The page of a user’s own account'),
  }),
};
