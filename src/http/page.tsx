/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The frame of the account pages, the development inbox and the start page: all pages except the console. */

import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { Language } from '../languages/index.ts';
import type { AppContext } from './context.ts';
import { imageSources, type Site, siteOf } from './site.ts';

/** The site's logo and name. The logo has no alternative text, as the name follows. */
export const Brand = ({ site }: { site: Site }) => (
  <header class="site">
    {site.logo && <img src={site.logo} alt="" height={32} />}
    <span>{site.name}</span>
  </header>
);

/** `files`: the path of theme.css, page.css and the script. */
export function Page(props: {
  title: string;
  language: Language;
  files: string;
  site?: Site;
  script?: string;
  /** What the script imports, so that browsers load it at once. */
  imports?: readonly string[];
  /** The width of the page. */
  kind?: 'card' | 'wide' | undefined;
  children?: Child;
}) {
  const { title, language, files, site, script, imports = [], kind } = props;
  return (
    <>
      {raw('<!doctype html>')}
      <html lang={language}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <title>{site ? `${title} · ${site.name}` : title}</title>
          {/* An empty one saves the request for /favicon.ico. */}
          <link rel="icon" href={site?.logo ?? 'data:,'} />
          <link rel="stylesheet" href={`${files}/theme.css`} />
          <link rel="stylesheet" href={`${files}/page.css`} />
          {imports.map((file) => (
            <link rel="modulepreload" href={`${files}/${file}`} />
          ))}
          {script && <script type="module" src={`${files}/${script}`} />}
        </head>
        <body class={kind}>
          {site && <Brand site={site} />}
          <main>{props.children}</main>
        </body>
      </html>
    </>
  );
}

/** Responds with a page. Forms are submitted by scripts, never by the browser. */
export function showPage(
  c: AppContext,
  page: (site: Site) => Child,
  { status = 200 }: { status?: 200 | 400 } = {},
): Response {
  c.header(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src ${imageSources(c)}; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`,
  );
  c.header('Content-Language', c.var.language);
  c.header('Vary', 'Accept-Language', { append: true });
  return c.html(String(page(siteOf(c))), status);
}
