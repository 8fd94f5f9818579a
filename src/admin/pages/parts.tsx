/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The components of the console's pages. */
import type { Child } from 'hono/jsx';
import type { Site } from '../../http/site.ts';
import { fill } from '../../languages/describe.ts';
import type { consoleWords, Language } from '../../languages/index.ts';
import type { User } from '../../model.ts';
import type { Person } from '../ports.ts';

export type ConsoleWords = (typeof consoleWords)[Language];

/** The word for a code. A code of another version is shown as it is. */
export const wordFor = (words: Readonly<Record<string, string>>, code: string): string =>
  Object.hasOwn(words, code) ? (words[code] ?? code) : code;

/** The properties of every page. */
export interface Frame {
  /** The path of the console: `/admin`. */
  base: string;
  language: Language;
  words: ConsoleWords;
  site: Site;
  /** null if nobody is logged in. */
  caller: User | null;
  /** The code of the action that was just done, from the query string. */
  done?: string | undefined;
  /** The values of its message's placeholders. */
  notice: Readonly<Record<string, string>> | null;
}

/** What somebody is called; a user has one of the two names. */
export const nameOf = (user: Pick<User, 'id' | 'email' | 'username'>): string =>
  user.email ?? user.username ?? user.id;

export const userPath = (base: string, id: string): string => `${base}/users/${encodeURIComponent(id)}`;

/** Text that users chose. */
export const Outside = ({ text }: { text: string | null }) => <bdi>{text}</bdi>;

/** Epoch seconds, shown in UTC. `never`: shown if there is no time. */
export const Time = ({ at, never }: { at: number | null; never?: string }) => {
  if (at === null) return <span class="dim">{never}</span>;
  const iso = new Date(at * 1_000).toISOString();
  return <time datetime={iso}>{iso.slice(0, 16).replace('T', ' ')}</time>;
};

export const Badge = ({ kind, children }: { kind: 'good' | 'bad' | 'info' | 'plain'; children: Child }) => (
  <span class={`badge ${kind}`}>{children}</span>
);

/** In words, as colour alone is not accessible. */
export const YesNo = (props: { words: ConsoleWords; is: boolean; no?: 'plain' | 'bad' }) => (
  <Badge kind={props.is ? 'good' : (props.no ?? 'plain')}>
    {props.is ? props.words.yes : props.words.no}
  </Badge>
);

/** A link to the user, or the pseudonym of a deleted one. */
export const PersonLink = ({ frame, person }: { frame: Frame; person: Person }) =>
  person.email === null && person.username === null ? (
    <span class="dim">
      {frame.words.user.former} <code>{person.id.slice(0, 8)}</code>
    </span>
  ) : (
    <a href={userPath(frame.base, person.id)}>
      <Outside text={nameOf(person)} />
    </a>
  );

/** A column: its heading, the class of its cells (`wide`: hidden in a narrow window) and their contents. */
export type Column<T> = readonly [
  head: Child,
  cell: (row: T) => Child,
  kind?: '' | 'wide' | 'time' | 'time wide' | 'wide agent',
  sort?: 'ascending' | 'descending',
];

/**
 * Scrolls if it is wider than the window, by keyboard too (WCAG 2.1.1). The first column is the row's heading. `none` is
 * shown instead of a table without rows.
 */
