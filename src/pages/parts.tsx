/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The layout of the account pages, and what they know. */
import type { Child } from 'hono/jsx';
import { ScriptedPage } from '../http/scripted-page.tsx';
import type { Site } from '../http/site.ts';
import type { accountPages, Language } from '../languages/index.ts';
import type { PageName } from '../setting-parsers.ts';

export type PageWords = (typeof accountPages)[Language];

/** What every page receives: the language, the site and the features that are on. */
export interface Frame {
  site: Site;
  language: Language;
  words: PageWords;
  mount: string;
  /** The query of links to other pages, with the URL to return to. */
  query: string;
  pages: readonly PageName[];
  cookie: boolean;
  signUp: 'open' | 'verify' | 'closed';
  mail: boolean;
  factors: boolean;
  passkeys: boolean;
  byEmail: boolean;
  providers: readonly { id: string; name: string }[];
  minLength: number;
  returnUrl: string | undefined;
  /** The app that sent the user here. */
  returnTo: ReturnTo | null;
}

/** `challenge`: the app's PKCE challenge, to exchange the code for a session. Null if the app needs no code. */
export interface ReturnTo {
  url: string;
  challenge: string | null;
}

export const pathOf = ({ mount, query }: Frame, page: PageName): string => `${mount}/${page}${query}`;

/** Where a sign-in leads without `return_to`. */
const nextOf = (frame: Frame): string =>
  frame.pages.includes('settings') ? pathOf(frame, 'settings') : (frame.returnUrl ?? '/');

/** Where the script sends users who are not signed in. From the settings they return to the settings, not to the application. */
function signInOf(frame: Frame, page: PageName): string | undefined {
  if (!frame.pages.includes('sign-in')) return undefined;
  return page === 'settings' ? `${frame.mount}/sign-in` : pathOf(frame, 'sign-in');
}

/** The layout of a page. `words`: messages for its script, in addition to the common ones. */
export const AccountPage = ({
  frame,
  page,
  title,
  words,
  children,
}: {
  frame: Frame;
  page: PageName;
  title: string;
  words?: Readonly<Record<string, string>>;
  children?: Child;
}) => (
  <ScriptedPage
    {...frame}
    name={page}
    title={title}
    script={page === 'settings' ? 'settings.js' : 'pages.js'}
    kind={page === 'settings' ? 'wide' : 'card'}
    words={{ ...words }}
    data={{
      'data-sign-in': signInOf(frame, page),
      'data-next': nextOf(frame),
      'data-return-to': frame.returnTo?.url,
      'data-challenge': frame.returnTo?.challenge ?? undefined,
    }}
  >
    {children}
  </ScriptedPage>
);
