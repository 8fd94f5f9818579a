/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The frame of the small pages: those that links in mail open, and the development inbox. */

import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { Language } from '../languages/index.ts';

export const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** `files`: where page.css and, by its name, the script are. */
export function Page(props: {
  title: string;
  language: Language;
  files: string;
  script?: string;
  children?: Child;
}) {
  return (
    <>
      {raw('<!doctype html>')}
      <html lang={props.language}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <title>{props.title}</title>
          <link rel="stylesheet" href={`${props.files}/page.css`} />
          {props.script && <script type="module" src={`${props.files}/${props.script}`} />}
        </head>
        <body>
          <main>{props.children}</main>
        </body>
      </html>
    </>
  );
}
