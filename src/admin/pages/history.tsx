/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** The history: who did what to whom and when, and what changed. */
import type { Changes } from '../../audit-log.ts';
import type { HistoryRow } from '../ports.ts';
import { Layout } from './layout.tsx';
import {
  type ConsoleWords,
  type Frame,
  type Listed,
  Outside,
  Pager,
  PersonLink,
  Table,
  Time,
  wordFor,
} from './parts.tsx';

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

const ChangeList = ({ words, changes }: { words: ConsoleWords; changes: Changes }) => (
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

export const HistoryTable = (props: { frame: Frame; rows: HistoryRow[]; caption: string }) => {
  const { frame } = props;
  const words = frame.words.history;
  return (
    <Table
      caption={props.caption}
      rows={props.rows}
      none={words.none}
      columns={[
        [words.when, ({ at }) => <Time at={at} />, 'time'],
        [words.who, ({ actor }) => <PersonLink frame={frame} person={actor} />],
        [words.did, ({ action }) => wordFor(frame.words.actions, action)],
        [words.toWhom, ({ subject }) => <PersonLink frame={frame} person={subject} />],
        [words.fields, ({ changes }) => <ChangeList words={frame.words} changes={changes} />, 'wide'],
      ]}
    />
  );
};

export const HistoryPage = (props: { rows: HistoryRow[] } & Listed) => {
  const { words } = props.frame;
  const path = `${props.frame.base}/history`;
  return (
    <Layout frame={props.frame} title={words.places.history} place="history">
      {props.query.user && (
        <p>
          {words.history.ofOneUser} <a href={path}>{words.history.all}</a>
        </p>
      )}
      <HistoryTable frame={props.frame} rows={props.rows} caption={words.newestFirst} />
      <Pager path={path} {...props} />
    </Layout>
  );
};
