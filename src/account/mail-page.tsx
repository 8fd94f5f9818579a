/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The layout of the pages that links in e-mails open. */
import type { Child } from 'hono/jsx';
import { ScriptedPage } from '../http/scripted-page.tsx';
import type { Site } from '../http/site.ts';
import { type Language, mailLinkParts } from '../languages/index.ts';

/** `mount`: the path of the account app, below which its static files are. `cookie`: REFRESH_TRANSPORT=cookie. */
export interface MailPageProps {
  site: Site;
  language: Language;
  mount: string;
  cookie: boolean;
  returnUrl?: string | undefined;
}

/** `done`: shown at the end, in place of the form. `more`: shown below the form. */
export function MailPage(
  props: MailPageProps & {
    name: string;
    title: string;
    script: string;
    words: Readonly<Record<string, string>>;
    done: string;
    more?: Child;
    children?: Child;
  },
) {
  const { returnUrl, done, more, children, ...frame } = props;
  return (
    <ScriptedPage {...frame} kind="card">
      <h1>{frame.title}</h1>
      <section data-step="start">{children}</section>
      {more}
      <section data-step="done" hidden>
        <p role="status" class="good" tabindex={-1}>
          {done}
        </p>
        {returnUrl !== undefined && (
          <p>
            <a href={returnUrl}>{mailLinkParts[frame.language].back}</a>
          </p>
        )}
      </section>
    </ScriptedPage>
  );
}