export function Table<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  none: string;
}) {
  const { caption, columns, rows, none } = props;
  if (rows.length === 0) {
    return (
      <section>
        <h2>{caption}</h2>
        <p class="dim">{none}</p>
      </section>
    );
  }
  return (
    <section class="table" aria-label={caption} tabindex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(([head, , kind, sort]) => (
              <th scope="col" class={kind} aria-sort={sort}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map(([, cell, kind], i) =>
                i === 0 ? (
                  <th scope="row" class={kind}>
                    {cell(row)}
                  </th>
                ) : (
                  <td class={kind}>{cell(row)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A form with one button. `label`: for screen readers, if the button's text alone is ambiguous. */
export const ActionForm = (props: {
  to: string;
  children: Child;
  label?: string;
  kind?: 'danger' | 'small';
}) => (
  <form method="post" action={props.to}>
    <button type="submit" class={props.kind} aria-label={props.label}>
      {props.children}
    </button>
  </form>
);

export type FormErrors = Readonly<Record<string, readonly string[]>>;

interface FieldProps {
  name: string;
  label: string;
  hint?: string;
  errors?: FormErrors | undefined;
  type?: 'text' | 'password' | 'search';
  value?: string | undefined;
  required?: boolean;
  autofocus?: boolean;
  autocomplete?: string;
  /** Not the type `email`, which refuses valid addresses in browsers (RFC 6531). */
  inputmode?: 'email' | 'numeric';
}

export const Field = ({ label, hint, errors = {}, ...input }: FieldProps) => {
  const { name } = input;
  const faults = errors[name];
  const described = [hint && `${name}-hint`, faults && `${name}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        dir="auto"
        aria-invalid={faults && 'true'}
        aria-describedby={described || undefined}
        {...input}
      />
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {faults && (
        <p class="error" id={`${name}-error`}>
          {faults.join(' ')}
        </p>
      )}
    </div>
  );
};

/** A checkbox. */
export const Check = (props: {
  name: string;
  label: string;
  checked?: boolean | undefined;
  errors?: FormErrors | undefined;
}) => {
  const { name, label, checked = false, errors = {} } = props;
  const faults = errors[name];
  return (
    <div>
      <div class="check">
        <input
          id={name}
          name={name}
          type="checkbox"
          value="true"
          checked={checked}
          aria-invalid={faults && 'true'}
          aria-describedby={faults && `${name}-error`}
        />
        <label for={name}>{label}</label>
      </div>
      {faults && (
        <p class="error" id={`${name}-error`}>
          {faults.join(' ')}
        </p>
      )}
    </div>
  );
};

/** The checkbox that makes somebody with an unverified address staff. It shows the fault of the flag. */
export const UnverifiedCheck = ({
  words,
  checked,
  errors,
}: {
  words: ConsoleWords;
  checked?: boolean;
  errors: FormErrors | undefined;
}) => (
  <Check
    name="unverified"
    label={words.user.unverified}
    checked={checked}
    errors={errors?.is_staff && { unverified: errors.is_staff }}
  />
);

/** An alert at the top of the page. */
export const Note = ({ kind, children }: { kind?: 'good' | 'bad'; children: Child }) => (
  <p class={`note ${kind ?? ''}`} role={kind === 'bad' ? 'alert' : 'status'}>
    {children}
  </p>
);

/** The query string with some values replaced, without `cursor` and `done`, which belong to one page. */
export function linkTo(path: string, query: Query, more: Query = {}): string {
  const { cursor: _cursor, done: _done, ...rest } = query;
  const search = new URLSearchParams({ ...rest, ...more }).toString();
  return search === '' ? path : `${path}?${search}`;
}

export type Query = Readonly<Record<string, string>>;

/** The properties of a list. */
export interface Listed {
  frame: Frame;
  query: Query;
  /** null: the end of the list. */
  next: string | null;
  /** How many rows a filter examined. */
  looked?: number | null;
}

/** The link to the next page; the browser goes back. */
export const Pager = ({ path, frame: { words }, query, next, looked = null }: Listed & { path: string }) =>
  query.cursor || next !== null ? (
    <nav class="pager" aria-label={words.pages}>
      {query.cursor && <a href={linkTo(path, query)}>{words.firstPage}</a>}
      {next !== null && (
        <a href={linkTo(path, query, { cursor: next })}>
          {looked === null ? words.nextPage : words.continue}
        </a>
      )}
    </nav>
  ) : null;

export const Looked = ({
  frame: { words, language },
  looked = null,
  next,
  found,
}: Omit<Listed, 'query'> & { found: number }) =>
  looked === null ? null : (
    <Note>
      {fill(words.looked, { looked: looked.toLocaleString(language), found })}
      {next !== null && ` ${words.moreToLookAt}`}
    </Note>
  );
