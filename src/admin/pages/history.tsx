/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Who did what to whom, and when: fields by name, never by value. */
import type { HistoryRow } from '../ports.ts';
import { Layout } from './layout.tsx';
import { type Frame, type Listed, Pager, PersonLink, Table, Time } from './parts.tsx';

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
        [words.did, ({ action }) => action],
        [words.toWhom, ({ subject }) => <PersonLink frame={frame} person={subject} />],
        [words.fields, ({ fields }) => fields.join(', '), 'wide'],
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
