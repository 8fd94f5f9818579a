/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The frame of every console page. What users typed is text inside <bdi>, so that it cannot reverse the text around it. */
import type { Child } from 'hono/jsx';
import { type Frame, Note, nameOf, Outside } from './parts.tsx';

const PLACES = {
  overview: '',
  users: '/users',
  revoked_tokens: '/revoked-tokens',
  history: '/history',
} as const;
export type Place = keyof typeof PLACES;

/** A message whose placeholders are filled with text that users chose. */
const Filled = ({ sentence, values }: { sentence: string; values: Readonly<Record<string, string>> }) => (
  <>
    {sentence
      .split(/(\{\w+\})/)
      .map((part) => (part.startsWith('{') ? <Outside text={values[part.slice(1, -1)] ?? ''} /> : part))}
  </>
);

export const Layout = (props: { frame: Frame; title: string; place?: Place; children?: Child }) => {
  const { title } = props;
  const { base, caller, language, words } = props.frame;
  // The query string has a code, never a text, so that a link cannot show forged messages.
  const { done: code = '', notice } = props.frame;
  const done =
    (notice && new Map(Object.entries(words.doneTo)).get(code)) ??
    new Map(Object.entries(words.done)).get(code);
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {/* Under the header's no-referrer browsers post forms with `Origin: null` (Fetch, "append a request Origin header"). */}
        <meta name="referrer" content="same-origin" />
        <title>{`${title} · ${words.brand}`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={`${base}/theme.css`} />
        <link rel="stylesheet" href={`${base}/console.css`} />
        <script src={`${base}/console.js`} defer />
      </head>
      <body>
        <a class="skip" href="#content">
          {words.skip}
        </a>
        <header class="bar">
          <a class="brand" href={base || '/'}>
            {props.frame.site.logo && <img src={props.frame.site.logo} alt="" height={24} />}
            {words.brand}
          </a>
          {caller && (
            <>
              <nav aria-label={words.mainNavigation}>
                <ul>
                  {(Object.keys(PLACES) as Place[]).map((place) => (
                    <li>
                      <a
                        href={base + PLACES[place] || '/'}
                        aria-current={place === props.place ? 'page' : undefined}
                      >
                        {words.places[place]}
                      </a>
                    </li>
                  ))}
                </ul>
              </nav>
              <form class="who" method="post" action={`${base}/logout`}>
                <Outside text={nameOf(caller)} />
                <button type="submit" class="quiet">
                  {words.logOut}
                </button>
              </form>
            </>
          )}
        </header>
        <main id="content" tabindex={-1}>
          {done && (
            <Note kind="good">
              <Filled sentence={done} values={notice ?? {}} />
            </Note>
          )}
          <h1>
            <Outside text={title} />
          </h1>
          {props.children}
        </main>
      </body>
    </html>
  );
};
