/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Who did what to whom, and when: fields by name, never by value. */
import type { HistoryRow } from '../ports.ts';
import { type Frame, Layout } from './layout.tsx';
import { type Listed, Pager, PersonLink, Table, Time } from './parts.tsx';

export const HistoryTable = ({
  base,
  rows,
  caption,
}: {
  base: string;
  rows: HistoryRow[];
  caption: string;
}) => (
  <Table
    caption={caption}
    rows={rows}
    none="Nothing was done yet."
    columns={[
      ['When (UTC)', ({ at }) => <Time at={at} />, 'time'],
      ['Who', ({ actor }) => <PersonLink base={base} person={actor} />],
      ['Did', ({ action }) => action],
      ['To whom', ({ subject }) => <PersonLink base={base} person={subject} />],
      ['Fields', ({ fields }) => fields.join(', '), 'wide'],
    ]}
  />
);

export const HistoryPage = (props: { frame: Frame; rows: HistoryRow[] } & Listed) => {
  const path = `${props.frame.base}/history`;
  return (
    <Layout frame={props.frame} title="History" place="History">
      {props.query.user && (
        <p>
          What was done to one user. <a href={path}>All history</a>
        </p>
      )}
      <HistoryTable base={props.frame.base} rows={props.rows} caption="Newest first" />
      <Pager path={path} {...props} />
    </Layout>
  );
};
