/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The layout of a page whose script is in pages/browser. Scripts find elements by `data-` attributes (browser/dom.ts). */
import type { Child } from 'hono/jsx';
import { accountPages, type Language } from '../languages/index.ts';
import { Page } from './page.tsx';
import { type PageScript, SCRIPT_IMPORTS } from './page-scripts.ts';
import type { Site } from './site.ts';

/** `words`: messages for the script, in addition to the common ones. `data`: more `data-` attributes for it. */
export function ScriptedPage(props: {
  name: string;
  title: string;
  site: Site;
  language: Language;
  mount: string;
  cookie: boolean;
  script: PageScript;
  kind: 'card' | 'wide';
  words?: Readonly<Record<string, string>>;
  data?: Readonly<Record<`data-${string}`, string | undefined>>;
  children?: Child;
}) {
  const { title, site, language, mount, script, kind } = props;
  const common = accountPages[language].script;
  return (
    <Page
      title={title}
      language={language}
      files={`${mount}/static`}
      site={site}
      script={script}
      imports={SCRIPT_IMPORTS[script]}
      kind={kind}
    >
      <div
        id="page"
        class="stack"
        data-page={props.name}
        data-mount={mount}
        data-cookie={props.cookie ? '' : undefined}
        {...props.data}
        data-words={JSON.stringify({ ...common, ...props.words })}
      >
        <p role="alert" data-offline hidden>
          {common.offline}
        </p>
        {props.children}
        <noscript>
          <p class="note">{common.needed}</p>
        </noscript>
      </div>
    </Page>
  );
}
