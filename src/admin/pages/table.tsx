/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Tables, which are stacks of rows where the window is narrow, and what unfolds inside of one. */
import type { Child } from 'hono/jsx';

export interface Column<T> {
  head: Child;
  cell: (row: T) => Child;
  /** The heading as text, where `head` is more than that: it stands beside the cell where rows are stacked. */
  label?: string;
  kind?: 'time' | 'act' | 'name';
  sort?: 'ascending' | 'descending' | undefined;
}

/**
 * Roles are said once more: with another `display` a table loses them in Safari. Not as attributes in the markup, where
 * a linter takes them for a slip.
 */
const role = (name: 'table' | 'rowgroup' | 'row' | 'columnheader' | 'rowheader' | 'cell') => ({ role: name });

/** The first column names the row. `none` stands in place of a table without rows. */
export function Table<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  none: Child;
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
  const labelOf = ({ head, label }: Column<T>) => label ?? (typeof head === 'string' ? head : undefined);
  return (
    <section class="table">
      <table {...role('table')}>
        <caption>{caption}</caption>
        <thead {...role('rowgroup')}>
          <tr {...role('row')}>
            {columns.map(({ head, kind, sort }) => (
              <th scope="col" class={kind} aria-sort={sort} {...role('columnheader')}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...role('rowgroup')}>
          {rows.map((row) => (
            <tr {...role('row')}>
              {columns.map((column, i) => {
                const content = column.cell(row);
                return i === 0 ? (
                  <th scope="row" class={column.kind} {...role('rowheader')}>
                    {content}
                  </th>
                ) : (
                  <td class={column.kind} data-label={labelOf(column)} {...role('cell')}>
                    {content && <div>{content}</div>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Terms and what they are. What is null is left out. */
export const Facts = ({ facts }: { facts: Readonly<Record<string, Child | null>> }) => (
  <dl class="facts">
    {Object.entries(facts).map(
      ([term, fact]) =>
        fact !== null && (
          <>
            <dt>{term}</dt>
            <dd>{fact}</dd>
          </>
        ),
    )}
  </dl>
);

/** What few want to read: unfolds without a script. */
export const Details = (props: { summary: string; facts: Readonly<Record<string, Child | null>> }) => (
  <details>
    <summary>{props.summary}</summary>
    <Facts facts={props.facts} />
  </details>
);
