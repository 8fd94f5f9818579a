/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The layout of the pages that links in e-mails open. */
import type { Child } from 'hono/jsx';
import { Page } from '../http/page.tsx';
import type { Site } from '../http/site.ts';
import { accountPages, type Language, mailLinkParts } from '../languages/index.ts';

/** `mount`: the path of the account app, below which its static files are. */
export interface MailPageProps {
  site: Site;
  language: Language;
  mount: string;
  returnUrl?: string | undefined;
}

/** What the scripts of all of them import (assets/static/mail-page.js). */
const IMPORTS = ['mail-page.js'];

/** `more`: shown below the result. */
export function MailPage(
  props: MailPageProps & {
    title: string;
    script: string;
    imports?: readonly string[];
    more?: Child;
    children?: Child;
  },
) {
  const { title, site, language, mount, script, imports = [], returnUrl, more, children } = props;
  const words = mailLinkParts[language];
  const { offline, unreachable, throttled, unavailable, wait } = accountPages[language].script;
  return (
    <Page
      title={title}
      language={language}
      files={`${mount}/static`}
      site={site}
      script={script}
      imports={[...IMPORTS, ...imports]}
      kind="card"
    >
      <p role="alert" data-offline hidden>
        {offline}
      </p>
      <h1>{title}</h1>
      {children}
      <p
        role="status"
        tabindex={-1}
        data-words={JSON.stringify({ offline, unreachable, throttled, unavailable, wait })}
      />
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
