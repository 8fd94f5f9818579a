/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Who did what to whom, and when, and what changed. */
import { AUDIT_ACTIONS, type Changes } from '../../audit-log.ts';
import type { HistoryRow } from '../list-ports.ts';
import { Layout } from './layout.tsx';
import { List, type Listed } from './list.tsx';
import { type ConsoleWords, Field, type Frame, Outside, PersonLink, wordFor } from './parts.tsx';
import { Table } from './table.tsx';
import { Time } from './time.tsx';

/** The value of a user's field or flag. */
const Shown = ({ words, value }: { words: ConsoleWords; value: string | boolean | null }) =>
  typeof value === 'string' ? (
    <Outside text={value} />
  ) : value === null ? (
    words.none
  ) : value ? (
    words.yes
  ) : (
    words.no
  );

/** Each field with its old value and its new one, where they are kept. */
export const ChangeList = ({ words, changes }: { words: ConsoleWords; changes: Changes }) => (
  <>
    {Object.entries(changes).map(([field, [from, to]]) => (
      <div>
        {wordFor(words.fields, field)}
        {from !== undefined && to !== undefined && (
          <>
            {': '}
            <Shown words={words} value={from} /> → <Shown words={words} value={to} />
          </>
        )}
      </div>
    ))}
  </>
);

export const HistoryTable = (props: { frame: Frame; rows: HistoryRow[]; caption: string; none?: string }) => {
  const { frame } = props;
  const words = frame.words.history;
  return (
    <Table
      caption={props.caption}
      rows={props.rows}
      none={props.none ?? words.none}
      columns={[
        { head: words.when, cell: ({ at }) => <Time at={at} />, kind: 'time' },
        { head: words.who, cell: ({ actor }) => <PersonLink frame={frame} person={actor} /> },
        { head: words.did, cell: ({ action }) => wordFor(frame.words.actions, action) },
        { head: words.toWhom, cell: ({ subject }) => <PersonLink frame={frame} person={subject} /> },
        {
          head: words.fields,
          cell: ({ changes }) =>
            Object.keys(changes).length > 0 && <ChangeList words={frame.words} changes={changes} />,
        },
      ]}
    />
  );
};

export const HistoryPage = (props: { rows: HistoryRow[] } & Listed) => {
  const { frame, rows, query } = props;
  const { words } = frame;
  const label = words.history;
  const path = `${frame.base}/history`;
  const filtered = ['user', 'staff', 'action'].some((name) => query[name]);
  return (
    <Layout frame={frame} title={words.places.history} place="history">
      <search>
        <form class="filters" method="get" action={path}>
          <Field name="user" label={label.toWhom} hint={label.nameHint} type="search" value={query.user} />
          <Field name="staff" label={label.who} hint={label.nameHint} type="search" value={query.staff} />
          <div class="field">
            <label for="action">{label.did}</label>
            <select id="action" name="action">
              <option value="">{words.lists.all}</option>
              {AUDIT_ACTIONS.map((action) => (
                <option value={action} selected={action === query.action}>
                  {words.actions[action]}
                </option>
              ))}
            </select>
          </div>
          <button type="submit">{label.filter}</button>
          {filtered && <a href={path}>{words.clear}</a>}
        </form>
      </search>
      <List {...props} path={path} shown={rows.length}>
        <HistoryTable
          frame={frame}
          rows={rows}
          caption={words.lists.newestFirst}
          none={filtered ? label.noneFit : label.none}
        />
      </List>
    </Layout>
  );
};
