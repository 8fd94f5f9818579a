/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The layout of the pages that links in e-mails open. */
import type { Child } from 'hono/jsx';
import type { PageScript } from '../http/page-scripts.ts';
import { ScriptedPage } from '../http/scripted-page.tsx';
import type { Site } from '../http/site.ts';
import { accountPages, type Language, mailLinkParts } from '../languages/index.ts';
import type { PageName } from '../setting-parsers.ts';

/** `mount`: the path of the account app, below which its static files are. `cookie`: REFRESH_TRANSPORT=cookie. */
export interface MailPageProps {
  site: Site;
  language: Language;
  mount: string;
  cookie: boolean;
  returnUrl: string | undefined;
  pages: readonly PageName[];
}

/** Where the user goes on: at RETURN_URL, or on `next`, one of the account pages. */
function GoOn({
  language,
  mount,
  returnUrl,
  pages,
  next,
}: MailPageProps & { next?: 'sign-in' | 'settings' | undefined }) {
  if (returnUrl !== undefined) {
    return (
      <p>
        <a href={returnUrl}>{mailLinkParts[language].back}</a>
      </p>
    );
  }
  if (next === undefined || !pages.includes(next)) return null;
  const { signIn, settings } = accountPages[language];
  return (
    <p>
      <a href={`${mount}/${next}`}>{(next === 'sign-in' ? signIn : settings).title}</a>
    </p>
  );
}

/** `done`: shown at the end, in place of the form. `more`: shown below the form. */
export function MailPage(
  props: MailPageProps & {
    name: string;
    title: string;
    script: PageScript;
    words: Readonly<Record<string, string>>;
    done: string;
    next?: 'sign-in' | 'settings' | undefined;
    more?: Child;
    children?: Child;
  },
) {
  const { done, more, children, ...frame } = props;
  return (
    <ScriptedPage {...frame} kind="card">
      <h1>{frame.title}</h1>
      <section data-step="start">{children}</section>
      {more}
      <section data-step="done" hidden>
        <p role="status" class="good" tabindex={-1}>
          {done}
        </p>
        <GoOn {...props} />
      </section>
    </ScriptedPage>
  );
}
