/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The frame of every page of the console. Whatever people typed is text inside <bdi>: it cannot turn its surroundings. */
import type { Child } from 'hono/jsx';
import type { User } from '../../ports.ts';
import { Note, nameOf, Outside } from './parts.tsx';

/** What every page is told. */
export interface Frame {
  /** Where the console is mounted: `/admin`. */
  base: string;
  /** Null where nobody is logged in. */
  caller: User | null;
  /** The code of what was just done, from the query string. */
  done?: string | undefined;
}

const PLACES = {
  Overview: '',
  Users: '/users',
  'Revoked tokens': '/revoked-tokens',
  History: '/history',
} as const;
export type Place = keyof typeof PLACES;

/** The query string holds a code, never a sentence: nobody can put words into the console's mouth. */
const DONE = new Map([
  ['added', 'The user was added.'],
  ['changed', 'The changes were saved.'],
  ['activate', 'The user is active again. No session was brought back.'],
  ['deactivate', 'The user is inactive, and all their sessions have ended.'],
  ['promote', 'The user is staff now.'],
  ['demote', 'The user is no longer staff, and all their sessions have ended.'],
  ['delete', 'The user was deleted.'],
  ['end', 'The session has ended.'],
  ['end-sessions', 'All sessions of the user have ended.'],
  ['password-reset', 'A mail with a link to a new password is on its way.'],
  ['log-out', 'You are logged out.'],
]);

export const Layout = (props: { frame: Frame; title: string; place?: Place; children?: Child }) => {
  const { title } = props;
  const { base, caller } = props.frame;
  const done = DONE.get(props.frame.done ?? '');
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {/* Under the header's no-referrer browsers post forms with `Origin: null` (Fetch, "append a request Origin header"). */}
        <meta name="referrer" content="same-origin" />
        <title>{`${title} · Accounts`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={`${base}/console.css`} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header class="bar">
          <a class="brand" href={base || '/'}>
            Accounts
          </a>
          {caller && (
            <>
              <nav aria-label="Main">
                <ul>
                  {Object.entries(PLACES).map(([label, path]) => (
                    <li>
                      <a href={base + path || '/'} aria-current={label === props.place ? 'page' : undefined}>
                        {label}
                      </a>
                    </li>
                  ))}
                </ul>
              </nav>
              <form class="who" method="post" action={`${base}/logout`}>
                <Outside text={nameOf(caller)} />
                <button type="submit" class="quiet">
                  Log out
                </button>
              </form>
            </>
          )}
        </header>
        <main id="content" tabindex={-1}>
          {done && <Note kind="good">{done}</Note>}
          <h1>
            <Outside text={title} />
          </h1>
          {props.children}
        </main>
      </body>
    </html>
  );
};
