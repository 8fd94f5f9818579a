/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The layout of the pages that links in e-mails open. */
import type { Child } from 'hono/jsx';
import { Page } from '../http/page.tsx';
import type { Site } from '../http/site.ts';
import { type Language, mailLinkParts } from '../languages/index.ts';

/** `mount`: the path of the account app, below which its static files are. */
export interface MailPageProps {
  site: Site;
  language: Language;
  mount: string;
  returnUrl?: string | undefined;
}

/** `more`: shown below the result. */
export function MailPage(
  props: MailPageProps & { title: string; script: string; more?: Child; children?: Child },
) {
  const { title, site, language, mount, script, returnUrl, more, children } = props;
  const words = mailLinkParts[language];
  return (
    <Page title={title} language={language} files={`${mount}/static`} site={site} script={script} kind="card">
      <h1>{title}</h1>
      {children}
      <p role="status" />
      {more}
      {returnUrl !== undefined && (
        <p data-part="back" hidden>
          <a href={returnUrl}>{words.back}</a>
        </p>
      )}
      <noscript>
        <p>{words.script}</p>
      </noscript>
    </Page>
  );
}
