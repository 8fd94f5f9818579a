/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** What stands around a list: its filters, where in it one is, and the way forth and back. */
import type { Child } from 'hono/jsx';
import { fill } from '../../languages/describe.ts';
import type { Count } from '../list-ports.ts';
import { limitOf, type Query } from '../listing.ts';
import { Field, type Frame, Note } from './parts.tsx';

/** Of one page of a list alone. */
const OF_ONE_PAGE = ['cursor', 'page', 'back', 'done'];

/** A query string with something else in it, from its beginning. What is empty is left out. */
export function linkTo(path: string, query: Query, more: Query = {}): string {
  const kept = Object.entries(query).filter(([name]) => !OF_ONE_PAGE.includes(name));
  const all = Object.entries({ ...Object.fromEntries(kept), ...more }).filter(([, value]) => value !== '');
  const search = new URLSearchParams(all).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** What a list is shown with. */
export interface Listed {
  frame: Frame;
  /** Of the list. */
  query: Query;
  /** Null: the list is at its end. */
  next: string | null;
  /** Rows that a filter looked at; null where nothing was looked for. */
  looked?: number | null;
  /** How many there are in all; null where counting them is not cheap. */
  total?: Count | null;
}

/** A cursor leads forth alone: the way back is the cursors of the pages before, the last of so many. */
const BACK_MAX = 10;

function pageOf(query: Query) {
  if (!query.cursor) return { page: 1, back: [] };
  const page = /^[1-9]\d{0,5}$/.test(query.page ?? '') ? Number(query.page) : 2;
  return { page, back: (query.back ?? '').split(',').filter(Boolean) };
}

function previousOf(path: string, query: Query): string | null {
  const { page, back } = pageOf(query);
  if (page === 1) return null;
  if (page === 2) return linkTo(path, query);
  const cursor = back.at(-1);
  if (cursor === undefined) return null;
  return linkTo(path, query, { cursor, page: String(page - 1), back: back.slice(0, -1).join(',') });
}

function nextOf(path: string, query: Query, next: string): string {
  const { page, back } = pageOf(query);
  const behind = [...back, query.cursor ?? ''].filter(Boolean).slice(-BACK_MAX);
  return linkTo(path, query, { cursor: next, page: String(page + 1), back: behind.join(',') });
}

/** `51–100 of 257`. */
function rangeOf({ frame, query, total = null }: Listed, shown: number): string | null {
  if (total === null || shown === 0) return null;
  const { language, words } = frame;
  const inWords = (figure: number) => figure.toLocaleString(language);
  const from = (pageOf(query).page - 1) * limitOf(query) + 1;
  const to = from + shown - 1;
  // Somebody may have come or gone between counting and reading.
  const count = Math.max(total.count, to);
  return fill(words.lists.range, {
    from: inWords(from),
    to: inWords(to),
    total: inWords(count) + (total.more ? '+' : ''),
  });
}

type Paged = Listed & { path: string; shown: number };

const Pager = ({ path, shown, where, ...listed }: Paged & { where: 'pagesAbove' | 'pagesBelow' }) => {
  const { query, next, looked = null } = listed;
  const words = listed.frame.words.lists;
  const range = rangeOf(listed, shown);
  const previous = previousOf(path, query);
  if (!range && !query.cursor && next === null) return null;
  return (
    <nav class="pager" aria-label={words[where]}>
      {range && <span class="range">{range}</span>}
      {query.cursor && (
        <a class="button" href={linkTo(path, query)}>
          {words.first}
        </a>
      )}
      {previous && (
        <a class="button" rel="prev" href={previous}>
          {words.previous}
        </a>
      )}
      {next !== null && (
        <a class="button" rel="next" href={nextOf(path, query, next)}>
          {looked === null ? words.next : words.goOn}
        </a>
      )}
    </nav>
  );
};

/** So many are seen together with the range above them. */
const FEW_ROWS = 10;

/** A list between its buttons. `shown`: how many rows this page has. */
export const List = ({ children, ...paged }: Paged & { children: Child }) => {
  const { frame, query, looked = null, next, shown } = paged;
  const words = frame.words.lists;
  return (
    <>
      {looked !== null && (
        <Note>
          {fill(words.looked, { looked: looked.toLocaleString(frame.language), found: shown })}
          {next !== null && ` ${words.moreToLookAt}`}
        </Note>
      )}
      <Pager {...paged} where="pagesAbove" />
      {children}
      {(shown > FEW_ROWS || query.cursor || next !== null) && <Pager {...paged} where="pagesBelow" />}
    </>
  );
};

/** What is asked of each row: the name in the query string, and what it is called. */
export type Filter = readonly [name: string, label: string];

/** Yes, no, or never mind: links, of which the one that is on says so. */
export const Filters = (props: { frame: Frame; path: string; query: Query; filters: readonly Filter[] }) => {
  const { path, query } = props;
  const words = props.frame.words.lists;
  return (
    <nav class="choices" aria-label={words.filters}>
      {props.filters.map(([name, label]) => (
        <div class={query[name] ? 'choice set' : 'choice'}>
          <span aria-hidden="true">{label}</span>
          {Object.entries({ '': words.all, true: words.yes, false: words.no }).map(([value, text]) => {
            const on = value === (query[name] ?? '');
            return (
              <a
                class={on ? 'pick on' : 'pick'}
                href={linkTo(path, query, { [name]: value })}
                aria-label={`${label}: ${text}`}
                aria-current={on ? 'true' : undefined}
              >
                {text}
              </a>
            );
          })}
        </div>
      ))}
    </nav>
  );
};

/** One by what it is called. */
export const LookUp = (props: { frame: Frame; path: string; name: string; label: string; query: Query }) => {
  const { words } = props.frame;
  const value = props.query[props.name];
  return (
    <form class="filters" method="get" action={props.path}>
      <Field name={props.name} label={props.label} type="search" value={value} />
      <button type="submit">{words.lookUp}</button>
      {value && <a href={props.path}>{words.clear}</a>}
    </form>
  );
};
